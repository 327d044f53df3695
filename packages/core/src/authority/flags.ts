/** Permission flags (AU33): Discord's names and bits, with "Server" for "Guild", and XCord's own from 64. */
import type { PermissionName } from './contract.ts'

/** Flag name to bit position. Bits are only added. */
export const PERMISSION_BITS = {
  CreateInstantInvite: 0,
  KickMembers: 1,
  BanMembers: 2,
  Administrator: 3,
  ManageChannels: 4,
  ManageServer: 5,
  AddReactions: 6,
  ViewAuditLog: 7,
  PrioritySpeaker: 8,
  Stream: 9,
  ViewChannel: 10,
  SendMessages: 11,
  SendTTSMessages: 12,
  ManageMessages: 13,
  EmbedLinks: 14,
  AttachFiles: 15,
  ReadMessageHistory: 16,
  MentionEveryone: 17,
  UseExternalEmojis: 18,
  ViewServerInsights: 19,
  Connect: 20,
  Speak: 21,
  MuteMembers: 22,
  DeafenMembers: 23,
  MoveMembers: 24,
  UseVAD: 25,
  ChangeNickname: 26,
  ManageNicknames: 27,
  ManageRoles: 28,
  ManageWebhooks: 29,
  ManageServerExpressions: 30,
  UseApplicationCommands: 31,
  RequestToSpeak: 32,
  ManageEvents: 33,
  ManageThreads: 34,
  CreatePublicThreads: 35,
  CreatePrivateThreads: 36,
  UseExternalStickers: 37,
  SendMessagesInThreads: 38,
  UseEmbeddedActivities: 39,
  ModerateMembers: 40,
  ViewCreatorMonetizationAnalytics: 41,
  UseSoundboard: 42,
  CreateServerExpressions: 43,
  CreateEvents: 44,
  UseExternalSounds: 45,
  SendVoiceMessages: 46,
  SetVoiceChannelStatus: 48,
  SendPolls: 49,
  UseExternalApps: 50,
  PinMessages: 51,
  BypassSlowmode: 52,
  EditDocuments: 64,
  ManageDocuments: 65,
  ShareHistory: 66
} as const

/** A flag this version knows. */
export type KnownPermission = keyof typeof PERMISSION_BITS

const NAMES = Object.keys(PERMISSION_BITS) as KnownPermission[]
const NAME_OF_BIT = new Map<number, KnownPermission>(NAMES.map(name => [PERMISSION_BITS[name], name]))

/** The bit of a flag as a set of one. */
export function permissionBit(name: KnownPermission): bigint {
  return 1n << BigInt(PERMISSION_BITS[name])
}

/** Union of the named flags. @throws RangeError for an unknown name: our caller's mistake. */
export function permissionsToBits(names: Iterable<PermissionName>): bigint {
  let bits = 0n
  for (const name of names) {
    if (!Object.hasOwn(PERMISSION_BITS, name)) throw new RangeError(`no permission is called "${name}"`)
    bits |= permissionBit(name as KnownPermission)
  }
  return bits
}

/** Names of the defined bits in a set, in bit order; undefined bits are left out. */
export function permissionsFromBits(bits: bigint): KnownPermission[] {
  return NAMES.filter(name => (bits & permissionBit(name)) !== 0n)
}

/** Name of a bit position, if defined. */
export function permissionOfBit(bit: number): KnownPermission | undefined {
  return NAME_OF_BIT.get(bit)
}

/** Every defined bit (AU29's ALL). */
export const ALL_PERMISSIONS: bigint = permissionsToBits(NAMES)

/** Bits that have a meaning only for the whole server and never stand in an overwrite (AU33). */
export const SERVER_ONLY_PERMISSIONS: bigint = permissionsToBits([
  'KickMembers',
  'BanMembers',
  'Administrator',
  'ManageServer',
  'ViewAuditLog',
  'ViewServerInsights',
  'ChangeNickname',
  'ManageNicknames',
  'ManageServerExpressions',
  'ModerateMembers',
  'ViewCreatorMonetizationAnalytics',
  'CreateServerExpressions'
])

/** Bits an overwrite may name (AU12, 53). */
export const CHANNEL_PERMISSIONS: bigint = ALL_PERMISSIONS & ~SERVER_ONLY_PERMISSIONS

/** What `@everyone` may do in a new server (AU33). */
export const DEFAULT_EVERYONE: bigint = permissionsToBits([
  'CreateInstantInvite',
  'AddReactions',
  'Stream',
  'ViewChannel',
  'SendMessages',
  'EmbedLinks',
  'AttachFiles',
  'ReadMessageHistory',
  'UseExternalEmojis',
  'Connect',
  'Speak',
  'UseVAD',
  'ChangeNickname',
  'UseApplicationCommands',
  'CreatePublicThreads',
  'SendMessagesInThreads',
  'SendVoiceMessages',
  'SendPolls'
])

/** Wire form of a set: 16 big-endian bytes (AU3). */
export function permissionBytes(bits: bigint): Uint8Array {
  if (bits < 0n || bits >> 128n !== 0n) throw new RangeError('a permission set has 128 bits')
  const out = new Uint8Array(16)
  let rest = bits
  for (let i = 15; i >= 0; i--) {
    out[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return out
}

/** The set of 16 big-endian bytes. */
export function permissionBitsOf(bytes: Uint8Array): bigint {
  let bits = 0n
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte)
  return bits
}

/** Bit positions present in a set, ascending. */
export function bitPositions(bits: bigint): number[] {
  const out: number[] = []
  for (let bit = 0, rest = bits; rest !== 0n; bit++, rest >>= 1n) if ((rest & 1n) === 1n) out.push(bit)
  return out
}
