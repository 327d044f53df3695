/**
 * Judging messages one after the other (AU34 to AU38): what one message proved, and what was looked into for it, the
 * next one of a burst does not ask again.
 */
import { type ChannelId, idAs, OPERATION_CITES_MAX, type OperationId } from '../base/index.ts'
import { timeoutCell } from './cell.ts'
import type { ContentAct, ContentVerdict } from './contract.ts'
import { type ActProof, believe, isUndisputed, proveAct } from './judge.ts'
import type { Ledger } from './ledger.ts'
import { RecentMap } from './recent-map.ts'
import { type Membership, View } from './view.ts'

const VIEWS_MAX = 256
const PROOFS_MAX = 1_024

/** The operations a message rests on. */
interface Frontier {
  readonly auth: readonly OperationId[]
  readonly channel: ChannelId
  readonly ids: readonly OperationId[]
  /** Name of the set in caches. */
  readonly key: string
}

/** Judges content by one ledger. */
export class ContentJudge {
  readonly #ledger: Ledger
  readonly #membership: (ids: readonly OperationId[]) => Membership | undefined
  readonly #views = new RecentMap<string, View>(VIEWS_MAX)
  readonly #proofs = new RecentMap<string, ReturnType<typeof proveAct>>(PROOFS_MAX)
  /** Proofs that nothing disputed, and the count of operations at which that was found. */
  readonly #undisputed = new WeakMap<ActProof, number>()
  #frontier: Frontier | undefined

  /** @param membership - What a frontier and its past hold; undefined where one of it is not known. */
  constructor(ledger: Ledger, membership: (ids: readonly OperationId[]) => Membership | undefined) {
    this.#ledger = ledger
    this.#membership = membership
  }

  judge(act: ContentAct): ContentVerdict {
    if (act.auth.length === 0 || act.auth.length > OPERATION_CITES_MAX)
      return { kind: 'rejected', rule: 'AU34', reason: 'a frontier has 1 to 16 ids' }
    const frontier = this.#frontierOf(act)
    const missing = frontier.ids.filter(id => !this.#ledger.entries.has(id))
    if (missing.length > 0) return { kind: 'waiting', missing }
    const view = this.#viewAt(frontier)
    const proof = this.#proofOf(view, frontier, act)
    if (!proof.ok) return { kind: 'rejected', rule: proof.rule, reason: proof.reason }
    const { value } = proof
    // Most messages rest on what nobody disputes: that is looked into once for each operation accepted.
    if (this.#undisputed.get(value) === this.#ledger.count) return { kind: 'visible', user: value.user }
    if (isUndisputed(this.#ledger, view, value)) this.#undisputed.set(value, this.#ledger.count)
    return believe(this.#ledger, view, act, value)
  }

  /** What the author had seen, and the channel's creation. Kept for the next message, which most often names the same. */
  #frontierOf({ auth, channel }: ContentAct): Frontier {
    const kept = this.#frontier
    const same =
      kept?.channel === channel &&
      kept.auth.length === auth.length &&
      kept.auth.every((id, at) => id === auth[at])
    if (same) return kept
    const ids = channel.slice(1) === this.#ledger.server.slice(1) ? auth : [...auth, idAs('o', channel)]
    return (this.#frontier = { auth: [...auth], channel, ids: [...ids], key: [...ids].sort().join() })
  }

  #viewAt({ ids, key }: Frontier): View {
    let view = this.#views.get(key)
    if (view === undefined) {
      view = new View(this.#ledger, this.#membership(ids) as Membership)
      this.#views.set(key, view)
    }
    return view
  }

  /** AU35 by frontier: what one message of an author proved, the next need not prove again. */
  #proofOf(view: View, frontier: Frontier, act: ContentAct): ReturnType<typeof proveAct> {
    const key = `${act.device}|${act.channel}|${act.needs.join()}|${frontier.key}`
    const kept = this.#proofs.get(key)
    if (kept !== undefined) return kept
    const proof = proveAct(view, act)
    const users = this.#ledger.registry.devices.get(act.device) ?? []
    const timed = [...users].some(each => view.winner(timeoutCell(each)) !== undefined)
    if (!timed) this.#proofs.set(key, proof)
    return proof
  }
}
