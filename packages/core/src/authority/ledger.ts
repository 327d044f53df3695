/**
 * The live resolver (AU48): accepted operations, who strikes whom, what stands, and the undominated writes of each
 * cell. Adding an operation costs what it touches.
 */
import {
  type DeviceId,
  idAs,
  invariant,
  type InviteId,
  type OperationId,
  type RuleId,
  type ServerId,
  type UserId
} from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import { type Relation, attackRule, compareAge } from './attack.ts'
import { type Cell, covers, type DeviceChain, type Entry } from './entry.ts'
import { affectedBy, causeOf, type Fates, insertByAge, type LimitedInvite, undominated } from './fate.ts'
import { FateQueue } from './fate-queue.ts'
import { mergeAll, type Merged, mergeOne } from './merge.ts'
import { type Past, pastHas, unionPasts } from './past.ts'
import type { Judged, Winner } from './reader.ts'
import { listAt, Registry } from './registry.ts'
import { HistoryNeeded } from './history-needed.ts'
import type { Foundation } from './thaw.ts'
import { thawingMap } from './thawing-map.ts'

/** What adding one operation did. */
export interface Settled {
  readonly entry: Entry
  /** Operations whose fate turned, the new one not among them. */
  readonly flips: readonly Entry[]
  /** Cells whose winner may be another, with the winner before. */
  readonly touched: ReadonlyMap<Cell, Winner | undefined>
}

export class Ledger implements Fates {
  readonly server: ServerId
  readonly entries: Map<OperationId, Entry>
  readonly cells: Map<string, Cell>
  readonly registry: Registry
  readonly chains: Map<DeviceId, DeviceChain>
  /** The snapshot that this began with, in place of the operations before it (AU59). */
  readonly settled: Foundation | undefined
  readonly invites = new Map<InviteId, LimitedInvite>()
  readonly joinsBy = new Map<InviteId, Entry[]>()
  readonly unbans: Map<UserId, Entry[]>
  readonly transfers: Entry[] = []
  /** Operations that strike something: what may make an older view differ from the present. */
  readonly strikers = new Set<Entry>()
  /** Grows when an edge, a fate or an overused invite may change what a view's overlay has to say. */
  version = 0
  readonly #ownerOps = new Map<number, Entry[]>()
  readonly #revocations = new Map<DeviceId, Entry[]>()
  #indices: number
  #count: number

  constructor(server: ServerId, settled?: Foundation) {
    this.server = server
    this.settled = settled
    this.#indices = this.#count = settled?.claim.count ?? 0
    this.entries = thawingMap(settled && (id => settled.entry(id)))
    this.cells = thawingMap(settled && (key => settled.cell(key)))
    this.chains = thawingMap(settled && (device => settled.chain(device)))
    this.unbans = thawingMap(settled && (user => settled.unbans(user)))
    this.registry = new Registry(settled)
  }

  get count(): number {
    return this.#count
  }

  has(): boolean {
    return true
  }

  isEffective(entry: Entry): boolean {
    return entry.effective
  }

  limited(invite: InviteId): LimitedInvite | undefined {
    return this.invites.get(invite)
  }

  entry(id: OperationId): Entry {
    const found = this.entries.get(id)
    if (found === undefined && this.settled !== undefined) throw new HistoryNeeded()
    invariant(found, 'AU9', id)
    return found
  }

  /**
   * Past that an operation citing these would have; gives cited leaves their index.
   *
   * @throws HistoryNeeded where it does not hold all of the snapshot that the log began with.
   */
  pastOf(cited: Iterable<OperationId>): Past {
    const entries = [...cited].map(id => this.entry(id))
    for (const each of entries) if (each.index < 0) each.index = this.#indices++
    return this.joinPasts(entries)
  }

  /** Union of the pasts of entries, and of those that have an index. */
  joinPasts(entries: readonly Entry[]): Past {
    const past = unionPasts(
      entries.map(each => each.past),
      entries.filter(each => each.index >= 0).map(each => each.index)
    )
    if (this.settled === undefined || past.full >= this.settled.claim.count) return past
    const lifted = this.settled.lift(past, head => pastHas(past, head.index))
    if (lifted === undefined) throw new HistoryNeeded()
    return lifted
  }

  cell(key: string): Cell {
    let cell = this.cells.get(key)
    if (cell === undefined) {
      cell = { key, writes: [], denials: [], reliers: [], standing: [], winner: undefined, merged: undefined }
      this.cells.set(key, cell)
    }
    return cell
  }

  /**
   * Takes in a validated operation and settles all fates it touches.
   *
   * @param stoodInPast - Whether an operation stood in State(past) of the new one (AU19).
   */
  add(judged: Judged, past: Past, spine: boolean, stoodInPast: (entry: Entry) => boolean): Settled {
    const entry: Entry = {
      ...judged,
      order: this.#count++,
      index: spine ? this.#indices++ : -1,
      past,
      supp: judged.known.supp.map(id => this.entry(id)),
      attackers: [],
      targets: [],
      dependants: [],
      contested: false,
      effective: false,
      voided: undefined
    }
    this.entries.set(entry.op.id, entry)
    for (const each of entry.supp) {
      if (each.settled === true) continue
      each.dependants.push(entry)
      if (each.contested) entry.contested = true
    }
    this.#findAttackers(entry, stoodInPast)
    this.#findTargets(entry)
    this.#enlist(entry)
    const touched = new Map<Cell, Winner | undefined>()
    const flips = this.#settle(entry, touched)
    return { entry, flips, touched }
  }

  /** Cells, lists and registries that know the operation from now on. */
  #enlist(entry: Entry): void {
    const { known, body } = entry
    for (const key of known.cells) this.cell(key).reliers.push(entry)
    for (const write of known.writes) {
      const cell = this.cell(write.cell)
      if (cell.writes.length === 0) this.registry.note(write.cell)
      if (cell.writes[cell.writes.length - 1] !== entry) cell.writes.push(entry)
      if (write.denial && cell.denials[cell.denials.length - 1] !== entry) cell.denials.push(entry)
      if (write.cell.startsWith('dev|')) this.registry.noteDevice(write.cell.slice(4) as DeviceId, known.user)
    }
    this.#extend(entry)
    if (known.generation !== undefined) listAt(this.#ownerOps, known.generation).push(entry)
    if (body.name === 'transfer') this.transfers.push(entry)
    for (const device of known.revokes ?? []) listAt(this.#revocations, device).push(entry)
    if (body.name === 'join') listAt(this.joinsBy, body.body.invite).push(entry)
    if (body.name === 'unban') listAt(this.unbans, body.body.user).push(entry)
    if (known.limited !== undefined) this.#limit(entry, known.limited)
  }

  #extend(entry: Entry): void {
    const { device, seq } = entry.op
    let chain = this.chains.get(device)
    if (chain === undefined)
      this.chains.set(device, (chain = { all: [], bySeq: new Map(), forked: [], newest: entry }))
    chain.all.push(entry)
    const same = listAt(chain.bySeq, seq)
    if (same.length === 1) chain.forked.push(same[0] as Entry)
    if (same.length > 0) chain.forked.push(entry)
    same.push(entry)
    const { op } = chain.newest
    if (seq > op.seq || (seq === op.seq && compareAge(entry, chain.newest) < 0)) chain.newest = entry
  }

  /** Whether `a` is `b` or in its past, for an operation that has all of the snapshot in its past. */
  isCovered(a: OperationId, b: OperationId): boolean {
    const [first, second] = [this.entry(a), this.entry(b)]
    return covers(second, first) || (this.settled?.isBelow(first) ?? false)
  }

  /** Whether a cut may strike operations before the snapshot, of which too little is known for that (AU59). */
  cutsSettled(op: Operation): boolean {
    const { settled } = this
    if (settled === undefined) return false
    return (op.cut ?? []).some(row => {
      const last = settled.chain(row.device)?.settled
      if (last === undefined) return false
      if (settled.forked.has(row.device) || row.operation === null) return true
      return row.operation !== last.op.id && this.entry(row.operation).settled === true
    })
  }

  /** AU5: whether what is cited brings in a branch of the author's own chain that `prev` is not on. */
  hasOwnOutsideChain(op: Operation): boolean {
    const chain = this.chains.get(op.device)
    if (chain === undefined) return false
    // All of the snapshot is in the past of whatever comes after it: whoever begins anew forks.
    if (chain.settled !== undefined && op.prev === null) return true
    const prev = op.prev === null ? undefined : this.entry(op.prev)
    const cited = [...op.parents, ...op.refs].map(id => this.entry(id))
    const strays = (own: Entry): boolean =>
      !(prev !== undefined && covers(prev, own)) &&
      (own.settled === true || cited.some(each => covers(each, own)))
    // Several at one place are all among the forked.
    const same = chain.bySeq.get(op.seq) ?? []
    return (same.length === 1 && same.some(strays)) || chain.forked.some(strays)
  }

  #limit(entry: Entry, limited: NonNullable<Judged['known']['limited']>): void {
    let invite = this.invites.get(limited.invite)
    if (invite === undefined)
      this.invites.set(
        limited.invite,
        (invite = {
          maxUses: limited.maxUses,
          before: this.settled?.uses.get(limited.invite) ?? 0,
          joins: []
        })
      )
    insertByAge(invite.joins, entry)
    if (invite.before + invite.joins.length > invite.maxUses) this.version++
  }

  #strike(from: Entry, to: Entry, relation: Relation): void {
    if (to.attackers.some(edge => edge.from === from)) return
    const rule: RuleId | undefined = attackRule(from, to, relation, (a, b) =>
      covers(this.entry(b), a as Entry)
    )
    if (rule === undefined) return
    to.attackers.push({ from, rule })
    from.targets.push(to)
    this.strikers.add(from)
    this.version++
    const contested = [to]
    for (let next = contested.pop(); next !== undefined; next = contested.pop()) {
      if (next.contested) continue
      next.contested = true
      contested.push(...next.dependants)
    }
  }

  /** Known operations that strike a new one: those it has not seen, and those that did not stand where it was made. */
  #findAttackers(entry: Entry, stoodInPast: (entry: Entry) => boolean): void {
    const consider = (from: Entry): void => {
      if (!covers(entry, from) || (from.contested && !stoodInPast(from)))
        this.#strike(from, entry, 'unreckoned')
    }
    for (const key of entry.known.cells) for (const from of this.cells.get(key)?.denials ?? []) consider(from)
    for (const from of this.#revocations.get(entry.op.device) ?? []) consider(from)
    const { generation } = entry.known
    if (generation !== undefined)
      for (const from of this.transfers) if (from.known.generation === generation) consider(from)
  }

  /** Known operations that a new one strikes. */
  #findTargets(entry: Entry): void {
    const { known, op } = entry
    const consider = (to: Entry): void => {
      const past = covers(entry, to)
      if (!past || op.cut !== null) this.#strike(entry, to, past ? 'past' : 'unreckoned')
    }
    for (const write of known.writes)
      if (write.denial) for (const to of this.cells.get(write.cell)?.reliers ?? []) consider(to)
    for (const device of known.revokes ?? [])
      for (const to of this.chains.get(device)?.all ?? []) consider(to)
    if (entry.body.name === 'transfer')
      for (const to of this.#ownerOps.get(known.generation as number) ?? []) consider(to)
  }

  /** Decides fates in AU23's order, beginning with the new operation and what it may strike. */
  #settle(entry: Entry, touched: Map<Cell, Winner | undefined>): Entry[] {
    const queue = new FateQueue()
    const flips: Entry[] = []
    queue.push(entry)
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const cause = causeOf(next, this)
      const effective = cause === undefined
      next.voided = cause
      if (next.effective === effective) continue
      next.effective = effective
      if (next !== entry) {
        flips.push(next)
        this.version++
      }
      for (const each of affectedBy(next, this)) queue.push(each)
      touchAll(this, next, touched)
    }
    for (const cell of touched.keys()) this.#restand(cell, flips.length === 0 ? entry : undefined)
    return flips
  }

  /** Brings a cell's undominated writes up to date; quick where one effective write was added and nothing turned. */
  #restand(cell: Cell, added: Entry | undefined): void {
    if (added !== undefined) {
      if (!added.effective) return
      const merged = mergedWith(cell, added)
      cell.standing = [...cell.standing.filter(each => !covers(added, each)), added]
      if (merged === undefined) mergeCell(cell)
      else Object.assign(cell, { merged, winner: merged.winner })
      return
    }
    cell.standing = undominated(
      cell.writes.filter(each => each.effective),
      covers
    )
    mergeCell(cell)
  }

  /** The join, or the genesis, that an assignment's cell names. */
  userOfJoin(join: OperationId): UserId | undefined {
    return this.entries.get(join)?.known.user
  }

  genesis(): Entry {
    return this.entry(idAs('o', this.server))
  }
}

/** What a cell shows with one write more; undefined where all have to be looked at again. */
function mergedWith({ key, merged }: Cell, added: Entry): Merged | undefined {
  const gone = [merged?.grant, merged?.winner].some(
    each => each !== undefined && covers(added, each.by as Entry)
  )
  if (merged === undefined || gone) return undefined
  const next = mergeOne(key, merged, added)
  return next.winner === undefined ? undefined : next
}

/** Shows what stands; where nothing of the log itself does, what the snapshot had. */
function mergeCell(cell: Cell): void {
  if (cell.standing.length === 0 && cell.settled !== undefined) {
    Object.assign(cell, { merged: undefined, ...cell.settled })
    return
  }
  cell.merged = mergeAll(cell.key, cell.standing)
  cell.winner = cell.merged.winner
}

function touchAll(ledger: Ledger, entry: Entry, touched: Map<Cell, Winner | undefined>): void {
  for (const write of entry.known.writes) {
    const cell = ledger.cell(write.cell)
    if (!touched.has(cell)) touched.set(cell, cell.winner)
  }
}
