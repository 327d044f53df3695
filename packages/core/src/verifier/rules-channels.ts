/** AU12, 7, 8 and 48 to 54: channels, overwrites, threads. undefined refuses. */
import { idAs } from '../base/index.ts'
import type { Write } from './cells.ts'
import type { BodyOf } from './kinds.ts'
import {
  bitsFit,
  bytesOf,
  type Case,
  holds,
  isPlain,
  isThread,
  need,
  needsOf,
  parentFits,
  type Rules,
  targetOf,
  write
} from './plan.ts'
import { BIT, existence, isChannel, kindOf } from './rights.ts'

const CHANNEL_KINDS = ['category', 'text', 'voice', 'forum', 'stage', 'announcement'] as const

function overwriteWrites(at: Case, body: BodyOf<'overwrite'>, target: string): Write[] {
  const rows = [
    ...body.allow.map(bit => [bit, 0]),
    ...body.deny.map(bit => [bit, 2]),
    ...body.none.map(bit => [bit, 1])
  ]
  return (rows as [number, number][]).flatMap(([bit, value]) => {
    const cell = `ow|${body.channel}|${target}|${bit}`
    const now = at.reader.number(cell, 1)
    return now === value ? [] : [write(cell, value, value === 2 || (value === 1 && now === 0))]
  })
}

function isOwn({ reader, standing }: Case, thread: string): boolean {
  return reader.winner(`ch|${thread}|kind`)?.by.known.user === standing.user
}

export const channels = {
  channelCreate: (at, body) => {
    const { kind, parent } = body
    if ((kind === 0 && parent !== null) || !parentFits(at, parent)) return undefined
    if (body.synced === 1 && (parent === null || body.overwrites.length > 0)) return undefined
    const channel: string = idAs('c', at.op.id as never)
    const cell = (attribute: string): string => `ch|${channel}|${attribute}`
    const targets = body.overwrites.map(row =>
      bitsFit(row.allow, row.deny) ? targetOf(at, row.target, row.id) : undefined
    )
    if (targets.includes(undefined) || new Set(targets).size < targets.length) return undefined
    return {
      needs: [
        need('ManageChannels', parent),
        ...(targets.length > 0 ? [need('ManageRoles', parent)] : []),
        ...body.overwrites.flatMap(row =>
          needsOf(
            [...row.allow, ...row.deny].sort((a, b) => a - b),
            parent
          )
        )
      ],
      acts: parent === null ? [] : existence(at.reader, parent),
      writes: [
        write(cell('exists'), 1),
        write(cell('kind'), CHANNEL_KINDS[kind] as string),
        write(cell('parent'), parent === null ? null : bytesOf(parent)),
        write(cell('pos'), body.position),
        ...(['name', 'topic', 'slow', 'history', 'synced', 'nsfw'] as const).map(each =>
          write(cell(each), body[each])
        ),
        ...body.overwrites.flatMap((row, i) => [
          ...row.allow.map(bit => write(`ow|${channel}|${targets[i]}|${bit}`, 0)),
          ...row.deny.map(bit => write(`ow|${channel}|${targets[i]}|${bit}`, 2, true))
        ])
      ]
    }
  },
  channelEdit: (at, { channel, rows }) => {
    if (!isPlain(at, channel)) return undefined
    const names = ['name', 'topic', 'slow', 'history', 'synced', 'nsfw', 'limit', 'rate']
    const syncs = rows.some(row => row.key === 4)
    return {
      needs: [need('ManageChannels', channel), ...(syncs ? [need('ManageRoles', channel)] : [])],
      acts: existence(at.reader, channel),
      writes: rows.map(row => write(`ch|${channel}|${names[row.key]}`, row.value))
    }
  },
  channelMove: (at, { channel, parent, position }) => {
    if (!isPlain(at, channel) || !parentFits(at, parent)) return undefined
    if (parent !== null && kindOf(at.reader, channel) === 'category') return undefined
    const synced = at.reader.value(`ch|${channel}|synced`) === 1
    return {
      needs: [
        need('ManageChannels', channel),
        need('ManageChannels', parent),
        ...(synced ? [need('ManageRoles', channel)] : [])
      ],
      acts: [...existence(at.reader, channel), ...(parent === null ? [] : existence(at.reader, parent))],
      writes: [
        write(`ch|${channel}|parent`, parent === null ? null : bytesOf(parent)),
        write(`ch|${channel}|pos`, position)
      ]
    }
  },
  channelDelete: (at, { channel }) =>
    isPlain(at, channel)
      ? {
          needs: [need('ManageChannels', channel)],
          acts: existence(at.reader, channel),
          writes: [write(`ch|${channel}|exists`, 0, true)]
        }
      : undefined,
  overwrite: (at, body) => {
    const { channel } = body
    if (!isPlain(at, channel) || !bitsFit(body.allow, body.deny, body.none)) return undefined
    const target = targetOf(at, body.target, body.id)
    if (target === undefined || at.reader.value(`ch|${channel}|synced`) === 1) return undefined
    const writes = overwriteWrites(at, body, target)
    if (writes.length === 0) return undefined
    const changed = writes.map(each => Number(each.cell.split('|')[3])).sort((a, b) => a - b)
    return {
      needs: [need('ManageRoles', channel), ...needsOf(changed, channel)],
      acts: existence(at.reader, channel),
      writes
    }
  },
  threadCreate: (at, { parent, private: secret, name }) => {
    if (!isChannel(at.reader, parent)) return undefined
    const kind = kindOf(at.reader, parent)
    if (kind !== 'text' && kind !== 'announcement' && (kind !== 'forum' || secret === 1)) return undefined
    const thread: string = idAs('c', at.op.id as never)
    const cell = (attribute: string): string => `ch|${thread}|${attribute}`
    const { user } = at.standing
    const bit =
      kind === 'forum' ? 'SendMessages' : secret === 1 ? 'CreatePrivateThreads' : 'CreatePublicThreads'
    return {
      rankless: true,
      needs: [need(bit, parent)],
      acts: existence(at.reader, parent),
      writes: [
        write(cell('exists'), 1),
        write(cell('kind'), 'thread'),
        write(cell('parent'), bytesOf(parent)),
        write(cell('name'), name),
        write(cell('private'), secret),
        write(cell('creator'), bytesOf(user)),
        ...(secret === 1 ? [write(`tm|${thread}|${user}`, 1)] : [])
      ]
    }
  },
  threadMember: (at, { thread, user, member }) => {
    if (!isThread(at, thread) || at.reader.value(`ch|${thread}|private`) !== 1) return undefined
    const cell = `tm|${thread}|${user}`
    if (at.reader.number(cell, 0) === member || (member === 1 && !at.reader.isIn(user))) return undefined
    const plan = {
      acts: existence(at.reader, thread),
      writes: [write(cell, member, member === 0)],
      target: user
    }
    if (holds(at.reader, at.standing, BIT.ManageThreads, thread))
      return { ...plan, needs: [need('ManageThreads', thread)] }
    const me = at.standing.user
    const seen = { ...plan, rankless: true, needs: [need('ViewChannel', thread)] }
    if (member === 0 && (user === me || isOwn(at, thread))) return seen
    const own = `tm|${thread}|${me}`
    return member === 1 && at.reader.number(own, 0) === 1 ? { ...seen, rests: [own] } : undefined
  },
  threadEdit: (at, { thread, rows }) => {
    if (!isThread(at, thread)) return undefined
    const acts = existence(at.reader, thread)
    const names = ['name', 'archived', 'locked', 'slow']
    const writes = rows.map(row =>
      write(`ch|${thread}|${names[row.key]}`, row.value, row.key === 2 && row.value === 1)
    )
    const manage = { needs: [need('ManageThreads', thread)], acts, writes }
    const locked = at.reader.number(`ch|${thread}|locked`, 0) === 1
    if (locked || holds(at.reader, at.standing, BIT.ManageThreads, thread)) return manage
    const member = {
      rankless: true,
      needs: [need('SendMessages', thread)],
      acts: [...acts, `ch|${thread}|locked`],
      writes
    }
    if (isOwn(at, thread) && rows.every(row => row.key <= 1)) return member
    if (!rows.every(row => row.key === 1 && row.value === 0)) return manage
    if (at.reader.value(`ch|${thread}|private`) !== 1) return member
    const own = `tm|${thread}|${at.standing.user}`
    return at.reader.number(own, 0) === 1 ? { ...member, rests: [own] } : manage
  },
  threadDelete: (at, { thread }) =>
    isThread(at, thread)
      ? {
          needs: [need('ManageThreads', thread)],
          acts: existence(at.reader, thread),
          writes: [write(`ch|${thread}|exists`, 0, true)]
        }
      : undefined
} satisfies Partial<Rules>
