/**
 * Sealing (AU40): after somebody with powers left, was removed or demoted, any stronger member who is online says
 * the same denial again with more strength, so that the former holder cannot backdate against equals. One does it,
 * after a random wait; the others look again first.
 */
import type { OperationId, Random, RoleId, UserId } from '../../base/index.ts'
import {
  ALL_PERMISSIONS,
  DEFAULT_EVERYONE,
  decodeBody,
  draftSeal,
  permissionsToBits,
  type AuthorityState
} from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import { citing, cutOf } from './cuts.ts'
import { operate } from '../replica/operate.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import type { Work } from '../replica/work.ts'

/** AU40: 1 to 10 s. */
const WAIT_FROM_MS = 1_000
const WAIT_SPAN_MS = 9_000
/** Departures waiting for their seal, per server; a flood of them seals what it can. */
const WAITING_MAX = 256

/** Permissions that let a member change what others have: what is worth backdating. */
const POWERS =
  permissionsToBits([
    'Administrator',
    'KickMembers',
    'BanMembers',
    'ManageChannels',
    'ManageServer',
    'ManageRoles',
    'ManageThreads',
    'ModerateMembers',
    'ManageNicknames',
    'ManageMessages',
    'ManageWebhooks',
    'ManageServerExpressions',
    'ManageEvents',
    'MuteMembers',
    'DeafenMembers'
  ]) &
  ALL_PERMISSIONS &
  ~DEFAULT_EVERYONE

/** A denial that may want a seal: membership, or one role. */
export interface Sealable {
  readonly user: UserId
  readonly role: RoleId | null
  /** What has still to hold when the wait is over: who was let in again is not put out by a seal. */
  readonly status: 'in' | 'out' | 'banned'
}

/** What an accepted operation leaves to be sealed; undefined where its target had no powers to lose. */
export function sealableBy(state: ReplicaState, operation: Operation): Sealable | undefined {
  const body = decodeBody(operation.kind, operation.body)
  if (!body.ok) return undefined
  const past = (): AuthorityState | undefined => state.log.stateAt(citedBy(operation))
  switch (body.value.name) {
    case 'leave': {
      const user = state.log.state().device(operation.device)?.user
      return user !== undefined && hadPowers(past(), user) ? { user, role: null, status: 'out' } : undefined
    }
    case 'kick':
    case 'ban': {
      const { user } = body.value.body
      return hadPowers(past(), user)
        ? { user, role: null, status: body.value.name === 'ban' ? 'banned' : 'out' }
        : undefined
    }
    case 'roleUnassign': {
      const { user, role } = body.value.body
      return ((past()?.role(role)?.permissions ?? 0n) & POWERS) === 0n
        ? undefined
        : { user, role, status: 'in' }
    }
    default:
      return undefined
  }
}

function citedBy({ prev, parents, refs }: Operation): readonly OperationId[] {
  return [...new Set([...(prev === null ? [] : [prev]), ...parents, ...refs])]
}

function hadPowers(past: AuthorityState | undefined, user: UserId): boolean {
  const member = past?.member(user)
  return (
    member !== undefined &&
    past !== undefined &&
    (past.owner === user || member.roles.some(role => ((past.role(role)?.permissions ?? 0n) & POWERS) !== 0n))
  )
}

/** The seal, if it is still worth one by us. */
export function sealFor(
  work: Work,
  { user, role, status }: Sealable
): ReturnType<typeof draftSeal> | undefined {
  const { state, turn } = work
  if (!state.isMember() || user === state.user || state.log.state().member(user)?.status !== status)
    return undefined
  const draft = citing(state, draftSeal(user, role, cutOf(state, user)))
  return state.log.strengthens(state.self, draft, turn.at) ? draft : undefined
}

export interface SealDuties {
  /** Operations that were just accepted, of whomever. */
  consider(replica: LiveReplica, operations: readonly Operation[]): void
  forget(replica: LiveReplica): void
}

/** Watches over departures. */
export function createSealDuties(random: Random): SealDuties {
  const timers = new Map<LiveReplica, Set<() => void>>()

  const wait = (): number => {
    const [a = 0, b = 0] = random.bytes(2)
    return WAIT_FROM_MS + Math.floor((WAIT_SPAN_MS * (a * 256 + b)) / 65_536)
  }

  return {
    consider: (replica, operations) => {
      const { current } = replica
      if (!current.isMember()) return
      for (const operation of operations) {
        const found = sealableBy(current, operation)
        let pending = timers.get(replica)
        if (found === undefined || (pending?.size ?? 0) >= WAITING_MAX) continue
        if (pending === undefined) timers.set(replica, (pending = new Set()))
        const waiting = pending
        const cancel = replica.later(wait(), work => {
          waiting.delete(cancel)
          const seal = sealFor(work, found)
          if (seal !== undefined) operate(work, seal)
        })
        waiting.add(cancel)
      }
    },
    forget: replica => {
      for (const cancel of timers.get(replica) ?? []) cancel()
      timers.delete(replica)
    }
  }
}
