/**
 * One server's live replica: an inbox of jobs, each batch one turn, one commit, one round of telling. Own
 * commands, deliveries of sync and bundles of gossip are all jobs.
 */
import {
  type ChannelId,
  type DeviceId,
  type InviteId,
  type MessageId,
  type OperationId,
  type Refusal,
  type ServerId,
  type Timers,
  type UserId,
  XcordError
} from '../base/index.ts'
import { type AuthorityState, type PermissionName, permissionsToBits } from '../authority/index.ts'
import type { Envelope } from '../graph/index.ts'
import type { ItemKind, ServerView, SyncFound, SyncQuery } from '../sync/index.ts'
import type { Message, Page, PageOptions } from '../timeline/index.ts'
import { recallPace } from './arrival-rules.ts'
import { auditPage, listBans, reportHeads } from './audit.ts'
import { type AutomodRule, automodRules } from './automod.ts'
import type {
  AuditPage,
  AuditQuery,
  BanReport,
  ChannelTitle,
  DeliveryReport,
  HeadsReport,
  HeldMessage,
  Intent,
  MadeInvite,
  OperationOutcome,
  Replica
} from './contract.ts'
import { applyReceipt, deliveryOf, LOCAL, noteOwn } from './deliver.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { makeInvite } from './make-invite.ts'
import { settleMembership } from './membership.ts'
import { operate } from './operate.ts'
import { operateIntent } from './operate-intent.ts'
import { publishControl } from './publish.ts'
import type { ReplicaDeps, ReplicaState } from './replica-state.ts'
import { keepChains, settle } from './settle.ts'
import type { SyncEvent, SyncNews, SyncPort } from './sync-host.ts'
import { createServerView, heldOf, lookUp } from './sync-port.ts'
import { readItems, takeEnvelopes, takeStubs } from './take-envelopes.ts'
import { drainOperations, takeOperation } from './take-operations.ts'
import { takeRecord } from './take-records.ts'
import { giveConsent, transferServer } from './transfer.ts'
import { Turn } from './turn.ts'
import { Work } from './work.ts'
import { writeDelete, writeEdit, writeMessage, writeReaction } from './write-content.ts'
import { draftLeave } from '../authority/index.ts'

/** What a replica tells the node after a commit. */
export interface ReplicaHooks {
  feed(event: SyncEvent): void
  /** Own envelopes, in chain order: to be gossiped. */
  publish(replica: LiveReplica, envelopes: readonly Envelope[]): void
  changed(replica: LiveReplica, turn: Turn): void
  /** Sync tells of progress, or that nothing is missing any more. */
  news(replica: LiveReplica, news: SyncNews): void
  online(): ReadonlySet<DeviceId>
  /** Where a link made here should lead. */
  linkAddresses(server: ServerId): readonly string[]
  fault(error: unknown): void
}

interface Job {
  /** May throw an XcordError for its caller; nothing of it is then told. */
  run(work: Work): void | Promise<void>
  done(): void
  failed(error: unknown): void
}

/** When the first of what is held for the future is due, operation or content; Infinity where nothing is held. */
function nextHeld(state: ReplicaState): number {
  return Math.min(state.nextDue, ...state.held.values())
}

/** Our own operation, right after its commit. */
function committed(operation: OperationId): OperationOutcome {
  return { operation, standing: 'effective', delivery: { state: 'local', holders: 0 } }
}

/** Jobs in one turn: enough to share an fsync, few enough to keep a turn below 100 ms. */
const TURN_JOBS_MAX = 64

export class LiveReplica implements Replica, SyncPort {
  readonly server: ServerId
  readonly view: ServerView
  readonly #deps: ReplicaDeps
  readonly #hooks: ReplicaHooks
  readonly #timers: Timers
  readonly #reload: () => Promise<ReplicaState>
  readonly #inbox: Inbox<Job>
  #current: ReplicaState
  /** A commit failed: what is in memory is ahead of the disk and must be rebuilt from it. */
  #torn = false
  /** When held operations are due next, if a timer was set for them. */
  #wakesAt = Infinity
  #cancelWake: (() => void) | undefined

  constructor(
    deps: ReplicaDeps,
    timers: Timers,
    hooks: ReplicaHooks,
    state: ReplicaState,
    reload: () => Promise<ReplicaState>
  ) {
    this.server = state.server
    this.#deps = deps
    this.#timers = timers
    this.#hooks = hooks
    this.#current = state
    this.#reload = reload
    this.view = createServerView(() => this.#current)
    this.#inbox = createInbox<Job>({
      batchMax: TURN_JOBS_MAX,
      handle: async jobs => await this.#turn(jobs),
      failed: (error, jobs) => {
        for (const job of jobs) job.failed(error)
      }
    })
  }

  /** The state of this moment. Read only: changes belong into jobs. */
  get current(): ReplicaState {
    return this.#current
  }

  /** Runs a job in the next turn; resolves when its turn is on disk. */
  async do<T>(run: (work: Work) => T | Promise<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      let result: T
      this.#inbox.push({
        run: async work => {
          result = await run(work)
        },
        done: () => resolve(result),
        failed: reject
      })
    })
  }

  async idle(): Promise<void> {
    await this.#inbox.idle()
  }

  async close(): Promise<void> {
    this.#cancelWake?.()
    await this.#inbox.close()
  }

  async #turn(jobs: readonly Job[]): Promise<void> {
    if (this.#torn) {
      const { packageSecret } = this.#current
      this.#current = await this.#reload()
      this.#current.packageSecret = packageSecret
      this.#torn = false
    }
    const turn = new Turn(this.#deps.database, this.#deps.clock.now())
    const work = new Work(this.#current, turn)
    if (nextHeld(work.state) <= turn.at) drainOperations(work.state, turn, work.news)
    const done: Job[] = []
    for (const job of jobs) {
      try {
        await job.run(work)
        done.push(job)
      } catch (error) {
        job.failed(error)
      }
    }
    try {
      await this.#finish(work)
    } catch (error) {
      this.#torn = true
      // Where it was not the commit that failed: what was staged must not be read any more.
      turn.batch.abandon()
      for (const job of done) job.failed(error)
      this.#hooks.fault(error)
      return
    }
    for (const job of done) job.done()
    this.#tell(work)
  }

  async #finish(work: Work): Promise<void> {
    await settle(work)
    for (const operation of work.announcements) publishControl(work, { kind: 'operation', operation })
    settleMembership(work)
    noteOwn(work)
    keepChains(work)
    await work.turn.commit(this.#deps.events)
  }

  /** After the commit: nothing that is told here can be lost any more. */
  #tell(work: Work): void {
    const { turn } = work
    for (const [from, items] of turn.stored) {
      if (items.operations.length + items.records.length + items.envelopes.length === 0) continue
      this.#hooks.feed({
        type: 'stored',
        server: this.server,
        ...items,
        ...(from === undefined ? {} : { from }),
        ...(turn.urgent ? { urgent: true } : {})
      })
    }
    for (const [author, ids] of turn.received)
      this.#hooks.feed({ type: 'receipts', server: this.server, author, kind: 'durable', ids })
    if (turn.published.length > 0) this.#hooks.publish(this, turn.published)
    if (turn.authorityChanged) this.#hooks.feed({ type: 'standing', server: this.server })
    if (turn.outboxRefilled) this.#hooks.feed({ type: 'outbox', server: this.server })
    this.#hooks.changed(this, turn)
    this.#watchHeld()
  }

  /** AU6: what was held for the future is looked at again when its time comes, though nothing else happens. */
  #watchHeld(): void {
    const next = nextHeld(this.#current)
    if (next >= this.#wakesAt) return
    this.#cancelWake?.()
    this.#wakesAt = next
    this.#cancelWake = this.later(Math.max(1, next - this.#deps.clock.now()), () => {
      this.#wakesAt = Infinity
    })
  }

  // Sync's side.

  async lookup(query: SyncQuery): Promise<SyncFound> {
    return await lookUp(this.#current, query)
  }

  async deliver(
    kind: ItemKind,
    items: readonly Uint8Array[],
    from: DeviceId
  ): Promise<{ readonly fresh: number; readonly refusal?: Refusal }> {
    return await this.do(async work => {
      if (kind === 'stubs') return await takeStubs(work, items)
      if (kind === 'envelopes') {
        const envelopes = readItems(work, items)
        return envelopes.ok
          ? await takeEnvelopes(work, envelopes.value, from, false)
          : { fresh: 0, refusal: envelopes }
      }
      let fresh = 0
      for (const bytes of items) {
        const taken =
          kind === 'operations'
            ? takeOperation(work.state, work.turn, work.news, bytes, from)
            : takeRecord(work.state, work.turn, bytes, from)
        if (taken.kind === 'refused') return { fresh, refusal: taken.refusal }
        if (taken.kind === 'fresh' && 'opened' in taken) work.openedKeys(taken.opened)
        if (taken.kind === 'fresh' && 'topicChanged' in taken && taken.topicChanged)
          work.turn.topicChanged = true
        if (taken.kind !== 'known') fresh++
      }
      return { fresh }
    })
  }

  news(effect: SyncNews): void {
    if (effect.type === 'receipt') {
      this.do(work => applyReceipt(work, effect.receipt)).catch((error: unknown) => this.#hooks.fault(error))
      return
    }
    this.#hooks.news(this, effect)
  }

  /** SY18: an author asks which of its messages are durable here. */
  confirm(author: DeviceId, ids: readonly MessageId[]): void {
    this.do(async work => {
      const held = await heldOf(work.state, author, ids)
      if (held.length > 0)
        work.turn.after.push(() =>
          this.#hooks.feed({ type: 'receipts', server: this.server, author, kind: 'durable', ids: held })
        )
    }).catch((error: unknown) => this.#hooks.fault(error))
  }

  // What people ask.

  state(): AuthorityState {
    return this.#current.log.state()
  }

  nameOf(user: UserId): string {
    return this.#current.nameOf(user)
  }

  permits(permission: PermissionName, channel: ChannelId | null): boolean {
    const state = this.#current
    return (
      (state.log.state().permissions(state.user, channel, this.#deps.clock.now()) &
        permissionsToBits([permission])) !==
      0n
    )
  }

  async send(channel: ChannelId, content: string, replyTo: MessageId | null): Promise<HeldMessage> {
    await recallPace(this.#current, channel)
    return await this.#write(channel, work => writeMessage(work, channel, content, replyTo).id)
  }

  async edit(channel: ChannelId, message: MessageId, content: string): Promise<HeldMessage> {
    const held = await this.#required(channel, message)
    return await this.#write(channel, work => {
      writeEdit(work, held, content)
      return message
    })
  }

  async remove(channel: ChannelId, message: MessageId): Promise<HeldMessage> {
    const held = await this.#required(channel, message)
    return await this.#write(channel, work => {
      writeDelete(work, held)
      return message
    })
  }

  async react(channel: ChannelId, message: MessageId, emoji: string, on: boolean): Promise<HeldMessage> {
    const held = await this.#required(channel, message)
    return await this.#write(channel, work => {
      writeReaction(work, held, emoji, on)
      return message
    })
  }

  async operate(intent: Intent, reason: string | null): Promise<OperationOutcome> {
    return committed(await this.do(work => operateIntent(work, intent, reason)))
  }

  async transfer(options: Parameters<Replica['transfer']>[0]): Promise<OperationOutcome> {
    return committed(await this.do(work => transferServer(work, options)))
  }

  consent(): string {
    return giveConsent(this.#current)
  }

  now(): number {
    return this.#deps.clock.now()
  }

  titleOf(channel: ChannelId): ChannelTitle {
    return this.#current.titleOf(channel)
  }

  automod(): readonly AutomodRule[] {
    return automodRules(this.state())
  }

  audit(query: AuditQuery): AuditPage {
    return auditPage(this.#current, query)
  }

  bans(): readonly BanReport[] {
    return listBans(this.#current)
  }

  heads(): HeadsReport {
    return reportHeads(this.#current)
  }

  async invite(options: {
    readonly maxUses: number | null
    readonly expiresInMs: number | null
    readonly reason: string | null
  }): Promise<MadeInvite> {
    const addresses = this.#hooks.linkAddresses(this.server)
    return await this.do(work => makeInvite(work, { ...options, addresses }))
  }

  linkOf(invite: InviteId): string | undefined {
    return this.#current.links.get(invite)
  }

  async leave(): Promise<OperationOutcome> {
    return committed(await this.do(work => operate(work, draftLeave())))
  }

  async page(channel: ChannelId, options: PageOptions): Promise<Page> {
    return await this.#deps.timeline.page(channel, options)
  }

  async message(channel: ChannelId, id: MessageId): Promise<HeldMessage | undefined> {
    const message = await this.#deps.timeline.message(channel, id)
    return message === undefined ? undefined : await this.#held(message)
  }

  async locate(id: MessageId): Promise<ChannelId | undefined> {
    return await this.#deps.timeline.locate(id)
  }

  async deliveryOf(id: MessageId): Promise<DeliveryReport> {
    const channel = await this.locate(id)
    const message = channel === undefined ? undefined : await this.#deps.timeline.message(channel, id)
    return message === undefined ? LOCAL : await deliveryOf(this.#current, message)
  }

  unread(channel: ChannelId): number {
    return this.#deps.timeline.unread(channel).count
  }

  async markRead(channel: ChannelId, message: MessageId | null): Promise<void> {
    await this.#deps.timeline.markRead(channel, message)
  }

  online(): ReadonlySet<UserId> {
    const users = new Set<UserId>([this.#current.user])
    const authority = this.state()
    for (const device of this.#hooks.online()) {
      const user = authority.device(device)?.user
      if (user !== undefined) users.add(user)
    }
    return users
  }

  /** Runs a duty after a while, if it is still called for then. */
  later(ms: number, run: (work: Work) => void | Promise<void>): () => void {
    return this.#timers.after(ms, () => {
      this.do(run).catch((error: unknown) => this.#hooks.fault(error))
    })
  }

  async #write(channel: ChannelId, run: (work: Work) => MessageId): Promise<HeldMessage> {
    const id = await this.do(run)
    const held = await this.message(channel, id)
    if (held === undefined)
      throw new XcordError('XCORD_MESSAGE_NOT_FOUND', 'The message is not held here.', { message: id })
    return held
  }

  async #required(channel: ChannelId, id: MessageId): Promise<Message> {
    const message = await this.#deps.timeline.message(channel, id)
    if (message === undefined || message.status === 'deleted') {
      throw new XcordError(
        'XCORD_MESSAGE_NOT_FOUND',
        message === undefined ? 'No such message is held here.' : 'This message was deleted.',
        { message: id }
      )
    }
    return message
  }

  async #held(message: Message): Promise<HeldMessage> {
    return { message, delivery: await deliveryOf(this.#current, message) }
  }
}
