/**
 * Presence of a node (ND50–ND55): what this device says in each of its servers, again and again, and what it hears. Nobody
 * stores it; who is no member reads nothing of it.
 */
import {
  type ChannelId,
  type DeviceId,
  idAs,
  isXcordError,
  type ServerId,
  type UserId
} from '../../base/index.ts'
import { type OpenedEnvelope, PresenceStatus } from '../../e2ee/index.ts'
import type { Envelope } from '../../graph/index.ts'
import type { Database } from '../../store/index.ts'
import type { LiveEvent, NodeInit } from '../contract.ts'
import { publishEphemeral } from '../replica/publish.ts'
import type { LiveReplica } from '../replica/replica.ts'
import {
  keepOwnPresence,
  presenceAt,
  readOwnPresence,
  requirePresence,
  statusNumber
} from './own-presence.ts'
import { PeopleBook, SAY_MS_MIN } from './presence-book.ts'
import type { OwnPresence, Presence, ShownPresence } from './presence-contract.ts'

/** ND50: said again after so long, and in large servers later: no more than four a second in all. */
const REFRESH_MS = 60_000
const MEMBER_MS = 250
/** ND50: in servers with more members nothing is said. */
const MEMBERS_MAX = 500
/** What ran out is looked for this often, ms. */
const LOOK_MS = 5_000
/** Somebody came: those who come with them are told at once. */
const SOON_MS = 500

export interface PresenceHostInit extends Pick<NodeInit, 'timers' | 'clock' | 'transport' | 'account'> {
  /** False: says nothing, and hears nothing. */
  readonly on: boolean
  readonly database: Database
  /** Servers we are a member of. */
  joined(): readonly LiveReplica[]
  publish(replica: LiveReplica, envelopes: readonly Envelope[]): void
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
  /** Servers where somebody came since we last said something. */
  readonly #asked = new Set<ServerId>()
  #own: OwnPresence
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
    this.#look(0)
  }

  of(server: ServerId, user: UserId): ShownPresence {
    const heard = this.#books.get(server)?.of(user, this.#now()) ?? { status: 'offline', text: null }
    if (user !== this.#init.account.user) return heard
    const { status, text } = this.own()
    return status === 'invisible' ? heard : { status, text }
  }

  /** What came by gossip. False where it is not to go on. */
  take(replica: LiveReplica, device: DeviceId, { channel, payload }: OpenedEnvelope): boolean {
    const { body, at } = payload
    if (body.kind !== 'presence' || !this.#init.on) return true
    // ND50: it is said to all members at one place.
    if (channel !== metaOf(replica) || payload.thread !== null) return false
    const authority = replica.state()
    const known = authority.device(device)
    if (known?.on !== true || authority.member(known.user)?.status !== 'in') return false
    return this.#note(replica.server, device, { user: known.user, at, status: body.status, text: body.text })
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

  #now(): number {
    return this.#init.clock.now()
  }

  #note(server: ServerId, device: DeviceId, said: Parameters<PeopleBook['note']>[1]): boolean {
    const book = this.#books.get(server) ?? new PeopleBook()
    this.#books.set(server, book)
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
    const own = this.own()
    let heard = false
    for (const replica of joined()) {
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
    const said = this.#said.get(server)
    const invisible = status === PresenceStatus.offline
    if (said === undefined) return !invisible && membersOf(replica) <= MEMBERS_MAX
    if (this.#now() < said.at + SAY_MS_MIN) return false
    if (said.status !== status || said.text !== text) return true
    // ND55: whoever is invisible says so once.
    const members = membersOf(replica)
    if (invisible || members > MEMBERS_MAX) return false
    const pause = Math.max(SAY_MS_MIN, members * MEMBER_MS)
    return this.#now() >= said.at + (this.#asked.has(server) ? pause : Math.max(pause, REFRESH_MS))
  }

  async #say(replica: LiveReplica, status: number, text: string | null): Promise<void> {
    const { server } = replica
    const at = Math.max(this.#now(), (this.#said.get(server)?.at ?? 0) + 1)
    const words = status === PresenceStatus.offline ? null : text
    const said = { at, status, text }
    this.#said.set(server, said)
    this.#asked.delete(server)
    const meta = metaOf(replica)
    const body = { kind: 'presence', status, text: words } as const
    const envelope = await replica.do(work => {
      // A key is not made for this: duties make it, and it is said then.
      const { ring, deps } = work.state
      const found = ring.epochFor(deps.random, meta, at).kind
      return found === 'key' ? publishEphemeral(work, meta, body, at) : undefined
    })
    if (envelope !== undefined) this.#init.publish(replica, [envelope])
    else if (this.#said.get(server) === said) this.#said.delete(server)
  }
}

/** The channel that all members read. */
function metaOf({ server }: LiveReplica): ChannelId {
  return idAs('c', server)
}

/** Members, as far as it matters. */
function membersOf(replica: LiveReplica): number {
  let count = 0
  for (const { status } of replica.state().members()) if (status === 'in' && ++count > MEMBERS_MAX) break
  return count
}
