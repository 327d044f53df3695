/**
 * A leave that nobody heard is none to the others (ND40): a server that we left stays in sync until other members hold
 * our leave, however often the profile is closed meanwhile. One that others put us out of stays in sync for some days:
 * where that falls, as whoever did it was put out at the same time, we are a member and have to learn of it.
 */
import type { DeviceId } from '../../base/index.ts'
import { serverRow } from '../replica/membership.ts'
import { outBy } from '../replica/removals.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { serverTable } from '../replica/tables.ts'
import type { Work } from '../replica/work.ts'

/** After this long nobody is there any more to be told. */
const FAREWELL_MS_MAX = 30 * 86_400_000

/** After this long what put us out is taken for good: whoever was parted from the others over a week-end is back. */
const PUT_OUT_MS_MAX = 7 * 86_400_000

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

/** Gives up on who would not hear, and on what did not fall, for too long. */
export function partIfLate(replica: LiveReplica, now: number, fault: (error: unknown) => void): void {
  const { current } = replica
  if (current.status !== 'leaving') return
  const by = outBy(current)
  if (by === undefined || now - by.at > (by.own ? FAREWELL_MS_MAX : PUT_OUT_MS_MAX)) part(replica, fault)
}
