/** Sums over buckets of author chains (SY4): comparing what both sides hold without naming every chain. */
import type { ServerView } from './contract.ts'
import { addFingerprint, type Fingerprint, NO_FINGERPRINT } from './fingerprint.ts'
import type { Summary } from './frames.ts'
import { BUCKETS_MAX, TIPS_UNASKED_MAX } from './limits.ts'

/** Adds neighbouring buckets up until `length` are left; both sides fold to the coarser of the two. */
export function foldBuckets(buckets: readonly Fingerprint[], length: number): readonly Fingerprint[] {
  const width = buckets.length / length
  return Array.from({ length }, (_, i) =>
    buckets.slice(i * width, (i + 1) * width).reduce(addFingerprint, NO_FINGERPRINT)
  )
}

/** Do the sides hold different envelopes? */
export function bucketsDiffer(view: ServerView, theirs: Summary): boolean {
  if (theirs.buckets.length === 0) return view.chains.size > 0
  return foldBuckets(view.chains.buckets(), theirs.buckets.length).some((sum, i) => sum !== theirs.buckets[i])
}

/** Between sides that speak of ranges: whether rows of chains are told on request only, as both have many (SY6). */
export function withholdsTips(view: ServerView, theirs: Summary): boolean {
  return theirs.buckets.length === BUCKETS_MAX && view.chains.size > TIPS_UNASKED_MAX
}
