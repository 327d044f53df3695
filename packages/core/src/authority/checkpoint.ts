/** Snapshots that a member signs and publishes (AU60): the operation that claims one, and what a replay says of it. */
import { accept, idToBytes, type OperationId, refuse, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { compareBytes } from '../encoding/index.ts'
import type { Operation } from '../graph/index.ts'
import { draft } from './build.ts'
import type { OperationDraft } from './contract.ts'
import { decodeBody } from './kinds/table.ts'
import type { Ledger } from './ledger.ts'
import { makeSnapshot } from './snapshot.ts'
import type { AuthoritySnapshot, SnapshotRoots } from './snapshot-claim.ts'
import { cutAt } from './snapshot-cut.ts'
import type { Membership } from './view.ts'

const SUM_BYTES = 32

/**
 * Draft of the operation that publishes a snapshot; place it at once, as its heads and leaves must lie in its past.
 *
 * @param before - The snapshot published last, if one is known.
 */
export function draftCheckpoint(
  snapshot: SnapshotRoots,
  before: { readonly id: OperationId; readonly epoch: number } | undefined
): OperationDraft {
  return draft(
    'checkpoint',
    {
      epoch: before === undefined ? 0 : before.epoch + 1,
      prev: idToBytes(before?.id ?? snapshot.server),
      skip: [],
      heads: snapshot.heads,
      opCount: snapshot.count,
      setFp: sumBytes(snapshot.sum),
      stateRoot: snapshot.stateRoot,
      tipsRoot: snapshot.contentRoot,
      notaryRoot: null,
      sigs: []
    },
    { refs: snapshot.heads }
  )
}

function sumBytes(sum: bigint): Uint8Array {
  const out = new Uint8Array(SUM_BYTES)
  let rest = sum
  for (let at = SUM_BYTES - 1; at >= 0; at--) {
    out[at] = Number(rest & 255n)
    rest >>= 8n
  }
  return out
}

function sumOfBytes(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

/** What an operation claims; undefined where it publishes no snapshot. */
export function readCheckpoint(
  operation: Operation
): (SnapshotRoots & { readonly epoch: number }) | undefined {
  const kind = decodeBody(operation.kind, operation.body)
  if (!kind.ok || kind.value.name !== 'checkpoint') return undefined
  const { body } = kind.value
  return {
    server: operation.server,
    epoch: body.epoch,
    count: body.opCount,
    sum: sumOfBytes(body.setFp),
    heads: body.heads,
    stateRoot: body.stateRoot,
    contentRoot: body.tipsRoot
  }
}

/** Compares a claim with what the operations themselves give: that, where it is true. */
export function auditClaim(
  suite: Suite,
  ledger: Ledger,
  claim: SnapshotRoots,
  has: Membership
): Verdict<AuthoritySnapshot> {
  const cut = cutAt(
    ledger,
    has,
    claim.heads.map(id => ledger.entry(id))
  )
  if (cut === undefined) return refuse('AU60', 'its heads follow each other')
  if (cut.count !== claim.count) return refuse('AU60', `${cut.count} operations, not ${claim.count}`)
  const found = makeSnapshot(suite, ledger, cut)
  if (found.sum !== claim.sum) return refuse('AU60', 'it was made of other operations')
  if (compareBytes(found.stateRoot, claim.stateRoot) !== 0) return refuse('AU60', 'its state is false')
  if (compareBytes(found.contentRoot, claim.contentRoot) !== 0) return refuse('AU60', 'its content is false')
  return accept(found)
}
