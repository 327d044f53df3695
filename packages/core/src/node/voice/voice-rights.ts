/** What members may do in a voice channel, by everything accepted here (VX4). */
import { type ChannelId, type DeviceId, XcordError } from '../../base/index.ts'
import { type AuthorityState, permissionsToBits } from '../../authority/index.ts'
import type { Standing } from '../../voice/index.ts'
import type { VoiceJoinOptions } from './voice-contract.ts'

const CONNECT = permissionsToBits(['ViewChannel', 'Connect'])
const SPEAK = permissionsToBits(['Speak'])
const MOVE = permissionsToBits(['MoveMembers'])
const PRIORITY = permissionsToBits(['PrioritySpeaker'])
const OPEN_MICROPHONE = permissionsToBits(['UseVAD'])

/** Of whoever ever was a member by this device; undefined for strangers. */
export function standingOf(
  authority: AuthorityState,
  channel: ChannelId,
  device: DeviceId,
  at: number
): Standing | undefined {
  const known = authority.device(device)
  const member = known && authority.member(known.user)
  if (known === undefined || member === undefined) return undefined
  const here = known.on && member.status === 'in' && authority.channel(channel) !== undefined
  const bits = here ? authority.permissions(known.user, channel, at) : 0n
  const connect = (bits & CONNECT) === CONNECT
  return {
    user: known.user,
    connect,
    // VX14: where the idle are nobody is heard.
    speak: connect && (bits & SPEAK) !== 0n && authority.afk?.channel !== channel,
    muted: member.voice.mute,
    deafened: member.voice.deaf,
    move: (bits & MOVE) !== 0n,
    priority: (bits & PRIORITY) !== 0n
  }
}

function denied(permission: string): XcordError {
  return new XcordError('XCORD_PERMISSION_DENIED', `You need ${permission} for this.`, {
    permission,
    rule: 'VX4',
    action: 'voice'
  })
}

/** The right to move others (VX12). */
export function requireMover(standing: Standing | undefined): void {
  if (standing?.move !== true) throw denied('MoveMembers')
}

/** The right to be heard before others (VX13). */
export function requirePriority(standing: Standing | undefined): void {
  if (standing?.priority !== true) throw denied('PrioritySpeaker')
}

/** Refuses what nobody can talk in. */
export function requireVoiceChannel(authority: AuthorityState, channel: ChannelId): void {
  const found = authority.channel(channel)
  if (found === undefined)
    throw new XcordError('XCORD_CHANNEL_NOT_FOUND', 'There is no such channel.', { channel })
  if (found.kind !== 'voice' && found.kind !== 'stage')
    throw new XcordError('XCORD_CHANNEL_KIND', 'Only voice channels can be joined.', {
      channel,
      kind: found.kind
    })
}

/** Refuses what our own client would refuse: before anything is said. Returns whether one has to push to talk. */
export function requireJoinable(
  authority: AuthorityState,
  channel: ChannelId,
  own: DeviceId,
  at: number,
  options: VoiceJoinOptions
): boolean {
  requireVoiceChannel(authority, channel)
  const standing = standingOf(authority, channel, own, at)
  if (standing?.connect !== true) throw denied('Connect')
  const open = (authority.permissions(standing.user, channel, at) & OPEN_MICROPHONE) !== 0n
  if (!open && options.pushToTalk === false) throw denied('UseVAD')
  return options.pushToTalk ?? !open
}
