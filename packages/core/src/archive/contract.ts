/**
 * A server as one file (SX): its operations whole, in an order that all exporters share, signed by a member's device.
 * Whoever reads it judges every operation anew; nothing in it is taken on trust, and no key stands in it.
 */
import type { DeviceId, OperationId, ServerId, UserId } from '../base/index.ts'
import type { AuthorityLog } from '../authority/index.ts'
import type { SigningKey } from '../crypto/index.ts'
import type { Operation } from '../graph/index.ts'
import type { Profile } from '../identity/index.ts'

/** What an export is written from: one server at one moment. */
export interface ExportSource {
  readonly server: ServerId
  readonly operations: Iterable<Operation>
  readonly heads: readonly OperationId[]
  readonly stateHash: Uint8Array
  /** Signed profiles (ID13) as they lie here. Those that hold a secret are left out (SX6). */
  readonly profiles: Iterable<Uint8Array>
  /** Whose a device is, by the state that is exported. */
  userOf(device: DeviceId): UserId | undefined
  /** undefined: operations and profiles only. */
  readonly content?: ContentSource
  /** SX12: not all that is held, but what led to these operations. Without content. */
  readonly past?: boolean
}

/** Sealed content as it lies here: who holds the keys can read it, nobody else. */
export interface ContentSource {
  /** Key records (EK1). */
  readonly records: Iterable<Uint8Array>
  /** One author's envelopes and stubs, ascending by number; asked of each device that signed an operation. */
  chain(device: DeviceId): AsyncIterable<{ readonly stub: boolean; readonly bytes: Uint8Array }>
}

/** Who signs: a device that is on, of somebody who is in (SX7). */
export interface ExportSigner {
  readonly device: DeviceId
  readonly key: SigningKey
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

/** What a seal says (SX7). */
export interface ExportSeal {
  readonly server: ServerId
  readonly part: 'state' | 'content'
  /** Operations in the file. */
  readonly operations: number
  readonly stateHash: Uint8Array
  /** The exporter's clock, ms. */
  readonly at: number
  readonly device: DeviceId
  readonly digest: Uint8Array
}

/** The first part of a file, verified: every operation was judged again. */
export interface ExportedState {
  readonly server: ServerId
  readonly log: AuthorityLog
  readonly profiles: readonly Profile[]
  readonly seal: ExportSeal
  /** Whose device signed. */
  readonly exporter: UserId
  /** The file has a second part. */
  readonly hasContent: boolean
  /** SX12: the server as it stood once; its exporter held more. */
  readonly past: boolean
}

/** One thing of the second part, its form and signature checked. */
export type ExportedItem =
  | { readonly kind: 'record'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'envelope' | 'stub'
      readonly device: DeviceId
      readonly seq: number
      readonly bytes: Uint8Array
    }

/** How much the second part holds. */
export interface ContentCounts {
  readonly records: number
  readonly envelopes: number
  readonly stubs: number
}
