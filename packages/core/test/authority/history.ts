/**
 * Random histories by honest and hostile authors over the whole kind table (AU-P): arbitrary frontiers, omitted
 * parents, forks, backdating, colluders, leaves and spine.
 */
import {
  type ChannelId,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type InviteId,
  type OperationId,
  type RoleId,
  type UserId
} from '../../src/base/index.ts'
import {
  type AuthorityState,
  draft,
  draftGather,
  isSpine,
  type KindName,
  KINDS,
  type OperationDraft
} from '../../src/authority/index.ts'
import { type CutRow, type Operation, signOperation } from '../../src/graph/index.ts'
import { fakeSuite, found, joinDraft, type Person, person, type Site, START, userKeyOf } from './cast.ts'

/** A small seeded stream (mulberry32): one number replays a history. */
export class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  chance(p: number): boolean {
    return this.next() < p
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}

export interface History {
  readonly genesis: Operation
  /** Accepted, in an order that respects pasts, the genesis first. */
  readonly accepted: readonly Operation[]
  /** Refused by the log that saw everything first. */
  readonly refused: readonly Operation[]
  readonly people: readonly Person[]
  /** How many accepted operations were by hostile choice of past. */
  readonly hostile: number
}

export interface HistoryInit {
  readonly seed: number
  readonly steps: number
  /** Users that never get a role at or above `ceiling` from others (AU-P6). */
  readonly coalition?: boolean
  /** No transfers: for AU-P8, where ex-owners are R2's. */
  readonly transfers?: boolean
}

/** Positions below which the coalition starts. */
export const CEILING = 6

const BITS = [0, 1, 2, 3, 4, 5, 10, 11, 20, 22, 26, 27, 28, 34, 35, 36, 38, 40, 43, 44]
const CHANNEL_BITS = [0, 4, 10, 11, 20, 28, 34, 35, 36, 38]
const KIND_WEIGHTS: readonly (readonly [KindName, number])[] = [
  ['join', 5],
  ['leave', 1],
  ['nick', 1],
  ['deviceAdd', 2],
  ['deviceRevoke', 2],
  ['identityEntry', 1],
  ['threadCreate', 4],
  ['threadMember', 5],
  ['gather', 2],
  ['inviteCreate', 1],
  ['inviteRevoke', 2],
  ['memberNick', 2],
  ['memberVoice', 1],
  ['kick', 8],
  ['ban', 8],
  ['unban', 5],
  ['timeout', 6],
  ['seal', 5],
  ['cutExtend', 3],
  ['roleCreate', 2],
  ['roleEdit', 8],
  ['roleMove', 6],
  ['roleDelete', 3],
  ['roleAssign', 10],
  ['roleUnassign', 7],
  ['channelCreate', 3],
  ['channelEdit', 2],
  ['channelMove', 3],
  ['channelDelete', 1],
  ['threadEdit', 3],
  ['overwrite', 9],
  ['threadDelete', 1],
  ['serverSet', 2],
  ['policySet', 1],
  ['transfer', 2],
  ['automodSet', 1],
  ['automodDelete', 2],
  ['objectSet', 1],
  ['objectDelete', 2]
]
const WEIGHT_SUM = KIND_WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0)

const administers = (set: unknown): boolean => (((set as Uint8Array)[15] as number) & 8) !== 0
const REMOVALS: ReadonlySet<number> = new Set([
  KINDS.kick[0],
  KINDS.ban[0],
  KINDS.roleUnassign[0],
  KINDS.timeout[0]
])

export class Maker {
  readonly dice: Dice
  readonly site: Site
  readonly people: Person[]
  readonly pasts = new Map<OperationId, ReadonlySet<OperationId>>()
  readonly refused: Operation[] = []
  readonly #init: HistoryInit
  readonly #hostility: number
  readonly coalition: ReadonlySet<UserId>
  hostile = 0

  constructor(init: HistoryInit) {
    this.#init = init
    this.dice = new Dice(init.seed)
    this.#hostility = 0.35 + 0.6 * this.dice.next()
    const names = ['o', 'a', 'b', 'c', 'd', 'e']
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
      : (1n << 10n) | (1n << 11n) | (1n << 26n) | 1n | (1n << 35n) | (1n << 38n) | (1n << 43n)
    this.site = found(owner, everyone === undefined ? {} : { everyone })
    for (const op of this.site.operations) this.#note(op)
    this.#prepare(owner)
  }

  /** Roles on a ladder and most people in: where the interesting part begins. */
  #prepare(owner: Person): void {
    const invite = this.site.log.state().invites()[0]?.id as InviteId
    for (const who of this.people.slice(1, this.coalition.size > 0 ? 6 : 5))
      this.#accept(who, joinDraft(who, invite))
    for (const position of [2, 4, 6, 8]) {
      let permissions = 0n
      for (const bit of BITS)
        if (this.dice.chance(bit !== 3 ? 0.75 : this.coalition.size > 0 ? 0 : 0.08))
          permissions |= 1n << BigInt(bit)
      if (this.coalition.size > 0 || this.dice.chance(0.8))
        permissions |= (1n << 28n) | (1n << 1n) | (1n << 2n) | (1n << 4n)
      this.#accept(
        owner,
        draft('roleCreate', {
          name: `r${position}`,
          position: Uint8Array.of(position),
          permissions,
          color: 0,
          hoist: 0,
          mentionable: 0,
          reason: null
        })
      )
    }
    const roles = this.site.log.state().roles().slice(0, -1)
    for (const who of this.people.slice(1, this.coalition.size > 0 ? 6 : 5)) {
      if (!this.coalition.has(who.user) && !this.dice.chance(0.8)) continue
      const role = this.dice.pick(
        roles.filter(each => !this.coalition.has(who.user) || (each.position[0] as number) < CEILING)
      )
      this.#accept(owner, draft('roleAssign', { user: who.user, role: role.id, reason: null }))
    }
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
  #closure(ids: Iterable<OperationId>): Set<OperationId> {
    const out = new Set<OperationId>()
    for (const id of ids) {
      out.add(id)
      for (const each of this.pasts.get(id) ?? []) out.add(each)
    }
    return out
  }

  /** A past for the author: everything, or whatever a liar picks. Always well-formed unless told otherwise. */
  #choosePast(who: Person): {
    prev: Operation | undefined
    parents: Operation[]
    refs: Operation[]
    hostile: boolean
  } {
    const { dice, site } = this
    const own = site.operations.filter(op => op.device === who.device)
    const hostile = dice.chance(this.#hostility)
    const newest = own.reduce<Operation | undefined>(
      (best, op) => (best === undefined || op.seq > best.seq ? op : best),
      undefined
    )
    const prev = own.length > 0 && hostile && dice.chance(0.12) ? dice.pick(own) : newest
    const picks: Operation[] = []
    if (!hostile)
      picks.push(
        ...site.operations.filter(
          op => !site.operations.some(other => this.pasts.get(other.id)?.has(op.id) === true)
        )
      )
    else
      for (let i = 1 + dice.below(3); i > 0; i--)
        picks.push(dice.chance(0.6) ? dice.pick(site.operations.slice(-8)) : dice.pick(site.operations))
    const closure = this.#closure([...picks.map(op => op.id), ...(prev === undefined ? [] : [prev.id])])
    const spine = site.operations.filter(op => closure.has(op.id) && isSpine(op.kind))
    const parents = spine
      .filter(op => !spine.some(other => this.pasts.get(other.id)?.has(op.id) === true))
      .slice(0, 16)
    const covered = this.#closure([...parents.map(op => op.id), ...(prev === undefined ? [] : [prev.id])])
    const refs = picks
      .filter((op, index) => !isSpine(op.kind) && !covered.has(op.id) && picks.indexOf(op) === index)
      .slice(0, 12)
    return { prev, parents, refs, hostile }
  }

  /** One attempt; false where no author or past fitted. */
  step(): boolean {
    const { dice, site } = this
    const colluders = this.people.filter(each => this.coalition.has(each.user))
    const who =
      colluders.length > 0 && dice.chance(0.65)
        ? dice.pick(colluders)
        : dice.chance(0.6)
          ? (this.people[dice.below(3)] as Person)
          : dice.pick(this.people)
    const past = this.#choosePast(who)
    const frontier = [...past.parents, ...past.refs, ...(past.prev === undefined ? [] : [past.prev])]
    const state = site.log.stateAt(frontier.map(op => op.id)) as AuthorityState
    for (let attempt = 0; attempt < 25; attempt++) {
      const what = this.#draft(who, state, frontier)
      if (what === undefined || this.#forbidden(who, what, state)) continue
      const op = this.#build(who, past, what)
      if (this.site.log.has(op.id)) continue
      const result = site.add(op)
      if (result.kind === 'accepted') {
        this.#note(op)
        if (past.hostile) this.hostile++
        return true
      }
      if (result.kind === 'rejected' && this.refused.length < 60 && dice.chance(0.2)) this.refused.push(op)
    }
    return false
  }

  #build(who: Person, past: ReturnType<Maker['#choosePast']>, what: OperationDraft): Operation {
    const { dice } = this
    const cited = [...past.parents, ...past.refs, ...(past.prev === undefined ? [] : [past.prev])]
    const gathers = what.kind === KINDS.gather[0]
    const refs = gathers ? (what.refs ?? []).map(id => this.site.log.get(id) as Operation) : past.refs
    const all = gathers ? [...past.parents, ...refs, ...(past.prev === undefined ? [] : [past.prev])] : cited
    const earliest = all.reduce((latest, op) => Math.max(latest, op.at), START)
    const lamport =
      1 + all.reduce((highest, op) => Math.max(highest, op.lamport), 0) + (dice.chance(0.01) ? 1 : 0)
    return signOperation(fakeSuite, who.key, {
      server: this.site.log.server,
      kind: what.kind,
      device: who.device,
      seq: past.prev === undefined ? 0 : past.prev.seq + 1,
      prev: past.prev?.id ?? null,
      parents: past.parents.map(op => op.id),
      refs: refs.map(op => op.id),
      lamport,
      at: earliest + (dice.chance(0.5) ? 0 : dice.below(5_000)),
      body: what.body,
      cut: what.cut ?? null
    })
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

  #kind(): KindName {
    let roll = this.dice.below(WEIGHT_SUM)
    for (const [name, weight] of KIND_WEIGHTS) if ((roll -= weight) < 0) return name
    return 'gather'
  }

  #user(state: AuthorityState): UserId {
    const members = [...state.members()].map(each => each.user)
    return members.length > 0 && this.dice.chance(0.8)
      ? this.dice.pick(members)
      : this.dice.pick(this.people).user
  }

  #bits(from: readonly number[], p: number): bigint {
    let bits = 0n
    for (const bit of from) if (this.dice.chance(p)) bits |= 1n << BigInt(bit)
    return bits
  }

  #position(): Uint8Array {
    return this.dice.chance(0.3)
      ? Uint8Array.of(1 + this.dice.below(9), 1 + this.dice.below(250))
      : Uint8Array.of(1 + this.dice.below(9))
  }

  #cut(user: UserId, frontier: readonly Operation[]): readonly CutRow[] | null {
    const { dice } = this
    if (dice.chance(0.5)) return null
    const closure = this.#closure(frontier.map(op => op.id))
    const rows: CutRow[] = []
    const devices = new Set(this.people.filter(each => each.user === user).map(each => each.device))
    for (const device of devices) {
      const own = this.site.operations.filter(op => op.device === device && closure.has(op.id))
      if (own.length === 0 || dice.chance(0.2)) continue
      const last = dice.chance(0.15) ? undefined : dice.pick(own)
      const content = dice.chance(0.5)
      rows.push({
        device,
        seq: last?.seq ?? null,
        operation: last?.id ?? null,
        contentSeq: content ? dice.below(5) : null,
        envelope: content ? new Uint8Array(32).fill(dice.below(3)) : null
      })
    }
    return rows.length === 0 ? null : rows
  }

  #draft(who: Person, state: AuthorityState, frontier: readonly Operation[]): OperationDraft | undefined {
    const name = this.#kind()
    const { dice } = this
    const reason = null
    const user = this.#user(state)
    const role = dice.pick(state.roles()).id
    const channels = state.channels()
    const threads = channels.filter(each => each.kind === 'thread')
    const plain = channels.filter(each => each.kind !== 'thread')
    const cut = { cut: this.#cut(user, frontier) }
    switch (name) {
      case 'join':
        return state.invites().length === 0 ? undefined : joinDraft(who, dice.pick(state.invites()).id)
      case 'leave':
        return draft('leave', {})
      case 'nick':
        return draft('nick', { nick: `n${dice.below(9)}` })
      case 'deviceAdd':
        return draft('deviceAdd', { credential: who.credential })
      case 'deviceRevoke': {
        const devices = this.people
          .filter(each => each.user === who.user)
          .map(each => each.device)
          .filter(() => dice.chance(0.7))
          .sort()
        if (devices.length === 0) return undefined
        const all = dice.chance(0.3) || devices.length > 1
        const bytes = all
          ? idToBytes(who.user)
          : Uint8Array.from([...idToBytes(who.user), ...idToBytes(devices[0] as DeviceId)])
        return draft('deviceRevoke', { revocation: bytes, devices })
      }
      case 'identityEntry': {
        const key = userKeyOf(who, dice.below(4))
        return draft('identityEntry', {
          entry: Uint8Array.from([...idToBytes(who.user), key.generation, ...key.boxPublicKey])
        })
      }
      case 'gather': {
        const covered = this.#closure(
          frontier.filter(op => isSpine(op.kind) || op.device === who.device).map(op => op.id)
        )
        const leaves = this.site.operations.filter(
          op =>
            !isSpine(op.kind) &&
            !covered.has(op.id) &&
            op.parents.every(id => covered.has(id)) &&
            [...(this.pasts.get(op.id) ?? [])].every(
              id => covered.has(id) || !isSpine((this.site.log.get(id) as Operation).kind)
            )
        )
        return leaves.length === 0
          ? undefined
          : draftGather(leaves.slice(0, 1 + dice.below(10)).map(op => op.id))
      }
      case 'inviteCreate': {
        const key = new Uint8Array(32).fill(dice.below(256))
        const roles = dice.chance(0.3) && role.slice(1) !== state.server.slice(1) ? [role] : []
        const maxUses = dice.chance(0.6) ? 1 + dice.below(2) : null
        return draft('inviteCreate', {
          signPublicKey: key,
          boxPublicKey: null,
          user: null,
          roles,
          notAfter: null,
          maxUses,
          reason
        })
      }
      case 'inviteRevoke':
        return state.invites().length === 0
          ? undefined
          : draft('inviteRevoke', { invite: dice.pick(state.invites()).id, reason })
      case 'memberNick':
        return draft('memberNick', { user, nick: `m${dice.below(9)}`, reason })
      case 'memberVoice':
        return draft('memberVoice', {
          user,
          mute: dice.below(2),
          deaf: dice.chance(0.5) ? null : dice.below(2),
          reason
        })
      case 'kick':
        return draft('kick', { user, reason }, cut)
      case 'ban':
        return draft('ban', { user, reason }, cut)
      case 'unban':
        return draft('unban', { user: dice.pick([...state.banned(), user]), reason })
      case 'timeout':
        return draft(
          'timeout',
          { user, until: dice.chance(0.3) ? 0 : START + dice.below(100_000), reason },
          cut
        )
      case 'seal': {
        const gone = this.people
          .map(each => each.user)
          .filter(each => state.member(each) !== undefined && state.member(each)?.status !== 'in')
        const target = dice.pick([...gone, user])
        return draft(
          'seal',
          { user: target, role: dice.chance(0.6) ? null : role, reason },
          { cut: this.#cut(target, frontier) }
        )
      }
      case 'cutExtend': {
        const closure = this.#closure(frontier.map(op => op.id))
        const denials = this.site.operations.filter(op => op.cut !== null && closure.has(op.id))
        const denial = denials.length === 0 ? undefined : dice.pick(denials)
        const row = denial?.cut?.[0]
        return denial === undefined || row === undefined
          ? undefined
          : draft('cutExtend', {
              denial: denial.id,
              rows: [
                {
                  device: row.device,
                  contentSeq: (row.contentSeq ?? 0) + dice.below(4),
                  envelope: new Uint8Array(32)
                }
              ],
              reason
            })
      }
      default:
        return this.#objectDraft(name, who, state, { user, role, threads, plain, cut })
    }
  }

  #objectDraft(
    name: KindName,
    who: Person,
    state: AuthorityState,
    picked: {
      user: UserId
      role: RoleId
      threads: ReturnType<AuthorityState['channels']>
      plain: ReturnType<AuthorityState['channels']>
      cut: { cut: readonly CutRow[] | null }
    }
  ): OperationDraft | undefined {
    const { dice } = this
    const { user, role, threads, plain, cut } = picked
    const reason = null
    const channel = plain.length === 0 ? undefined : dice.pick(plain).id
    const thread = threads.length === 0 ? undefined : dice.pick(threads).id
    const categories = plain.filter(each => each.kind === 'category')
    const parent: ChannelId | null =
      categories.length > 0 && dice.chance(0.5) ? dice.pick(categories).id : null
    const target = dice.chance(0.6) ? { target: 0, id: idToBytes(role) } : { target: 1, id: idToBytes(user) }
    const things = this.site.operations
      .filter(op => op.kind === KINDS.objectSet[0] || op.kind === KINDS.automodSet[0])
      .map(op => op.id)
    switch (name) {
      case 'roleCreate':
        return draft('roleCreate', {
          name: 'r',
          position: this.#position(),
          permissions: this.#bits(BITS, 0.2),
          color: 0,
          hoist: 0,
          mentionable: 0,
          reason
        })
      case 'roleEdit': {
        const set = this.#bits(BITS, 0.12)
        return draft('roleEdit', {
          role,
          rows: dice.chance(0.3) ? [{ key: 0, value: `x${dice.below(9)}` }] : [],
          set,
          clear: this.#bits(BITS, 0.12) & ~set,
          reason
        })
      }
      case 'roleMove':
        return draft('roleMove', { role, position: this.#position(), reason })
      case 'roleDelete':
        return draft('roleDelete', { role, reason })
      case 'roleAssign':
        return draft('roleAssign', { user, role, reason })
      case 'roleUnassign':
        return draft('roleUnassign', { user, role, reason }, cut)
      case 'channelCreate': {
        const own = dice.chance(0.5)
        const allow = this.#bits(CHANNEL_BITS, 0.2)
        const kind = dice.pick([0, 1, 1, 1, 2, 3])
        return draft('channelCreate', {
          kind,
          parent: kind === 0 ? null : parent,
          name: 'ch',
          topic: null,
          position: this.#position(),
          slowModeSeconds: 0,
          history: [0],
          synced: kind !== 0 && parent !== null && !own ? 1 : 0,
          nsfw: 0,
          overwrites: own ? [{ ...target, allow, deny: this.#bits(CHANNEL_BITS, 0.2) & ~allow }] : [],
          reason
        })
      }
      case 'channelEdit':
        return channel === undefined
          ? undefined
          : draft('channelEdit', {
              channel,
              rows: [
                dice.chance(0.5) ? { key: 0, value: `c${dice.below(9)}` } : { key: 4, value: dice.below(2) }
              ],
              reason
            })
      case 'channelMove':
        return channel === undefined
          ? undefined
          : draft('channelMove', { channel, parent, position: this.#position(), reason })
      case 'channelDelete':
        return channel === undefined ? undefined : draft('channelDelete', { channel, reason })
      case 'overwrite': {
        if (channel === undefined) return undefined
        const allow = this.#bits(CHANNEL_BITS, 0.15)
        const deny = this.#bits(CHANNEL_BITS, 0.15) & ~allow
        return draft('overwrite', {
          channel,
          ...target,
          allow,
          deny,
          none: this.#bits(CHANNEL_BITS, 0.1) & ~(allow | deny),
          reason
        })
      }
      case 'threadCreate':
        return channel === undefined
          ? undefined
          : draft('threadCreate', { parent: channel, private: dice.below(2), name: 't' })
      case 'threadMember':
        return thread === undefined
          ? undefined
          : draft('threadMember', { thread, user, member: dice.below(2) })
      case 'threadEdit':
        return thread === undefined
          ? undefined
          : draft('threadEdit', { thread, rows: [{ key: 1 + dice.below(2), value: dice.below(2) }], reason })
      case 'threadDelete':
        return thread === undefined ? undefined : draft('threadDelete', { thread, reason })
      case 'serverSet':
        return draft('serverSet', { rows: [{ key: 0, value: `s${dice.below(9)}` }], reason })
      case 'policySet':
        return draft('policySet', { rows: [{ key: 5, value: dice.below(9) }], reason })
      case 'transfer': {
        const device = this.people.find(each => each.user === user)?.device as DeviceId
        return draft('transfer', {
          user,
          consent: { device, signature: new Uint8Array(64) },
          root: null,
          reason
        })
      }
      case 'automodSet':
        return draft('automodSet', {
          rule: things.length > 0 && dice.chance(0.5) ? dice.pick(things) : null,
          payload: Uint8Array.of(1),
          reason
        })
      case 'automodDelete':
        return things.length === 0 ? undefined : draft('automodDelete', { rule: dice.pick(things), reason })
      case 'objectSet':
        return draft('objectSet', {
          object: things.length > 0 && dice.chance(0.5) ? dice.pick(things) : null,
          type: dice.pick([0, 0, 4]),
          channel: null,
          name: 'e',
          payload: Uint8Array.of(dice.below(9)),
          reason
        })
      case 'objectDelete':
        return things.length === 0 ? undefined : draft('objectDelete', { object: dice.pick(things), reason })
      default:
        return undefined
    }
  }
}

/** Makes one history. */
export function makeHistory(init: HistoryInit): History & { readonly maker: Maker } {
  const maker = new Maker(init)
  for (let i = 0; i < init.steps; i++) maker.step()
  return {
    genesis: maker.site.operations[0] as Operation,
    accepted: maker.site.operations,
    refused: maker.refused,
    people: maker.people,
    hostile: maker.hostile,
    maker
  }
}
