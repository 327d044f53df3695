/**
 * Conversations of one profile in memory and on disk: what is written and taken, one change after the other, each kept
 * before anybody is told of it (KS6).
 */
import {
  type ConversationId,
  type DeviceId,
  type KeyId,
  type MessageId,
  type UserId,
  XcordError
} from '../../base/index.ts'
import {
  type ConversationGenesis,
  type ConversationState,
  type ConversationWriter,
  copyState,
  createConversation,
  emptyState,
  eraseKeys,
  type OwnPrekey,
  readContent,
  renewPrekeys,
  settle,
  type Taken,
  takeEnvelope,
  takeStub,
  write,
  type Written
} from '../../conversation/index.ts'
import type { Body } from '../../e2ee/index.ts'
import { decodeStub, readEnvelope } from '../../graph/index.ts'
import type { Account } from '../../identity/index.ts'
import type { Batch, Database } from '../../store/index.ts'
import { Contacts } from './contacts.ts'
import type { NodeInit } from '../contract.ts'
import {
  eraseMessage,
  findMessage,
  type Held,
  type Item,
  loadConversations,
  loadPrekeys,
  putContent,
  putConversation,
  putEnvelope,
  putKeys,
  putPrekeys,
  type Rows,
  type TakenEnvelope
} from './conversation-store.ts'
import {
  conversationEnvelopeTable,
  conversationExpiryTable,
  conversationHaveTable,
  ERASED_TABLES
} from './conversation-tables.ts'
import type { EventLog, EventRecord } from '../event-log.ts'

/** Bodies erased in one batch. */
const ERASED_MAX = 256
/** Compacting rewrites files: not for each message by itself. */
const COMPACT_MS = 10_000

const isUpdate = (event: EventRecord): boolean => event.type === 'conversation:update'

export interface ConversationCoreInit {
  readonly node: Pick<NodeInit, 'suite' | 'random' | 'clock'>
  readonly account: Account
  readonly database: Database
  readonly events: EventLog
}

export class ConversationCore {
  readonly contacts: Contacts
  readonly held: Map<ConversationId, Held>
  readonly database: Database
  readonly #init: ConversationCoreInit
  #prekeys: readonly OwnPrekey[]
  #turn: Promise<unknown> = Promise.resolve()
  #deleted = false
  #compactedAt = 0

  constructor(
    init: ConversationCoreInit,
    loaded: {
      readonly contacts: Contacts
      readonly held: Map<ConversationId, Held>
      readonly prekeys: readonly OwnPrekey[]
    }
  ) {
    this.#init = init
    this.database = init.database
    this.contacts = loaded.contacts
    this.held = loaded.held
    this.#prekeys = loaded.prekeys
  }

  static async load(init: ConversationCoreInit): Promise<ConversationCore> {
    const { database, account, node } = init
    const core = new ConversationCore(init, {
      contacts: await Contacts.load(node.suite, account, database),
      held: await loadConversations(node.suite, database),
      prekeys: await loadPrekeys(database)
    })
    await core.renew()
    return core
  }

  get user(): UserId {
    return this.#init.account.user
  }

  get device(): DeviceId {
    return this.#init.account.device.device
  }

  get prekeys(): readonly OwnPrekey[] {
    return this.#prekeys
  }

  get now(): number {
    return this.#init.node.clock.now()
  }

  get writer(): ConversationWriter {
    const { suite, random } = this.#init.node
    return {
      suite,
      random,
      user: this.user,
      device: this.device,
      key: this.#init.account.device.signingKey,
      prekeys: this.#prekeys,
      directory: this.contacts
    }
  }

  get #rows(): Rows {
    return { suite: this.#init.node.suite, database: this.database }
  }

  /** One change after the other. */
  async do<T>(act: () => Promise<T>): Promise<T> {
    const running = this.#turn.then(act)
    this.#turn = running.catch(() => undefined)
    return await running
  }

  require(id: ConversationId): Held {
    const held = this.held.get(id)
    if (held === undefined)
      throw new XcordError('XCORD_CONVERSATION_NOT_FOUND', 'There is no such conversation here.', {
        conversation: id
      })
    return held
  }

  /** Conversations of this account and us. */
  shared(user: UserId): readonly Held[] {
    return [...this.held.values()].filter(({ state }) => state.genesis.users.includes(user))
  }

  /** The conversation that a peer names, if it is in it. */
  of(user: UserId | undefined, id: ConversationId): Held | undefined {
    const held = this.held.get(id)
    return user !== undefined && held?.state.genesis.users.includes(user) === true ? held : undefined
  }

  /** Commits a batch with its events, which are told once they cannot be lost and what they tell of is held. */
  async commit(batch: Batch, events: readonly EventRecord[] = [], hold?: () => void): Promise<void> {
    const ticket = events.length === 0 ? undefined : this.#init.events.append(batch, events)
    try {
      await batch.commit()
      hold?.()
      ticket?.commit()
    } catch (error) {
      ticket?.abandon()
      throw error
    }
  }

  /** DM3: a fresh prekey each week; those that are over leave the disk. */
  async renew(): Promise<void> {
    const { suite, random } = this.#init.node
    const owner = { user: this.user, device: this.device, key: this.#init.account.device.signingKey }
    const next = renewPrekeys(suite, random, owner, this.#prekeys, this.now)
    if (next === this.#prekeys) return
    const batch = this.database.batch()
    putPrekeys(batch, this.#prekeys, next)
    await batch.commit()
    const gone = this.#prekeys.filter(each => !next.includes(each) && !next.some(({ n }) => n === each.n))
    this.#prekeys = next
    for (const { secret } of gone) secret.fill(0)
    this.#deleted ||= gone.length > 0
  }

  /** What was deleted leaves the files (DM10): soon, and together with what else is deleted meanwhile. */
  async #compact(): Promise<void> {
    if (!this.#deleted || this.now - this.#compactedAt < COMPACT_MS) return
    this.#deleted = false
    this.#compactedAt = this.now
    for (const table of ERASED_TABLES) await this.database.compact(table)
  }

  async create(users: readonly UserId[]): Promise<Held> {
    const { suite, random } = this.#init.node
    const genesis = createConversation(suite, random, this.#init.account.device.signingKey, [
      this.user,
      ...users
    ])
    return await this.adopt(genesis, random.bytes(32), this.database.batch())
  }

  /** Keeps a conversation that is new here. */
  async adopt(genesis: ConversationGenesis, topicSecret: Uint8Array, batch: Batch): Promise<Held> {
    const held: Held = { state: emptyState(genesis, topicSecret), since: this.now, haves: new Map() }
    putConversation(batch, held.state, held.since)
    const event = { type: 'conversation:create', server: genesis.id, refs: [genesis.id], note: null }
    await this.commit(batch, [event], () => this.held.set(genesis.id, held))
    return held
  }

  /** Writes a body; the id of its envelope. */
  async write(id: ConversationId, body: Body): Promise<MessageId> {
    const held = this.require(id)
    if (held.state.left.has(this.user))
      throw new XcordError('XCORD_CONVERSATION_LEFT', 'You left this conversation.', { conversation: id })
    const draft = copyState(held.state)
    const written = write(this.writer, draft, body, this.now)
    await this.keepWritten(held, draft, written)
    return (written.at(-1) as Written).envelope.id
  }

  /** Keeps what was written into a draft. */
  async keepWritten(held: Held, draft: ConversationState, written: readonly Written[]): Promise<void> {
    if (written.length === 0) return
    await this.keep(
      held,
      draft,
      written.map(({ envelope, taken }) => ({ device: this.device, stub: envelope, envelope, taken }))
    )
  }

  /** Stages and commits what a draft took; the draft is what is held from then on. */
  async keep(held: Held, draft: ConversationState, all: readonly TakenEnvelope[]): Promise<void> {
    const { id } = draft.genesis
    const now = this.now
    let batch = this.database.batch()
    let events: EventRecord[] = []
    const later: EventRecord[] = [] // What an update tells of is held at the end.
    const flush = async (): Promise<void> => {
      later.push(...events.filter(isUpdate))
      events = events.filter(each => !isUpdate(each))
      await this.commit(batch, events)
      batch = this.database.batch()
      events = []
    }
    let erased = false
    for (const each of all) {
      const { opened, unlocked } = each.taken
      const about = opened.kind === 'content' && ['edit', 'delete'].includes(opened.content.kind)
      if (about) await flush()
      putEnvelope(batch, id, each, now)
      if (opened.kind === 'content') {
        const said = {
          id,
          user: each.taken.user,
          device: each.device,
          message: each.stub.id,
          seq: each.stub.seq,
          at: opened.at,
          receivedAt: now
        }
        events.push(...(await putContent(this.#rows, batch, said, opened.content)))
        erased ||= opened.content.kind === 'delete'
      }
      if (unlocked !== undefined) {
        await flush()
        events.push(...(await this.#unlock(batch, draft, each.device, unlocked)))
      }
    }
    putConversation(batch, draft, held.since)
    await this.commit(batch, [...later, ...events], () => void (held.state = draft))
    this.#deleted ||= erased
  }

  /** Opens what waited for a key (DM8). */
  async #unlock(
    batch: Batch,
    draft: ConversationState,
    device: DeviceId,
    keyId: KeyId
  ): Promise<readonly EventRecord[]> {
    const { id } = draft.genesis
    const epoch = draft.epochs.get(keyId)
    const user = this.contacts.userOf(device)
    const events: EventRecord[] = []
    if (epoch === undefined || user === undefined) return events
    const table = this.database.table(conversationEnvelopeTable)
    for await (const { value, sort } of table.scan({ prefix: [id, device] })) {
      if (value.sealed !== keyId || value.stub) continue
      const read = readEnvelope(this.#init.node.suite, value.bytes)
      if (!read.ok) continue
      const opened = readContent(this.writer, draft, read.value, epoch)
      settle(draft, user, read.value.id, opened, value.receivedAt)
      const seq = sort[0] as number
      batch.put(conversationEnvelopeTable, [id, device, seq], { ...value, sealed: null })
      if (opened.kind !== 'content') continue
      const { receivedAt } = value
      const said = { id, user, device, message: read.value.id, seq, at: opened.at, receivedAt }
      events.push(...(await putContent(this.#rows, batch, said, opened.content)))
    }
    return events
  }

  /** Takes a row of envelopes of one chain; whether any was new, and keys that are missing. */
  async take(
    held: Held,
    device: DeviceId,
    items: readonly Item[],
    from: DeviceId
  ): Promise<{ readonly changed: boolean; readonly missing: readonly KeyId[] }> {
    const { suite } = this.#init.node
    const draft = copyState(held.state)
    const all: TakenEnvelope[] = []
    for (const { stub, bytes } of items) {
      const whole = stub ? undefined : readEnvelope(suite, bytes)
      const read = whole ?? decodeStub(suite, bytes)
      if (!read.ok) break
      const envelope = whole?.ok === true ? whole.value : undefined
      const taken =
        envelope === undefined
          ? takeStub(this.writer, draft, device, read.value, from)
          : takeEnvelope(this.writer, draft, device, envelope, this.now)
      if (!taken.ok) break
      const each: Taken = taken.value
      if (each.kind === 'taken') all.push({ device, stub: read.value, envelope, taken: each })
    }
    if (all.length > 0) await this.keep(held, draft, all)
    const missing = all.flatMap(({ taken }) => (taken.opened.kind === 'sealed' ? [taken.opened.keyId] : []))
    return { changed: all.length > 0, missing: [...new Set(missing)] }
  }

  /** What another device says it has (DM6). */
  async noteHave(
    held: Held,
    device: DeviceId,
    chains: readonly { readonly device: DeviceId; readonly seq: number }[]
  ): Promise<void> {
    const { id } = held.state.genesis
    const before = held.haves.get(device)
    const next = new Map(chains.map(each => [each.device, each.seq]))
    held.haves.set(device, next)
    const own = before?.get(this.device) !== next.get(this.device)
    const batch = this.database.batch()
    batch.put(conversationHaveTable, [id, device], { version: 1, device, chains: [...chains] })
    const event = { type: 'conversation:update', server: id, refs: [id], note: 'delivery' }
    await this.commit(batch, own ? [event] : [])
  }

  /** DM3, DM10: what is over now is erased. When there is something to do next, if there is. */
  async erase(): Promise<number | undefined> {
    const now = this.now
    let batch = this.database.batch()
    let events: EventRecord[] = []
    let any = false
    for (const held of this.held.values()) {
      const erased = eraseKeys(held.state, now)
      putKeys(batch, held.state.genesis.id, erased)
      any ||= erased.length > 0
    }
    const table = this.database.table(conversationExpiryTable)
    for await (const row of table.scan({ to: now + 1 })) {
      const id = row.value.conversation as ConversationId
      const message = row.value.message as MessageId
      const found = await findMessage(this.database, id, message)
      if (found === undefined) batch.deleteRow(conversationExpiryTable, row)
      else await eraseMessage(this.#rows, batch, id, found)
      events.push({
        type: 'conversation:delete',
        server: id,
        refs: [message, found?.user ?? ''],
        note: 'expired'
      })
      any = true
      if (events.length >= ERASED_MAX) {
        await this.commit(batch, events)
        batch = this.database.batch()
        events = []
      }
    }
    await this.commit(batch, events)
    this.#deleted ||= any
    await this.#compact()
    const due = this.#deleted ? this.#compactedAt + COMPACT_MS : undefined
    for await (const row of table.scan({ limit: 1 })) return Math.min(row.sort[0] as number, due ?? Infinity)
    return due
  }
}
