/** Threads, rules of automod and objects of a state, put together from their cells. */
import { type ChannelId, compareIds, type UserId } from '../base/index.ts'
import { automodCell, channelCell, objectCell, serverCell, threadMemberCell } from './cell.ts'
import type { AuthorityState, AutomodState, ObjectState, ObjectType, ThreadState } from './contract.ts'
import type { Winner } from './reader.ts'
import { channelOf } from './standing.ts'
import type { View } from './view.ts'

/** What only threads have (AU32). */
export function threadOf(view: View, channel: ChannelId): ThreadState {
  const is = (attribute: 'private' | 'archived' | 'locked'): boolean =>
    view.winner(channelCell(channel, attribute))?.value === 1
  const made = view.winner(channelCell(channel, 'kind')) as Winner
  const members: UserId[] = []
  for (const user of view.ledger.registry.threadMembers.get(channel) ?? [])
    if (view.winner(threadMemberCell(channel, user))?.value === 1) members.push(user)
  return {
    private: is('private'),
    archived: is('archived'),
    locked: is('locked'),
    creator: made.by.known.user,
    createdAt: made.by.op.at,
    members: members.sort(compareIds)
  }
}

/** Rules that stand (AU12, 68). */
export function automodOf(view: View): readonly AutomodState[] {
  return [...view.ledger.registry.automod].sort(compareIds).flatMap(id => {
    const payload = view.winner(automodCell(id))?.value
    return payload instanceof Uint8Array ? [{ id, payload }] : []
  })
}

/** By their numbers (AU12, 70). */
export const OBJECT_TYPES = ['emoji', 'sticker', 'sound', 'webhook', 'event'] as const

/** Objects that stand (AU12, 70): of each its maker, and what its newest value says. */
export function objectsOf(view: View): readonly ObjectState[] {
  return [...view.ledger.registry.objects].sort(compareIds).flatMap(id => {
    const winner = view.winner(objectCell(id))
    const value = winner?.value
    if (winner === undefined || !Array.isArray(value)) return []
    // Behind a snapshot the operation that made it may not be held: then whoever wrote last.
    const creator = view.ledger.entries.get(id)?.known.user ?? winner.by.known.user
    const [type, channel, name, payload] = value as [number, unknown, string, Uint8Array]
    return [
      { id, type: OBJECT_TYPES[type] as ObjectType, channel: channelOf(channel), name, payload, creator }
    ]
  })
}

/** Keys of `srv` (AU12, 64). */
const AFK_CHANNEL = 4
const AFK_SECONDS = 5
const AFK_SECONDS_USUAL = 300

/** Where the idle go (VX14): null where none was named, or where it is no channel to talk in any more. */
export function afkOf(view: View): AuthorityState['afk'] {
  const channel = channelOf(view.winner(serverCell(AFK_CHANNEL))?.value)
  if (channel === null || view.winner(channelCell(channel, 'exists'))?.value !== 1) return null
  const kind = view.winner(channelCell(channel, 'kind'))?.value
  if (kind !== 'voice' && kind !== 'stage') return null
  const seconds = view.winner(serverCell(AFK_SECONDS))?.value
  return { channel, seconds: typeof seconds === 'number' ? seconds : AFK_SECONDS_USUAL }
}
