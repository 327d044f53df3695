/**
 * The operations of one proof, and what follows from them alone: pasts, fates and state of any part that is closed
 * (AU14, AU19–AU27). Sets of judged operations are bit sets.
 */
import { attackRule, compareAge, compareFate, type Fact, type Known, merge, type Winner } from './cells.ts'
import { isSpine, type Op } from './operation.ts'

export type Mask = bigint

/** Why an operation does not stand. */
export interface Fall {
  readonly rule: string
  readonly by: Fact
}

/** What stands in a set, and why the rest does not. */
export interface Resolution {
  readonly mask: Mask
  readonly standing: Mask
  readonly falls: ReadonlyMap<string, Fall>
}

/** A state that notes what was read of it: what a proof must hold (AU50). */
export class Reader {
  readonly world: World
  readonly at: Resolution
  readonly read = new Set<Fact>()

  constructor(world: World, at: Resolution) {
    this.world = world
    this.at = at
  }

  stands(fact: Fact): boolean {
    return ((this.at.standing >> BigInt(fact.index)) & 1n) === 1n
  }

  /** AU7: whether it belongs to a newer protocol. No proof has to show that it does not. */
  isRaised(): boolean {
    const raises = (this.world.writers.get('proto') ?? []).filter(each => this.stands(each))
    return raises.some(each => each.known.writes.some(({ cell, value }) => cell === 'proto' && value !== 1))
  }

  /** Undominated effective writes. */
  writers(cell: string): readonly Fact[] {
    const all = (this.world.writers.get(cell) ?? []).filter(each => this.stands(each))
    const kept = all.filter(a => !all.some(b => a !== b && this.world.covers(b.op.id, a)))
    for (const each of kept) this.read.add(each)
    return kept
  }

  winner(cell: string): Winner | undefined {
    return merge(cell, this.writers(cell))
  }

  value(cell: string): Winner['value'] | undefined {
    return this.winner(cell)?.value
  }

  number(cell: string, otherwise: number): number {
    const value = this.value(cell)
    return typeof value === 'number' ? value : otherwise
  }

  owner(): { readonly user: string; readonly generation: number } {
    return this.winner('owner')?.by.known.owner ?? { user: '', generation: 0 }
  }

  isIn(user: string): boolean {
    return this.owner().user === user || this.value(`member|${user}`) === 0
  }

  /** AU25. Ascending ids. */
  liveJoins(user: string): readonly string[] {
    const cell = `member|${user}`
    const writers = this.writers(cell)
    if (!this.isIn(user)) return []
    const out = new Set<string>()
    for (const by of writers) {
      if (!by.known.writes.some(each => each.cell === cell && each.value === 0)) continue
      if (by.known.carries === undefined) out.add(by.op.id)
      for (const join of by.known.carries ?? []) {
        const fact = this.world.facts.get(join)
        if (fact !== undefined) this.read.add(fact)
        if (fact !== undefined && this.stands(fact)) out.add(join)
      }
    }
    return [...out].sort()
  }

  /** Roles that something in this state says of a join. */
  rolesOf(join: string): readonly string[] {
    const prefix = `asg|${join}|`
    const cells = [...this.world.writers.keys()].filter(each => each.startsWith(prefix))
    return cells.filter(each => this.writers(each).length > 0).map(each => each.slice(prefix.length))
  }

  /** The user's unbans that no later one follows. */
  unbans(user: string): readonly Fact[] {
    const lifts = ({ what }: Op): boolean => what.name === 'unban' && what.body.user === user
    const all = [...this.world.facts.values()].filter(each => lifts(each.op) && this.stands(each))
    const kept = all.filter(a => !all.some(b => a !== b && this.world.covers(b.op.id, a)))
    for (const each of kept) this.read.add(each)
    return kept
  }

  uses(invite: string): number {
    return (this.world.joins.get(invite) ?? []).filter(each => this.stands(each)).length
  }

  /** Whether a judged operation is of this set. */
  holds(fact: Fact): boolean {
    return ((this.at.mask >> BigInt(fact.index)) & 1n) === 1n
  }

  /** A judged operation of this set. */
  lookup(id: string): Fact | undefined {
    const fact = this.world.facts.get(id)
    if (fact === undefined || !this.holds(fact)) return undefined
    this.read.add(fact)
    return fact
  }
}

export class World {
  readonly server: string
  readonly ops = new Map<string, Op>()
  readonly facts = new Map<string, Fact>()
  readonly writers = new Map<string, Fact[]>()
  readonly joins = new Map<string, Fact[]>()
  /** Who may strike whom: facts about pairs. */
  readonly attackers = new Map<Fact, { readonly from: Fact; readonly rule: string }[]>()
  /** What the judging of each fact read. */
  readonly reads = new Map<Fact, ReadonlySet<Fact>>()
  readonly #pasts = new Map<string, Mask>()
  readonly #stood = new Map<Fact, Mask>()
  readonly #order: Fact[] = []
  readonly #resolved = new Map<Mask, Resolution>()

  constructor(server: string) {
    this.server = server
  }

  /** Takes an operation in; those it cites, as far as they are here, were taken before. */
  place(op: Op): void {
    this.ops.set(op.id, op)
    this.#pasts.set(op.id, this.closure(op.cites))
  }

  bit(fact: Fact | undefined): Mask {
    return fact === undefined ? 0n : 1n << BigInt(fact.index)
  }

  /** Judged operations among these ids and their pasts. */
  closure(ids: readonly string[]): Mask {
    return ids.reduce((mask, id) => mask | (this.#pasts.get(id) ?? 0n) | this.bit(this.facts.get(id)), 0n)
  }

  /** Whether a fact is the operation or in its past. */
  covers(id: string, fact: Fact): boolean {
    return id === fact.op.id || (((this.#pasts.get(id) ?? 0n) >> BigInt(fact.index)) & 1n) === 1n
  }

  /** AU1 and AU5 of one operation against those it cites, where they are here. */
  isInPlace(op: Op): boolean {
    const cited = op.cites.flatMap(id => this.ops.get(id) ?? [])
    if (cited.some(each => each.lam >= op.lam || each.ts > op.ts || each.server !== op.server)) return false
    const whole = cited.length === op.cites.length
    if (whole && op.lam !== cited.reduce((most, each) => Math.max(most, each.lam + 1), 0)) return false
    const prev = op.prev === null ? undefined : this.ops.get(op.prev)
    if (prev !== undefined && (prev.device !== op.device || prev.seq + 1 !== op.seq)) return false
    const here = (ids: readonly string[]): Op[] => ids.flatMap(id => this.ops.get(id) ?? [])
    if (!here(op.par).every(isSpine) || here(op.refs).some(isSpine)) return false
    const parents = op.par.flatMap(id => this.facts.get(id) ?? [])
    if (parents.some(a => parents.some(b => a !== b && this.covers(b.op.id, a)))) return false
    if (!this.#namesHeads(op, here)) return false
    const past = this.#pasts.get(op.id) ?? 0n
    const own = [...this.facts.values()].filter(
      each => each.op.device === op.device && (past & this.bit(each)) !== 0n
    )
    // AU5: where prev is judged itself, what is here shows all of its past that matters; else numbers must do.
    const judged = op.prev !== null && this.facts.has(op.prev)
    return own.every(each => (judged ? this.covers(op.prev, each) : each.op.seq < op.seq))
  }

  /** AU5: nothing of the spine comes into the past behind par; as far as those named are judged here. */
  #namesHeads(op: Op, here: (ids: readonly string[]) => readonly Op[]): boolean {
    if (op.par.some(id => !this.facts.has(id))) return true
    const beside = here([...op.refs, ...(op.prev === null ? [] : [op.prev])])
    const behind = beside
      .flatMap(each => (isSpine(each) ? [each.id] : each.par))
      .flatMap(id => this.facts.get(id) ?? [])
    return behind.every(fact => op.par.some(id => this.covers(id, fact)))
  }

  /** State of an operation's past. */
  before(op: Op): Reader {
    return new Reader(this, this.resolve(this.#pasts.get(op.id) ?? 0n))
  }

  /** Adds a judged operation, and who strikes whom by it. */
  judge(op: Op, known: Known, reader: Reader | undefined): Fact {
    const fact: Fact = { op, known, index: this.facts.size }
    const others = [...this.facts.values()]
    this.facts.set(op.id, fact)
    this.#stood.set(fact, reader?.at.standing ?? 0n)
    this.reads.set(fact, reader?.read ?? new Set())
    this.attackers.set(fact, [])
    for (const cell of new Set(known.writes.map(each => each.cell))) push(this.writers, cell, fact)
    if (op.what.name === 'join') push(this.joins, op.what.body.invite, fact)
    for (const other of others) {
      this.#pair(other, fact)
      this.#pair(fact, other)
    }
    this.#order.push(fact)
    this.#order.sort(compareFate)
    return fact
  }

  #pair(from: Fact, to: Fact): void {
    const row = from.op.cut?.find(each => each.device === to.op.device)
    const rule = attackRule(from, to, {
      seen: (((this.#stood.get(to) as Mask) >> BigInt(from.index)) & 1n) === 1n,
      before: this.covers(from.op.id, to),
      kept: row?.op !== undefined && row.op !== null && this.covers(row.op, to)
    })
    if (rule !== undefined) this.attackers.get(to)?.push({ from, rule })
  }

  /** AU23 and AU26 over a set that is closed. */
  resolve(mask: Mask): Resolution {
    const kept = this.#resolved.get(mask)
    if (kept !== undefined) return kept
    let standing = 0n
    const falls = new Map<string, Fall>()
    const stands = (fact: Fact | undefined): boolean => (standing & this.bit(fact)) !== 0n
    for (const fact of this.#order) {
      if ((mask & this.bit(fact)) === 0n) continue
      const fall = this.#fallOf(fact, stands)
      if (fall === undefined) standing |= this.bit(fact)
      else falls.set(fact.op.id, fall)
    }
    const resolution = { mask, standing, falls }
    this.#resolved.set(mask, resolution)
    return resolution
  }

  #fallOf(fact: Fact, stands: (fact: Fact | undefined) => boolean): Fall | undefined {
    const supp = fact.known.supp.map(id => this.facts.get(id)).filter(each => !stands(each))
    const [fallen] = supp.flatMap(each => each ?? []).sort(compareFate)
    if (fallen !== undefined) return { rule: 'AU18', by: fallen }
    const striking = (this.attackers.get(fact) ?? []).filter(({ from }) => stands(from))
    const [first] = striking.sort((a, b) => compareFate(a.from, b.from))
    if (first !== undefined) return { rule: first.rule, by: first.from }
    const { limited } = fact.known
    if (limited === undefined) return undefined
    const earlier = (this.joins.get(limited.invite) ?? []).filter(
      each => compareAge(each, fact) < 0 && stands(each)
    )
    const last = earlier.sort(compareAge)[limited.uses - 1]
    return last === undefined ? undefined : { rule: 'AU26', by: last }
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
