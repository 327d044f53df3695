/** Public types of server exports: a server as one signed file. Interfaces only. */
import type { OperationId, ServerId } from '@xcord/core'
import type { Server } from './server-types.ts'

/** Bytes in pieces of any size: a file's read stream, a response's body, what `server.export()` gives. */
export type ByteSource = AsyncIterable<Uint8Array>

export interface ExportOptions {
  /** Adds key records and envelopes, sealed as they are: only members can open them. Default false. Not of the past. */
  readonly content?: boolean
  /**
   * The server as it stood: up to an operation and all that it rests on, or up to a time as authors claimed it.
   * XCORD_USAGE for an operation that is not known.
   */
  readonly until?: OperationId | Date
  /** The same without the operation itself: as it stood before it. */
  readonly before?: OperationId
}

export interface CopyOptions {
  /** Default: what the server of the file is called. */
  readonly name?: string
}

/** A new server, founded as another one stood. */
export interface Copied extends Omit<CopyJson, 'server'> {
  readonly server: Server
  toJSON(): CopyJson
}

export interface CopyJson {
  readonly server: string
  readonly name: string
  /** Beside `@everyone`. */
  readonly roles: number
  readonly channels: number
  /** Members of the file whose roles, nicknames and permissions wait until they join. */
  readonly awaited: number
  readonly banned: number
  /** Channels whose names the file does not have, since not all might view them. */
  readonly unnamed: readonly string[]
}

export interface VerifyExportOptions {
  /** Refuses the export of any other server. */
  readonly server?: ServerId
}

export interface ImportOptions {
  /**
   * Adds this device where the account is a member by others, so that it can act at once, even if nobody of the
   * server is left. Default false: it reads only, until it joins by a link.
   */
  readonly enrol?: boolean
}

/** What came of an import. */
export interface Imported extends Omit<ImportJson, 'server'> {
  readonly server: Server
  toJSON(): ImportJson
}

export interface ExportMemberJson {
  readonly id: string
  /** Of the signed profile; null where the file brings none. */
  readonly name: string | null
  readonly nick: string | null
  readonly roles: readonly string[]
  readonly joinedAt: string
  readonly owner: boolean
}

export interface ExportRoleJson {
  readonly id: string
  readonly name: string
  readonly color: string | null
  /** From below: `@everyone` is 0. */
  readonly position: number
  readonly permissions: readonly string[]
  readonly members: number
}

/** How much sealed content a file holds. */
export interface ExportContentJson {
  readonly records: number
  readonly envelopes: number
  /** Envelopes of channels that the exporter may not view: their place without their body. */
  readonly stubs: number
}

/** A true export, and the server that its operations make. */
export interface ExportJson {
  readonly valid: true
  readonly server: string
  readonly name: string
  readonly owner: string
  readonly stateHash: string
  readonly heads: readonly string[]
  readonly operations: number
  /** Of these, set aside by the rules. */
  readonly voided: number
  readonly members: readonly ExportMemberJson[]
  readonly roles: readonly ExportRoleJson[]
  readonly channels: number
  /** Whose device sealed it, and when by that device's clock. */
  readonly exportedBy: string
  readonly exportedAt: string
  /** The server as it stood once: its exporter held more. */
  readonly past: boolean
  readonly content: ExportContentJson | null
}

export interface ImportJson {
  readonly server: string
  readonly name: string
  /** In the file. */
  readonly operations: number
  /** Of these, new here. */
  readonly fresh: number
  /** Of the file's operations. */
  readonly stateHash: string
  /** Of what is held now, before this device was enrolled. Equal to the file's unless more was known here. */
  readonly merged: string
  /** member: this device takes part; reader: the account is a member, this device only reads. */
  readonly part: 'member' | 'reader'
  /** The operation that added this device, where that was asked for. */
  readonly enrolled: string | null
  readonly exportedBy: string
  readonly exportedAt: string
  readonly content: ExportContentJson | null
}
