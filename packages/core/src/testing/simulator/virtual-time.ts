/**
 * Time that passes only when it is run. Between two events everything that waits for nothing but promises runs to
 * its end, so what happens is decided by the agenda alone: no real timer, no race.
 */
import type { Clock, Timers } from '../../base/index.ts'
import { Agenda, type Due } from './agenda.ts'
import type { Seeded } from './seeded.ts'

/** Events after which the event loop gets its turn, for signals and test runners. */
const YIELD_EVENTS = 512

export interface RunOptions {
  /** Stops as soon as this is true. */
  readonly until?: () => boolean
  /** Virtual ms at most. */
  readonly ms: number
}

export class VirtualTime implements Clock, Timers {
  readonly #agenda = new Agenda()
  readonly #ties: Seeded
  #now: number
  #order = 0
  #events = 0
  #running = false

  /** @param start - Ms since the epoch at which the world begins. */
  constructor(start: number, ties: Seeded) {
    this.#now = start
    this.#ties = ties
  }

  /** Events that happened so far. */
  get events(): number {
    return this.#events
  }

  /** Whole ms, as clocks give them. */
  now(): number {
    return Math.floor(this.#now)
  }

  after(ms: number, run: () => void): () => void {
    const due: Due = {
      at: this.#now + Math.max(0, ms),
      tie: this.#ties.below(2 ** 31),
      order: this.#order++,
      run
    }
    this.#agenda.add(due)
    return () => this.#agenda.cancel(due)
  }

  /** Runs what is due until the time is over; resolves with whether `until` came true. */
  async run({ until, ms }: RunOptions): Promise<boolean> {
    if (this.#running) throw new TypeError('the simulation is running already: wait for what you started')
    this.#running = true
    try {
      return await this.#loop(until ?? (() => false), this.#now + ms)
    } finally {
      this.#running = false
    }
  }

  async #loop(until: () => boolean, end: number): Promise<boolean> {
    return await new Promise((resolve, reject) => {
      let count = 0
      const step = (): void => {
        try {
          if (until()) return resolve(true)
          const next = this.#agenda.peek()
          if (next === undefined || next.at > end) {
            this.#now = Math.max(this.#now, end)
            return resolve(false)
          }
          this.#agenda.take()
          this.#now = Math.max(this.#now, next.at)
          this.#events++
          next.run?.()
          next.run = undefined
        } catch (error) {
          return reject(error)
        }
        again()
      }
      // A tick asked for among the microtasks comes after all of them, those that they ask for included.
      const again = (): void => {
        if (++count % YIELD_EVENTS === 0) setImmediate(step)
        else queueMicrotask(() => process.nextTick(step))
      }
      again()
    })
  }
}
