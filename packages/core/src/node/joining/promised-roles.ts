/**
 * What members had in the server that ours is a copy of (SX13): roles, a nickname, permissions of their own. It waits here
 * until they come, and is given to them then.
 */
import { type ChannelId, isXcordError, type RoleId, type ServerId, type UserId } from '../../base/index.ts'
import { permissionsFromBits } from '../../authority/index.ts'
import { array, bytes, codec, literal, nullable, text, tuple } from '../../encoding/index.ts'
import { defineTable, hiddenId } from '../../store/index.ts'
import type { Intent } from '../intents/intents.ts'
import { operateIntent } from '../intents/operate-intent.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import type { Work } from '../replica/work.ts'

/** Of one member: the first so many roles, and channels with permissions of their own. */
export const PROMISES_MAX = 256

/** What one user is given when they come. */
export interface PromiseRow {
  readonly version: 1
  readonly user: string
  readonly roles: readonly string[]
  readonly nick: string | null
  readonly permits: readonly {
    readonly channel: string
    readonly allow: Uint8Array
    readonly deny: Uint8Array
  }[]
}

const id = text(80)
export const promiseTable = defineTable({
  name: 'promised-roles',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<UserId>()] as const,
  value: codec(
    tuple({
      version: literal(1),
      user: id,
      roles: array(id, PROMISES_MAX),
      nick: nullable(text(512)),
      permits: array(tuple({ channel: id, allow: bytes(8), deny: bytes(8) }), PROMISES_MAX)
    }),
    { rule: 'ND3' }
  )
})

/** Permission bits as a row has them. */
export function bitsToBytes(bits: bigint): Uint8Array {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, bits)
  return out
}

function permissionsOf(raw: Uint8Array): readonly string[] {
  return permissionsFromBits(new DataView(raw.buffer, raw.byteOffset, raw.length).getBigUint64(0))
}

/** Notes a promise of our own. */
export function promise(work: Work, row: PromiseRow): void {
  const { state, turn } = work
  state.promises.set(row.user as UserId, row)
  turn.batch.put(promiseTable, [state.server, row.user as UserId], row)
}

export async function loadPromises(state: ReplicaState): Promise<void> {
  for await (const { value } of state.deps.database.table(promiseTable).scan({ prefix: [state.server] }))
    state.promises.set(value.user as UserId, value)
}

/** Whom something is promised to, and who is in. */
function arrived(state: ReplicaState): readonly PromiseRow[] {
  if (state.promises.size === 0 || !state.isMember()) return []
  const authority = state.log.state()
  return [...state.promises.values()].filter(each => authority.member(each.user as UserId)?.status === 'in')
}

/** Keeps what was promised to those who came. What we may not give any more is not given. */
function keepPromises(work: Work): void {
  const { state, turn } = work
  for (const row of arrived(state)) {
    const user = row.user as UserId
    const held = state.log.state().member(user)?.roles ?? []
    for (const role of row.roles as readonly RoleId[])
      if (!held.includes(role)) give(work, { kind: 'role:grant', role, user })
    if (row.nick !== null) give(work, { kind: 'member:nick', user, nick: row.nick })
    for (const { channel, allow, deny } of row.permits)
      give(work, {
        kind: 'channel:permit',
        channel: channel as ChannelId,
        target: user,
        allow: permissionsOf(allow),
        deny: permissionsOf(deny),
        none: []
      })
    state.promises.delete(user)
    turn.batch.delete(promiseTable, [state.server, user])
  }
}

function give(work: Work, intent: Intent): void {
  try {
    operateIntent(work, intent, null)
  } catch (error) {
    // Gone meanwhile, given already, or no longer ours to give.
    if (!isXcordError(error, 'XCORD_PERMISSION_DENIED') && !isXcordError(error, 'XCORD_CHANNEL_NOT_FOUND'))
      throw error
  }
}

export interface PromiseDuties {
  /** Looks whether somebody came whom something is promised to. */
  consider(replica: LiveReplica): void
  forget(replica: LiveReplica): void
}

/** Watches over promises. They are this device's own: no other knows of them. */
export function createPromiseDuties(): PromiseDuties {
  const timers = new Map<LiveReplica, () => void>()
  return {
    consider: replica => {
      if (timers.has(replica) || arrived(replica.current).length === 0) return
      timers.set(
        replica,
        replica.later(0, work => {
          timers.delete(replica)
          keepPromises(work)
        })
      )
    },
    forget: replica => {
      timers.get(replica)?.()
      timers.delete(replica)
    }
  }
}
