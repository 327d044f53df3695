/**
 * State of any causally closed set of accepted operations, read cell by cell from the live log.
 *
 * Nearly always the set sees what the whole log sees, and a cell's present winner is the answer. Where operations
 * outside the set strike some inside it, an overlay holds the few fates that differ. What a view says depends on its
 * set alone, so views may be kept while the log grows.
 */
import { type InviteId, type OperationId, type RoleId, type ServerId, type UserId } from '../base/index.ts'
import { MEMBER_IN, memberCell, OWNER_CELL } from './cell.ts'
import { type Cell, covers, type Entry } from './entry.ts'
import { affectedBy, causeOf, type Fates, idsOf, undominated } from './fate.ts'
import { HistoryNeeded } from './history-needed.ts'
import { FateQueue } from './fate-queue.ts'
import type { Ledger } from './ledger.ts'
import { mergeWrites } from './merge.ts'
import { type Past, pastHas } from './past.ts'
import type { Judged, StateReader, Winner } from './reader.ts'

/** Which operations a view holds. */
export type Membership = (entry: Entry) => boolean

/** The past itself, and leaves without an index of their own. */
export function pastMembership(past: Past, extra: ReadonlySet<Entry> = new Set()): Membership {
  return entry => (entry.index >= 0 && pastHas(past, entry.index)) || extra.has(entry)
}

/** The first `count` operations in order of acceptance: what was the present then. */
export function prefixMembership(count: number): Membership {
  return entry => entry.order < count
}

const NO_ROLES: readonly RoleId[] = []

/** What a cell shows in a view. */
interface Shown {
  readonly standing: readonly Entry[]
  readonly winner: Winner | undefined
}

export class View implements StateReader, Fates {
  readonly server: ServerId
  readonly ledger: Ledger
  readonly has: Membership
  // Nearly every view needs none of these, and every operation has a view.
  #overlay: Map<Entry, boolean> | undefined
  #overlaid: Set<string> | undefined
  /** Cells that had to be worked out: their answer holds for ever. */
  #memo: Map<string, Shown> | undefined
  #version = -1

  constructor(ledger: Ledger, has: Membership) {
    this.ledger = ledger
    this.server = ledger.server
    this.has = has
  }

  /** Fates in this set that differ from those in the whole log, found anew when the log's edges or fates moved. */
  #refresh(): void {
    if (this.#version === this.ledger.version) return
    this.#version = this.ledger.version
    this.#overlay = this.#overlaid = undefined
    const turned = [...this.#struckInside(), ...this.#overusedInside()]
    if (turned.length > 0) this.#lay(turned)
  }

  /** Operations of this set that something outside strikes. */
  *#struckInside(): Iterable<Entry> {
    for (const striker of this.ledger.strikers) {
      if (!striker.effective || this.has(striker)) continue
      for (const target of striker.targets) if (this.has(target)) yield target
    }
  }

  /** Joins by invites that are overused with what is outside (AU26). */
  *#overusedInside(): Iterable<Entry> {
    for (const { joins, maxUses, before } of this.ledger.invites.values()) {
      if (before + joins.length <= maxUses || joins.every(this.has)) continue
      for (const join of joins) if (this.has(join)) yield join
    }
  }

  /** Finds the fates that differ here, beginning with these. */
  #lay(turned: readonly Entry[]): void {
    const overlay = (this.#overlay = new Map<Entry, boolean>())
    const overlaid = (this.#overlaid = new Set<string>())
    const queue = new FateQueue()
    for (const each of turned) queue.push(each)
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const effective = causeOf(next, this) === undefined
      if (effective === this.#decided(next)) continue
      overlay.set(next, effective)
      for (const write of next.known.writes) overlaid.add(write.cell)
      for (const each of affectedBy(next, this.ledger)) if (this.has(each)) queue.push(each)
    }
  }

  #decided(entry: Entry): boolean {
    return this.#overlay?.get(entry) ?? entry.effective
  }

  limited(invite: InviteId): ReturnType<Ledger['limited']> {
    return this.ledger.limited(invite)
  }

  isEffective(entry: Entry | OperationId): boolean {
    const found = typeof entry === 'string' ? this.ledger.entries.get(entry) : entry
    if (found === undefined || !this.has(found)) return false
    this.#refresh()
    return this.#decided(found)
  }

  #cell(key: string): Shown | undefined {
    const memo = this.#memo?.get(key)
    if (memo !== undefined) return memo
    const cell = this.ledger.cells.get(key)
    if (cell === undefined) return undefined
    this.#refresh()
    if (this.#overlaid?.has(key) !== true && cell.standing.every(this.has)) return cell
    const found = this.#workOut(cell)
    this.#memo ??= new Map()
    this.#memo.set(key, found)
    return found
  }

  #workOut(cell: Cell): Shown {
    const standing = undominated(
      cell.writes.filter(each => this.has(each) && this.#decided(each)),
      covers
    )
    if (standing.length === 0 && cell.settled !== undefined) return cell.settled
    return { standing, winner: mergeWrites(cell.key, standing) }
  }

  winner(key: string): Winner | undefined {
    return this.#cell(key)?.winner
  }

  /** Undominated effective writes of a cell. */
  standing(key: string): readonly Entry[] {
    return this.#cell(key)?.standing ?? []
  }

  liveJoins(user: UserId): readonly OperationId[] {
    const cell = this.#cell(memberCell(user))
    if (cell === undefined) return []
    const owner = this.winner(OWNER_CELL)?.by.known.owner?.user
    if (owner !== user && cell.winner?.value !== MEMBER_IN) return []
    const joins = new Set<Entry>()
    for (const each of cell.standing) {
      if (!each.known.writes.some(write => write.cell === memberCell(user) && write.value === MEMBER_IN))
        continue
      if (each.known.carries === undefined) joins.add(each)
      else for (const id of each.known.carries) if (this.isEffective(id)) joins.add(this.ledger.entry(id))
    }
    return idsOf(joins)
  }

  assigned(join: OperationId): Iterable<RoleId> {
    return this.ledger.registry.assigned.get(join) ?? NO_ROLES
  }

  unbans(user: UserId): readonly OperationId[] {
    const known = this.ledger.unbans.get(user)
    return known === undefined
      ? []
      : idsOf(
          undominated(
            known.filter(each => this.isEffective(each)),
            covers
          )
        )
  }

  uses(invite: InviteId): number {
    let used = this.ledger.settled?.uses.get(invite) ?? 0
    for (const join of this.ledger.joinsBy.get(invite) ?? []) if (this.isEffective(join)) used++
    return used
  }

  lookup(id: OperationId): Judged | undefined {
    const entry = this.ledger.entries.get(id)
    if (entry === undefined && this.ledger.settled !== undefined) throw new HistoryNeeded()
    return entry !== undefined && this.has(entry) ? entry : undefined
  }

  isCovered(a: OperationId, b: OperationId): boolean {
    const [first, second] = [this.ledger.entry(a), this.ledger.entry(b)]
    // Of two operations of the snapshot only its last leaves are known to lie in no other's past.
    if (first.settled === true && second.settled === true && first !== second)
      if (!(this.ledger.settled?.leaves().includes(first) ?? false)) throw new HistoryNeeded()
    return covers(second, first)
  }
}
