/**
 * Pages that are shown before a replay (ND27): opened by what our link gives, held against a snapshot's list of devices,
 * and judged by nobody yet. They lie in memory alone. No key, permission or message of ours rests on them: the ring here
 * is used for opening and is thrown away with them.
 */
import {
  accept,
  type ChannelId,
  compareIds,
  type DeviceId,
  type MessageId,
  type UserId,
  type Verdict
} from '../../base/index.ts'
import { type AuthorityState, PERMISSION_BITS } from '../../authority/index.ts'
import { createKeyRing, type KeyRing, readKeyRecord } from '../../e2ee/index.ts'
import { type Envelope, EnvelopeType, readEnvelope, verifyEnvelope } from '../../graph/index.ts'
import { readProfile } from '../../identity/index.ts'
import {
  type IndexEntry,
  messageOf,
  type MessageRecord,
  reduceMessage,
  targetOf,
  type TimelineItem,
  validateBody
} from '../../timeline/index.ts'
import { isFarAhead, timelineBody } from '../intake/judge-content.ts'
import { heldInvites } from '../keys/held-invites.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import type { PageAnswer } from './fetch-page.ts'
import type { Preview } from './fetch-snapshot.ts'

/** A page of one channel, as one peer gave it. */
export interface ProvisionalPage {
  /** Who gave it. */
  readonly from: DeviceId
  /** By message; taken out as soon as it is known what becomes of each. */
  readonly records: Map<MessageId, MessageRecord>
  readonly envelopes: readonly Envelope[]
}

/** What is shown of a server's messages until it is replayed. */
export interface Provisional {
  readonly preview: Preview
  /** Opens; nothing is sealed under its keys. */
  readonly ring: KeyRing
  readonly pages: Map<ChannelId, ProvisionalPage>
  readonly names: Map<UserId, string>
  /** Channels that were asked for. */
  readonly asked: Set<ChannelId>
  /** Their envelopes went through the door of all others. */
  offered: boolean
}

/** Begins with what the link gives. */
export function createProvisional(state: ReplicaState, preview: Preview): Provisional {
  const { suite, account } = state.deps
  const ring = createKeyRing({
    suite,
    server: state.server,
    log: preview.log,
    user: account.user,
    device: account.device.device,
    signingKey: account.device.signingKey,
    userKeys: account.userKeys,
    invites: heldInvites(state.deps, preview.log, state.inviteSecret)
  })
  return { preview, ring, pages: new Map(), names: new Map(), asked: new Set(), offered: false }
}

const VIEW_CHANNEL = 1n << BigInt(PERMISSION_BITS.ViewChannel)
const MANAGE_MESSAGES = 1n << BigInt(PERMISSION_BITS.ManageMessages)

/** Whether the snapshot lets us view a channel. It decides what is shown, and nothing else. */
export function showsChannel(state: ReplicaState, shown: AuthorityState, channel: ChannelId): boolean {
  if (shown.channel(channel) === undefined) return false
  return (shown.permissions(state.user, channel, state.deps.clock.now()) & VIEW_CHANNEL) !== 0n
}

/** What is looked at, or else the first text channel that we may view. */
export function firstChannel(state: ReplicaState, shown: AuthorityState): ChannelId | undefined {
  const looked = state.onScreen.findLast(each => showsChannel(state, shown, each))
  if (looked !== undefined) return looked
  return shown.channels().find(({ id, kind }) => kind === 'text' && showsChannel(state, shown, id))?.id
}

/**
 * Takes a peer's answer in. What can be told without the past is checked: each envelope's signature is its device's, the device is a
 * user's in the snapshot, each key's seed fits its record (EK2) and came out of a box that our keys open.
 */
export function takePage(
  state: ReplicaState,
  provisional: Provisional,
  channel: ChannelId,
  from: DeviceId,
  answer: PageAnswer
): Verdict<ProvisionalPage> {
  const shown = provisional.preview.log.state()
  takeRecords(state, provisional, shown, answer.records)
  const items: TimelineItem[] = []
  const envelopes: Envelope[] = []
  for (const row of answer.rows) {
    const read = readRow(state, row)
    if (!read.ok) return read
    const item = itemOf(state, provisional.ring, shown, channel, row.device, read.value)
    if (item === undefined) continue
    items.push(item)
    envelopes.push(read.value)
  }
  takeNames(state, provisional, shown, answer.profiles)
  return accept({ from, records: reduceAll(items), envelopes })
}

/** What is no record of a device in the snapshot, or is refused by the ring, opens nothing: then less is shown. */
function takeRecords(
  state: ReplicaState,
  { ring }: Provisional,
  shown: AuthorityState,
  records: readonly Uint8Array[]
): void {
  for (const bytes of records) {
    const read = readKeyRecord(state.deps.suite, bytes)
    if (read.ok && shown.device(read.value.device) !== undefined) ring.add(bytes, state.deps.clock.now())
  }
}

function readRow({ deps: { suite } }: ReplicaState, row: PageAnswer['rows'][number]): Verdict<Envelope> {
  const read = readEnvelope(suite, row.envelope)
  return read.ok ? verifyEnvelope(suite, read.value, row.device) : read
}

/** Undefined where it does not open here or belongs elsewhere. */
function itemOf(
  state: ReplicaState,
  ring: KeyRing,
  shown: AuthorityState,
  channel: ChannelId,
  device: DeviceId,
  envelope: Envelope
): TimelineItem | undefined {
  const user = shown.device(device)?.user
  if (user === undefined || envelope.type !== EnvelopeType.chat) return undefined
  const result = ring.open(envelope)
  if (result.kind !== 'opened' || result.opened.channel !== channel) return undefined
  const { payload } = result.opened
  const body = timelineBody(payload.body)
  if (body === undefined || !validateBody(body).ok || isFarAhead(payload.at, state.deps.clock.now()))
    return undefined
  const mayManage = (shown.permissions(user, channel, payload.at) & MANAGE_MESSAGES) !== 0n
  const { at, auth } = payload
  const standing = 'visible'
  return { id: envelope.id, channel, device, user, seq: envelope.seq, at, auth, body, standing, mayManage }
}

/** Those of which the message itself is there. */
function reduceAll(items: readonly TimelineItem[]): Map<MessageId, MessageRecord> {
  const records = new Map<MessageId, MessageRecord>()
  for (const item of items) {
    const target = targetOf(item)
    records.set(target, reduceMessage(records.get(target), item).record)
  }
  for (const [id, record] of records) if (record.original === null) records.delete(id)
  return records
}

function takeNames(
  state: ReplicaState,
  { names }: Provisional,
  shown: AuthorityState,
  profiles: readonly Uint8Array[]
): void {
  for (const bytes of profiles) {
    const read = readProfile(state.deps.suite, bytes)
    if (!read.ok || shown.device(read.value.device)?.user !== read.value.user) continue
    names.set(read.value.user, read.value.name)
  }
}

/** A message that is shown unverified. */
export function provisionalRecord(
  { provisional }: ReplicaState,
  channel: ChannelId,
  id: MessageId
): MessageRecord | undefined {
  return provisional?.pages.get(channel)?.records.get(id)
}

/** Lines of a channel's order, for pages; oldest first. */
export function provisionalEntries(page: ProvisionalPage): readonly IndexEntry[] {
  const entries: IndexEntry[] = []
  for (const record of page.records.values()) {
    const message = messageOf(record)
    if (message === undefined) continue
    const { id, at, author, status } = message
    entries.push({ id, at, author, status, mentioned: false })
  }
  return entries.sort((a, b) => a.at - b.at || compareIds(a.id, b.id))
}
