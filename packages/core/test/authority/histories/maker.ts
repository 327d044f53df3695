/**
 * Random histories by honest and Byzantine authors over the whole kind table (AU-P): arbitrary frontiers, omitted
 * parents, forks, backdating, padding, collusion, false clocks, leaves and spine.
 */
import {
  type ChannelId,
  idAs,
  idFromBytes,
  type InviteId,
  type OperationId,
  type RoleId,
  type UserId
} from '../../../src/base/index.ts'
import {
  type AuthorityState,
  draft,
  isSpine,
  kindName,
  KINDS,
  type OperationDraft
} from '../../../src/authority/index.ts'
import { type Operation, signOperation } from '../../../src/graph/index.ts'
import { fakeSuite, found, joinDraft, type Person, person, type Site, START } from '../cast.ts'
import { Dice } from './dice.ts'
import { draftOf } from './drafts.ts'
import { BITS, type Scene } from './scene.ts'

/** What came of a history, whoever made it: checks read nothing else. */
export interface History {
  /** Accepted, in an order that respects pasts, the genesis first. */
  readonly accepted: readonly Operation[]
  /** Refused by the log that saw everything first. */
  readonly refused: readonly Operation[]
  /** Users that were never given a role at or above the ceiling by others (AU-P6). */
  readonly coalition: ReadonlySet<UserId>
  /** Whether ownership moved: then AU-P8 leaves ex-owners out. */
  readonly transfers: boolean
}

export interface HistoryInit {
  readonly seed: number
  readonly steps: number
  readonly coalition?: boolean
  /** No transfers: for AU-P8, where ex-owners are beside the point. */
  readonly transfers?: boolean
}

/** Positions below which the coalition starts. */
export const CEILING = 6

const administers = (set: unknown): boolean => (((set as Uint8Array)[15] as number) & 8) !== 0
const REMOVALS: ReadonlySet<number> = new Set([
  KINDS.kick[0],
  KINDS.ban[0],
  KINDS.roleUnassign[0],
  KINDS.timeout[0],
  KINDS.seal[0]
])

/** Where an author says that an operation stands. */
interface Place {
  readonly prev: Operation | undefined
  readonly parents: readonly Operation[]
  readonly refs: readonly Operation[]
  readonly hostile: boolean
}

export class Maker {
  readonly dice: Dice
  readonly site: Site
  readonly people: Person[]
  readonly pasts = new Map<OperationId, ReadonlySet<OperationId>>()
  readonly refused: Operation[] = []
  /** Refusals by kind and by rule. */
  readonly refusals = new Map<string, number>()
  readonly coalition: ReadonlySet<UserId>
  readonly #init: HistoryInit
  readonly #hostility: number
  hostile = 0
  /** What every past from now on holds, however hostile: the heads of a snapshot. */
  floor: readonly Operation[] = []

  constructor(init: HistoryInit) {
    this.#init = init
    this.dice = new Dice(init.seed)
    this.#hostility = 0.35 + 0.6 * this.dice.next()
    const names = ['o', 'a', 'b', 'c', 'd', 'e', 'f']
    this.people = names.map(name => person(name))
    for (const name of ['o', 'a', 'b']) this.people.push(person(name, 'laptop'))
    this.coalition = new Set(
      init.coalition === true
        ? this.people.filter(each => 'cde'.includes(each.name)).map(each => each.user)
        : []
    )
    const owner = this.people[0] as Person
    const everyone = this.dice.chance(0.5)
      ? undefined
      : [0, 10, 11, 26, 35, 36, 38, 43, 44].reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n)
    this.site = found(owner, everyone === undefined ? {} : { everyone })
    for (const op of this.site.operations) this.#note(op)
    this.#prepare(owner)
    this.#furnish(owner)
  }

  /** Roles on a ladder, most people in, sometimes a channel: where the interesting part begins. */
  #prepare(owner: Person): void {
    const { dice } = this
    const guarded = this.coalition.size > 0
    const invite = this.site.log.state().invites()[0]?.id as InviteId
    const guests = this.people.slice(1, guarded ? 6 : 4 + dice.below(3))
    for (const who of guests) this.#accept(who, joinDraft(who, invite))
    for (const position of [2, 4, 6, 8]) {
      let permissions = 0n
      for (const bit of BITS)
        if (dice.chance(bit !== 3 ? 0.75 : guarded ? 0 : 0.08)) permissions |= 1n << BigInt(bit)
      if (guarded || dice.chance(0.8)) permissions |= (1n << 28n) | (1n << 1n) | (1n << 2n) | (1n << 4n)
      const name = `r${position}`
      const look = { color: 0, hoist: 0, mentionable: 0, reason: null }
      this.#accept(
        owner,
        draft('roleCreate', { name, position: Uint8Array.of(position), permissions, ...look })
      )
    }
    const roles = this.site.log.state().roles().slice(0, -1)
    for (const who of guests) {
      if (!this.coalition.has(who.user) && !dice.chance(0.8)) continue
      const fitting = roles.filter(
        each => !this.coalition.has(who.user) || (each.position[0] as number) < CEILING
      )
      this.#accept(owner, draft('roleAssign', { user: who.user, role: dice.pick(fitting).id, reason: null }))
    }
  }

  /** A place to talk in, and in it a thread. */
  #furnish(owner: Person): void {
    const { dice } = this
    if (dice.chance(0.4)) return
    const look = {
      parent: null,
      name: 'ch',
      topic: null,
      slowModeSeconds: 0,
      history: [0],
      synced: 0,
      nsfw: 0
    }
    const rest = { position: Uint8Array.of(1), overwrites: [], reason: null }
    this.#accept(owner, draft('channelCreate', { kind: 1, ...look, ...rest }))
    const [channel] = this.channels(this.site.log.state(), false)
    if (channel !== undefined && dice.chance(0.6))
      this.#accept(owner, draft('threadCreate', { parent: channel, private: dice.below(2), name: 't' }))
  }

  #note(op: Operation): void {
    const past = new Set<OperationId>()
    for (const id of [...op.parents, ...op.refs, ...(op.prev === null ? [] : [op.prev])]) {
      past.add(id)
      for (const each of this.pasts.get(id) ?? []) past.add(each)
    }
    this.pasts.set(op.id, past)
  }

  #accept(who: Person, what: OperationDraft): void {
    this.#note(this.site.act(who, what))
  }

  /** The closure of ids. */
  closure(ids: Iterable<OperationId>): Set<OperationId> {
    const out = new Set<OperationId>()
    for (const id of ids) {
      out.add(id)
      for (const each of this.pasts.get(id) ?? []) out.add(each)
    }
    return out
  }

  #tips(): Operation[] {
    const inner = new Set<OperationId>()
    for (const op of this.site.operations)
      for (const id of [...op.parents, ...op.refs, ...(op.prev === null ? [] : [op.prev])]) inner.add(id)
    return this.site.operations.filter(op => !inner.has(op.id))
  }

  /** What a liar claims to have seen: anything at all, only their own, or their own and a friend's hidden branch. */
  #pretended(own: readonly Operation[]): Operation[] {
    const { dice, site } = this
    const roll = dice.next()
    if (own.length > 0 && roll < 0.2) return []
    if (roll < 0.35) return [dice.pick(site.operations.slice(-3))]
    return Array.from({ length: 1 + dice.below(3) }, () =>
      dice.pick(dice.chance(0.6) ? site.operations.slice(-8) : site.operations)
    )
  }

  /** A past for the author: everything, or whatever a liar picks. Well-formed, whatever it leaves out. */
  #choosePast(who: Person): Place {
    const { dice, site } = this
    const own = site.operations.filter(op => op.device === who.device)
    const hostile = dice.chance(this.#hostility)
    const newest = own.reduce<Operation | undefined>(
      (best, op) => (best === undefined || op.seq > best.seq ? op : best),
      undefined
    )
    const prev = own.length > 0 && hostile && dice.chance(0.12) ? dice.pick(own) : newest
    const picks = [...(hostile ? this.#pretended(own) : this.#tips()), ...this.floor]
    const behind = prev === undefined ? [] : [prev.id]
    const closure = this.closure([...picks.map(op => op.id), ...behind])
    const spine = site.operations.filter(op => closure.has(op.id) && isSpine(op.kind))
    const parents = spine
      .filter(op => !spine.some(other => this.pasts.get(other.id)?.has(op.id) === true))
      .slice(0, 16)
    const covered = this.closure([...parents.map(op => op.id), ...behind])
    const refs = picks
      .filter((op, index) => !isSpine(op.kind) && !covered.has(op.id) && picks.indexOf(op) === index)
      .slice(0, 12)
    return { prev, parents, refs, hostile }
  }

  /** One attempt; false where no author or past fitted. */
  step(): boolean {
    const { dice } = this
    const colluders = this.people.filter(each => this.coalition.has(each.user))
    const who =
      colluders.length > 0 && dice.chance(0.65)
        ? dice.pick(colluders)
        : dice.chance(0.6)
          ? (this.people[dice.below(3)] as Person)
          : dice.pick(this.people)
    const place = this.#choosePast(who)
    const frontier = [...place.parents, ...place.refs, ...(place.prev === undefined ? [] : [place.prev])]
    if (frontier.length === 0) return false
    const state = this.site.log.stateAt(frontier.map(op => op.id)) as AuthorityState
    const scene: Scene = { maker: this, who, state, frontier }
    for (let attempt = 0; attempt < 7; attempt++) {
      const what = draftOf(scene)
      if (what === undefined || this.#forbidden(who, what, state)) continue
      if (this.#offer(this.#build(who, place, what), place.hostile)) return true
    }
    return false
  }

  #offer(op: Operation, hostile: boolean): boolean {
    if (this.site.log.has(op.id) || this.refused.some(each => each.id === op.id)) return false
    const result = this.site.add(op)
    if (result.kind === 'accepted') {
      this.#note(op)
      if (hostile) this.hostile++
      return true
    }
    if (result.kind === 'newer') {
      this.refusals.set('newer', (this.refusals.get('newer') ?? 0) + 1)
      if (this.refused.length < 60 && this.dice.chance(0.2)) this.refused.push(op)
      return false
    }
    if (result.kind !== 'rejected') throw new Error(`a well-placed ${op.kind} was ${result.kind}`)
    const count = (key: string): void => {
      this.refusals.set(key, (this.refusals.get(key) ?? 0) + 1)
    }
    count(kindName(op.kind) ?? 'unknown')
    count(result.refusal.rule)
    if (this.refused.length < 60 && this.dice.chance(0.2)) this.refused.push(op)
    return false
  }

  #build(who: Person, place: Place, what: OperationDraft): Operation {
    const { dice } = this
    const refs = (what.refs ?? []).map(id => this.site.log.get(id) as Operation)
    const cites = what.kind === KINDS.gather[0] ? refs : place.refs
    const all = [...place.parents, ...cites, ...(place.prev === undefined ? [] : [place.prev])]
    const latest = all.reduce((time, op) => Math.max(time, op.at), START)
    const highest = all.reduce((lamport, op) => Math.max(lamport, op.lamport), 0)
    const op = {
      server: this.site.log.server,
      kind: what.kind,
      device: who.device,
      seq: place.prev === undefined ? 0 : place.prev.seq + 1,
      prev: place.prev?.id ?? null,
      parents: place.parents.map(each => each.id),
      refs: cites.map(each => each.id),
      lamport: 1 + highest,
      at: latest + this.#clock(),
      body: what.body,
      cut: what.cut ?? null
    }
    return signOperation(fakeSuite, who.key, dice.chance(0.03) ? this.#spoil(op) : op)
  }

  /** Honest clocks, ones that stand still, and ones that claim to be days ahead. */
  #clock(): number {
    const { dice } = this
    return dice.chance(0.5) ? 0 : dice.chance(0.04) ? 86_400_000 * dice.below(40) : dice.below(5_000)
  }

  /** One field that lies (AU1, AU5). */
  #spoil<F extends Omit<Operation, 'id' | 'bytes'>>(op: F): F {
    const { dice, site } = this
    const any = dice.pick(site.operations)
    switch (dice.below(6)) {
      case 0:
        return { ...op, lamport: op.lamport + 1 }
      case 1:
        return { ...op, at: Math.max(0, op.at - 100_000_000) }
      case 2:
        return op.parents.includes(any.id) ? op : { ...op, parents: [...op.parents, any.id].slice(-16) }
      case 3:
        return op.refs.includes(any.id) ? op : { ...op, refs: [...op.refs, any.id].slice(-16) }
      case 4:
        return { ...op, server: idAs('s', any.id) }
      default: {
        const cited = [...op.refs, ...(op.prev === null ? [] : [op.prev])].map(id => site.log.get(id))
        const lamport = 1 + cited.reduce((most, each) => Math.max(most, each?.lamport ?? 0), any.lamport)
        return { ...op, parents: [any.id], lamport, at: Math.max(op.at, any.at) }
      }
    }
  }

  /** What the test's premise keeps people from doing. */
  #forbidden(who: Person, what: OperationDraft, state: AuthorityState): boolean {
    if (what.kind === KINDS.transfer[0] && this.#init.transfers === false) return true
    if (this.coalition.size === 0 || this.coalition.has(who.user)) return false
    if (what.kind === KINDS.transfer[0]) return true
    // Left alone, so that it has all the room it can find.
    if (REMOVALS.has(what.kind) && this.coalition.has(idFromBytes('u', what.body[0] as Uint8Array)))
      return true
    if (what.kind === KINDS.roleEdit[0] && administers(what.body[2])) return true
    if (what.kind === KINDS.roleCreate[0] && administers(what.body[2])) return true
    const role = what.kind === KINDS.roleAssign[0] ? idFromBytes('r', what.body[1] as Uint8Array) : undefined
    const high = (id: RoleId): boolean =>
      (this.site.log.state().role(id)?.position[0] ?? state.role(id)?.position[0] ?? 255) >= CEILING
    if (role !== undefined)
      return this.coalition.has(idFromBytes('u', what.body[0] as Uint8Array)) && high(role)
    return what.kind === KINDS.roleMove[0] && ((what.body[1] as Uint8Array)[0] as number) >= CEILING
  }

  /** Channels of a kind that a state knows. */
  channels(state: AuthorityState, thread: boolean): readonly ChannelId[] {
    return state
      .channels()
      .filter(each => (each.kind === 'thread') === thread)
      .map(each => each.id)
  }
}

/** Makes one history. */
export function makeHistory(init: HistoryInit): History & { readonly maker: Maker } {
  const maker = new Maker(init)
  for (let i = 0; i < init.steps; i++) maker.step()
  return {
    accepted: maker.site.operations,
    refused: maker.refused,
    coalition: maker.coalition,
    transfers: init.transfers !== false,
    maker
  }
}
