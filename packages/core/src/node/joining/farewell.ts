/**
 * A leave that nobody heard is none to the others (ND40): a server that we left stays in sync until other members hold
 * our leave, however often the profile is closed meanwhile.
 */
import type { DeviceId } from '../../base/index.ts'
import { serverRow } from '../replica/membership.ts'
import { farewellOf } from '../replica/removals.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { serverTable } from '../replica/tables.ts'
import type { Work } from '../replica/work.ts'

/** After this long nobody is there any more to be told. */
const FAREWELL_MS_MAX = 30 * 86_400_000

/** Members who are to hold it: one alone may go before it has passed the leave on, and never come back. */
const HOLDERS = 2

/** A member holds our leave. */
export function hearFarewell(replica: LiveReplica, device: DeviceId, fault: (error: unknown) => void): void {
  const { log, user: self, farewellHolders: holders } = replica.current
  const user = log.state().device(device)?.user
  if (user === undefined || user === self) return
  holders.add(user)
  let others = 0
  for (const each of log.state().members()) if (each.status === 'in' && each.user !== self) others++
  if (holders.size >= Math.min(HOLDERS, others)) part(replica, fault)
}

/** The others know: from now on the server is only kept. */
function part(replica: LiveReplica, fault: (error: unknown) => void): void {
  const run = ({ state, turn }: Work): void => {
    if (state.status !== 'leaving') return
    state.status = 'left'
    turn.membershipChanged = true
    turn.batch.put(serverTable, [state.server], serverRow(state))
  }
  replica.do(run).catch(fault)
}

/** Gives up on those who were told for too long. */
export function partIfLate(replica: LiveReplica, now: number, fault: (error: unknown) => void): void {
  const { current } = replica
  if (current.status !== 'leaving') return
  if (now - (farewellOf(current)?.at ?? 0) > FAREWELL_MS_MAX) part(replica, fault)
}
