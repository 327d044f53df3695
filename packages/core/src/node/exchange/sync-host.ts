/**
 * Runs the sync machine over real streams (SY1): one stream a device, opened by the connection's dialler.
 * Holds no decision of its own beside which of two streams to keep.
 */
import {
  type Clock,
  compareIds,
  type DeviceId,
  type Refusal,
  type ServerId,
  SYNC_FRAME_BYTES_MAX,
  type Timers
} from '../../base/index.ts'
import type { Connection, FrameStream, ProtocolName, Transport } from '../../net/index.ts'
import type {
  ItemKind,
  SessionId,
  SyncEffect,
  SyncFound,
  SyncInput,
  SyncMachine,
  SyncQuery
} from '../../sync/index.ts'

export const SYNC_PROTOCOL: ProtocolName = '/xcord/sync/1'

/** Input without its time, which the host adds. */
export type SyncEvent = SyncInput extends infer I ? (I extends SyncInput ? Omit<I, 'at'> : never) : never
/** Effects that concern one server: handled by its replica. */
export type SyncNews = Extract<
  SyncEffect,
  {
    readonly type:
      'matched' | 'ended' | 'operations' | 'caught-up' | 'parted' | 'progress' | 'receipt' | 'offered'
  }
>
type Delivery = Extract<SyncEffect, { readonly type: 'deliver' }>

/** What the host asks of a replica. */
export interface SyncPort {
  lookup(query: SyncQuery): Promise<SyncFound>
  /** Judges and commits; resolves with what was new. */
  deliver(
    kind: ItemKind,
    items: readonly Uint8Array[],
    from: DeviceId
  ): Promise<{ readonly fresh: number; readonly refusal?: Refusal }>
  news(effect: SyncNews): void
}

export interface SyncHostInit {
  readonly machine: SyncMachine
  readonly transport: Transport
  readonly clock: Clock
  readonly timers: Timers
  readonly self: DeviceId
  port(server: ServerId): SyncPort | undefined
  /** Whether gossip brings a device all that we publish. */
  gossips(device: DeviceId): boolean
  /** The budget's ledger changed (SY19). */
  readonly spent?: () => void
  readonly fault: (error: unknown) => void
}

interface Session {
  readonly id: SessionId
  readonly device: DeviceId
  readonly stream: FrameStream
  readonly dialled: boolean
  /** Deliveries are judged in order per session. */
  turn: Promise<void>
  /** Frames leave in order, each when the transport takes it. */
  sending: Promise<void>
  gone: boolean
}

export interface SyncHost {
  /** Feeds the machine. */
  feed(event: SyncEvent): void
  /** Topics or members changed, and with them who is reached by gossip. */
  relink(): void
  /** Devices with an open session. */
  devices(): ReadonlySet<DeviceId>
  close(): Promise<void>
}

const STREAM_BOUNDS = { frameBytesMax: SYNC_FRAME_BYTES_MAX, inboundStreamsMax: 4, onLimited: true } as const
/** A stream that failed on a living connection is opened again after this. */
const REOPEN_MS = 2_000
/** SY13: how long a peer that broke a rule is avoided, the first time; four times as long each time after. */
const AVOID_MS_MIN = 2_000
/** SY13: at most, and how long a breach is remembered. */
const AVOID_MS_MAX = 600_000
/** Devices remembered for a breach: strangers make as many as they like. */
const AVOIDED_MAX = 4_096

/** Starts syncing over a transport. */
export function createSyncHost(init: SyncHostInit): SyncHost {
  return new Host(init)
}

class Host implements SyncHost {
  readonly #init: SyncHostInit
  readonly #sessions = new Map<SessionId, Session>()
  readonly #byDevice = new Map<DeviceId, Session>()
  readonly #opening = new Set<string>()
  readonly #offs: (() => void)[] = []
  readonly #waiting: SyncEvent[] = []
  #stepping = false
  /** The clock when it was last asked, and how far the machine's time is ahead of it, ms. */
  #heard = 0
  #ahead = 0
  readonly #breaches = new Map<DeviceId, { readonly count: number; readonly until: number }>()
  #next = 1
  #cancelTimer: (() => void) | undefined
  /** When the timer fires, by the machine's time; Infinity without one. */
  #wakesAt = Infinity
  #closed = false

  constructor(init: SyncHostInit) {
    this.#init = init
    const { transport } = init
    transport.handle(SYNC_PROTOCOL, STREAM_BOUNDS, async stream => await this.#run(stream, false))
    this.#offs.push(
      transport.on('connection:open', ({ connection }) => this.#connected(connection)),
      transport.on('gossip:change', ({ device }) => this.#gossipChanged(device))
    )
    for (const connection of transport.connections()) this.#connected(connection)
  }

  feed(event: SyncEvent): void {
    this.#waiting.push(event)
    // What an effect feeds waits until all effects of the step before were carried out.
    if (this.#stepping) return
    this.#stepping = true
    try {
      for (
        let next = this.#waiting.shift();
        next !== undefined && !this.#closed;
        next = this.#waiting.shift()
      )
        this.#step(next)
    } finally {
      this.#stepping = false
    }
  }

  #step(event: SyncEvent): void {
    for (const effect of this.#init.machine.step({ ...event, at: this.#now() })) this.#apply(effect)
  }

  /** The clock may go back; the machine's time may not, nor may it stand still until the clock has caught up. */
  #now(): number {
    const now = this.#init.clock.now()
    if (now < this.#heard) this.#ahead += this.#heard - now
    this.#heard = now
    return now + this.#ahead
  }

  #breached(device: DeviceId): void {
    const now = this.#now()
    const before = this.#breaches.get(device)
    const count = before !== undefined && now - before.until < AVOID_MS_MAX ? before.count + 1 : 1
    this.#breaches.delete(device)
    this.#breaches.set(device, {
      count,
      until: now + Math.min(AVOID_MS_MAX, AVOID_MS_MIN * 4 ** (count - 1))
    })
    const [oldest] = this.#breaches.keys()
    if (this.#breaches.size > AVOIDED_MAX && oldest !== undefined) this.#breaches.delete(oldest)
  }

  /** How long a device is still avoided, ms; 0 where it is not. */
  #avoidedFor(device: DeviceId): number {
    return Math.max(0, (this.#breaches.get(device)?.until ?? 0) - this.#now())
  }

  devices(): ReadonlySet<DeviceId> {
    return new Set(this.#byDevice.keys())
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer?.()
    for (const off of this.#offs) off()
    this.#init.transport.unhandle(SYNC_PROTOCOL)
    const sessions = [...this.#sessions.values()]
    for (const session of sessions) session.gone = true
    await Promise.allSettled(
      sessions.map(async each => {
        await each.sending
        await each.stream.close()
      })
    )
    await Promise.allSettled(sessions.map(each => each.turn))
  }

  #connected(connection: Connection): void {
    if (connection.direction !== 'outbound' || this.#closed || this.#opening.has(connection.id)) return
    const current = this.#byDevice.get(connection.device)
    if (current !== undefined && !outranks(connection, true, current, this.#init.self)) return
    if (this.#avoidedFor(connection.device) > 0) {
      this.#reopen(connection)
      return
    }
    this.#opening.add(connection.id)
    connection
      .openStream(SYNC_PROTOCOL, { frameBytesMax: SYNC_FRAME_BYTES_MAX })
      // A peer that does not speak sync is a node: nothing to do.
      .then(
        async stream => await this.#run(stream, true),
        () => undefined
      )
      .catch((error: unknown) => this.#init.fault(error))
      .finally(() => this.#opening.delete(connection.id))
  }

  async #run(stream: FrameStream, dialled: boolean): Promise<void> {
    const { device } = stream.connection
    const current = this.#byDevice.get(device)
    const unwanted = this.#closed || this.#avoidedFor(device) > 0
    if (
      unwanted ||
      (current !== undefined && !outranks(stream.connection, dialled, current, this.#init.self))
    ) {
      await stream.close()
      return
    }
    if (current !== undefined) this.#drop(current, 'replaced by a better path')
    const session: Session = {
      id: this.#next++,
      device,
      stream,
      dialled,
      turn: Promise.resolve(),
      sending: Promise.resolve(),
      gone: false
    }
    this.#sessions.set(session.id, session)
    this.#byDevice.set(device, session)
    this.feed({
      type: 'open',
      session: session.id,
      role: dialled ? 'dialler' : 'listener',
      peer: device,
      circuit: stream.connection.limits !== undefined,
      gossip: this.#gossips(session)
    })
    try {
      for await (const frame of stream.frames()) {
        if (session.gone) break
        this.feed({ type: 'frame', session: session.id, bytes: frame })
      }
    } catch {
      // Reset by the peer or the path: the same as gone.
    }
    this.#drop(session, 'ended')
    this.#reopen(stream.connection)
  }

  /** A connection that outlived its stream gets a new one. */
  #reopen(connection: Connection): void {
    if (connection.direction !== 'outbound' || this.#closed) return
    this.#init.timers.after(Math.max(REOPEN_MS, this.#avoidedFor(connection.device)), () => {
      if (this.#init.transport.connections(connection.device).some(each => each.id === connection.id))
        this.#connected(connection)
    })
  }

  #drop(session: Session, reason: string): void {
    if (!this.#sessions.delete(session.id)) return
    session.gone = true
    if (this.#byDevice.get(session.device) === session) this.#byDevice.delete(session.device)
    void session.sending
      .then(async () => await session.stream.close())
      .catch(() => session.stream.abort(reason))
    this.feed({ type: 'gone', session: session.id })
  }

  relink(): void {
    for (const device of this.#byDevice.keys()) this.#gossipChanged(device)
  }

  #gossipChanged(device: DeviceId): void {
    const session = this.#byDevice.get(device)
    if (session !== undefined)
      this.feed({ type: 'gossip', session: session.id, linked: this.#gossips(session) })
  }

  /** Gossip does not run over circuits (NT28): such a peer gets pushes. */
  #gossips(session: Session): boolean {
    return session.stream.connection.limits === undefined && this.#init.gossips(session.device)
  }

  #apply(effect: SyncEffect): void {
    switch (effect.type) {
      case 'send':
        this.#send(effect.session, effect.bytes)
        return
      case 'close': {
        const session = this.#sessions.get(effect.session)
        if (effect.rule !== null) this.#breached(effect.device)
        if (session !== undefined) this.#drop(session, effect.reason)
        return
      }
      case 'lookup':
        this.#lookup(effect.lookup, effect.query)
        return
      case 'deliver':
        this.#deliver(effect)
        return
      case 'timer':
        this.#setTimer(effect.at)
        return
      case 'unmatched':
        return
      case 'spent':
        this.#init.spent?.()
        return
      default:
        this.#init.port(effect.server)?.news(effect)
    }
  }

  #send(id: SessionId, bytes: Uint8Array): void {
    const session = this.#sessions.get(id)
    if (session === undefined) return
    // Also once dropped: the frame that says why goes out before the stream closes.
    session.sending = session.sending
      .then(async () => await session.stream.send(bytes))
      .catch(() => this.#drop(session, 'cannot send'))
  }

  #lookup(lookup: number, query: SyncQuery): void {
    const port = this.#init.port(query.server)
    const nothing = nothingFor(query)
    const found = port === undefined ? Promise.resolve(nothing) : port.lookup(query)
    found
      .catch((error: unknown) => {
        this.#init.fault(error)
        return nothing
      })
      .then(answer => this.feed({ type: 'found', lookup, found: answer }))
      .catch((error: unknown) => this.#init.fault(error))
  }

  #deliver(effect: Delivery): void {
    const session = this.#sessions.get(effect.session)
    const run = async (): Promise<void> => {
      const port = this.#init.port(effect.server)
      const taken =
        port === undefined ? { fresh: 0 } : await port.deliver(effect.kind, effect.items, effect.device)
      this.feed({ type: 'taken', delivery: effect.delivery, ...taken })
    }
    const settled = run().catch((error: unknown) => {
      this.#init.fault(error)
      this.feed({ type: 'taken', delivery: effect.delivery, fresh: 0, lost: true })
    })
    if (session !== undefined) session.turn = Promise.all([session.turn, settled]).then(() => undefined)
  }

  #setTimer(at: number | null): void {
    // One that fires too early only looks around and is set anew; to move it with each message would cost more.
    if (at !== null && at >= this.#wakesAt) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#wakesAt = at ?? Infinity
    if (at === null) return
    this.#cancelTimer = this.#init.timers.after(Math.max(0, at - this.#now()), () => {
      this.#wakesAt = Infinity
      this.feed({ type: 'wake' })
    })
  }
}

/** The answer of a server that is not here any more. */
function nothingFor(query: SyncQuery): SyncFound {
  const { kind } = query
  if (kind === 'logs') return { kind, logs: query.spans.map(() => null) }
  if (kind === 'envelopes') return { kind, items: [], stubs: [], rest: [] }
  if (kind === 'outbox') return { kind, offers: [], next: null }
  return { kind, items: [], rest: 0 }
}

/**
 * Whether a stream should replace the session there is. Direct beats relayed; between equals both sides must
 * decide alike, so the stream dialled by the lower device id stays.
 */
function outranks(connection: Connection, dialled: boolean, current: Session, self: DeviceId): boolean {
  const direct = connection.limits === undefined
  const currentDirect = current.stream.connection.limits === undefined
  if (direct !== currentDirect) return direct
  const dialler = (byUs: boolean): DeviceId => (byUs ? self : connection.device)
  return compareIds(dialler(dialled), dialler(current.dialled)) < 0
}
