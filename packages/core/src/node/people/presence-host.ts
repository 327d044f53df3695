/**
 * Presence of a node (ND50–ND55): what this device says in each of its servers, again and again, and what it hears. Nobody
 * stores it; who is no member reads nothing of it.
 */
import { type DeviceId, isXcordError, type ServerId, type UserId } from '../../base/index.ts'
import { type BodyOf, type OpenedEnvelope, PresenceStatus } from '../../e2ee/index.ts'
import type { Database } from '../../store/index.ts'
import type { LiveEvent, NodeInit } from '../contract.ts'
import type { LiveReplica } from '../replica/replica.ts'
import {
  keepOwnPresence,
  presenceAt,
  readOwnPresence,
  requirePresence,
  statusNumber
} from './own-presence.ts'
import { PeopleBook, SAID_MS_MAX, SAY_MS_MIN, together } from './presence-book.ts'
import { metaOf } from './seal-presence.ts'
import type { OwnPresence, Presence, ShownPresence } from './presence-contract.ts'

/** ND50: said again after so long, and where many are there later: one each two seconds in all. */
const REFRESH_MS = 60_000
const HEARD_MEMBER_MS = 2_000
/** ND50: in servers with more members nothing is said. */
const MEMBERS_MAX = 500
/** What ran out is looked for this often, ms. */
const LOOK_MS = 5_000
/** EK11: after a removal somebody makes the key, seldom two at once; holders of ManageRoles go first. */
const HOLDERS_WAIT_MS = [1_000, 4_000] as const
const OTHERS_WAIT_MS = [10_000, 50_000] as const
/** Where many are there, they wait in a longer range. */
const WAIT_MEMBER_MS = 1_000
/** Somebody came: those who come with them are told at once. */
const SOON_MS = 500

export interface PresenceHostInit extends Pick<
  NodeInit,
  'timers' | 'clock' | 'random' | 'transport' | 'account'
> {
  /** False: says nothing, and hears nothing. */
  readonly on: boolean
  readonly database: Database
  /** Servers we are a member of. */
  joined(): readonly LiveReplica[]
  /** Seals it for all members and gossips it; false where no key is safe at present and none is to be made. */
  publish(replica: LiveReplica, presence: BodyOf<'presence'>, at: number, mayMake: boolean): Promise<boolean>
  emit(event: LiveEvent): void
  fault(error: unknown): void
}

interface Said {
  readonly at: number
  readonly status: number
  readonly text: string | null
}

/** Reads what was set. */
export async function openPresence(init: PresenceHostInit): Promise<PresenceHost> {
  return new PresenceHost(init, await readOwnPresence(init.database))
}

export class PresenceHost implements Presence {
  readonly #init: PresenceHostInit
  readonly #books = new Map<ServerId, PeopleBook>()
  readonly #said = new Map<ServerId, Said>()
  /** Servers without a safe key, and from when on we make one. */
  readonly #makingFrom = new Map<ServerId, number>()
  /** Servers where somebody came since we last said something. */
  readonly #asked = new Set<ServerId>()
  #own: OwnPresence
  #away = false
  #cancel: (() => void) | undefined
  #lookAt = Infinity
  #off: (() => void) | undefined
  #closed = false

  constructor(init: PresenceHostInit, own: OwnPresence) {
    this.#init = init
    this.#own = own
    if (!init.on) return
    this.#off = init.transport.on('gossip:change', ({ topic, subscribed }) => {
      if (!subscribed) return
      for (const replica of init.joined())
        if (replica.current.ring.currentTopic()?.topic === topic) this.#asked.add(replica.server)
      this.#look(SOON_MS)
    })
  }

  own(): OwnPresence {
    return presenceAt(this.#own, this.#now())
  }

  async set(presence: OwnPresence): Promise<void> {
    this.#own = requirePresence(presence, this.#now())
    await keepOwnPresence(this.#init.database, this.#own)
    this.#ownChanged()
  }

  get away(): boolean {
    return this.#away
  }

  setAway(away: boolean): void {
    if (away === this.#away) return
    this.#away = away
    this.#ownChanged()
  }

  of(server: ServerId, user: UserId): ShownPresence {
    const heard = this.#books.get(server)?.of(user, this.#now()) ?? { status: 'offline', text: null }
    if (user !== this.#init.account.user) return heard
    const { status, text } = this.#shown()
    return status === 'invisible' ? heard : together({ status, text }, heard)
  }

  /** Somebody was put out, went, or lost a device; or we did. */
  authorityChanged(replica: LiveReplica): void {
    const { server } = replica
    const book = this.#books.get(server)
    if (book === undefined) return
    const out = !replica.current.isMember()
    for (const user of book.keep(device => !out && userOf(replica, device) !== undefined))
      this.#changed(server, user)
    if (out) this.#books.delete(server)
  }

  /** What came by gossip. False where it is not to go on. */
  take(replica: LiveReplica, device: DeviceId, { channel, payload }: OpenedEnvelope): boolean {
    const { body, at } = payload
    if (body.kind !== 'presence' || !this.#init.on) return true
    // ND50: it is said to all members at one place.
    if (channel !== metaOf(replica.server) || payload.thread !== null) return false
    const user = userOf(replica, device)
    if (user === undefined) return false
    return this.#note(replica, device, { user, at, status: body.status, text: body.text })
  }

  /** Says that this device goes. */
  async close(): Promise<void> {
    this.#closed = true
    this.#off?.()
    this.#cancel?.()
    const { joined, fault } = this.#init
    const going = joined().map(async replica => {
      const said = this.#said.get(replica.server)
      if (said !== undefined && said.status !== PresenceStatus.offline)
        await this.#say(replica, PresenceStatus.offline, null)
    })
    for (const each of await Promise.allSettled(going))
      if (each.status === 'rejected' && !isXcordError(each.reason)) fault(each.reason)
  }

  /** What we say now. */
  #shown(): OwnPresence {
    const own = this.own()
    return this.#away && own.status === 'online' ? { ...own, status: 'idle' } : own
  }

  #ownChanged(): void {
    for (const { server } of this.#init.joined()) this.#changed(server, this.#init.account.user)
    this.#look(0)
  }

  #now(): number {
    return this.#init.clock.now()
  }

  #note(replica: LiveReplica, device: DeviceId, said: Parameters<PeopleBook['note']>[1]): boolean {
    const { server } = replica
    let book = this.#books.get(server)
    if (book === undefined) {
      this.#books.set(server, (book = new PeopleBook()))
      book.size(membersOf(replica))
    }
    const noted = book.note(device, said, this.#now())
    if (!noted.ok) return false
    if (noted.value) this.#changed(server, said.user)
    this.#look(LOOK_MS)
    return true
  }

  #changed(server: ServerId, user: UserId): void {
    this.#init.emit({ type: 'presence:update', server, user })
    this.#init.emit({ type: 'view:update', server })
  }

  /** One timer, for the earliest that is asked for; none where nothing is heard and nobody listens. */
  #look(ms: number): void {
    if (this.#closed || !this.#init.on) return
    const at = this.#now() + ms
    if (at >= this.#lookAt) return
    this.#cancel?.()
    this.#lookAt = at
    this.#cancel = this.#init.timers.after(ms, () => {
      this.#lookAt = Infinity
      this.#cancel = undefined
      this.#expire()
      if (this.#sayAll() || [...this.#books.values()].some(each => !each.isEmpty)) this.#look(LOOK_MS)
    })
  }

  #expire(): void {
    for (const [server, book] of this.#books)
      for (const user of book.expire(this.#now())) this.#changed(server, user)
  }

  /** Says what is due. True where anybody listens. */
  #sayAll(): boolean {
    const { joined, transport, fault } = this.#init
    const own = this.#shown()
    let heard = false
    for (const replica of joined()) {
      this.#books.get(replica.server)?.size(membersOf(replica))
      const topic = replica.current.ring.currentTopic()?.topic
      if (topic === undefined || transport.gossip.subscribers(topic).length === 0) continue
      heard = true
      if (!this.#isDue(replica, statusNumber(own.status), own.text)) continue
      this.#say(replica, statusNumber(own.status), own.text).catch((error: unknown) => {
        // Put out meanwhile, or a disk that refuses, which whoever writes is told of: it is said later, or no more.
        if (!isXcordError(error)) fault(error)
      })
    }
    return heard
  }

  #isDue(replica: LiveReplica, status: number, text: string | null): boolean {
    const { server } = replica
    const now = this.#now()
    const said = this.#lastSaid(server)
    const invisible = status === PresenceStatus.offline
    if (said === undefined) return !invisible && membersOf(replica) <= MEMBERS_MAX
    // ND55: whoever is invisible says so once, and at once.
    if (invisible) return said.status !== status
    if (now < said.at + SAY_MS_MIN) return false
    if (said.status !== status || said.text !== text) return true
    if (membersOf(replica) > MEMBERS_MAX) return false
    const pause = Math.max(SAY_MS_MIN, (this.#books.get(server)?.users ?? 0) * HEARD_MEMBER_MS)
    return now >= said.at + (this.#asked.has(server) ? pause : Math.max(pause, REFRESH_MS))
  }

  /** What others may hold of us: what our clock said of a time that is far ahead, nobody took. */
  #lastSaid(server: ServerId): Said | undefined {
    const said = this.#said.get(server)
    return said === undefined || said.at > this.#now() + SAID_MS_MAX ? undefined : said
  }

  async #say(replica: LiveReplica, status: number, text: string | null): Promise<void> {
    const { server } = replica
    const before = this.#lastSaid(server)
    const at = Math.max(this.#now(), (before?.at ?? 0) + 1)
    const words = status === PresenceStatus.offline ? null : text
    const said = { at, status, text }
    this.#said.set(server, said)
    this.#asked.delete(server)
    const makes = (this.#makingFrom.get(server) ?? Infinity) <= this.#now()
    let published = false
    try {
      const body = { kind: 'presence', status, text: words } as const
      published = await this.#init.publish(replica, body, at, makes)
    } finally {
      if (published) this.#published(server, makes)
      else this.#unsaid(replica, said, before)
    }
  }

  #published(server: ServerId, made: boolean): void {
    this.#makingFrom.delete(server)
    // Whoever gets it before the key reads nothing of it.
    if (made) this.#asked.add(server)
  }

  #unsaid(replica: LiveReplica, said: Said, before: Said | undefined): void {
    const { server } = replica
    if (!this.#makingFrom.has(server)) this.#makingFrom.set(server, this.#now() + this.#patience(replica))
    if (this.#said.get(server) !== said) return
    if (before === undefined) this.#said.delete(server)
    else this.#said.set(server, before)
  }

  /** How long we wait for somebody else to make the key, ms. */
  #patience(replica: LiveReplica): number {
    const holder = replica.permits('ManageRoles', null)
    const [from, span] = holder ? HOLDERS_WAIT_MS : OTHERS_WAIT_MS
    const wide = Math.max(span, (this.#books.get(replica.server)?.users ?? 0) * WAIT_MEMBER_MS)
    const [a = 0, b = 0] = this.#init.random.bytes(2)
    return from + Math.floor(((holder ? span : wide) * (a * 256 + b)) / 65_536)
  }
}

/** Whose device it is, of those that count: on, of a member that is in (ND51). */
function userOf(replica: LiveReplica, device: DeviceId): UserId | undefined {
  const authority = replica.state()
  const known = authority.device(device)
  return known?.on === true && authority.member(known.user)?.status === 'in' ? known.user : undefined
}

/** Members, as far as it matters. */
function membersOf(replica: LiveReplica): number {
  let count = 0
  for (const { status } of replica.state().members()) if (status === 'in' && ++count > MEMBERS_MAX) break
  return count
}
