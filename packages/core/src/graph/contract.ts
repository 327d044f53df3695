/**
 * The signed operation as every layer above the graph sees it (AU1, AU2): decoded, its signature checked,
 * its body still the undecoded array that authority's kind table reads.
 */
import type { DeviceId, OperationId, ServerId } from '../base/index.ts'
import type { CborValue } from '../encoding/index.ts'

/** AU1, field 11: the target device's last standing operation and envelope as the author knew them. */
export interface CutRow {
  readonly device: DeviceId
  /** Last operation that stands: sequence and id; null where none. */
  readonly seq: number | null
  readonly operation: OperationId | null
  /** Last envelope that stands: sequence and whole id (EN3); null where none. */
  readonly contentSeq: number | null
  readonly envelope: Uint8Array | null
}

/** AU1's 12-tuple, ids branded. */
export interface Operation {
  readonly id: OperationId
  /** The server; in the genesis, its own id. */
  readonly server: ServerId
  readonly kind: number
  readonly device: DeviceId
  readonly seq: number
  readonly prev: OperationId | null
  readonly parents: readonly OperationId[]
  readonly refs: readonly OperationId[]
  readonly lamport: number
  readonly at: number
  readonly body: readonly CborValue[]
  readonly cut: readonly CutRow[] | null
  /** `[payload, sig]` as received: what is stored and passed on. */
  readonly bytes: Uint8Array
}
