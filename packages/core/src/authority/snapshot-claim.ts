/** What is said of a snapshot, without what it holds (AU41). */
import type { OperationId, ServerId } from '../base/index.ts'

/** What a snapshot stands for (AU41). */
export interface SnapshotClaim {
  readonly server: ServerId
  /** Operations in it. */
  readonly count: number
  /** Sum of their ids, modulo 2^256 (AU41, setFp). */
  readonly sum: bigint
  /** Those that nothing in it follows: whoever has them in the past has all of it. */
  readonly heads: readonly OperationId[]
}

/** All that a snapshot claims. */
export interface SnapshotRoots extends SnapshotClaim {
  /** AU41: over the state's rows. */
  readonly stateRoot: Uint8Array
  /** AU58: over the chunks (AU41's tipsRoot). */
  readonly contentRoot: Uint8Array
}

/** A snapshot whole. */
export interface AuthoritySnapshot extends SnapshotRoots {
  readonly chunks: readonly Uint8Array[]
}
