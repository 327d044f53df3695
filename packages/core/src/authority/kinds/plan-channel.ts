/** Plans of channels, threads and overwrites (AU12, 7, 8 and 48–54). */
import { type ChannelId, idAs, idFromBytes, idToBytes, type RoleId, type UserId } from '../../base/index.ts'
import {
  type ChannelAttribute,
  channelCell,
  OVERWRITE_ALLOW,
  OVERWRITE_DENY,
  OVERWRITE_NONE,
  overwriteCell,
  threadMemberCell
} from '../cell.ts'
import { bitPositions, CHANNEL_PERMISSIONS } from '../flags.ts'
import {
  bitNeeds,
  channelActs,
  channelExists,
  channelKindOf,
  isMember,
  managesMember,
  managesRole,
  need,
  no,
  type PlanContext,
  type Planned,
  write
} from '../plan.ts'
import { holds } from '../proof.ts'
import { numberOf } from '../standing.ts'
import type { Write } from '../reader.ts'
import { CHANNEL_KINDS } from './bodies.ts'
import type { BodyOf } from './table.ts'
import { PERMISSION_BITS } from '../flags.ts'

type Fault = ReturnType<typeof no> | undefined

function parentFault(context: PlanContext, parent: ChannelId | null): Fault {
  if (parent === null) return undefined
  if (!channelExists(context.reader, parent)) return no('no such category')
  return channelKindOf(context.reader, parent) === 'category' ? undefined : no('the parent is no category')
}

function targetFault(context: PlanContext, kind: number, target: RoleId | UserId): Fault {
  return kind === 0 ? managesRole(context, target as RoleId) : managesMember(context, target as UserId)
}

function targetOf(kind: number, id: Uint8Array): RoleId | UserId {
  return kind === 0 ? idFromBytes('r', id) : idFromBytes('u', id)
}

const CHANNEL_DEFAULTS: readonly ChannelAttribute[] = [
  'parent',
  'pos',
  'name',
  'topic',
  'slow',
  'history',
  'synced',
  'nsfw'
]

export function planChannelCreate(context: PlanContext, body: BodyOf<'channelCreate'>): Planned {
  const kind = CHANNEL_KINDS[body.kind] as (typeof CHANNEL_KINDS)[number]
  if (kind === 'category' && body.parent !== null) return no('a category has no parent')
  if (body.synced === 1 && (body.parent === null || body.overwrites.length > 0))
    return no('only a channel under a category, without its own overwrites, is synced')
  const fault = parentFault(context, body.parent)
  if (fault !== undefined) return fault
  const channel = idAs('c', context.op.id)
  const needs = [need('ManageChannels', body.parent)]
  const values = [
    body.parent === null ? null : idToBytes(body.parent),
    body.position,
    body.name,
    body.topic,
    body.slowModeSeconds,
    body.history,
    body.synced,
    body.nsfw
  ]
  const writes = [
    write(channelCell(channel, 'exists'), 1),
    write(channelCell(channel, 'kind'), kind),
    ...CHANNEL_DEFAULTS.map((attribute, index) =>
      write(channelCell(channel, attribute), values[index] as Write['value'])
    )
  ]
  if (body.overwrites.length > 0) needs.push(need('ManageRoles', body.parent))
  const seen = new Set<string>()
  for (const row of body.overwrites) {
    const target = targetOf(row.target, row.id)
    const wrong = bitsFault([row.allow, row.deny]) ?? targetFault(context, row.target, target)
    if (wrong !== undefined) return wrong
    if (seen.has(target)) return no('a target is named twice')
    seen.add(target)
    needs.push(...bitNeeds(row.allow | row.deny, body.parent))
    for (const bit of bitPositions(row.allow))
      writes.push(write(overwriteCell(channel, target, bit), OVERWRITE_ALLOW))
    for (const bit of bitPositions(row.deny))
      writes.push(write(overwriteCell(channel, target, bit), OVERWRITE_DENY, true))
  }
  return { needs, acts: body.parent === null ? [] : channelActs(context.reader, body.parent), writes }
}

/** Sets that an overwrite names: channel bits only, no bit twice. */
function bitsFault(sets: readonly bigint[]): Fault {
  let all = 0n
  for (const set of sets) {
    if ((all & set) !== 0n) return no('a bit is named twice')
    all |= set
  }
  return (all & ~CHANNEL_PERMISSIONS) === 0n ? undefined : no('a bit that no overwrite may name')
}

/** A channel that is no thread, for 49–51 and 53. */
function channelFault(context: PlanContext, channel: ChannelId): Fault {
  if (!channelExists(context.reader, channel)) return no('no such channel')
  return channelKindOf(context.reader, channel) === 'thread' ? no('a thread has its own kinds') : undefined
}

const CHANNEL_ROWS: readonly ChannelAttribute[] = [
  'name',
  'topic',
  'slow',
  'history',
  'synced',
  'nsfw',
  'limit',
  'rate'
]
const SYNCED_KEY = 4

export function planChannelEdit(context: PlanContext, body: BodyOf<'channelEdit'>): Planned {
  const fault = channelFault(context, body.channel)
  if (fault !== undefined) return fault
  const syncs = body.rows.some(row => row.key === SYNCED_KEY)
  return {
    needs: [need('ManageChannels', body.channel), ...(syncs ? [need('ManageRoles', body.channel)] : [])],
    acts: channelActs(context.reader, body.channel),
    writes: body.rows.map(row =>
      write(channelCell(body.channel, CHANNEL_ROWS[row.key] as ChannelAttribute), row.value)
    )
  }
}

export function planChannelMove(context: PlanContext, body: BodyOf<'channelMove'>): Planned {
  const fault = channelFault(context, body.channel) ?? parentFault(context, body.parent)
  if (fault !== undefined) return fault
  if (body.parent !== null && channelKindOf(context.reader, body.channel) === 'category')
    return no('a category has no parent')
  const synced = numberOf(context.reader, channelCell(body.channel, 'synced'), 0) === 1
  return {
    needs: [
      need('ManageChannels', body.channel),
      need('ManageChannels', body.parent),
      ...(synced ? [need('ManageRoles', body.channel)] : [])
    ],
    acts: [
      ...channelActs(context.reader, body.channel),
      ...(body.parent === null ? [] : channelActs(context.reader, body.parent))
    ],
    writes: [
      write(channelCell(body.channel, 'parent'), body.parent === null ? null : idToBytes(body.parent)),
      write(channelCell(body.channel, 'pos'), body.position)
    ]
  }
}

export function planChannelDelete(context: PlanContext, body: BodyOf<'channelDelete'>): Planned {
  return (
    channelFault(context, body.channel) ?? {
      needs: [need('ManageChannels', body.channel)],
      acts: channelActs(context.reader, body.channel),
      writes: [write(channelCell(body.channel, 'exists'), 0, true)]
    }
  )
}

export function planOverwrite(context: PlanContext, body: BodyOf<'overwrite'>): Planned {
  const { reader } = context
  const target = targetOf(body.target, body.id)
  const fault =
    channelFault(context, body.channel) ??
    bitsFault([body.allow, body.deny, body.none]) ??
    targetFault(context, body.target, target)
  if (fault !== undefined) return fault
  if (numberOf(reader, channelCell(body.channel, 'synced'), 0) === 1)
    return no('the channel is synced with its category')
  const writes: Write[] = []
  let changed = 0n
  for (const [bits, value] of [
    [body.allow, OVERWRITE_ALLOW],
    [body.deny, OVERWRITE_DENY],
    [body.none, OVERWRITE_NONE]
  ] as const) {
    for (const bit of bitPositions(bits)) {
      const cell = overwriteCell(body.channel, target, bit)
      const now = numberOf(reader, cell, OVERWRITE_NONE)
      if (now === value) continue
      changed |= 1n << BigInt(bit)
      writes.push(
        write(cell, value, value === OVERWRITE_DENY || (value === OVERWRITE_NONE && now === OVERWRITE_ALLOW))
      )
    }
  }
  if (writes.length === 0) return no('changes nothing')
  return {
    needs: [need('ManageRoles', body.channel), ...bitNeeds(changed, body.channel)],
    acts: channelActs(reader, body.channel),
    writes
  }
}

export function planThreadCreate(context: PlanContext, body: BodyOf<'threadCreate'>): Planned {
  const { reader } = context
  if (!channelExists(reader, body.parent)) return no('no such channel')
  const kind = channelKindOf(reader, body.parent)
  if (kind !== 'text' && kind !== 'announcement' && kind !== 'forum') return no('that channel has no threads')
  if (kind === 'forum' && body.private === 1) return no("a forum's posts are public")
  const thread = idAs('c', context.op.id)
  const bit =
    kind === 'forum' ? 'SendMessages' : body.private === 1 ? 'CreatePrivateThreads' : 'CreatePublicThreads'
  return {
    rankless: true,
    needs: [need(bit, body.parent)],
    acts: channelActs(reader, body.parent),
    writes: [
      write(channelCell(thread, 'exists'), 1),
      write(channelCell(thread, 'kind'), 'thread'),
      write(channelCell(thread, 'parent'), idToBytes(body.parent)),
      write(channelCell(thread, 'name'), body.name),
      write(channelCell(thread, 'private'), body.private),
      write(channelCell(thread, 'creator'), idToBytes(context.user)),
      ...(body.private === 1 ? [write(threadMemberCell(thread, context.user), 1)] : [])
    ]
  }
}

/** Whether the author made the thread. */
function isOwn(context: PlanContext, thread: ChannelId): boolean {
  return context.reader.winner(channelCell(thread, 'kind'))?.by.known.user === context.user
}

function threadFault(context: PlanContext, thread: ChannelId): Fault {
  return channelExists(context.reader, thread) && channelKindOf(context.reader, thread) === 'thread'
    ? undefined
    : no('no such thread')
}

function managesThreads(context: PlanContext, thread: ChannelId): boolean {
  return holds(context.reader, context.standing, PERMISSION_BITS.ManageThreads, thread)
}

export function planThreadMember(context: PlanContext, body: BodyOf<'threadMember'>): Planned {
  const { reader } = context
  const fault = threadFault(context, body.thread)
  if (fault !== undefined) return fault
  if (reader.winner(channelCell(body.thread, 'private'))?.value !== 1)
    return no('only private threads have members')
  const cell = threadMemberCell(body.thread, body.user)
  if (numberOf(reader, cell, 0) === body.member) return no('changes nothing')
  if (body.member === 1 && !isMember(reader, body.user)) return no('the target is not in')
  const acts = channelActs(reader, body.thread)
  const writes = [write(cell, body.member, body.member === 0)]
  const view = need('ViewChannel', body.thread)
  if (managesThreads(context, body.thread))
    return { needs: [need('ManageThreads', body.thread)], acts, writes, target: body.user }
  if (body.member === 0 && (body.user === context.user || isOwn(context, body.thread)))
    return { rankless: true, needs: [view], acts, writes, target: body.user }
  const own = threadMemberCell(body.thread, context.user)
  if (body.member === 1 && numberOf(reader, own, 0) === 1)
    return { rankless: true, needs: [view], acts, rests: [own], writes, target: body.user }
  return no('neither a member of the thread nor allowed to manage it')
}

const THREAD_ROWS: readonly ChannelAttribute[] = ['name', 'archived', 'locked', 'slow']
const ARCHIVED_KEY = 1
const LOCKED_KEY = 2

export function planThreadEdit(context: PlanContext, body: BodyOf<'threadEdit'>): Planned {
  const fault = threadFault(context, body.thread)
  if (fault !== undefined) return fault
  const acts = channelActs(context.reader, body.thread)
  const writes = body.rows.map(row =>
    write(
      channelCell(body.thread, THREAD_ROWS[row.key] as ChannelAttribute),
      row.value,
      row.key === LOCKED_KEY && row.value === 1
    )
  )
  const manage = { needs: [need('ManageThreads', body.thread)], acts, writes }
  const locked = numberOf(context.reader, channelCell(body.thread, 'locked'), 0) === 1
  if (locked || managesThreads(context, body.thread)) return manage
  const member = {
    rankless: true,
    needs: [need('SendMessages', body.thread)],
    acts: [...acts, channelCell(body.thread, 'locked')],
    writes
  }
  if (isOwn(context, body.thread) && body.rows.every(row => row.key <= ARCHIVED_KEY)) return member
  // Whoever may write in an archived thread may open it again: a post does (AU32).
  if (!body.rows.every(row => row.key === ARCHIVED_KEY && row.value === 0)) return manage
  if (context.reader.winner(channelCell(body.thread, 'private'))?.value !== 1) return member
  const own = threadMemberCell(body.thread, context.user)
  return numberOf(context.reader, own, 0) === 1 ? { ...member, rests: [own] } : manage
}

export function planThreadDelete(context: PlanContext, body: BodyOf<'threadDelete'>): Planned {
  return (
    threadFault(context, body.thread) ?? {
      needs: [need('ManageThreads', body.thread)],
      acts: channelActs(context.reader, body.thread),
      writes: [write(channelCell(body.thread, 'exists'), 0, true)]
    }
  )
}
