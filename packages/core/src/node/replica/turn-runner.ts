/**
 * Runs a replica's jobs (ND1): an inbox, each batch of it one turn, one commit, one round of telling. A commit that
 * failed leaves what is in memory ahead of the disk; it is rebuilt before the next turn.
 */
import type { Timers } from '../../base/index.ts'
import { noteOwn, settleDeliveries } from './deliver.ts'
import { settleEntry } from '../snapshots/enter.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { settleMembership } from './membership.ts'
import { publishControl } from './publish.ts'
import type { ReplicaState } from './replica-state.ts'
import { keepChains, settle } from './settle.ts'
import { drainOperations } from '../intake/take-operations.ts'
import { Turn } from './turn.ts'
import { Work } from './work.ts'

export interface TurnRunnerInit {
  readonly state: ReplicaState
  readonly timers: Timers
  /** The state as the store has it; `all`: with every operation (ND24). */
  reload(all: boolean): Promise<ReplicaState>
  /** Right after the commit: what others wait for leaves before anything is told here. */
  publish(work: Work): void
  /** After the commit: nothing that is told now can be lost any more. */
  tell(work: Work): void
  fault(error: unknown): void
}

interface Job {
  /** May throw an XcordError for its caller; nothing of it is then told. */
  run(work: Work): Promise<void> | undefined
  done(): void
  failed(error: unknown): void
}

/** When the first of what is held for the future is due, operation or content; Infinity where nothing is held. */
function nextHeld(state: ReplicaState): number {
  return Math.min(state.nextDue, ...state.held.values())
}

/** How long work that nobody waits for lingers for a turn to join, ms: a crowd's receipts come within this. */
const LINGER_MS = 50
/** Jobs in one turn: enough to share an fsync, few enough to keep a turn below 100 ms. */
const TURN_JOBS_MAX = 64

export class TurnRunner {
  readonly #init: TurnRunnerInit
  readonly #inbox: Inbox<Job>
  /** Jobs that join the next turn, whatever calls for it. */
  #lingering: Job[] = []
  #cancelLinger: (() => void) | undefined
  #current: ReplicaState
  /** A commit failed: what is in memory is ahead of the disk and must be rebuilt from it. */
  #torn = false
  /** When held operations are due next, if a timer was set for them. */
  #wakesAt = Infinity
  #cancelWake: (() => void) | undefined

  constructor(init: TurnRunnerInit) {
    this.#init = init
    this.#current = init.state
    this.#inbox = createInbox<Job>({
      batchMax: TURN_JOBS_MAX,
      handle: async jobs => await this.#turn(jobs),
      failed: (error, jobs) => {
        for (const job of jobs) job.failed(error)
      }
    })
  }

  /** The state of this moment. */
  get current(): ReplicaState {
    return this.#current
  }

  /** Runs a job in the next turn; resolves when its turn is on disk. */
  do<T>(run: (work: Work) => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: T | Promise<T>
      this.#inbox.push({
        run: work => {
          result = run(work)
          return result instanceof Promise ? result.then(() => undefined) : undefined
        },
        done: () => resolve(result),
        failed: reject
      })
    })
  }

  /**
   * Runs a job that nobody waits for: it joins the next turn, and has one of its own only if none comes soon. A
   * receipt alone would cost its author a commit; what is still lingering at the end is asked for again (SY18).
   */
  linger(run: (work: Work) => Promise<void>): void {
    this.#lingering.push({ run, done: () => undefined, failed: error => this.#init.fault(error) })
    this.#cancelLinger ??= this.later(LINGER_MS, () => undefined)
  }

  /** Runs a job after a while, in a turn of its own. */
  later(ms: number, run: (work: Work) => void | Promise<void>): () => void {
    return this.#init.timers.after(ms, () => {
      this.do(run).catch((error: unknown) => this.#init.fault(error))
    })
  }

  /** Lets others have a turn. */
  async breathe(): Promise<void> {
    await new Promise<void>(resolve => this.#init.timers.after(0, resolve))
  }

  async idle(): Promise<void> {
    await this.#inbox.idle()
  }

  async close(): Promise<void> {
    this.#cancelWake?.()
    this.#cancelLinger?.()
    await this.#inbox.close()
  }

  async #turn(called: readonly Job[]): Promise<void> {
    const jobs = [...called, ...this.#lingering.splice(0)]
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
    if (this.#torn) await this.#reload(this.#current.wantsAll())
    let tried = await this.#try(jobs)
    if (tried === 'wants all') {
      // Nothing of it was kept or told: it is done again where everything can be told.
      this.#torn = true
      await this.#reload(true)
      tried = await this.#try(jobs)
    }
    if (typeof tried === 'string') return
    const { work, release, done } = tried
    this.#init.publish(work)
    release()
    for (const job of done) job.done()
    this.#init.tell(work)
    this.#watchHeld()
  }

  async #reload(all: boolean): Promise<void> {
    const { packageSecret, operationsTold, caughtUp, skews, snapshotAt, preview, audited, provisional } =
      this.#current
    this.#current = await this.#init.reload(all)
    this.#current.packageSecret = packageSecret
    this.#current.operationsTold = operationsTold
    this.#current.caughtUp = caughtUp
    this.#current.preview = preview
    this.#current.provisional = provisional
    for (const id of audited) this.#current.audited.add(id)
    // Read whole, it does not tell of the snapshot that lies there.
    this.#current.snapshotAt = Math.max(this.#current.snapshotAt, snapshotAt)
    for (const [device, skew] of skews) this.#current.skews.set(device, skew)
    this.#torn = false
  }

  /** Runs jobs up to the commit, which it makes. `failed`: it was told. */
  async #try(
    jobs: readonly Job[]
  ): Promise<
    | { readonly work: Work; readonly release: () => void; readonly done: readonly Job[] }
    | 'wants all'
    | 'failed'
  > {
    const { database, clock } = this.#current.deps
    const turn = new Turn(database, clock.now())
    const work = new Work(this.#current, turn)
    if (nextHeld(work.state) <= turn.at) drainOperations(work.state, turn, work.news)
    const done: Job[] = []
    const failed: (readonly [Job, unknown])[] = []
    for (const job of jobs) {
      try {
        const running = job.run(work)
        if (running !== undefined) await running
        done.push(job)
      } catch (error) {
        failed.push([job, error])
      }
    }
    try {
      await this.#finish(work)
      if (work.state.wantsAll()) {
        turn.batch.abandon()
        return 'wants all'
      }
      const release = await turn.commit(work.state.deps.events)
      for (const [job, error] of failed) job.failed(error)
      return { work, release, done }
    } catch (error) {
      this.#torn = true
      // Where it was not the commit that failed: what was staged must not be read any more.
      turn.batch.abandon()
      // At once, not with the next turn: until then sync would tell others that we hold what is on no disk, and none would
      // send it again. Where the disk does not even read, the next turn tries again, and says so.
      await this.#reload(this.#current.wantsAll()).catch(() => undefined)
      for (const [job, cause] of failed) job.failed(cause)
      for (const job of done) job.failed(error)
      this.#init.fault(error)
      return 'failed'
    }
  }

  async #finish(work: Work): Promise<void> {
    await settleEntry(work)
    await settle(work)
    for (const operation of work.announcements) publishControl(work, { kind: 'operation', operation })
    settleMembership(work)
    noteOwn(work)
    await settleDeliveries(work)
    keepChains(work)
  }

  /** AU6: what was held for the future is looked at again when its time comes, though nothing else happens. */
  #watchHeld(): void {
    const next = nextHeld(this.#current)
    if (next >= this.#wakesAt) return
    this.#cancelWake?.()
    this.#wakesAt = next
    this.#cancelWake = this.later(Math.max(1, next - this.#current.deps.clock.now()), () => {
      this.#wakesAt = Infinity
    })
  }
}
