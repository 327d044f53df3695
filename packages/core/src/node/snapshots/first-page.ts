/** Gets pages before the replay (ND27): the one that is looked at first, and others when somebody looks at them. */
import type { ChannelId, DeviceId, ServerId, Timers } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { Account } from '../../identity/index.ts'
import type { Connection, Transport } from '../../net/index.ts'
import type { LiveEvent } from '../live-events.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { Turn } from '../replica/turn.ts'
import { type Patience, withPatience } from '../with-patience.ts'
import { fetchPage } from './fetch-page.ts'
import { firstChannel, type Provisional, showsChannel, takePage } from './provisional.ts'
import { settlePages } from './settle-pages.ts'

/** Peers asked for one page: whoever gave the snapshot, then others. */
const ASKED_MAX = 4
const PATIENCE: Patience = { silenceMs: 5_000, totalMs: 20_000 }
/** Pages held at once: what somebody looks at within a replay. */
const PAGES_MAX = 16
/** After the replay: how long a shown message may still wait for its key or for operations. */
const SETTLE_MS = 30_000

export interface FirstPagesInit {
  readonly suite: Suite
  readonly account: Account
  readonly transport: Transport
  readonly timers: Timers
  emit(event: LiveEvent): void
  fault(error: unknown): void
}

export interface FirstPages {
  /** The page that is looked at, or else of the first text channel. Resolves when it is there or cannot be had; never rejects. */
  first(replica: LiveReplica): Promise<void>
  /** Somebody reads a channel. */
  looked(replica: LiveReplica, channel: ChannelId): void
  /** Tells of what a turn did to all this. */
  turnDone(replica: LiveReplica, turn: Turn): void
}

export function createFirstPages(init: FirstPagesInit): FirstPages {
  return new Pages(init)
}

class Pages implements FirstPages {
  readonly #init: FirstPagesInit
  /** Servers being verified, and whether the replay of each is over. */
  readonly #verifying = new Map<ServerId, 'replaying' | 'settling'>()

  constructor(init: FirstPagesInit) {
    this.#init = init
  }

  async first(replica: LiveReplica): Promise<void> {
    const { provisional, preview } = replica.current
    const channel = preview && firstChannel(replica.current, preview.log.state())
    if (provisional === undefined || channel === undefined) return
    await this.#get(replica, provisional, channel).catch(this.#init.fault)
  }

  looked(replica: LiveReplica, channel: ChannelId): void {
    const { provisional, preview } = replica.current
    if (provisional === undefined || preview === undefined) return
    // The first is asked for by whoever enters, before sync may ask anything.
    if (provisional.asked.size === 0 || provisional.asked.size >= PAGES_MAX) return
    if (provisional.asked.has(channel) || !showsChannel(replica.current, preview.log.state(), channel)) return
    this.#get(replica, provisional, channel).catch(this.#init.fault)
  }

  async #get(replica: LiveReplica, provisional: Provisional, channel: ChannelId): Promise<void> {
    provisional.asked.add(channel)
    for (const connection of this.#peers(provisional)) {
      if (await this.#ask(replica, provisional, channel, connection)) return
    }
  }

  /** Whoever gave the snapshot, then other members that it names. */
  #peers({ preview }: Provisional): readonly Connection[] {
    const shown = preview.log.state()
    const all = this.#init.transport.connections().filter(each => shown.device(each.device)?.on === true)
    const byDevice = new Map<DeviceId, Connection>()
    for (const each of all) if (!byDevice.has(each.device)) byDevice.set(each.device, each)
    const from = byDevice.get(preview.from)
    byDevice.delete(preview.from)
    return [...(from === undefined ? [] : [from]), ...byDevice.values()].slice(0, ASKED_MAX)
  }

  /** Whether this peer settled it: with a page, or because none is wanted any more. */
  async #ask(
    replica: LiveReplica,
    provisional: Provisional,
    channel: ChannelId,
    connection: Connection
  ): Promise<boolean> {
    const { suite, account, timers } = this.#init
    const { packageSecret, ownJoin } = replica.current
    if (packageSecret === null || replica.current.provisional !== provisional) return true
    const asked = {
      suite,
      server: replica.server,
      channel,
      topicSecret: packageSecret,
      self: account.device.device,
      readers: provisional.ring.readerRids(),
      join: ownJoin?.bytes ?? null
    }
    const { signal } = new AbortController()
    const answer = await withPatience(timers, PATIENCE, signal, async (aborted, heard) =>
      fetchPage(connection, { ...asked, heard }, aborted)
    ).catch(() => undefined)
    if (answer?.ok !== true) return false
    return await replica.do(({ state, turn }) => {
      // What the replay has said meanwhile counts for more.
      if (state.provisional !== provisional || provisional.offered) return true
      const page = takePage(state, provisional, channel, connection.device, answer.value)
      if (!page.ok) return false
      provisional.pages.set(channel, page.value)
      turn.viewChanged = true
      const received = page.value.records.size
      const { server } = state
      const progress = { phase: 'page', channel, received, expected: received, done: true } as const
      turn.after.push(() => this.#init.emit({ type: 'sync:progress', server, ...progress }))
      return true
    })
  }

  turnDone(replica: LiveReplica, turn: Turn): void {
    const { server, current } = replica
    for (const each of turn.withdrawn) this.#init.emit({ type: 'message:withdraw', server, ...each })
    if (current.preview !== undefined) {
      this.#verifying.set(server, 'replaying')
      if (turn.accepted.length > 0) this.#progress(replica, false)
    } else if (this.#verifying.get(server) === 'replaying') {
      this.#verifying.set(server, 'settling')
      this.#progress(replica, true)
      // Once now, when what was offered is on disk, and once at last.
      replica.do(() => undefined).catch(this.#init.fault)
      replica.later(SETTLE_MS, async work => await settlePages(work, true))
    }
    if (current.preview === undefined && current.provisional === undefined) this.#verifying.delete(server)
  }

  /** How far the replay is. */
  #progress({ server, current }: LiveReplica, done: boolean): void {
    const held = current.log.count()
    const of = current.preview?.claim.count ?? held
    const received = Math.min(held, of)
    this.#init.emit({
      type: 'sync:progress',
      server,
      phase: 'operations',
      received,
      expected: of,
      done
    })
  }
}
