/** Who may be given an older epoch (EK15): what keeps a channel's past from newcomers, whatever their client does. */
import type { ChannelId, OperationId, UserId } from '../base/index.ts'
import { type AuthorityState, permissionBit } from '../authority/index.ts'
import type { HistoryMode, KeyRecordBody } from './contract.ts'
import { heldRoleThen, isBeforeCut } from './cut.ts'
import { readHistoryMode } from './key-record.ts'
import { DAY_MS } from './limits.ts'
import { mayRead } from './readers.ts'
import { firstSeen, type Held, type KeyEntry, type RingState } from './ring-state.ts'

type EpochBody = Extract<KeyRecordBody, { kind: 'epoch' }>

const SHARE = permissionBit('ShareHistory') | permissionBit('ManageRoles') | permissionBit('Administrator')

/** A channel's history mode in a state; meta's is all (EK19). undefined for a mode this version does not know. */
export function historyIn(state: AuthorityState, channel: ChannelId): HistoryMode | undefined {
  if (channel.slice(1) === state.server.slice(1)) return { mode: 'all' }
  const numbers = state.channel(channel)?.history
  return numbers === undefined ? undefined : readHistoryMode(numbers)
}

/** Valid records that announce an epoch; of any other key none. */
function epochRecords(ring: RingState, entry: KeyEntry): readonly Held<EpochBody>[] {
  return entry.records.filter(
    (held): held is Held<EpochBody> => held.record.body.kind === 'epoch' && ring.judge(held).kind === 'valid'
  )
}

/**
 * Whether a user could read an epoch's channel in every state that somebody announced it in; undefined where that is
 * not known here, as of frontiers inside the snapshot that the log began with (EK20).
 */
export function couldReadThen(ring: RingState, entry: KeyEntry, user: UserId): boolean | undefined {
  const could = epochRecords(ring, entry).map(({ record, facts }) => {
    if (facts !== undefined && user === ring.user) return facts.mine
    const then = ring.log.stateAt(record.frontier)
    return then && mayRead(then, record.body.channel, user)
  })
  if (could.includes(false)) return false
  return could.includes(undefined) ? undefined : could.length > 0
}

/** Whether a key was made for those alone who could read then, or read for some days back. */
export function isClosedHistory(entry: KeyEntry): boolean {
  return entry.records.some(({ record }) => record.body.kind === 'epoch' && record.body.mode.mode !== 'all')
}

/** Whether a user may hand out epochs of mode window to who could not read when they were made. */
export function mayShare(state: AuthorityState, channel: ChannelId, user: UserId): boolean {
  return (
    mayRead(state, channel, user) &&
    (state.owner === user || (state.permissions(user, channel, 0) & SHARE) !== 0n)
  )
}

/**
 * EK15 for a grant, in the state its author had seen: of mode all to anybody entitled, of the others to who could
 * read when the key was made, of mode window also by somebody who may share. EK16: a role key of before a cut to
 * who held the role then. undefined where that is not known here yet.
 */
export function mayGrant(
  ring: RingState,
  entry: KeyEntry,
  recipient: UserId,
  author: { readonly user: UserId; readonly state: AuthorityState }
): boolean | undefined {
  if (entry.scope.kind !== 'epoch')
    return isBeforeCut(ring, entry, author.state) === false || heldRoleThen(ring, entry, recipient)
  if (!isClosedHistory(entry)) return true
  const { channel } = entry.scope
  const join = entry.records.some(
    ({ record }) => record.body.kind === 'epoch' && record.body.mode.mode === 'join'
  )
  return (!join && mayShare(author.state, channel, author.user)) || couldReadThen(ring, entry, recipient)
}

/** Claimed time of the newest operation a frontier names: a record itself has none. */
export function timeOf(ring: RingState, frontier: readonly OperationId[]): number {
  return Math.max(0, ...frontier.map(id => ring.log.mark(id)?.at ?? 0))
}

/**
 * Whether a window epoch is surely no older than its days: an own key by our clock, another's by the newest
 * operation its author had seen, as when it reached us says nothing of when it was made.
 */
export function isWithinWindow(ring: RingState, entry: KeyEntry, at: number): boolean {
  return epochRecords(ring, entry).every(({ record }) => {
    if (record.body.mode.mode !== 'window') return record.body.mode.mode === 'all'
    const since = record.device === ring.device ? firstSeen(entry) : timeOf(ring, record.frontier)
    return at - since <= record.body.mode.days * DAY_MS
  })
}

/** Whether this device gives a key to a user now: what EK12 would accept, and of mode window no older than its days. */
export function gives(ring: RingState, entry: KeyEntry, recipient: UserId, at: number): boolean {
  if (mayGrant(ring, entry, recipient, { user: ring.user, state: ring.log.state() }) !== true) return false
  return (
    !isClosedHistory(entry) ||
    isWithinWindow(ring, entry, at) ||
    couldReadThen(ring, entry, recipient) === true
  )
}
