/**
 * Rules for what is written, beside permission (AU12, last paragraph; NT26): automod and slow mode. Checked before
 * our own member's messages are signed, before a neighbour's are forwarded, and automod by what the author knew.
 */
import {
  type ChannelId,
  type DeviceId,
  idAs,
  type MessageId,
  type OperationId,
  type UserId,
  XcordError
} from '../../base/index.ts'
import { type AuthorityState, everyoneRole, permissionsToBits } from '../../authority/index.ts'
import type { Body } from '../../e2ee/index.ts'
import { type Envelope, EnvelopeType } from '../../graph/index.ts'
import { type AutomodRule, brokenRule, type JudgedText } from '../intents/automod.ts'
import { permissionsFor } from './content-permissions.ts'
import type { ReplicaState, SentMark } from '../replica/replica-state.ts'

const UNSLOWED = permissionsToBits(['Administrator', 'BypassSlowmode', 'ManageMessages', 'ManageChannels'])

const sentKey = (channel: ChannelId, user: UserId): string => `${channel}|${user}`

/** Remembers a user's newest message in a channel. */
export function noteSent(state: ReplicaState, channel: ChannelId, user: UserId, mark: SentMark): void {
  const key = sentKey(channel, user)
  const known = state.lastSent.get(key)
  if (known === undefined || mark.at > known.at) state.lastSent.set(key, mark)
}

/** How long a user has to wait between two messages in a channel, ms; 0 where slow mode does not bind them. */
export function slowModeOf(authority: AuthorityState, channel: ChannelId, user: UserId, at: number): number {
  const seconds = authority.channel(channel)?.slowModeSeconds ?? 0
  if (seconds === 0 || (authority.permissions(user, channel, at) & UNSLOWED) !== 0n) return 0
  return seconds * 1_000
}

/** Messages of a page in which our newest is looked for. */
const RECALLED_MAX = 100

/**
 * Slow mode outlives a restart: where nothing is remembered, our newest message is looked up. Nothing is returned
 * where there is nothing to wait for.
 */
export function recallPace(state: ReplicaState, channel: ChannelId): Promise<void> | undefined {
  const { user, deps } = state
  const slow = slowModeOf(state.log.state(), channel, user, deps.clock.now()) !== 0
  return slow && !state.lastSent.has(sentKey(channel, user)) ? recall(state, channel) : undefined
}

async function recall(state: ReplicaState, channel: ChannelId): Promise<void> {
  const { user, deps } = state
  const { messages } = await deps.timeline.page(channel, { limit: RECALLED_MAX })
  const own = messages.findLast(each => each.author === user)
  if (own !== undefined) noteSent(state, channel, user, { id: own.id, at: own.at })
}

/** Refuses our own message while slow mode says to wait. */
export function requirePace(state: ReplicaState, channel: ChannelId, at: number): void {
  const wait = slowModeOf(state.log.state(), channel, state.user, at)
  const last = state.lastSent.get(sentKey(channel, state.user))
  if (wait === 0 || last === undefined || at - last.at >= wait) return
  const retryAfterMs = last.at + wait - at
  throw new XcordError(
    'XCORD_SLOW_MODE',
    `#${state.titleOf(channel).name ?? channel} is in slow mode: ${Math.ceil(retryAfterMs / 1_000)} s to go.`,
    { channel, retryAfterMs }
  )
}

/** Refuses our own text where it breaks a rule of automod. */
export function requireDecent(state: ReplicaState, said: JudgedText): void {
  const rule = brokenRule(state.log.state(), said)
  if (rule === undefined) return
  throw new XcordError(
    'XCORD_AUTOMOD_BLOCKED',
    `The server's rule "${rule.name}" does not allow this message.`,
    { name: rule.name, automodRule: rule.id }
  )
}

/** A body with its place, as automod judges it. */
export interface Spoken {
  readonly user: UserId
  readonly channel: ChannelId
  readonly auth: readonly OperationId[]
  readonly at: number
  readonly body: Body
}

/** ND13: whether a text breaks a rule that its own author had seen: a function of operations and message alone. */
export function breaksAutomod(state: ReplicaState, spoken: Spoken): boolean {
  if (!state.automodSeen) return false
  const past = state.log.stateAt([...spoken.auth, idAs('o', spoken.channel)])
  return past !== undefined && broken(past, spoken) !== undefined
}

function broken(authority: AuthorityState, { user, channel, at, body }: Spoken): AutomodRule | undefined {
  if (body.kind !== 'message' && body.kind !== 'edit') return undefined
  return brokenRule(authority, { user, channel, at, content: body.content, mentions: body.mentions })
}

const open = new WeakMap<AuthorityState, boolean>()
const ORDINARY = permissionsToBits(['ViewChannel', 'SendMessages'])

/** Whether every member may write everywhere at any pace: then nothing has to be opened before it is forwarded. */
function isOpenGround(authority: AuthorityState): boolean {
  let found = open.get(authority)
  if (found === undefined) {
    const base = authority.role(everyoneRole(authority.server))?.permissions ?? 0n
    found =
      (base & ORDINARY) === ORDINARY &&
      authority.automod().length === 0 &&
      authority
        .channels()
        .every(
          each =>
            each.slowModeSeconds === 0 &&
            each.thread === undefined &&
            each.overwrites.every(row => (row.deny & ORDINARY) === 0n)
        )
    open.set(authority, found)
  }
  return found
}

/** What a bundle is to be told: passed on, kept to oneself, or that and a word to whoever passed it on. */
export type ForwardVerdict = 'accept' | 'ignore' | 'blame'

/**
 * NT26: whether a neighbour's verified bundle goes on. What cannot be judged here (no key, an unknown frontier) does;
 * what a member may not write, or writes faster than slow mode lets them, or against automod, does not. The last two
 * every member sees as well as we do: who passes them on is blamed.
 */
export function judgeForward(
  state: ReplicaState,
  device: DeviceId,
  bundle: readonly Envelope[],
  now: number
): ForwardVerdict {
  const authority = state.log.state()
  const known = authority.device(device)
  const member = known === undefined ? undefined : authority.member(known.user)
  if (known?.on !== true || member?.status !== 'in') return 'ignore'
  if (member.timeoutUntil <= now && isOpenGround(authority)) return 'accept'
  const paces = new Map<ChannelId, SentMark>()
  for (const each of bundle) {
    if (each.type !== EnvelopeType.chat) continue
    const verdict = judgeOne(state, device, known.user, each, paces)
    if (verdict !== 'accept') return verdict
  }
  return 'accept'
}

/** Whether a neighbour's verified bundle goes on. */
export function mayForward(...args: Parameters<typeof judgeForward>): boolean {
  return judgeForward(...args) === 'accept'
}

function judgeOne(
  state: ReplicaState,
  device: DeviceId,
  user: UserId,
  envelope: Envelope,
  paces: Map<ChannelId, SentMark>
): ForwardVerdict {
  const result = state.ring.open(envelope)
  if (result.kind === 'missing') return 'accept'
  if (result.kind !== 'opened') return 'ignore'
  const { channel, payload } = result.opened
  const { auth, at, body } = payload
  const act = { device, seq: envelope.seq, id: envelope.id, channel, auth, at, needs: permissionsFor(body) }
  const verdict = state.log.judge(act)
  if (verdict.kind === 'waiting') return 'accept'
  if (verdict.kind !== 'visible') return 'ignore'
  const authority = state.log.state()
  if (broken(authority, { user, channel, auth, at, body }) !== undefined) return 'blame'
  if (body.kind !== 'message') return 'accept'
  const paced = keepsPace(state, authority, user, channel, { id: envelope.id, at }, paces)
  return paced ? 'accept' : 'blame'
}

function keepsPace(
  state: ReplicaState,
  authority: AuthorityState,
  user: UserId,
  channel: ChannelId,
  mark: { readonly id: MessageId; readonly at: number },
  paces: Map<ChannelId, SentMark>
): boolean {
  const wait = slowModeOf(authority, channel, user, mark.at)
  const last = paces.get(channel) ?? state.lastSent.get(sentKey(channel, user))
  paces.set(channel, mark)
  // What came by another way already, or is older than what we know, says nothing of the pace.
  return (
    wait === 0 || last === undefined || last.id === mark.id || mark.at <= last.at || mark.at - last.at >= wait
  )
}
