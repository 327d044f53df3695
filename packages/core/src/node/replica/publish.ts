/**
 * Own envelopes: sealed under a safe key, placed in our chain, kept before they leave (KS6, EK10, EN5).
 */
import {
  type ChannelId,
  compareIds,
  idAs,
  type KeyId,
  type OperationId,
  XcordError
} from '../../base/index.ts'
import {
  type Body,
  encodeChannelName,
  type KeyPlan,
  type OpenedEnvelope,
  type Payload,
  type TopicKeys
} from '../../e2ee/index.ts'
import { type Envelope, EnvelopeType, EPHEMERAL_LINK, signOperation } from '../../graph/index.ts'
import { mayRetitle } from '../intents/title-rights.ts'
import type { ReplicaState } from './replica-state.ts'
import { apply, keep, place } from '../intake/take-envelopes.ts'
import { addOperation } from '../intake/take-operations.ts'
import { takePlan } from '../intake/take-records.ts'
import type { Work } from './work.ts'

/** AU34: how far a parent's claimed time may lie ahead of our clock and still push ours. */
const PUSH_MS_MAX = 120_000

/** The channel that carries operations (EK19). */
export function metaChannel(work: Work): ChannelId {
  return idAs('c', work.state.server)
}

/** Time of the next own envelope: after our chain and after what it answers (AU34). */
function nextTime(work: Work, channel: ChannelId): number {
  const { state, turn } = work
  let time = Math.max(turn.at, state.author(state.self).at + 1)
  for (const { at } of state.tips.get(channel) ?? [])
    if (at <= turn.at + PUSH_MS_MAX) time = Math.max(time, at + 1)
  return time
}

/** Where a channel's content is sealed: a public thread has its parent's keys, and is named inside (EK7, EN6). */
function placeOf(
  work: Work,
  channel: ChannelId
): { readonly keyChannel: ChannelId; readonly thread: ChannelId | null } {
  const found = work.state.log.state().channel(channel)
  if (found?.thread === undefined || found.thread.private || found.parent === null)
    return { keyChannel: channel, thread: null }
  return { keyChannel: found.parent, thread: channel }
}

/** What we have seen, as an envelope cites it: the same until another operation is accepted. */
function frontierOf(state: ReplicaState, channel: ChannelId): readonly OperationId[] {
  const count = state.log.count()
  let known = state.frontiers.get(channel)
  if (known?.count !== count) {
    known = { count, ids: state.log.frontierFor(state.self, channel) }
    state.frontiers.set(channel, known)
  }
  return known.ids
}

interface Published {
  readonly envelope: Envelope
  /** As whoever opens the envelope reads it. */
  readonly payload: Payload
}

/** Seals, signs, places and keeps one envelope of ours; it leaves after the commit. */
function publishUnder(
  work: Work,
  type: Envelope['type'],
  keyId: Parameters<Work['state']['ring']['seal']>[0]['keyId'],
  channel: ChannelId,
  body: Body,
  topic?: TopicKeys
): Published {
  const { state, turn } = work
  if (topic === undefined && state.ring.currentTopic() === undefined) {
    throw new XcordError(
      'XCORD_PERMISSION_DENIED',
      'No key of this server is held here yet. Join by a link of any member: they hand the keys over.',
      { rule: 'EK17', action: 'seal' }
    )
  }
  const author = state.author(state.self)
  const at = nextTime(work, channel)
  const parents =
    type === EnvelopeType.chat ? (state.tips.get(channel) ?? []).map(each => each.id).sort(compareIds) : []
  const { thread } = placeOf(work, channel)
  const payload: Payload = { thread, at, auth: frontierOf(state, channel), parents, body }
  const envelope = state.ring.seal({
    random: state.deps.random,
    type,
    keyId,
    link: author.chain.next(),
    payload,
    ...(topic === undefined ? {} : { topic })
  })
  author.at = at
  place(work, state.self, envelope)
  turn.published.push(envelope)
  turn.storedFrom(undefined).envelopes.push(envelope.bytes)
  return { envelope, payload }
}

/** Writes content into a channel. The caller has checked permission. */
export function publishContent(work: Work, channel: ChannelId, body: Body): Envelope {
  const { keyChannel } = placeOf(work, channel)
  const keyId = epochKey(work, keyChannel, true)
  const { envelope, payload } = publishUnder(work, EnvelopeType.chat, keyId, channel, body)
  work.state.ownChannels.set(envelope.id, channel)
  // The author's own screen updates by the same door as everyone's; only opening it again is left out.
  const opened: OpenedEnvelope = { keyId, keyChannel, channel, payload }
  keep(work, work.state.self, envelope, apply(work, work.state.self, envelope, opened, undefined))
  return envelope
}

/** Publishes a channel's title for those who read it (EK19); taken by the same door as everyone's. */
export function publishTitle(work: Work, channel: ChannelId, name: Uint8Array): void {
  publishTitleUnder(work, channel, epochKey(work, placeOf(work, channel).keyChannel), name)
}

function publishTitleUnder(work: Work, channel: ChannelId, keyId: KeyId, name: Uint8Array): void {
  const { keyChannel } = placeOf(work, channel)
  const { envelope, payload } = publishUnder(work, EnvelopeType.control, keyId, channel, {
    kind: 'channelName',
    name
  })
  const opened: OpenedEnvelope = { keyId, keyChannel, channel, payload }
  keep(work, work.state.self, envelope, apply(work, work.state.self, envelope, opened, undefined))
}

/** EK19: a sealed title again under a new epoch that links nothing, as newcomers read nothing older. */
function repeatTitle(work: Work, channel: ChannelId, keyId: KeyId): void {
  const { state } = work
  const found = state.log.state().channel(channel)
  const sealed = state.channelNames.get(channel)
  if (found === undefined || found.name !== null || found.history[0] === 0 || sealed === undefined) return
  if (!mayRetitle(work, found)) return
  const { suite, account } = state.deps
  const { name, topic, revision } = sealed
  publishTitleUnder(
    work,
    channel,
    keyId,
    encodeChannelName(suite, account.device.signingKey, { channel, revision: revision + 1, name, topic })
  )
}

/** Sees to an epoch that all present readers of a channel can open, where we may write there. */
export function readyEpoch(work: Work, channel: ChannelId): void {
  const { state, turn } = work
  const { keyChannel } = placeOf(work, channel)
  if (state.ring.epochFor(state.deps.random, keyChannel, turn.at).kind === 'plan')
    epochKey(work, keyChannel, true)
}

/** Publishes something for all members under the meta epoch: operations, profiles. */
export function publishControl(work: Work, body: Body): void {
  const meta = metaChannel(work)
  const { envelope } = publishUnder(work, EnvelopeType.control, epochKey(work, meta), meta, body)
  keep(work, work.state.self, envelope, { status: 'opened', channel: meta })
}

/** Seals what is never stored (EN9) under a channel's epoch: no part of our chain; the caller gossips it afterwards. */
export function publishEphemeral(work: Work, channel: ChannelId, body: Body, at: number): Envelope {
  const { state } = work
  const keyId = epochKey(work, channel)
  const payload: Payload = { thread: null, at, auth: frontierOf(state, channel), parents: [], body }
  const { random } = state.deps
  return state.ring.seal({ random, type: EnvelopeType.ephemeral, keyId, link: EPHEMERAL_LINK, payload })
}

/** Publishes under the topic key, which whoever knows the topic can read: key records, joins (EN10). */
export function publishKeyed(work: Work, body: Body, topic?: TopicKeys): void {
  const meta = metaChannel(work)
  const { envelope } = publishUnder(work, EnvelopeType.key, 'topic', meta, body, topic)
  keep(work, work.state.self, envelope, { status: 'opened', channel: meta })
}

/** Takes in a plan and publishes its records; a new topic's also under the old one (EK17). */
export function publishPlan(work: Work, plan: KeyPlan): void {
  const { state } = work
  const before = state.ring.currentTopic()
  work.openedKeys(takePlan(state, work.turn, plan))
  const after = state.ring.currentTopic()
  if (after === undefined) return
  const moved = before !== undefined && before.topic !== after.topic
  for (const record of plan.records) {
    const body: Body = { kind: 'keyRecord', record: record.bytes }
    if (moved) publishKeyed(work, body, before)
    publishKeyed(work, body, after)
  }
  // The first topic counts too: nobody hears a founder who has not subscribed.
  if (before?.topic !== after.topic) work.turn.topicChanged = true
}

/** The key to write under, made and published if there is none that is safe (EK10). */
function epochKey(work: Work, channel: ChannelId, retitle = false): KeyId {
  const { state, turn } = work
  let choice = state.ring.epochFor(state.deps.random, channel, turn.at)
  if (choice.kind === 'gather') {
    gather(work)
    choice = state.ring.epochFor(state.deps.random, channel, turn.at)
  }
  switch (choice.kind) {
    case 'key':
      return choice.keyId
    case 'plan':
      publishPlan(work, choice.plan)
      if (retitle) repeatTitle(work, channel, choice.keyId)
      return choice.keyId
    case 'gather':
    case 'refused': {
      const rule = choice.kind === 'refused' ? choice.refusal.rule : 'EK4'
      const reason =
        choice.kind === 'refused' ? choice.refusal.reason : 'too many operations wait to be gathered'
      throw new XcordError('XCORD_PERMISSION_DENIED', `No safe key to write here: ${reason}.`, {
        rule,
        action: 'seal'
      })
    }
  }
}

/** AU8: takes open leaves into one past. */
export function gather(work: Work): void {
  const { state, turn, news } = work
  for (const draft of state.log.gathers()) {
    const fields = state.log.place(state.self, draft, turn.at)
    const operation = signOperation(state.deps.suite, state.deps.account.device.signingKey, fields)
    addOperation(state, turn, news, operation, undefined)
    work.announce(operation.bytes)
  }
}
