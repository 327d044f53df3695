/** AU6: where the past of a server that we join lies in our future, it is our clock that keeps us waiting. */
import { FUTURE_MS_MAX, XcordError } from '../base/index.ts'
import type { LiveReplica } from './replica/replica.ts'

/** What to tell whoever waits for a join; undefined where the clock is not to blame. */
export function clockSkew(replicas: Iterable<LiveReplica>, now: number): XcordError | undefined {
  const joining = [...replicas].filter(each => each.current.status === 'joining')
  const skewMs = Math.max(...joining.flatMap(each => [...each.current.held.values()])) + FUTURE_MS_MAX - now
  if (skewMs <= FUTURE_MS_MAX) return undefined
  return new XcordError(
    'XCORD_CLOCK_SKEW',
    `This machine's clock is at least ${Math.round(skewMs / 60_000)} min behind the server's members. Set it, then join again.`,
    { skewMs }
  )
}
