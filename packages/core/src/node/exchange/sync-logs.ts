/** Message logs as sync reconciles them (SY6), read from the timeline's order; and which come first (SY7). */
import { type ChannelId, type DeviceId, idToBytes, type MessageId } from '../../base/index.ts'
import {
  compareBounds,
  fingerprintOf,
  type MessageEntry,
  type MessageLog,
  type MessageSpan,
  RangeTree,
  type SyncFound,
  type SyncQuery
} from '../../sync/index.ts'
import type { PageOptions } from '../../timeline/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { actTable, envelopeTable } from '../replica/tables.ts'
import type { MessagePlace } from '../timeline/timeline-store.ts'
import type { SyncEvent } from './sync-host.ts'

/** Entries read for one request over all its spans: some 100 ms of a disk. Where it ends, the answer begins. */
const ENTRIES_MAX = 20_000

/** Reads the parts of message logs that a request is about; null for channels that the device may not view. */
export async function readLogs(
  state: ReplicaState,
  query: Extract<SyncQuery, { kind: 'logs' }>,
  mayRead: (device: DeviceId, channel: ChannelId) => boolean
): Promise<SyncFound> {
  const logs: (MessageLog | null)[] = []
  let left = ENTRIES_MAX
  for (const span of query.spans) {
    const served = (channel: string | null): boolean =>
      state.log.state().channel(channel as ChannelId) !== undefined &&
      mayRead(query.device, channel as ChannelId)
    const log = span.log === 'acts' || served(span.log) ? await readLog(state, span, left, served) : null
    left = Math.max(1, left - (log?.tree.size ?? 0))
    logs.push(log)
  }
  return { kind: 'logs', logs }
}

async function readLog(
  state: ReplicaState,
  span: MessageSpan,
  countMax: number,
  served: (channel: string | null) => boolean
): Promise<MessageLog> {
  const { log, from, to, newest } = span
  const max = Math.min(countMax, newest === 0 ? Infinity : newest)
  // One more than wanted tells whether there is more; those of the last time may lie beyond the upper end.
  const range = {
    from: from.time,
    to: Math.min(Number.MAX_SAFE_INTEGER, to.time + 1),
    countMax: max + 1
  }
  const found =
    log === 'acts' ? await readActs(state, range, served) : await state.deps.timeline.originals(log, range)
  const entries = found
    .map(({ at, id, device, seq }): MessageEntry => ({
      time: at,
      share: fingerprintOf(idToBytes(id)),
      chain: device,
      seq
    }))
    .filter(each => compareBounds(each, from) >= 0 && compareBounds(each, to) < 0)
  if (found.length <= max) return { tree: RangeTree.of(entries), from }
  // More were there than are looked at: begin with a whole time, as all of it was read of none but the others.
  const last = found.at(-1)?.at ?? from.time
  const whole = entries.filter(each => each.time > last)
  return { tree: RangeTree.of(whole), from: { time: last + 1, share: 0n } }
}

/** Acts as `originals` gives messages; those of channels that are not served are as if they were not there. */
async function readActs(
  state: ReplicaState,
  { from, to, countMax }: { readonly from: number; readonly to: number; readonly countMax: number },
  served: (channel: string | null) => boolean
): Promise<readonly MessagePlace[]> {
  const { database } = state.deps
  const acts: MessagePlace[] = []
  const scan = database.table(actTable).scan({ prefix: [state.server], from, to, reverse: true })
  for await (const { sort, value } of scan) {
    const { id, device, seq } = value
    acts.push({ at: sort[0] as number, id: id as MessageId, device: device as DeviceId, seq })
    if (acts.length >= countMax) break
  }
  const rows = await database
    .table(envelopeTable)
    .getMany(acts.map(({ device, seq, id }) => [state.server, device, seq, id] as const))
  return acts.filter((_, index) => served(rows[index]?.channel ?? null))
}

/** What is on screen, then what is unread, then what was lately active (SY7); threads among channels. */
export function channelsByInterest(state: ReplicaState): readonly ChannelId[] {
  const { timeline } = state.deps
  const ranked = state.log
    .state()
    .channels()
    .filter(({ kind }) => kind !== 'category')
    .map(({ id }) => ({
      id,
      shown: state.onScreen.indexOf(id),
      unread: timeline.unread(id).count > 0 ? 1 : 0,
      at: state.tips.get(id)?.[0]?.at ?? 0
    }))
  return ranked.sort((a, b) => b.shown - a.shown || b.unread - a.unread || b.at - a.at).map(({ id }) => id)
}

/** Channels of which a page was read lately, the newest last. */
const ON_SCREEN_MAX = 4

/** Somebody looks at a page of a channel: what it lacks does not wait for the budget (SY19). */
export async function lookAt(
  state: ReplicaState,
  channel: ChannelId,
  { before, after, around }: PageOptions,
  feed: (event: SyncEvent) => void
): Promise<void> {
  const { server } = state
  const upTo = before ?? after ?? around
  if (upTo === undefined) {
    noteOnScreen(state, channel)
    feed({ type: 'look', server, channel, before: null })
  } else if (before !== undefined) {
    const at =
      typeof before === 'string' ? (await state.deps.timeline.message(channel, before))?.at : before.at
    if (at !== undefined) feed({ type: 'look', server, channel, before: at })
  }
}

/** Somebody looks at the newest page of a channel. */
function noteOnScreen(state: ReplicaState, channel: ChannelId): void {
  const shown = state.onScreen.filter(each => each !== channel)
  state.onScreen = [...shown, channel].slice(-ON_SCREEN_MAX)
}
