/** Sums over buckets of author chains (SY4): comparing what both sides hold without naming every chain. */
import type { ServerView } from './contract.ts'
import type { Summary } from './frames.ts'
import { BUCKETS_MAX, TIPS_UNASKED_MAX } from './limits.ts'

/** Do the sides hold different envelopes? */
export function bucketsDiffer(view: ServerView, theirs: Summary): boolean {
  if (theirs.buckets.length === 0) return view.chains.size > 0
  const ours = view.chains.buckets(theirs.buckets.length)
  return ours.some((sum, i) => sum !== theirs.buckets[i])
}

/** Between sides that speak of ranges: whether rows of chains are told on request only, as both have many (SY6). */
export function withholdsTips(view: ServerView, theirs: Summary): boolean {
  return theirs.buckets.length === BUCKETS_MAX && view.chains.size > TIPS_UNASKED_MAX
}
