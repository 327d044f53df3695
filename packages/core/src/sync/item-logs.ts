/** Leaves and key records in the order in which they are reconciled (SY6), built anew where they changed. */
import { idToBytes, type OperationId, type RecordId, type ServerId } from '../base/index.ts'
import type { ServerView } from './contract.ts'
import { type Fingerprint, fingerprintOf } from './fingerprint.ts'
import { leavesSum } from './past.ts'
import type { ItemLog } from './range-form.ts'
import { type RangeBound, RangeTree } from './range-tree.ts'

/** A leaf or key record at its place. */
export interface ItemEntry extends RangeBound {
  readonly id: OperationId | RecordId
}

type Built = { readonly sum: Fingerprint; readonly tree: RangeTree<ItemEntry> }

/** Trees of all servers. */
export class ItemLogs {
  readonly #built = new Map<ServerId, Map<ItemLog, Built>>()

  /** Leaves by (Lamport time, id), or key records by (Lamport time of their frontier, id). */
  get(view: ServerView, log: ItemLog): RangeTree<ItemEntry> {
    const sum = log === 'leaves' ? leavesSum(view.operations) : view.recordIds.sum
    let logs = this.#built.get(view.server)
    if (logs === undefined) this.#built.set(view.server, (logs = new Map()))
    let built = logs.get(log)
    if (built?.sum !== sum) logs.set(log, (built = { sum, tree: RangeTree.of(entriesOf(view, log)) }))
    return built.tree
  }

  forget(server: ServerId): void {
    this.#built.delete(server)
  }
}

function entriesOf(view: ServerView, log: ItemLog): ItemEntry[] {
  const entry = (id: OperationId | RecordId, time: number): ItemEntry => ({
    id,
    time,
    share: fingerprintOf(idToBytes(id))
  })
  return log === 'leaves'
    ? view.operations.leaves().map(id => entry(id, view.operations.get(id)?.lamport ?? 0))
    : view.recordIds.newestFirst().map(id => entry(id, view.recordTime(id)))
}
