/** Our own place in the server, after a turn: joined, left, kicked or banned (IV3, AU28). */
import type { DeviceId, UserId } from '../../base/index.ts'
import type { EventRecord } from '../event-log.ts'
import { outBy } from './removals.ts'
import type { ReplicaState } from './replica-state.ts'
import { type ServerRow, serverTable } from './tables.ts'
import type { Work } from './work.ts'

/** Users who are there: we, and those whose devices are connected. */
export function usersOnline(state: ReplicaState, devices: Iterable<DeviceId>): ReadonlySet<UserId> {
  const authority = state.log.state()
  const users = new Set<UserId>([state.user])
  for (const device of devices) {
    const user = authority.device(device)?.user
    if (user !== undefined) users.add(user)
  }
  return users
}

/** Whether we are a member no more: what is held is shown nowhere. */
export function isOut({ status }: ReplicaState): boolean {
  return status === 'left' || status === 'leaving'
}

/** The server's row as it stands. */
export function serverRow(state: ReplicaState): ServerRow {
  return {
    version: 1,
    server: state.server,
    status: state.status,
    inviteSecret: state.inviteSecret,
    addresses: state.addresses
  }
}

/** Notes a change of our own membership: row, event, status. */
export function settleMembership(work: Work): void {
  const { state, turn } = work
  const member = state.isMember()
  if (state.status === 'member' && !member) {
    turn.events.push(leaveEvent(work))
    // Who goes tells the others first; what puts us out may fall, and then somebody has to be there to tell us (ND40).
    state.status = outBy(state) === undefined ? 'left' : 'leaving'
  } else if (state.status !== 'member' && member) {
    state.status = 'member'
    // The invite's secret has served: our own user key opens what comes from now on.
    state.inviteSecret = null
    turn.events.push({ type: 'server:join', server: state.server, refs: [], note: null })
  } else {
    return
  }
  turn.membershipChanged = true
  turn.batch.put(serverTable, [state.server], serverRow(state))
}

function leaveEvent(work: Work): EventRecord {
  const { state } = work
  const authority = state.log.state()
  const byUs = work.news.accepted.some(each => each.device === state.self)
  const cause = authority.member(state.user)?.status === 'banned' ? 'banned' : byUs ? 'left' : 'kicked'
  return { type: 'server:leave', server: state.server, refs: [], note: `${cause}\n${authority.name}` }
}
