/**
 * One server's live replica: what it is asked by people, by sync and by gossip, as jobs for its next turn, and what
 * it tells the node after each.
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
  type UserId
} from '../../base/index.ts'
import {
  type AuthorityState,
  draftLeave,
  type ExplainOptions,
  type PermissionName,
  permissionsToBits
} from '../../authority/index.ts'
import type { Envelope } from '../../graph/index.ts'
import type { ItemKind, ranges, ServerView, SyncFound, SyncQuery } from '../../sync/index.ts'
import type { Message, Page, PageOptions } from '../../timeline/index.ts'
import type { Explanation } from '../../verifier/index.ts'
import { auditPage, listBans, reportHeads } from './audit.ts'
import { type AutomodRule, automodRules } from '../intents/automod.ts'
import type { Blobs } from '../files/blobs.ts'
import type {
  AuditPage,
  AuditQuery,
  BanReport,
  ChannelTitle,
  DeliveryReport,
  HeadsReport,
  HeldMessage,
  Intent,
  JoinRequestReport,
  LiveEvent,
  MadeInvite,
  OperationOutcome,
  Replica
} from '../contract.ts'
import { applyReceipt, deliveryOf, knownDelivery, LOCAL, settleFurther } from './deliver.ts'
import { type VerificationReport, verificationOf } from '../snapshots/enter.ts'
import { type EquivocationReport, equivocations } from '../intake/equivocation.ts'
import { type UnopenedReport, unopened } from '../keys/unopened.ts'
import { explainFor, type ReplicaQuestion } from './explain.ts'
import { exportServer, type ExportServerOptions } from './export-server.ts'
import { answerRequest, listRequests } from '../joining/answer-request.ts'
import { makeInvite } from '../joining/make-invite.ts'
import { notHeld, requireMessage } from '../intents/require-message.ts'
import { usersOnline } from './membership.ts'
import { operate } from './operate.ts'
import { operateIntent } from '../intents/operate-intent.ts'
import type { FalseSnapshot } from './published-claims.ts'
import type { ReplicaDeps, ReplicaState } from './replica-state.ts'
import type { SyncEvent, SyncNews, SyncPort } from '../exchange/sync-host.ts'
import { isSnapshotDue, keepSnapshot } from '../snapshots/keep-snapshot.ts'
import { lookAt } from '../exchange/sync-logs.ts'
import { isUnverified, shownMessage, shownPage } from '../snapshots/shown-page.ts'
import { AGAIN, createServerView, heldOf, lacks, lookUp } from '../exchange/sync-port.ts'
import { takeItems } from '../intake/take-items.ts'
import { giveConsent, transferServer } from '../intents/transfer.ts'
import type { Turn } from './turn.ts'
import { TurnRunner } from './turn-runner.ts'
import type { Work } from './work.ts'
import { openFile, sendMessage } from '../files/message-files.ts'
import { writeDelete, writeEdit, writeReaction } from '../intents/write-content.ts'

/** What a replica tells the node after a commit. */
export interface ReplicaHooks {
  feed(event: SyncEvent): void
  /** Own envelopes, in chain order: to be gossiped. */
  publish(replica: LiveReplica, envelopes: readonly Envelope[]): void
  changed(replica: LiveReplica, turn: Turn): void
  /** Sync tells of progress, or that nothing is missing any more. */
  news(replica: LiveReplica, news: SyncNews): void
  online(): ReadonlySet<DeviceId>
  /** Somebody reads this channel (ND27). */
  looked(replica: LiveReplica, channel: ChannelId): void
  /** Something that is not kept is told to people. */
  live(event: LiveEvent): void
  readonly blobs: Blobs
  /** Where a link made here should lead. */
  linkAddresses(server: ServerId): readonly string[]
  fault(error: unknown): void
}

/** Our own operation, right after its commit. */
function committed(operation: OperationId): OperationOutcome {
  return { operation, standing: 'effective', delivery: { state: 'local', holders: 0 } }
}

export class LiveReplica implements Replica, SyncPort {
  readonly server: ServerId
  readonly view: ServerView
  readonly #deps: ReplicaDeps
  readonly #hooks: ReplicaHooks
  readonly #turns: TurnRunner

  constructor(
    deps: ReplicaDeps,
    timers: Timers,
    hooks: ReplicaHooks,
    state: ReplicaState,
    reload: (all: boolean) => Promise<ReplicaState>
  ) {
    this.server = state.server
    this.#deps = deps
    this.#hooks = hooks
    this.#turns = new TurnRunner({
      state,
      timers,
      reload,
      publish: ({ turn }) => {
        if (turn.published.length > 0) hooks.publish(this, turn.published)
      },
      tell: work => this.#tell(work),
      fault: error => hooks.fault(error)
    })
    this.view = createServerView(() => this.current)
  }

  /** The state of this moment. Read only: changes belong into jobs. */
  get current(): ReplicaState {
    return this.#turns.current
  }

  /** Runs a job in the next turn; resolves when its turn is on disk. */
  do<T>(run: (work: Work) => T | Promise<T>): Promise<T> {
    return this.#turns.do(run)
  }

  /** Runs a duty after a while, if it is still called for then. */
  later(ms: number, run: (work: Work) => void | Promise<void>): () => void {
    return this.#turns.later(ms, run)
  }

  async idle(): Promise<void> {
    await this.#turns.idle()
  }

  async close(): Promise<void> {
    await this.#keep('closing')
    await this.#turns.close()
  }

  /** Until all operations are here: asked for what a snapshot does not tell (ND24). */
  async whole(): Promise<ReplicaState> {
    if (this.current.settled !== undefined) await this.do(work => work.state.wantAll())
    return this.current
  }

  #keep(when: 'every' | 'closing'): Promise<void> {
    const due = isSnapshotDue(this.current, when) ? this.do(keepSnapshot) : Promise.resolve()
    return due.catch((error: unknown) => this.#hooks.fault(error))
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
    if (turn.authorityChanged) this.#hooks.feed({ type: 'standing', server: this.server })
    // Of a long outbox the part that follows is looked through in a turn of its own.
    if (turn.outboxRefilled) this.do(settleFurther).catch((error: unknown) => this.#hooks.fault(error))
    void this.#keep('every')
    this.#hooks.changed(this, turn)
  }

  // Sync's side.

  async lookup(query: SyncQuery): Promise<SyncFound> {
    if (lacks(this.current, query)) return await this.whole().then(() => AGAIN)
    // What is offered is tracked from then on: a change, so it takes its turn.
    return query.kind === 'outbox'
      ? await this.do(async work => await lookUp(work.state, query))
      : await lookUp(this.current, query)
  }

  async deliver(
    kind: ItemKind,
    items: readonly Uint8Array[],
    from: DeviceId
  ): Promise<{ readonly fresh: number; readonly refusal?: Refusal }> {
    return await this.do(async work => await takeItems(work, kind, items, from))
  }

  news(effect: SyncNews): void {
    if (effect.type === 'receipt') {
      this.#turns.linger(work => applyReceipt(work, effect.receipt))
      return
    }
    this.#hooks.news(this, effect)
  }

  /** SY18: an author asks which of its messages are durable here. */
  confirm(author: DeviceId, numbers: ranges.Ranges): void {
    this.do(async work => {
      const held = await heldOf(work.state, author, numbers)
      if (held.length > 0)
        work.turn.after.push(() =>
          this.#hooks.feed({ type: 'receipts', server: this.server, author, kind: 'durable', ids: held })
        )
    }).catch((error: unknown) => this.#hooks.fault(error))
  }

  // What people ask.

  readonly state = (): AuthorityState => this.current.shown()
  readonly falseSnapshots = (): readonly FalseSnapshot[] => [...this.current.falseSnapshots.values()]
  readonly verification = (): VerificationReport => verificationOf(this.current)

  readonly nameOf = (user: UserId): string => this.current.nameOf(user)

  permits(permission: PermissionName, channel: ChannelId | null): boolean {
    const held = this.state().permissions(this.current.user, channel, this.now())
    return (held & permissionsToBits([permission])) !== 0n
  }

  async send(...draft: Parameters<Replica['send']>): Promise<HeldMessage> {
    const { id, turn } = await sendMessage(this, this.#hooks.blobs, ...draft)
    const [channel] = draft
    const message = turn.shown.get(id)
    return message === undefined ? await this.#require(channel, id) : { message, delivery: LOCAL }
  }

  openFile(...named: Parameters<Replica['openFile']>): AsyncIterable<Uint8Array> {
    return openFile(this, this.#hooks.blobs, ...named)
  }

  async edit(channel: ChannelId, message: MessageId, content: string): Promise<HeldMessage> {
    const held = await requireMessage(this.#deps.timeline, channel, message)
    return await this.#write(channel, work => {
      writeEdit(work, held, content)
      return message
    })
  }

  async remove(channel: ChannelId, message: MessageId): Promise<HeldMessage> {
    const held = await requireMessage(this.#deps.timeline, channel, message)
    return await this.#write(channel, work => {
      writeDelete(work, held)
      return message
    })
  }

  async react(...[channel, message, emoji, on]: Parameters<Replica['react']>): Promise<HeldMessage> {
    const held = await requireMessage(this.#deps.timeline, channel, message)
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

  async *exportServer(options: ExportServerOptions): AsyncIterable<Uint8Array> {
    yield* exportServer(await this.whole(), options, async () => await this.#turns.breathe())
  }

  get imported(): boolean {
    return this.current.status === 'imported'
  }

  consent(): string {
    return giveConsent(this.current)
  }

  now(): number {
    return this.#deps.clock.now()
  }

  titleOf(channel: ChannelId): ChannelTitle {
    return this.current.titleOf(channel)
  }

  automod(): readonly AutomodRule[] {
    return automodRules(this.state())
  }

  async audit(query: AuditQuery): Promise<AuditPage> {
    return auditPage(await this.whole(), query)
  }

  async bans(): Promise<readonly BanReport[]> {
    return listBans(await this.whole())
  }

  readonly heads = (): HeadsReport => reportHeads(this.current)
  readonly equivocations = (): readonly EquivocationReport[] => equivocations(this.current)
  readonly unopened = (): readonly UnopenedReport[] => unopened(this.current)

  async explain(question: ReplicaQuestion, options: ExplainOptions = {}): Promise<Explanation> {
    return await explainFor(await this.whole(), question, options)
  }

  async invite(options: {
    readonly maxUses: number | null
    readonly expiresInMs: number | null
    readonly reason: string | null
    readonly approval: boolean
  }): Promise<MadeInvite> {
    const addresses = this.#hooks.linkAddresses(this.server)
    return await this.do(work => makeInvite(work, { ...options, addresses }))
  }

  requests(): readonly JoinRequestReport[] {
    return listRequests(this.current)
  }

  async answerRequest(user: UserId, yes: boolean, reason: string | null): Promise<JoinRequestReport> {
    return await this.do(work => answerRequest(work, user, yes, reason))
  }

  readonly linkOf = (invite: InviteId): string | undefined => this.current.links.get(invite)

  async leave(): Promise<OperationOutcome> {
    return committed(await this.do(work => operate(work, draftLeave())))
  }

  async page(channel: ChannelId, options: PageOptions): Promise<Page> {
    await lookAt(this.current, channel, options, event => this.#hooks.feed(event))
    this.#hooks.looked(this, channel)
    return await shownPage(this.current, channel, options)
  }

  async hold(messages: readonly Message[]): Promise<readonly HeldMessage[]> {
    return await Promise.all(messages.map(each => this.#held(each)))
  }

  recent(channel: ChannelId, id: MessageId): HeldMessage | undefined {
    const message = this.#deps.timeline.recent(channel, id)
    const delivery = message && knownDelivery(this.current, message)
    return message && delivery && { message, delivery }
  }

  async message(channel: ChannelId, id: MessageId): Promise<HeldMessage | undefined> {
    const message = await shownMessage(this.current, channel, id)
    return message === undefined ? undefined : await this.#held(message)
  }

  async locate(id: MessageId): Promise<ChannelId | undefined> {
    return await this.#deps.timeline.locate(id)
  }

  async deliveryOf(id: MessageId): Promise<DeliveryReport> {
    const channel = await this.locate(id)
    const message = channel === undefined ? undefined : await this.#deps.timeline.message(channel, id)
    return message === undefined ? LOCAL : await deliveryOf(this.current, message)
  }

  unread(channel: ChannelId): number {
    return this.#deps.timeline.unread(channel).count
  }

  async markRead(channel: ChannelId, message: MessageId | null): Promise<void> {
    await this.#deps.timeline.markRead(channel, message)
  }

  online(): ReadonlySet<UserId> {
    return usersOnline(this.current, this.#hooks.online())
  }

  async #write(channel: ChannelId, run: (work: Work) => MessageId): Promise<HeldMessage> {
    return await this.#require(channel, await this.do(run))
  }

  async #require(channel: ChannelId, id: MessageId): Promise<HeldMessage> {
    const held = await this.message(channel, id)
    if (held === undefined) throw notHeld(id)
    return held
  }

  async #held(message: Message): Promise<HeldMessage> {
    const delivery = await deliveryOf(this.current, message)
    return (await isUnverified(this.current, message))
      ? { message, delivery, unverified: true }
      : { message, delivery }
  }
}
