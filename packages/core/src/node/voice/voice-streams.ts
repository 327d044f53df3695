/**
 * Signalling between members (VX7): each side says what it has on streams that it opened itself, so that whom a frame is
 * from is who the connection was authenticated as. What cannot be sent is dropped: calls say it again.
 */
import { type DeviceId, refuse, type Refusal, type ServerId, type Timers } from '../../base/index.ts'
import type { Connection, FrameStream, ProtocolName, Transport } from '../../net/index.ts'
import {
  decodeFrame,
  encodeFrame,
  FloodMeter,
  VOICE_FRAME_BYTES_MAX,
  type VoiceFrame
} from '../../voice/index.ts'

const VOICE_PROTOCOL: ProtocolName = '/xcord/voice/1'
/** Frames that wait for a stream; beyond, the oldest go. */
const WAITING_MAX = 128
/** Refused frames after which a stream is cut. */
const REFUSALS_MAX = 32
/** How long goodbyes may take when the node closes, ms. */
const GOODBYE_MS = 1_000
/** After a failure, a peer is left alone for this long, ms. */
const PAUSE_MS = 1_000

export interface VoiceStreamsInit {
  readonly transport: Transport
  readonly timers: Timers
  now(): number
  /** Where a device of this frame's server may be found, if it is not connected. */
  addresses(frame: VoiceFrame, device: DeviceId): readonly string[]
  /** Somebody of that server is to be talked with who is not connected; asks others where they are. */
  seek(server: ServerId): void
  /** Takes a frame; what it broke, if anything. */
  take(device: DeviceId, frame: VoiceFrame): Refusal | undefined
}

export interface VoiceStreams {
  send(device: DeviceId, frame: VoiceFrame): void
  /** What was said before still leaves, if it leaves soon. */
  close(): Promise<void>
}

interface Lane {
  readonly waiting: Uint8Array[]
  addresses: readonly string[]
  running: boolean
  pausedUntil: number
}

/** Serves the protocol and speaks it. */
export function createVoiceStreams(init: VoiceStreamsInit): VoiceStreams {
  return new Streams(init)
}

class Streams implements VoiceStreams {
  readonly #init: VoiceStreamsInit
  readonly #lanes = new Map<DeviceId, Lane>()
  readonly #streams = new Map<DeviceId, FrameStream>()
  readonly #running = new Set<Promise<void>>()
  readonly #meter = new FloodMeter()
  #closed = false

  constructor(init: VoiceStreamsInit) {
    this.#init = init
    init.transport.handle(
      VOICE_PROTOCOL,
      { frameBytesMax: VOICE_FRAME_BYTES_MAX, inboundStreamsMax: 2, onLimited: true },
      async stream => await this.#serve(stream)
    )
  }

  send(device: DeviceId, frame: VoiceFrame): void {
    const lane = this.#lanes.get(device) ?? { waiting: [], addresses: [], running: false, pausedUntil: 0 }
    this.#lanes.set(device, lane)
    if (this.#closed || this.#init.now() < lane.pausedUntil) return
    lane.waiting.push(encodeFrame(frame))
    if (lane.waiting.length > WAITING_MAX) lane.waiting.shift()
    lane.addresses = this.#init.addresses(frame, device)
    // What is known may be old: whoever came back listens elsewhere.
    if (this.#connected(device).length === 0) this.#init.seek(frame.server)
    if (lane.running) return
    const run = this.#run(device, lane)
    this.#running.add(run)
    void run.finally(() => this.#running.delete(run))
  }

  async close(): Promise<void> {
    this.#init.transport.unhandle(VOICE_PROTOCOL)
    let cancel: () => void = () => undefined
    const late = new Promise<void>(resolve => (cancel = this.#init.timers.after(GOODBYE_MS, resolve)))
    await Promise.race([Promise.all(this.#running), late])
    this.#closed = true
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    await Promise.race([Promise.allSettled(streams.map(async each => await each.close())), late])
    cancel()
  }

  async #run(device: DeviceId, lane: Lane): Promise<void> {
    lane.running = true
    try {
      const stream = await this.#open(device, lane)
      for (let next = lane.waiting.shift(); next !== undefined; next = lane.waiting.shift())
        await stream.send(next)
    } catch {
      // The world's: the peer is away, or goes. Calls notice by themselves.
      this.#streams.delete(device)
      lane.waiting.length = 0
      lane.pausedUntil = this.#init.now() + PAUSE_MS
    } finally {
      lane.running = false
    }
  }

  /** A person waits: addresses that failed lately are tried too. Calls say less and less to whom they do not reach. */
  async #open(device: DeviceId, lane: Lane): Promise<FrameStream> {
    const known = this.#streams.get(device)
    if (known !== undefined && this.#connected(device).includes(known.connection)) return known
    const connection = this.#connected(device)[0] ?? (await this.#init.transport.dial(lane.addresses))
    const stream = await connection.openStream(VOICE_PROTOCOL, { frameBytesMax: VOICE_FRAME_BYTES_MAX })
    if (this.#closed) stream.abort('voice is over')
    else this.#streams.set(device, stream)
    return stream
  }

  /** Direct connections first. */
  #connected(device: DeviceId): readonly Connection[] {
    const limited = (each: Connection): number => (each.limits === undefined ? 0 : 1)
    return [...this.#init.transport.connections(device)].sort((a, b) => limited(a) - limited(b))
  }

  async #serve(stream: FrameStream): Promise<void> {
    let refusals = 0
    for await (const bytes of stream.frames()) {
      const refusal = this.#take(stream.connection.device, bytes)
      if (refusal === undefined) continue
      if (refusal === 'cut' || ++refusals >= REFUSALS_MAX) {
        stream.abort('VX7')
        return
      }
    }
  }

  /** One frame: what it broke; 'cut' where nothing more is read of this stream. */
  #take(device: DeviceId, bytes: Uint8Array): Refusal | 'cut' | undefined {
    // Counted before it is read, so that what is passed over costs whoever says it as much as what is not.
    if (this.#meter.tooMuch(device, this.#init.now())) return refuse('VX7', 'too many frames')
    const read = decodeFrame(bytes)
    if (!read.ok) return 'cut'
    return read.value === undefined || this.#closed ? undefined : this.#init.take(device, read.value)
  }
}
