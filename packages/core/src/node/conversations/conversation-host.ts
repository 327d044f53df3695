/** Conversations at work (DM5, DM6): who is met, what is told, what is sent; nothing is decided here. */
import type { ConversationId, DeviceId, Timers, UserId } from '../../base/index.ts'
import {
  ADDRESSES_MAX,
  type ConversationFrame,
  copyState,
  grantAgain,
  grantsOwed,
  openHello,
  readConversation
} from '../../conversation/index.ts'
import { equalBytes } from '../../encoding/index.ts'
import { decodeIdentityLog, encodeIdentityLog } from '../../identity/index.ts'
import type { Connection, Transport } from '../../net/index.ts'
import type { ConversationCore } from './conversation-core.ts'
import { type ConversationSession, openConversations, serveConversations } from './conversation-streams.ts'
import { ConversationTelling } from './conversation-telling.ts'
import type { NodeInit } from '../contract.ts'

/** DM10, DM3: what is over is looked for at least this often. */
const ERASE_MS = 60_000
/** A refused stream is tried again, each time after twice as long. */
const AGAIN_MS_MIN = 1_000
const AGAIN_MS_MAX = 60_000
/** Identity logs of people who are in nothing of ours yet, of one stream. */
const PARKED_MAX = 16

type Frame<K extends ConversationFrame['kind']> = Extract<ConversationFrame, { kind: K }>

export interface ConversationHostInit {
  readonly node: Pick<NodeInit, 'suite' | 'random'>
  readonly core: ConversationCore
  readonly transport: Transport
  readonly timers: Timers
  /** Whose device it is, by servers we share and they are in. */
  memberOf(device: DeviceId): UserId | undefined
  /** Devices of a member and where they were found. */
  placesOf(user: UserId): ReadonlyMap<DeviceId, readonly string[]>
  /** After a change of one. */
  changed(id: ConversationId): void
  fault(error: unknown): void
}

export class ConversationHost {
  readonly #init: ConversationHostInit
  readonly #core: ConversationCore
  readonly #telling: ConversationTelling
  readonly #sessions = new Map<DeviceId, ConversationSession>()
  /** Every stream, seconds with one device too. */
  readonly #all = new Set<ConversationSession>()
  readonly #opening = new Set<DeviceId>()
  /** Those that were told who we are. */
  readonly #greeted = new WeakSet<ConversationSession>()
  readonly #running = new Set<Promise<void>>()
  /** How long who refused us is left alone, ms. */
  readonly #waits = new Map<DeviceId, number>()
  #cancel: () => void = () => undefined
  #stopped = false

  constructor(init: ConversationHostInit) {
    this.#init = init
    this.#core = init.core
    this.#telling = new ConversationTelling(init.core, init.node)
    serveConversations(init.transport, async session => await this.#run(session))
  }

  start(): void {
    this.watch()
    for (const id of this.#core.held.keys()) this.seek(id)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await Promise.all([...this.#all].map(async each => await each.close()))
    await Promise.allSettled(this.#running)
    await this.#core.do(() => Promise.resolve())
  }

  // Whom to meet.

  /** A connection is there: if it is to somebody we talk with, they are told what we have. */
  meet(connection: Connection): void {
    const { device } = connection
    if (this.#stopped || this.#sessions.has(device) || this.#opening.has(device) || !this.#wants(device))
      return
    this.#opening.add(device)
    void openConversations(connection)
      .then(async session => {
        if (session !== undefined) await this.#run(session)
      })
      .catch(this.#init.fault)
      .finally(() => {
        this.#opening.delete(device)
        this.#again(connection)
      })
  }

  /** Who refused us may know us soon: a join that has not reached them yet, a block that is taken back. */
  #again(connection: Connection): void {
    const { device } = connection
    const wait = Math.min(AGAIN_MS_MAX, (this.#waits.get(device) ?? AGAIN_MS_MIN / 2) * 2)
    this.#waits.set(device, wait)
    if (this.#stopped || !this.#init.transport.connections(device).includes(connection)) return
    this.#init.timers.after(wait, () => {
      if (this.#init.transport.connections(device).includes(connection)) this.meet(connection)
    })
  }

  /** Looks for everybody of a conversation, and keeps them near. */
  seek(id: ConversationId): void {
    const held = this.#core.held.get(id)
    if (held === undefined || this.#stopped) return
    const { contacts } = this.#core
    for (const user of held.state.genesis.users) {
      if (held.state.left.has(user) || contacts.isBlocked(user)) continue
      const places = new Map([...this.#init.placesOf(user), ...contacts.places(user)])
      for (const [device, addresses] of places)
        if (device !== this.#core.device && addresses.length > 0) this.#init.transport.keep(device, addresses)
    }
    for (const connection of this.#init.transport.connections()) this.meet(connection)
  }

  /** Something was written: whoever is met is sent it. */
  pump(id: ConversationId): void {
    for (const session of this.#sessions.values()) {
      if (!session.told.has(id)) this.#telling.tell(session)
      this.#background(async () => await this.#telling.send(session, id))
    }
  }

  /** Our own identity log grew: whoever we talk with is told, and a device that is new is met. */
  identityChanged(): void {
    const log = this.#core.contacts.log(this.#core.user)
    if (log === undefined || this.#stopped) return
    this.#dropRevoked()
    for (const session of this.#sessions.values())
      if (this.#greeted.has(session)) session.send({ kind: 'log', log: encodeIdentityLog(log) })
    for (const connection of this.#init.transport.connections()) this.meet(connection)
  }

  /** Whoever is blocked now is heard no longer. */
  drop(user: UserId): void {
    for (const session of this.#all) if (session.user === user) session.abort('DM5')
  }

  #userOf(device: DeviceId): UserId | undefined {
    return this.#core.contacts.userOf(device) ?? this.#init.memberOf(device)
  }

  #wants(device: DeviceId): boolean {
    const user = this.#userOf(device)
    return user !== undefined && !this.#core.contacts.isBlocked(user) && this.#core.shared(user).length > 0
  }

  /** DM5: whom a stream is kept with. */
  #admits(session: ConversationSession, user: UserId): boolean {
    const { contacts } = this.#core
    if (contacts.isBlocked(user)) return false
    return (
      user === this.#core.user ||
      this.#core.shared(user).length > 0 ||
      this.#init.memberOf(session.device) === user
    )
  }

  // One stream.

  #background(act: () => Promise<void>): void {
    const running = act().catch((error: unknown) => {
      if (!this.#stopped) this.#init.fault(error)
    })
    this.#running.add(running)
    void running.finally(() => this.#running.delete(running))
  }

  async #run(session: ConversationSession): Promise<void> {
    if (this.#stopped) {
      session.abort('closing')
      return
    }
    this.#all.add(session)
    if (!this.#sessions.has(session.device)) this.#sessions.set(session.device, session)
    this.#opening.delete(session.device)
    try {
      if (this.#wants(session.device)) this.#greet(session)
      for await (const frame of session.frames()) {
        const kept = await this.#core.do(async () => await this.#take(session, frame))
        if (!kept) session.abort('DM5')
      }
    } finally {
      this.#all.delete(session)
      if (this.#sessions.get(session.device) === session) {
        this.#sessions.delete(session.device)
        const next = [...this.#all].find(each => each.device === session.device)
        if (next !== undefined) this.#sessions.set(next.device, next)
      }
    }
  }

  #greet(session: ConversationSession): void {
    if (this.#greeted.has(session)) return
    this.#greeted.add(session)
    const log = this.#core.contacts.log(this.#core.user)
    if (log === undefined) return
    session.send({
      kind: 'hello',
      version: 1,
      log: encodeIdentityLog(log),
      addresses: this.#init.transport
        .addresses()
        .filter(each => each.length <= 256)
        .slice(0, ADDRESSES_MAX)
    })
    const newest = this.#core.prekeys.at(-1)
    session.send({ kind: 'prekeys', prekeys: newest === undefined ? [] : [newest.bytes] })
  }

  /** Takes one frame; false ends the stream. */
  async #take(session: ConversationSession, frame: ConversationFrame): Promise<boolean> {
    if (this.#stopped) return false
    if (session.user === undefined) return frame.kind === 'hello' && (await this.#hello(session, frame))
    switch (frame.kind) {
      case 'hello':
        return false
      case 'prekeys':
        await this.#prekeys(session, frame)
        return true
      case 'log':
        return await this.#log(session, frame)
      case 'conversation':
        return await this.#conversation(session, frame)
      case 'have':
        return await this.#have(session, frame)
      case 'items':
        return await this.#items(session, frame)
      case 'cannotOpen':
        return await this.#cannotOpen(session, frame)
    }
  }

  async #hello(session: ConversationSession, frame: Frame<'hello'>): Promise<boolean> {
    const log = decodeIdentityLog(this.#init.node.suite, frame.log)
    if (!log.ok || log.value.state().device(session.device)?.active !== true) return false
    const { user } = log.value
    const { contacts } = this.#core
    const known = contacts.log(user)
    if (known?.state().isRevoked(session.device) === true || !this.#admits(session, user)) return false
    const batch = this.#core.database.batch()
    contacts.learn(batch, log.value)
    contacts.note(batch, user, session.device, frame.addresses)
    await batch.commit()
    session.user = user
    this.#waits.delete(session.device)
    this.#greet(session)
    await this.#late(user)
    return true
  }

  async #prekeys(session: ConversationSession, frame: Frame<'prekeys'>): Promise<void> {
    const batch = this.#core.database.batch()
    const users = new Set<UserId>()
    for (const bytes of frame.prekeys) {
      const taken = this.#core.contacts.take(batch, bytes)
      if (taken !== undefined) users.add(taken.user)
    }
    await batch.commit()
    for (const user of users) await this.#late(user)
    this.#telling.tell(session)
  }

  /** DM8: keys for an account that there were none for. */
  async #late(user: UserId): Promise<void> {
    for (const held of this.#core.shared(user)) {
      if (held.state.left.has(this.#core.user)) continue
      const draft = copyState(held.state)
      const granted = grantsOwed(this.#core.writer, draft, user, this.#core.now)
      if (granted.length === 0) continue
      await this.#core.keepWritten(held, draft, granted)
      this.pump(held.state.genesis.id)
    }
  }

  async #log(session: ConversationSession, frame: Frame<'log'>): Promise<boolean> {
    const log = decodeIdentityLog(this.#init.node.suite, frame.log)
    if (!log.ok) return false
    if (this.#core.shared(log.value.user).length === 0) {
      session.parked.set(log.value.user, log.value)
      return session.parked.size <= PARKED_MAX
    }
    const batch = this.#core.database.batch()
    this.#core.contacts.learn(batch, log.value)
    await batch.commit()
    this.#dropRevoked()
    return true
  }

  /** Devices that are known to be put out are talked with no longer. */
  #dropRevoked(): void {
    for (const session of this.#all) {
      const state = session.user === undefined ? undefined : this.#core.contacts.log(session.user)?.state()
      if (state?.isRevoked(session.device) === true) session.abort('DM5')
    }
  }

  async #conversation(session: ConversationSession, frame: Frame<'conversation'>): Promise<boolean> {
    const { suite } = this.#init.node
    const { contacts, user: self, device, prekeys } = this.#core
    const read = readConversation(suite, frame.genesis)
    if (!read.ok) return false
    const genesis = read.value
    if (!genesis.users.includes(self) || !genesis.users.includes(session.user as UserId)) return false
    const topicSecret = openHello(suite, genesis, device, prekeys, frame.boxes)
    // A prekey that is over: told again with a newer one when we meet next.
    if (!topicSecret.ok) return true
    const held = this.#core.held.get(genesis.id)
    if (held !== undefined) return equalBytes(held.state.topicSecret, topicSecret.value)
    const batch = this.#core.database.batch()
    const knows = genesis.users.some(
      each => (contacts.log(each) ?? session.parked.get(each))?.state().device(genesis.device) !== undefined
    )
    if (!knows) return false
    for (const each of genesis.users) {
      const log = session.parked.get(each)
      if (log !== undefined) contacts.learn(batch, log)
      session.parked.delete(each)
    }
    const fresh = await this.#core.adopt(genesis, topicSecret.value, batch)
    session.told.add(genesis.id)
    this.#telling.have(session, fresh)
    this.seek(genesis.id)
    this.#init.changed(genesis.id)
    for (const other of this.#sessions.values()) this.#telling.tell(other)
    return true
  }

  async #have(session: ConversationSession, frame: Frame<'have'>): Promise<boolean> {
    const held = this.#core.of(session.user, frame.conversation)
    // Told before we could open its hello, or of one that we are not in: nothing to say.
    if (held === undefined) return true
    await this.#core.noteHave(held, session.device, frame.chains)
    session.theirs.set(frame.conversation, new Map(frame.chains.map(each => [each.device, each.seq])))
    this.#init.changed(frame.conversation)
    await this.#telling.send(session, frame.conversation)
    return true
  }

  async #items(session: ConversationSession, frame: Frame<'items'>): Promise<boolean> {
    const held = this.#core.of(session.user, frame.conversation)
    if (held === undefined) return true
    // Who left hears no more, but for what its own devices wrote before.
    const own = this.#core.contacts.userOf(frame.device) === this.#core.user
    if (held.state.left.has(this.#core.user) && !own) return true
    const { changed, missing } = await this.#core.take(held, frame.device, frame.items, session.device)
    this.#telling.have(session, held)
    for (const keyId of missing) {
      if (frame.device !== session.device || session.asked.has(keyId)) continue
      session.asked.add(keyId)
      session.send({ kind: 'cannotOpen', conversation: frame.conversation, keyId })
    }
    if (!changed) return true
    this.#init.changed(frame.conversation)
    this.pump(frame.conversation)
    this.watch()
    return true
  }

  async #cannotOpen(session: ConversationSession, frame: Frame<'cannotOpen'>): Promise<boolean> {
    const held = this.#core.of(session.user, frame.conversation)
    if (held === undefined || session.asked.has(`to ${frame.keyId}`)) return true
    session.asked.add(`to ${frame.keyId}`)
    const draft = copyState(held.state)
    const granted = grantAgain(this.#core.writer, draft, session.device, frame.keyId, this.#core.now)
    if (granted === undefined) return true
    await this.#core.keepWritten(held, draft, [granted])
    this.pump(frame.conversation)
    return true
  }

  // Time.

  /** Looks for what is over, now and whenever something is due. */
  watch(): void {
    this.#cancel()
    if (this.#stopped) return
    this.#background(async () => {
      const next = await this.#core.do(async () => {
        if (this.#stopped) return undefined
        await this.#core.renew()
        return await this.#core.erase()
      })
      if (this.#stopped) return
      this.#cancel()
      const wait = next === undefined ? ERASE_MS : Math.min(ERASE_MS, Math.max(0, next - this.#core.now))
      this.#cancel = this.#init.timers.after(wait, () => this.watch())
    })
  }
}
