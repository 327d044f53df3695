/** What peers promise and is not held here (SY8). */
import type { ChainId } from './chain-index.ts'
import type { ServerView } from './contract.ts'
import { countOf, type Ranges, subtract } from './ranges.ts'
import type { PeerTip, Share } from './session.ts'

/** What a peer's row promises and is not held, nor was asked of it in vain. */
export function missingOf(view: ServerView, chain: ChainId, tip: PeerTip): Ranges {
  return subtract(subtract(tip.ranges, view.chains.get(chain)?.ranges ?? []), tip.got)
}

/** How many envelopes this peer offers that are missing here. */
export function missingCount(view: ServerView, share: Share): number {
  let count = 0
  for (const chain of share.pending) {
    const tip = share.tips.get(chain)
    if (tip !== undefined && view.knowsChain(chain)) count += countOf(missingOf(view, chain, tip))
  }
  return count
}
