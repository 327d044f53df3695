/** Snapshots as they travel and are kept (AU41, AU58): a claim of a few hashes, and the chunks that it is about. */
import { accept, OPERATION_CITES_MAX, type OperationId, refuse, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { compareBytes } from '../encoding/index.ts'
import type { Operation } from '../graph/index.ts'
import { Frozen } from './frozen.ts'
import type { Inside } from './frontiers.ts'
import type { Ledger } from './ledger.ts'
import type { AuthoritySnapshot, SnapshotClaim, SnapshotRoots } from './snapshot-claim.ts'
import type { SnapshotCut } from './snapshot-cut.ts'
import { writeSnapshot } from './snapshot-writer.ts'
import { frozenRoot, merkleRoot, stateRoot } from './state-root.ts'
import { sumOf, takeSnapshot } from './take-snapshot.ts'
import { genesisOf } from './thaw.ts'
import { View } from './view.ts'

/** A snapshot that was read. */
export interface OpenSnapshot extends SnapshotClaim {
  readonly frozen: Frozen
}

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

/** AU58: more is no server that a peer could hold. */
export const SNAPSHOT_CHUNKS_MAX = 1_024

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
  if (chunks.length === 0 || chunks.length > SNAPSHOT_CHUNKS_MAX)
    return refuse('AU58', `${chunks.length} chunks; 1 to ${SNAPSHOT_CHUNKS_MAX}`)
  if (compareBytes(merkleRoot(suite, chunks), claim.contentRoot) !== 0)
    return refuse('AU58', 'the chunks are not those of the snapshot')
  const frozen = Frozen.read(chunks)
  if (frozen === undefined) return refuse('AU58', 'the chunks hold no snapshot')
  const fault = formFault(claim, frozen) ?? frozen.misfit()
  if (fault !== undefined) return refuse('AU58', fault)
  const again = writeSnapshot(frozen.whole())
  if (
    again.length !== chunks.length ||
    again.some((each, at) => compareBytes(each, chunks[at] as Uint8Array) !== 0)
  )
    return refuse('AU58', 'not the canonical form')
  if (compareBytes(frozenRoot(suite, frozen), claim.stateRoot) !== 0)
    return refuse('AU41', 'the state is not the one that was signed')
  const { server, count, sum, heads } = claim
  return accept({ server, count, sum, heads, frozen })
}

/** What a snapshot must hold for a log to begin with it. */
function formFault(claim: SnapshotClaim, frozen: Frozen): string | undefined {
  if (claim.heads.length === 0 || claim.heads.length > OPERATION_CITES_MAX)
    return 'a snapshot has 1 to 16 heads'
  if (frozen.writers > claim.count) return 'it tells of more operations than it stands for'
  return frozen.lacks([...claim.heads, genesisOf(claim.server)])
}
