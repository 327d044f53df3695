/** What is not, or not yet, part of the log: refused, waiting for its parents, held for the future (AU6, AU9). */
import { type OperationId, refuse, type Refusal } from '../base/index.ts'
import { type Operation, OrphanPool } from '../graph/index.ts'
import type { AddOptions, AddResult } from './contract.ts'
import { RecentMap } from './recent-map.ts'

/** Refused ids that are remembered, so that what cites them is refused at once. */
const REFUSED_MAX = 4_096
/** Operations from the future that wait here (AU6). */
const HELD_MAX = 1_024

export class Admission {
  readonly #orphans = new OrphanPool()
  readonly #ready: { readonly operation: Operation; readonly peer: string }[] = []
  readonly #outcomes: AddResult[] = []
  readonly #held = new Map<OperationId, { readonly operation: Operation; readonly until: number }>()
  readonly #refused = new RecentMap<OperationId, Refusal>(REFUSED_MAX)

  /** The refusal that an operation, or one that it cites, met before. */
  earlier(operation: Operation, cited: readonly OperationId[]): AddResult | undefined {
    const own = this.#refused.get(operation.id)
    if (own !== undefined) return { kind: 'rejected', refusal: own }
    return cited.some(id => this.#refused.get(id) !== undefined)
      ? this.reject(operation, refuse('AU9', 'cites an operation that was refused'))
      : undefined
  }

  /** Why an operation was refused, as far as that is remembered. */
  refusal(id: OperationId): Refusal | undefined {
    return this.#refused.get(id)
  }

  reject(operation: Operation, refusal: Refusal): AddResult {
    const plain: Refusal = { ok: false, rule: refusal.rule, reason: refusal.reason }
    this.#refused.set(operation.id, plain)
    const left = this.#orphans.refused(operation.id)
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const because = refuse('AU9', 'cites an operation that was refused')
      this.#refused.set(next.id, because)
      this.#outcomes.push({ kind: 'rejected', refusal: because })
      left.push(...this.#orphans.refused(next.id))
    }
    return { kind: 'rejected', refusal: plain }
  }

  hold(operation: Operation, until: number): AddResult {
    if (this.#held.size < HELD_MAX) this.#held.set(operation.id, { operation, until })
    return { kind: 'held', operation: operation.id, until }
  }

  orphan(operation: Operation, missing: readonly OperationId[], peer: string): AddResult {
    this.#orphans.add(operation, missing, peer)
    return { kind: 'orphan', operation: operation.id, missing }
  }

  accepted(operation: Operation): void {
    this.#held.delete(operation.id)
    this.#ready.push(...this.#orphans.arrived(operation.id))
  }

  missing(): readonly OperationId[] {
    return this.#orphans.missing()
  }

  /** Offers again what is due or has its parents now. */
  drain(now: number, add: (operation: Operation, options?: AddOptions) => AddResult): readonly AddResult[] {
    const out = this.#outcomes.splice(0)
    for (const [id, held] of this.#held) {
      if (held.until > now) continue
      this.#held.delete(id)
      out.push(add(held.operation))
    }
    for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift())
      out.push(add(next.operation, { peer: next.peer }))
    out.push(...this.#outcomes.splice(0))
    return out
  }
}
