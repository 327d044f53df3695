/** Conversations as verbs and reports, over what is kept (core) and whom we meet (host). */
import type { ConversationId, DeviceId, MessageId, UserId } from '../../base/index.ts'
import { XcordError } from '../../base/index.ts'
import { recipientsOf } from '../../conversation/index.ts'
import type { Body } from '../../e2ee/index.ts'
import { LIFETIME_SECONDS_MAX } from '../../e2ee/index.ts'
import { safetyNumber } from '../../identity/index.ts'
import { validateBody } from '../../timeline/index.ts'
import type {
  ConversationMessage,
  ConversationPageOptions,
  ConversationReport,
  Conversations,
  SafetyReport
} from './conversation-contract.ts'
import { ConversationCore, type ConversationCoreInit } from './conversation-core.ts'
import { ConversationHost, type ConversationHostInit } from './conversation-host.ts'
import { findMessage, type Held, messageOf } from './conversation-store.ts'
import { type ConversationMessageRow, conversationMessageTable } from './conversation-tables.ts'
import type { Connection } from '../../net/index.ts'

const PAGE_MAX = 200

export type ConversationsInit = ConversationCoreInit &
  Omit<ConversationHostInit, 'core' | 'changed' | 'node'> & {
    /** Somebody of a server we are in, or nobody. */
    isMember(user: UserId): boolean
  }

/** Opens what is kept. */
export async function openConversations(init: ConversationsInit): Promise<LiveConversations> {
  return new LiveConversations(init, await ConversationCore.load(init))
}

export class LiveConversations implements Conversations {
  readonly #init: ConversationsInit
  readonly #core: ConversationCore
  readonly #host: ConversationHost
  readonly #listeners = new Set<(id: ConversationId) => void>()

  constructor(init: ConversationsInit, core: ConversationCore) {
    this.#init = init
    this.#core = core
    const { node, transport, timers } = init
    this.#host = new ConversationHost({
      node,
      core,
      transport,
      timers,
      memberOf: device => init.memberOf(device),
      placesOf: user => init.placesOf(user),
      changed: id => this.#changed(id),
      fault: error => init.fault(error)
    })
  }

  // The node's own calls.

  start(): void {
    this.#host.start()
  }

  meet(connection: Connection): void {
    this.#host.meet(connection)
  }

  identityChanged(): void {
    this.#host.identityChanged()
  }

  async stop(): Promise<void> {
    await this.#host.stop()
  }

  // Reports.

  all(): readonly ConversationReport[] {
    return [...this.#core.held.values()].map(held => this.#report(held)).sort((a, b) => a.since - b.since)
  }

  get(id: ConversationId): ConversationReport | undefined {
    const held = this.#core.held.get(id)
    return held === undefined ? undefined : this.#report(held)
  }

  #report({ state, since }: Held): ConversationReport {
    const { contacts, device, user, now } = this.#core
    const others = recipientsOf(state, contacts, device, now)
    return {
      id: state.genesis.id,
      users: state.genesis.users,
      left: [...state.left],
      lifetimeSeconds: state.lifetime.seconds,
      since,
      skipped: others.filter(each => each.prekey === undefined).map(each => each.device),
      unmet: state.genesis.users.filter(each => each !== user && contacts.log(each) === undefined)
    }
  }

  onChange(listener: (id: ConversationId) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #changed(id: ConversationId): void {
    for (const listener of [...this.#listeners]) listener(id)
  }

  // Verbs.

  async open(users: readonly UserId[]): Promise<ConversationReport> {
    const { user: self, contacts } = this.#core
    const wanted = [...new Set([self, ...users])].sort()
    for (const user of wanted) {
      if (contacts.isBlocked(user))
        throw new XcordError('XCORD_USER_BLOCKED', 'That person is blocked here.', { user })
      if (contacts.log(user) === undefined && !this.#init.isMember(user))
        throw new XcordError('XCORD_USER_NOT_FOUND', 'That person is in none of your servers.', { user })
    }
    const held = await this.#core.do(async () => {
      const same = [...this.#core.held.values()]
        .filter(({ state }) => state.left.size === 0 && state.genesis.users.join() === wanted.join())
        .sort((a, b) => (a.state.genesis.id < b.state.genesis.id ? -1 : 1))
      return same[0] ?? (await this.#core.create(wanted))
    })
    const { id } = held.state.genesis
    this.#host.seek(id)
    this.#host.pump(id)
    this.#changed(id)
    return this.#report(held)
  }

  async send(id: ConversationId, text: string, replyTo?: MessageId): Promise<ConversationMessage> {
    const mentions = { users: [], roles: [], everyone: false }
    const body: Body = { kind: 'message', content: text, replyTo: replyTo ?? null, mentions, attachments: [] }
    const valid = validateBody(body)
    if (!valid.ok) throw new RangeError(valid.reason)
    const others = this.#core.require(id).state.genesis.users.filter(each => each !== this.#core.user)
    if (others.length > 0 && others.every(each => this.#core.contacts.isBlocked(each)))
      throw new XcordError('XCORD_USER_BLOCKED', 'Everybody in this conversation is blocked here.', {
        user: others[0] as UserId
      })
    const message = await this.#write(id, body)
    this.#host.watch()
    return (await this.message(id, message)) as ConversationMessage
  }

  async remove(id: ConversationId, message: MessageId): Promise<void> {
    this.#core.require(id)
    const row = await findMessage(this.#core.database, id, message)
    if (row === undefined)
      throw new XcordError('XCORD_MESSAGE_NOT_FOUND', 'There is no such message.', { message })
    if (row.user !== this.#core.user)
      throw new XcordError(
        'XCORD_PERMISSION_DENIED',
        'Only its author deletes a message of a conversation.',
        {
          rule: 'DM10',
          action: 'message:delete'
        }
      )
    await this.#write(id, { kind: 'delete', message })
  }

  async setLifetime(id: ConversationId, seconds: number): Promise<ConversationReport> {
    if (!Number.isInteger(seconds) || seconds < 0 || seconds > LIFETIME_SECONDS_MAX)
      throw new RangeError(`a lifetime has 0 to ${LIFETIME_SECONDS_MAX} whole seconds`)
    await this.#write(id, { kind: 'lifetime', seconds })
    return this.#report(this.#core.require(id))
  }

  async leave(id: ConversationId): Promise<ConversationReport> {
    await this.#write(id, { kind: 'leave' })
    return this.#report(this.#core.require(id))
  }

  async #write(id: ConversationId, body: Body): Promise<MessageId> {
    const written = await this.#core.do(async () => await this.#core.write(id, body))
    this.#host.pump(id)
    this.#changed(id)
    return written
  }

  // History.

  async page(
    id: ConversationId,
    { before, limit }: ConversationPageOptions
  ): Promise<readonly ConversationMessage[]> {
    const { state } = this.#core.require(id)
    const place = before === undefined ? undefined : await findMessage(this.#core.database, id, before)
    const rows: ConversationMessageRow[] = []
    const wanted = Math.min(limit, PAGE_MAX)
    const table = this.#core.database.table(conversationMessageTable)
    const to = place === undefined ? {} : { to: place.at + 1 }
    for await (const { value } of table.scan({ prefix: [id], ...to, reverse: true })) {
      // Of one moment: in the order of their ids.
      if (place !== undefined && value.at === place.at && value.id >= place.id) continue
      if (this.#isShown(value)) rows.push(value)
      if (rows.length >= wanted) break
    }
    rows.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    return rows.map(row => messageOf(state.genesis.id, row, this.#deliveredTo(id, row)))
  }

  async message(id: ConversationId, message: MessageId): Promise<ConversationMessage | undefined> {
    const row = await findMessage(this.#core.database, id, message)
    return row === undefined || !this.#isShown(row)
      ? undefined
      : messageOf(id, row, this.#deliveredTo(id, row))
  }

  #isShown(row: ConversationMessageRow): boolean {
    const due = row.expiresAt !== null && row.expiresAt <= this.#core.now
    return !due && !this.#core.contacts.isBlocked(row.user as UserId)
  }

  #deliveredTo(id: ConversationId, row: ConversationMessageRow): readonly UserId[] {
    const { user, contacts } = this.#core
    const held = this.#core.held.get(id)
    if (held === undefined || row.user !== user) return []
    return held.state.genesis.users.filter(
      each =>
        each !== user &&
        [...held.haves].some(
          ([device, chains]) =>
            contacts.userOf(device) === each && (chains.get(row.device as DeviceId) ?? 0) >= row.seq
        )
    )
  }

  // Who is not wanted.

  async block(user: UserId): Promise<void> {
    await this.#setBlocked(user, true)
    this.#host.drop(user)
  }

  async unblock(user: UserId): Promise<void> {
    await this.#setBlocked(user, false)
    for (const { state } of this.#core.held.values())
      if (state.genesis.users.includes(user)) this.#host.seek(state.genesis.id)
  }

  blocked(): readonly UserId[] {
    return this.#core.contacts.blocked()
  }

  // Who they are.

  safety(user: UserId): SafetyReport {
    const { contacts, user: self } = this.#core
    const verified = contacts.verified(user)
    return {
      user,
      number: safetyNumber(this.#init.node.suite, self, user),
      verifiedAt: verified?.at ?? null,
      added: verified?.added ?? [],
      moved: contacts.log(user)?.state().moved ?? null
    }
  }

  verified(): readonly SafetyReport[] {
    return this.#core.contacts.allVerified().map(user => this.safety(user))
  }

  async verify(user: UserId, digits?: string): Promise<SafetyReport> {
    const { number } = this.safety(user)
    if (digits !== undefined && digits.replace(/\s/g, '') !== number.replace(/\s/g, ''))
      throw new XcordError('XCORD_SAFETY_MISMATCH', 'The numbers differ: this is not who you think.', {
        user
      })
    return await this.#setVerified(user, this.#core.now)
  }

  async unverify(user: UserId): Promise<SafetyReport> {
    return await this.#setVerified(user, null)
  }

  async #setVerified(user: UserId, at: number | null): Promise<SafetyReport> {
    if (user === this.#core.user) throw new RangeError('one is oneself')
    await this.#core.do(async () => {
      const batch = this.#core.database.batch()
      this.#core.contacts.verify(batch, user, at)
      await batch.commit()
    })
    return this.safety(user)
  }

  async #setBlocked(user: UserId, blocked: boolean): Promise<void> {
    if (user === this.#core.user) throw new RangeError('nobody blocks themselves')
    await this.#core.do(async () => {
      const batch = this.#core.database.batch()
      this.#core.contacts.block(batch, user, blocked)
      await batch.commit()
    })
    for (const { state } of this.#core.held.values())
      if (state.genesis.users.includes(user)) this.#changed(state.genesis.id)
  }
}
