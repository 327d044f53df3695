/** A peer's line as its owner sees it: what it may spend (SY19), kept over restarts, and how far sync has come. */
import type { ChannelId, Clock, ServerId } from '../../base/index.ts'
import { array, codec, literal, nullable, tuple, uint } from '../../encoding/index.ts'
import type { Database } from '../../store/index.ts'
import { Budget, type BudgetLedger, type BudgetReport, type ByteBudget } from '../../sync/index.ts'
import type { LoggedEvent } from '../event-log.ts'
import type { LiveEvent, SyncLine } from '../live-events.ts'
import { settingTable } from '../replica/tables.ts'
import type { SyncEvent, SyncNews } from './sync-host.ts'

type Progress = Extract<LiveEvent, { readonly type: 'sync:progress' }>

const SETTING = 'sync-budget'
/** The 60 parts of a period, and the one that runs. */
const SLOTS_MAX = 61
const lineCodec = codec(
  tuple({
    version: literal(1),
    limit: nullable(tuple({ bytes: uint(), periodMs: uint() })),
    ledger: nullable(tuple({ periodMs: uint(), slot: uint(), spent: array(uint(), SLOTS_MAX) }))
  }),
  { rule: 'SY19' }
)

interface Kept {
  readonly limit: ByteBudget | null
  readonly ledger: BudgetLedger | null
}

export interface MeteredLineInit {
  readonly database: Database
  readonly clock: Clock
  /** Replaces what is kept; absent: what is kept holds. */
  readonly budget?: ByteBudget | null | undefined
  feed(event: SyncEvent): void
  readonly fault: (error: unknown) => void
}

/** Reads what is kept of this line. RangeError for a budget that is none. */
export async function openMeteredLine(init: MeteredLineInit): Promise<MeteredLine> {
  const row = await init.database.table(settingTable).get([SETTING])
  const read = row === undefined ? undefined : lineCodec.decode(row.bytes)
  const kept: Kept = read?.ok === true ? read.value : { limit: null, ledger: null }
  const budget = new Budget(kept.limit, kept.ledger, init.clock.now())
  const line = new MeteredLine(init, budget)
  if (init.budget !== undefined) {
    budget.set(init.budget, init.clock.now())
    line.spent()
  }
  return line
}

export class MeteredLine implements SyncLine {
  /** Shared with the sync machine, which spends of it. */
  readonly budget: Budget
  readonly #init: MeteredLineInit
  readonly #progress = new Map<ServerId, Progress>()
  /** Messages since the last progress, by channel. */
  readonly #arrived = new Map<ServerId, Map<ChannelId, number>>()
  /** What is being written, and whether it is out of date already. */
  #writing: Promise<void> | undefined
  #stale = false

  constructor(init: MeteredLineInit, budget: Budget) {
    this.#init = init
    this.budget = budget
  }

  report(): BudgetReport | null {
    return this.budget.report(this.#init.clock.now())
  }

  progress(): readonly Progress[] {
    return [...this.#progress.values()].map(each => ({ ...each, budget: this.report() }))
  }

  async setBudget(budget: ByteBudget | null): Promise<void> {
    this.budget.set(budget, this.#init.clock.now())
    this.spent()
    await this.#writing
    this.#init.feed({ type: 'budget' })
  }

  /** Whether what can wait has to. */
  isSpent(): boolean {
    return this.budget.isSpent(this.#init.clock.now())
  }

  /** Bytes went or came beside sync: attachments. */
  spend(bytes: number): void {
    const { version } = this.budget
    this.budget.spend(bytes, this.#init.clock.now())
    if (this.budget.version !== version) this.spent()
  }

  /** The ledger changed: it is written, one writing at a time. A crash loses what was spent since the last. */
  spent(): void {
    this.#stale = true
    this.#writing ??= this.#write()
      .catch((error: unknown) => this.#init.fault(error))
      .finally(() => (this.#writing = undefined))
  }

  async #write(): Promise<void> {
    while (this.#stale) {
      this.#stale = false
      const bytes = lineCodec.encode({ version: 1, limit: this.budget.limit, ledger: this.budget.save() })
      await this.#init.database
        .batch()
        .put(settingTable, [SETTING], { version: 1, bytes })
        .commit({ sync: false })
    }
  }

  /** Messages that a turn brought. */
  arrived(server: ServerId, events: readonly Pick<LoggedEvent, 'type' | 'refs'>[]): void {
    for (const { type, refs } of events) {
      if (type !== 'message:create') continue
      const channels = this.#arrived.get(server) ?? new Map<ChannelId, number>()
      const channel = refs[0] as ChannelId
      channels.set(channel, (channels.get(channel) ?? 0) + 1)
      this.#arrived.set(server, channels)
    }
  }

  /** What is told of a step of sync. */
  told(server: ServerId, news: Extract<SyncNews, { readonly type: 'progress' }>): Progress {
    const arrived = this.#arrived.get(server) ?? new Map<ChannelId, number>()
    this.#arrived.delete(server)
    const told: Progress = {
      type: 'sync:progress',
      server,
      phase: 'messages',
      received: news.received,
      bytes: news.bytes,
      expected: news.received + news.missing,
      done: news.missing === 0,
      channels: [...arrived].map(([channel, received]) => ({ channel, received })),
      budget: this.report()
    }
    this.#progress.set(server, told)
    return told
  }

  /** A server was left. */
  forget(server: ServerId): void {
    this.#progress.delete(server)
    this.#arrived.delete(server)
  }

  /** Resolves when all is written. */
  async stop(): Promise<void> {
    await this.#writing
  }
}
