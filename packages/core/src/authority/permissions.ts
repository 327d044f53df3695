/**
 * Permissions of a member over plain data (AU29–AU32): no peer, no server, no operation needed.
 */
import { ALL_PERMISSIONS, permissionBit, permissionsToBits } from './flags.ts'
import type { ChannelKind } from './contract.ts'

/** Allowed and denied bits for one role or member in one channel. */
export interface PermissionOverwrite {
  /** Role or user; `@everyone` goes by the id given as `everyone`. */
  readonly id: string
  readonly kind: 'role' | 'member'
  readonly allow: bigint
  readonly deny: bigint
}

/** What Discord's algorithm reads. Ids are any strings, compared for equality only. */
export interface PermissionInput {
  readonly owner: string
  readonly member: string
  /** Id of the role that everybody has. */
  readonly everyone: string
  /** Every role that exists, `@everyone` included. */
  readonly roles: readonly { readonly id: string; readonly permissions: bigint }[]
  /** Roles the member holds; `@everyone` need not be listed. Unknown ids count for nothing. */
  readonly held: readonly string[]
  /** Of one channel; leave out for permissions in the server as a whole. */
  readonly overwrites?: readonly PermissionOverwrite[]
}

/** What AU30 reads beside that. */
export interface EffectiveInput extends PermissionInput {
  /** The channel's kind; of a thread, its parent's, as a thread uses the parent's overwrites (AU32). Absent: whole server. */
  readonly channelKind?: ChannelKind
  /** Set where the question is about a thread (AU32). */
  readonly thread?: {
    readonly private: boolean
    /** Whether the member was added to a private thread. */
    readonly member: boolean
    readonly locked: boolean
  }
  /** End of the member's timeout, ms; 0 or absent for none. */
  readonly timeoutUntil?: number
  /** The moment asked about, ms. */
  readonly at: number
}

const ADMINISTRATOR = permissionBit('Administrator')
const VIEW = permissionBit('ViewChannel')
const SEND = permissionBit('SendMessages')
const SEND_IN_THREADS = permissionBit('SendMessagesInThreads')
const CONNECT = permissionBit('Connect')
const MANAGE_THREADS = permissionBit('ManageThreads')
const TIMED_OUT_MASK = permissionsToBits(['ViewChannel', 'ReadMessageHistory'])
const NEEDS_SENDING = permissionsToBits(['MentionEveryone', 'SendTTSMessages', 'AttachFiles', 'EmbedLinks'])

/** Base permissions and whether they came from ownership or Administrator. */
function basePermissions(input: PermissionInput): { bits: bigint; all: boolean } {
  if (input.member === input.owner) return { bits: ALL_PERMISSIONS, all: true }
  const held = new Set(input.held)
  let bits = 0n
  for (const role of input.roles)
    if (role.id === input.everyone || held.has(role.id)) bits |= role.permissions
  return (bits & ADMINISTRATOR) !== 0n ? { bits: ALL_PERMISSIONS, all: true } : { bits, all: false }
}

/** Steps 4 to 6 of AU29. */
function applyOverwrites(bits: bigint, input: PermissionInput): bigint {
  const held = new Set(input.held)
  let allow = 0n
  let deny = 0n
  let out = bits
  for (const each of input.overwrites ?? []) {
    if (each.kind !== 'role') continue
    if (each.id === input.everyone) out = (out & ~each.deny) | each.allow
    else if (held.has(each.id)) {
      allow |= each.allow
      deny |= each.deny
    }
  }
  out = (out & ~deny) | allow
  for (const each of input.overwrites ?? []) {
    if (each.kind === 'member' && each.id === input.member) out = (out & ~each.deny) | each.allow
  }
  return out
}

/**
 * Discord's algorithm alone (AU29): owner, roles, Administrator, then the channel's overwrites.
 *
 * @returns A bit field by `PERMISSION_BITS`. Owner and Administrators get `ALL_PERMISSIONS`; Administrator from an
 *   overwrite is an ordinary bit.
 *
 * @example
 * const bits = computePermissions({
 *   owner: 'ada', member: 'grace', everyone: 'all', held: ['crew'],
 *   roles: [{ id: 'all', permissions: permissionsToBits(['ViewChannel']) }, { id: 'crew', permissions: permissionsToBits(['SendMessages']) }],
 *   overwrites: [{ id: 'all', kind: 'role', allow: 0n, deny: permissionsToBits(['SendMessages']) }]
 * })
 * permissionsFromBits(bits) // ['ViewChannel']: the overwrite took SendMessages away again
 */
export function computePermissions(input: PermissionInput): bigint {
  const base = basePermissions(input)
  return base.all ? base.bits : applyOverwrites(base.bits, input)
}

/**
 * AU29 with what follows from it: threads, timeouts, and bits that mean nothing without another (AU30, AU32).
 *
 * For a thread give the parent's overwrites and kind; `SendMessages` then says whether the member may write there.
 *
 * @example
 * effectivePermissions({ ...input, channelKind: 'text', timeoutUntil: 2_000, at: 1_000 })
 * // a timed-out member keeps ViewChannel and ReadMessageHistory, if it had them
 */
export function effectivePermissions(input: EffectiveInput): bigint {
  const base = basePermissions(input)
  if (base.all) return base.bits
  return maskPermissions(applyOverwrites(base.bits, input), input)
}

/** AU30's masks and AU32 over a result of AU29 that came from neither ownership nor Administrator. */
export function maskPermissions(
  computed: bigint,
  input: Pick<EffectiveInput, 'channelKind' | 'thread' | 'timeoutUntil' | 'at'>
): bigint {
  let bits = computed
  const { thread } = input
  if (thread !== undefined) {
    const manages = (bits & MANAGE_THREADS) !== 0n
    if (thread.private && !thread.member && !manages) return 0n
    const sends = (bits & SEND_IN_THREADS) !== 0n && (!thread.locked || manages)
    bits = sends ? bits | SEND : bits & ~(SEND | SEND_IN_THREADS)
  }
  if ((input.timeoutUntil ?? 0) > input.at) bits &= TIMED_OUT_MASK
  if (input.channelKind === undefined) return bits
  if ((bits & VIEW) === 0n) return 0n
  if ((bits & SEND) === 0n) bits &= ~NEEDS_SENDING
  const voice = input.channelKind === 'voice' || input.channelKind === 'stage'
  if (voice && (bits & CONNECT) === 0n) bits &= VIEW
  return bits
}
