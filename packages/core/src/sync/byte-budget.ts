/**
 * What a metered line may spend on what can wait (SY19): a ledger of the bytes of the last hour or day. It has no
 * clock: every question brings its time. Whoever keeps it over restarts saves what `save` gives.
 */

import { BUDGET_PERIOD_MS_MAX, BUDGET_PERIOD_MS_MIN } from '../base/index.ts'

/** How many bytes may go both ways in any period of this length. */
export interface ByteBudget {
  readonly bytes: number
  readonly periodMs: number
}

/** What is kept over restarts: the number of the newest slot, and what was spent in it and those before, newest first. */
export interface BudgetLedger {
  readonly periodMs: number
  readonly slot: number
  readonly spent: readonly number[]
}

/** How a budget stands. */
export interface BudgetReport extends ByteBudget {
  /** In the period that ends now; beyond `bytes` by what was looked at, and by one batch. */
  readonly spentBytes: number
  readonly leftBytes: number
  /** When what waits goes on, ms; null while something is left. */
  readonly resumesAt: number | null
}

/** Parts of a period: what was spent in one is given back when the whole of it lies a period back. */
export const BUDGET_SLOTS = 60
/** SY19: envelopes of one request of what can wait: what may go beyond the budget, as nobody knows their sizes before. */
export const METERED_ENVELOPES_MAX = 64
/** SY19: an envelope's size until any came. */
const MEAN_BYTES_FIRST = 600
/** How many envelopes the mean looks back on, about. */
const MEAN_OVER = 256

/** RangeError where it is no budget. */
function assertBudget({ bytes, periodMs }: ByteBudget): void {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`A budget of ${bytes} bytes`)
  if (!Number.isSafeInteger(periodMs) || periodMs < BUDGET_PERIOD_MS_MIN || periodMs > BUDGET_PERIOD_MS_MAX)
    throw new RangeError(`A budget's period of ${periodMs} ms: one minute to 31 days`)
}

/** The ledger of one peer, over all servers and streams. Times are ms; one that goes back stands still. */
export class Budget {
  #limit: ByteBudget | null
  /** Spent by slot, newest first; as many as reach over a whole period and the slot that runs. */
  #spent: number[] = []
  #slot = 0
  #at = 0
  /** Promised to reads that are under way. */
  #reserved = 0
  #mean = MEAN_BYTES_FIRST
  /** Rises with everything that is to be kept. */
  version = 0

  constructor(limit: ByteBudget | null = null, ledger: BudgetLedger | null = null, at = 0) {
    if (limit !== null) assertBudget(limit)
    this.#limit = limit
    this.#at = at
    if (limit === null) return
    const now = this.#slotOf(limit)
    this.#slot = now
    if (ledger === null) return
    // One that was kept under a clock that ran ahead, or for another period, counts as spent now.
    const same = ledger.periodMs === limit.periodMs && ledger.slot <= now
    this.#spent = same ? [...ledger.spent] : [sum(ledger.spent)]
    this.#slot = same ? ledger.slot : now
    this.#roll(limit)
  }

  get limit(): ByteBudget | null {
    return this.#limit
  }

  /** Another budget, or none. What was spent counts on. */
  set(limit: ByteBudget | null, at: number): void {
    if (limit !== null) assertBudget(limit)
    this.#tick(at)
    const before = this.#limit
    this.#limit = limit
    this.version++
    if (limit === null) this.#spent = []
    else if (before?.periodMs !== limit.periodMs) {
      this.#spent = [sum(this.#spent)]
      this.#slot = this.#slotOf(limit)
    }
  }

  /** Bytes that may still be begun, without what reads were promised; Infinity without a budget. */
  left(at: number): number {
    this.#tick(at)
    return this.#limit === null
      ? Infinity
      : Math.max(0, this.#limit.bytes - sum(this.#spent) - this.#reserved)
  }

  /** Whether what can wait has to. */
  isSpent(at: number): boolean {
    this.#tick(at)
    return this.#limit !== null && sum(this.#spent) >= this.#limit.bytes
  }

  /** Bytes that came or went. */
  spend(bytes: number, at: number): void {
    this.#tick(at)
    if (this.#limit === null || bytes <= 0) return
    this.#spent[0] = (this.#spent[0] ?? 0) + bytes
    this.version++
  }

  /** Promises a read as much as is left, and at most so much. Without a budget nothing has to be promised. */
  reserve(bytesMax: number, at: number): number {
    const granted = Math.min(bytesMax, this.left(at))
    if (this.#limit !== null) this.#reserved += granted
    return granted
  }

  /** The read is done, or will never be. */
  release(granted: number): void {
    this.#reserved = Math.max(0, this.#reserved - granted)
  }

  /** Envelopes came: what one costs is learnt. */
  learn(envelopes: number, bytes: number): void {
    const weight = Math.min(1, envelopes / MEAN_OVER)
    this.#mean += weight * (bytes / Math.max(1, envelopes) - this.#mean)
  }

  /** How many envelopes may be asked at once: what is left holds about so many, or one; and no more than a batch. */
  envelopesFor(at: number): number {
    return Math.min(METERED_ENVELOPES_MAX, Math.max(1, Math.floor(this.left(at) / this.#mean)))
  }

  /** When something is left again; null while it is. */
  resumesAt(at: number): number | null {
    if (!this.isSpent(at) || this.#limit === null) return null
    let spent = sum(this.#spent)
    for (let age = this.#spent.length - 1; age >= 0; age--) {
      spent -= this.#spent[age] ?? 0
      if (spent < this.#limit.bytes)
        return Math.ceil((this.#slot - age + BUDGET_SLOTS + 1) * (this.#limit.periodMs / BUDGET_SLOTS))
    }
    // Nothing may be spent at all.
    return this.#at + this.#limit.periodMs
  }

  report(at: number): BudgetReport | null {
    this.#tick(at)
    if (this.#limit === null) return null
    const spentBytes = sum(this.#spent)
    return {
      ...this.#limit,
      spentBytes,
      leftBytes: Math.max(0, this.#limit.bytes - spentBytes),
      resumesAt: this.resumesAt(at)
    }
  }

  save(): BudgetLedger | null {
    return this.#limit === null
      ? null
      : { periodMs: this.#limit.periodMs, slot: this.#slot, spent: [...this.#spent] }
  }

  #tick(at: number): void {
    this.#at = Math.max(this.#at, at)
    if (this.#limit !== null) this.#roll(this.#limit)
  }

  #slotOf({ periodMs }: ByteBudget): number {
    return Math.floor(this.#at / (periodMs / BUDGET_SLOTS))
  }

  #roll(limit: ByteBudget): void {
    const now = this.#slotOf(limit)
    const gone = Math.min(BUDGET_SLOTS + 1, now - this.#slot)
    if (gone > 0)
      this.#spent = [...Array.from({ length: gone }, () => 0), ...this.#spent].slice(0, BUDGET_SLOTS + 1)
    this.#slot = Math.max(this.#slot, now)
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
