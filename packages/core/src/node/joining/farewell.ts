/**
 * A leave that nobody heard is none to the others (ND40): a server that we left stays in sync until another member holds
 * our leave, however often the profile is closed meanwhile.
 */
import { serverRow } from '../replica/membership.ts'
import { farewellOf } from '../replica/removals.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { serverTable } from '../replica/tables.ts'
import type { Work } from '../replica/work.ts'

/** After this long nobody is there any more to be told. */
const FAREWELL_MS_MAX = 30 * 86_400_000

/** The others know: from now on the server is only kept. */
export function part(replica: LiveReplica, fault: (error: unknown) => void): void {
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
