/** The newest messages of a channel: parents of what is written next there (EN6), and what its time follows (AU34). */
import type { MessageId } from '../../base/index.ts'

/** A message as the next one names it. */
export interface Tip {
  readonly id: MessageId
  /** The time it claims, ms. */
  readonly at: number
}

/** Parents named at most: those of a crowd that speaks at once. */
const TIPS_KEPT = 4

/**
 * The tips with one message more, newest first. It stands for those it names as its parents, unless their time lies
 * behind its own: then they are what the next one's time has to follow.
 */
export function withTip(
  tips: readonly Tip[],
  { id, at, parents }: Tip & { readonly parents: readonly MessageId[] }
): readonly Tip[] {
  // Judged again, a message must not be there twice: nobody opens what names one parent twice (EN6).
  const held = tips.filter(each => each.id !== id && (each.at >= at || !parents.includes(each.id)))
  const older = held.findIndex(each => each.at < at)
  held.splice(older < 0 ? held.length : older, 0, { id, at })
  return held.slice(0, TIPS_KEPT)
}
