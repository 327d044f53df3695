/** Snapshots as they travel and are kept (AU41, AU58): a claim of a few hashes, and the chunks that it is about. */
import type { OperationId, Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import type { Operation } from '../graph/index.ts'
import { Frozen } from './frozen.ts'
import type { Inside } from './frontiers.ts'
import type { Ledger } from './ledger.ts'
import type { AuthoritySnapshot, SnapshotClaim, SnapshotRoots } from './snapshot-claim.ts'
import type { SnapshotCut } from './snapshot-cut.ts'
import { formFault, type OpenSnapshot, SnapshotReading } from './snapshot-reading.ts'
import { writeSnapshot } from './snapshot-writer.ts'
import { chunkHash, merkleRoot, stateRoot } from './state-root.ts'
import { sumOf, takeSnapshot } from './take-snapshot.ts'
import { View } from './view.ts'

/** What a log begins with instead of all operations. */
export interface OpenLog {
  readonly snapshot: OpenSnapshot
  /** The genesis comes from our own store. */
  readonly trusted?: boolean
  /** Tells of operations in the snapshot by their ids, where somebody keeps them. */
  readonly inside?: Inside
  /** Operations of the snapshot that are at hand themselves: `get` answers with them. */
  readonly kept?: ReadonlyMap<OperationId, Operation>
}

/** Takes a snapshot of a set. */
export function makeSnapshot(suite: Suite, ledger: Ledger, cut: SnapshotCut): AuthoritySnapshot {
  const chunks = writeSnapshot(takeSnapshot(ledger, cut))
  return {
    server: ledger.server,
    count: cut.count,
    sum: sumOf(ledger, cut),
    heads: cut.heads.map(each => each.op.id).sort(),
    stateRoot: stateRoot(suite, new View(ledger, cut.has)),
    contentRoot: merkleRoot(suite, chunks),
    chunks
  }
}

/** Reads a snapshot of our own store, which is sealed: its form is not looked at again. Undefined where it is damaged. */
export function readSnapshot(claim: SnapshotClaim, chunks: readonly Uint8Array[]): OpenSnapshot | undefined {
  const frozen = Frozen.read(chunks)
  return frozen === undefined || formFault(claim, frozen) !== undefined ? undefined : { ...claim, frozen }
}

/** Reads a peer's snapshot: chunks against their root, their form, and the state they tell of against its root. */
export function verifySnapshot(
  suite: Suite,
  claim: SnapshotRoots,
  chunks: readonly Uint8Array[]
): Verdict<OpenSnapshot> {
  const reading = new SnapshotReading(suite)
  for (const chunk of chunks) reading.add(chunk, chunkHash(suite, chunk))
  return reading.end(claim)
}
