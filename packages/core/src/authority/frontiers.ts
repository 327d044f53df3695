/** Where the log ends, and what a set of its operations has in the past (AU8). */
import {
  type ChannelId,
  type DeviceId,
  GATHER_CITES_MAX,
  OPERATION_CITES_MAX,
  type OperationId
} from '../base/index.ts'
import { compareAge } from './attack.ts'
import { draftGather } from './build.ts'
import type { OperationDraft, OperationMark } from './contract.ts'
import { covers, type Entry } from './entry.ts'
import { HistoryNeeded } from './history-needed.ts'
import type { Ledger } from './ledger.ts'
import { admissionsOf, newestOf } from './place.ts'
import { citedBy } from './structure.ts'
import { type Membership, pastMembership } from './view.ts'

/** Tells of operations in a snapshot by their ids, where somebody keeps them. */
export type Inside = (id: OperationId) => OperationMark | undefined

export class Frontiers {
  readonly ledger: Ledger
  readonly heads: Set<Entry>
  readonly leaves: Set<Entry>
  readonly #inside: Inside | undefined
  /** What `leafIds` gives until the next operation: asked for again and again, and long where nobody gathers. */
  #leafIds: readonly OperationId[] | undefined

  constructor(ledger: Ledger, inside: Inside | undefined) {
    this.ledger = ledger
    this.#inside = inside
    this.heads = new Set(ledger.settled?.spineHeads())
    this.leaves = new Set(ledger.settled?.leaves())
  }

  headIds(): readonly OperationId[] {
    return [...this.heads].map(each => each.op.id).sort()
  }

  leafIds(): readonly OperationId[] {
    return (this.#leafIds ??= [...this.leaves].map(each => each.op.id).sort())
  }

  frontier(): readonly OperationId[] | undefined {
    if (this.heads.size + this.leaves.size > OPERATION_CITES_MAX) return undefined
    return [...this.headIds(), ...this.leafIds()].sort()
  }

  frontierFor(device: DeviceId, channel?: ChannelId): readonly OperationId[] {
    const heads = [...this.heads].sort((a, b) => compareAge(b, a)).slice(0, OPERATION_CITES_MAX)
    const own = newestOf(this.ledger, device)
    const admissions = channel === undefined ? [] : admissionsOf(this.ledger, device, channel)
    const bare: Entry[] = []
    for (const each of own === undefined ? admissions : [own, ...admissions])
      if (![...heads, ...bare].some(head => covers(head, each))) bare.push(each)
    const cited = [...heads.slice(0, OPERATION_CITES_MAX - bare.length), ...bare]
    return cited.map(each => each.op.id).sort()
  }

  covers(frontier: readonly OperationId[], id: OperationId): boolean {
    const at = frontier.flatMap(each => this.ledger.entries.get(each) ?? [])
    const entry = this.ledger.entries.get(id)
    if (entry !== undefined && at.some(each => covers(each, entry))) return true
    const { settled } = this.ledger
    if (settled === undefined || (entry === undefined ? !this.isInside(id) : entry.settled !== true))
      return false
    this.ledger.joinPasts(at)
    return true
  }

  /** What a frontier and its past hold, without giving leaves an index: asking must not change the log. */
  membership(frontier: Iterable<OperationId>): Membership | undefined {
    const entries: Entry[] = []
    for (const id of frontier) {
      const entry = this.ledger.entries.get(id)
      if (entry !== undefined) entries.push(entry)
      else if (this.isInside(id)) throw new HistoryNeeded()
      else return undefined
    }
    return pastMembership(this.ledger.joinPasts(entries), new Set(entries.filter(each => each.index < 0)))
  }

  mark(id: OperationId): OperationMark | undefined {
    const op = this.ledger.entries.get(id)?.op
    return op === undefined ? this.#inside?.(id) : { kind: op.kind, lamport: op.lamport, at: op.at }
  }

  has(id: OperationId): boolean {
    return this.ledger.entries.has(id) || this.isInside(id)
  }

  isInside(id: OperationId): boolean {
    return this.#inside?.(id) !== undefined
  }

  lamportOf(frontier: readonly OperationId[]): number {
    return frontier.reduce((highest, id) => Math.max(highest, this.mark(id)?.lamport ?? 0), 0)
  }

  gathers(): readonly OperationDraft[] {
    const leaves = this.leafIds()
    const drafts: OperationDraft[] = []
    for (let at = 0; at < leaves.length; at += GATHER_CITES_MAX)
      drafts.push(draftGather(leaves.slice(at, at + GATHER_CITES_MAX)))
    return drafts
  }

  advance(entry: Entry, spine: boolean): void {
    this.#leafIds = undefined
    for (const id of citedBy(entry.op)) {
      const cited = this.ledger.entry(id)
      this.leaves.delete(cited)
      if (spine) this.heads.delete(cited)
    }
    if (spine) this.heads.add(entry)
    else this.leaves.add(entry)
  }
}
