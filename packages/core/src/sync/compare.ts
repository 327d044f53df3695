/** Looks for where a chain forks: both sides hold the same numbers, and their sums differ (SY5, EN8). */
import { mayAsk, note } from './asks.ts'
import type { ChainId } from './chain-index.ts'
import type { ChainRange, ServerView, SyncFound } from './contract.ts'
import { envelopeIdOf } from './envelope-form.ts'
import { INBOX_BYTES_MAX, ITEMS_MAX } from './limits.ts'
import { missingOf } from './missing.ts'
import { newest, type Range, sameRanges, subtract } from './ranges.ts'
import { type PeerTip, send, type Share, type Turn } from './session.ts'

/** Envelopes compared at once; ids of 16 bytes must fit a circuit's frame. */
const COMPARE_SPAN = { direct: ITEMS_MAX, circuit: 96 } as const

/** Nothing is missing by number. Equal numbers with different sums: the chain forks somewhere (EN8). */
export function settleChain(share: Share, view: ServerView, chain: ChainId, tip: PeerTip): void {
  const held = view.chains.get(chain)
  const forked =
    held !== undefined &&
    tip.sum !== null &&
    held.sum !== tip.sum &&
    tip.compared !== tip.sum &&
    sameRanges(held.ranges.slice(-tip.ranges.length), tip.ranges)
  if (!forked) {
    if (share.comparing?.chain !== chain) share.pending.delete(chain)
  } else if (share.comparing === null) {
    tip.compared = tip.sum
    share.comparing = { chain, left: tip.ranges, busy: false }
  }
}

/** One window of a comparison at a time, newest first, until the sums agree or the chain ends. */
export function compareForks(turn: Turn, share: Share, view: ServerView): void {
  const { comparing, session } = share
  if (comparing === null || comparing.busy) return
  const { chain } = comparing
  const agrees = share.tips.get(chain)?.sum === view.chains.get(chain)?.sum
  const window = newest(
    comparing.left,
    session.limits.windowBytes < 65_536 ? COMPARE_SPAN.circuit : COMPARE_SPAN.direct
  ).at(-1)
  if (agrees || window === undefined) {
    endComparison(share, view, chain)
    if (share.comparing !== null) compareForks(turn, share, view)
    return
  }
  if (!mayAsk(turn, session)) return
  comparing.busy = true
  const [from, to] = window
  const lookup = turn.world.next++
  turn.world.lookups.set(lookup, { session, for: 'compare', share, chain, from, to })
  turn.effects.push({
    type: 'lookup',
    lookup,
    query: {
      kind: 'envelopes',
      server: share.server,
      device: session.peer,
      ranges: [{ chain, from, to }],
      itemsMax: ITEMS_MAX * 2,
      bytesMax: INBOX_BYTES_MAX
    }
  })
}

/** What the peer told of the chain while it was compared may call for another comparison: one for each sum. */
function endComparison(share: Share, view: ServerView, chain: ChainId): void {
  share.comparing = null
  const tip = share.tips.get(chain)
  if (tip === undefined || tip.sum === tip.compared || tip.sum === view.chains.get(chain)?.sum)
    share.pending.delete(chain)
  else if (missingOf(view, chain, tip).length === 0) settleChain(share, view, chain, tip)
}

/** Our own envelopes of the window were read: asks for whatever else the peer has there. */
export function onCompareRead(turn: Turn, share: Share, range: ChainRange, found: SyncFound): void {
  const { session, comparing } = share
  if (comparing === null || found.kind !== 'envelopes' || session.shares.get(share.handle) !== share) return
  const from = Math.max(range.from, (found.rest[0]?.to ?? range.from - 1) + 1)
  const idsOf = (kind: 'envelopes' | 'stubs', items: readonly Uint8Array[]): Uint8Array[] =>
    items.map(item => envelopeIdOf(turn.world.init.suite, kind, item).subarray(0, 16))
  const have = [...idsOf('envelopes', found.items), ...idsOf('stubs', found.stubs)].slice(0, ITEMS_MAX * 2)
  const window: Range = [from, range.to]
  comparing.left = subtract(comparing.left, [window])
  const request = note(turn, share, 'compare', {
    ranges: new Map([[range.chain, [window]]]),
    itemsMax: ITEMS_MAX * 2
  })
  send(turn, session, {
    kind: 'compare',
    handle: share.handle,
    request,
    chain: range.chain,
    from,
    to: range.to,
    have
  })
}

/**
 * What came could not be kept (SY9): begun again from the newest window, as sums tell that branches differ and not where.
 */
export function compareAgain(share: Share): void {
  if (share.comparing === null) return
  const tip = share.tips.get(share.comparing.chain)
  if (tip !== undefined) tip.compared = null
  share.comparing = null
}
