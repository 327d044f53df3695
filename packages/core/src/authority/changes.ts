/** What an accepted operation changed, for people, for messages to judge again, and for keys (AU36, EK8). */
import type { ChannelId, DeviceId, InviteId, OperationId, RoleId, UserId } from '../base/index.ts'
import { MEMBER_BANNED, MEMBER_IN, sameValue } from './cell.ts'
import type { AuthorityChange, Rejudge } from './contract.ts'
import type { Cell, Entry } from './entry.ts'
import type { Ledger, Settled } from './ledger.ts'
import type { Winner } from './reader.ts'

type Change = AuthorityChange

/** Collects changes, each once. */
class ChangeList {
  readonly #seen = new Set<string>()
  readonly list: Change[] = []

  add(change: Change): void {
    const subject =
      'user' in change
        ? change.user
        : 'role' in change
          ? change.role
          : 'channel' in change
            ? change.channel
            : 'invite' in change
              ? change.invite
              : ''
    const key = change.type.startsWith('operation:')
      ? `${change.type}|${change.operation}`
      : `${change.type}|${subject}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.list.push(change)
  }
}

/** The events of one settled operation: moved cells first, then operations that fell or came back. */
export function changesOf(ledger: Ledger, settled: Settled): readonly AuthorityChange[] {
  const changes = new ChangeList()
  const operation = settled.entry.op.id
  const cells = [...settled.touched].sort(([a], [b]) => importance(a.key) - importance(b.key))
  const born = new Set<string>()
  for (const [cell, before] of cells) {
    if (sameValue(before?.value, cell.winner?.value)) continue
    changeOf(ledger, cell, before, operation, born, changes)
  }
  for (const flip of settled.flips) {
    const cause = flip.voided
    changes.add(
      cause === undefined
        ? { type: 'operation:restore', operation: flip.op.id, rule: 'AU23', by: null }
        : { type: 'operation:void', operation: flip.op.id, rule: cause.rule, by: cause.by ?? null }
    )
  }
  const fork = forkBy(ledger, settled.entry)
  if (fork !== undefined) changes.add(fork)
  const own = settled.entry.voided
  if (own !== undefined)
    changes.add({ type: 'operation:void', operation, rule: own.rule, by: own.by ?? null })
  return changes.list
}

/** AU39: the alarm, when an operation is a device's first to share its number with another. */
function forkBy(ledger: Ledger, { op }: Entry): AuthorityChange | undefined {
  const forked = ledger.chains.get(op.device)?.forked ?? []
  const [other, own] = forked
  if (forked.length !== 2 || own?.op.id !== op.id || other === undefined) return undefined
  return { type: 'device:fork', device: op.device, seq: op.seq, operation: op.id, other: other.op.id }
}

/** Existence before attributes: an object is created once, not created and edited. */
function importance(key: string): number {
  return key.startsWith('member|') || key.endsWith('|exists') ? 0 : 1
}

function changeOf(
  ledger: Ledger,
  cell: Cell,
  before: Winner | undefined,
  operation: OperationId,
  born: Set<string>,
  changes: ChangeList
): void {
  const [family, first, second] = cell.key.split('|') as [string, string, string]
  switch (family) {
    case 'member':
      changes.add(memberChange(cell, before, first as UserId, operation))
      born.add(first)
      break
    case 'nick':
    case 'voice':
    case 'id':
      if (!born.has(first)) changes.add({ type: 'member:update', user: first as UserId, operation })
      break
    case 'timeout':
      changes.add({ type: 'member:timeout', user: first as UserId, operation })
      break
    case 'asg':
    case 'dev': {
      const user =
        family === 'asg'
          ? ledger.userOfJoin(first as OperationId)
          : [...(ledger.registry.devices.get(first as DeviceId) ?? [])][0]
      if (user !== undefined && !born.has(user)) changes.add({ type: 'member:update', user, operation })
      break
    }
    case 'role':
      changes.add({ type: objectType('role', second, cell, first, born), role: first as RoleId, operation })
      break
    case 'ch':
      changes.add({
        type: objectType('channel', second, cell, first, born),
        channel: first as ChannelId,
        operation
      })
      break
    case 'ow':
    case 'tm':
      if (!born.has(first)) changes.add({ type: 'channel:update', channel: first as ChannelId, operation })
      break
    case 'invite':
      if (second === undefined)
        changes.add({
          type: cell.winner?.value === 1 ? 'invite:create' : 'invite:revoke',
          invite: first as InviteId,
          operation
        })
      break
    case 'cut':
      break
    default:
      changes.add({ type: 'server:update', operation })
  }
}

function objectType<N extends 'role' | 'channel'>(
  noun: N,
  attribute: string,
  cell: Cell,
  id: string,
  born: Set<string>
): `${N}:create` | `${N}:update` | `${N}:delete` {
  if (attribute === 'exists') born.add(id)
  if (attribute === 'exists') return cell.winner?.value === 1 ? `${noun}:create` : `${noun}:delete`
  return born.has(id)
    ? (`${noun}:${cell.winner === undefined ? 'delete' : 'create'}` as const)
    : `${noun}:update`
}

function memberChange(cell: Cell, before: Winner | undefined, user: UserId, operation: OperationId): Change {
  const now = cell.winner?.value
  const was = before?.value
  if (now === MEMBER_IN) return { type: 'member:join', user, operation }
  if (now === MEMBER_BANNED) return { type: 'member:ban', user, operation }
  if (was === MEMBER_BANNED) return { type: 'member:unban', user, operation }
  return { type: cell.winner?.by.body.name === 'kick' ? 'member:kick' : 'member:leave', user, operation }
}

/**
 * Which messages to judge again (AU36, AU37): after a denial those beyond its cut; where an operation fell or came
 * back, all that may have rested on it.
 */
export function rejudgeOf(ledger: Ledger, settled: Settled): Rejudge {
  const devices = new Map<DeviceId, number>()
  let since: number | undefined
  const below = (device: DeviceId, seq: number): void => {
    devices.set(device, Math.min(seq, devices.get(device) ?? seq))
  }
  const judge = (entry: Entry, flipped: boolean): void => {
    const reach = reachOf(ledger, entry, flipped)
    if (reach === undefined) return
    if (reach === 'all') since = flipped ? 0 : Math.min(since ?? entry.op.at, entry.op.at)
    else for (const [device, seq] of reach) below(device, seq)
  }
  judge(settled.entry, false)
  for (const flip of settled.flips) judge(flip, true)
  const list = [...devices].map(([device, aboveSeq]) => ({ device, aboveSeq }))
  return since === undefined ? { devices: list } : { devices: list, since }
}

type Reach = 'all' | readonly (readonly [DeviceId, number])[] | undefined

function reachOf(ledger: Ledger, entry: Entry, flipped: boolean): Reach {
  const { known, op, body } = entry
  if (body.name === 'cutExtend') return body.body.rows.map(row => [row.device, -1] as const)
  const denies = known.writes.some(write => write.denial)
  if (!denies && !flipped) return undefined
  if (known.target === undefined || body.name === 'transfer')
    return body.name === 'join' ? devicesOf(ledger, known.user) : 'all'
  if (known.revokes !== undefined)
    return known.revokes.map(device => [device, flipped ? -1 : contentOf(entry, device)] as const)
  if (flipped || op.cut !== null) {
    return devicesOf(ledger, known.target).map(
      ([device]) => [device, flipped ? -1 : contentOf(entry, device)] as const
    )
  }
  return devicesOf(ledger, known.target)
}

function devicesOf(ledger: Ledger, user: UserId): readonly (readonly [DeviceId, number])[] {
  return [...(ledger.registry.devicesOf.get(user) ?? [])].map(device => [device, -1] as const)
}

/** The last number at which every envelope stands: beside the one that the cut names a device that ran twice has another. */
function contentOf(entry: Entry, device: DeviceId): number {
  const seq = entry.op.cut?.find(row => row.device === device)?.contentSeq ?? 0
  return seq - 1
}
