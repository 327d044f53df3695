/** Two ends of a frame stream in memory, with the bounds and back-pressure of a real one. */
import { type DeviceId, FRAME_PREFIX_BYTES, type Timers } from '../../base/index.ts'
import type { FrameStream, HandlerBounds, ProtocolName } from '../../net/index.ts'
import { gonePeer } from './memory-errors.ts'
import type { MemoryLink } from './memory-link.ts'
import type { NetworkInner } from './memory-network.ts'

/** Unread bytes at the far end above which `send` waits. */
const UNREAD_BYTES_MAX = 262_144

/** One end, for the link. */
export interface StreamEnd {
  readonly stream: FrameStream
  readonly device: DeviceId
  readonly inbound: boolean
  fail(reason: string): void
}

/** What a pair is made of. */
export interface StreamPairInit {
  readonly network: NetworkInner
  readonly link: MemoryLink
  readonly protocol: ProtocolName
  readonly own: DeviceId
  readonly other: DeviceId
  readonly ownMax: number
  readonly bounds: HandlerBounds
  readonly timers: Timers
  readonly carry: (bytes: number) => void
  ended(end: StreamEnd): void
}

/** Makes both ends: the opener's, then the handler's. */
export function createStreamPair(init: StreamPairInit): readonly [StreamEnd, StreamEnd] {
  const opener = new End(init, init.own, false, init.ownMax)
  const handler = new End(init, init.other, true, init.bounds.frameBytesMax)
  opener.join(handler)
  handler.join(opener)
  return [opener, handler]
}

class End implements StreamEnd {
  readonly stream: FrameStream
  readonly device: DeviceId
  readonly inbound: boolean
  readonly #init: StreamPairInit
  readonly #bytesMax: number
  readonly #queue: Uint8Array[] = []
  readonly #rooms: (() => void)[] = []
  #far: End = this
  #unread = 0
  #inFlight = 0
  #finished = false
  #closed = false
  #failed: string | undefined
  #wake: (() => void) | undefined
  #cancelIdle: (() => void) | undefined

  constructor(init: StreamPairInit, device: DeviceId, inbound: boolean, bytesMax: number) {
    this.#init = init
    this.device = device
    this.inbound = inbound
    this.#bytesMax = bytesMax
    this.stream = {
      connection: init.link.connectionOf(device),
      protocol: init.protocol,
      send: async frame => await this.#send(frame),
      frames: () => this.#frames(),
      close: async () => this.#close(),
      abort: reason => this.fail(reason)
    }
  }

  /** Joins the two ends; nothing flows before. */
  join(far: End): void {
    this.#far = far
    this.#touch()
  }

  fail(reason: string): void {
    if (this.#failed !== undefined || (this.#finished && this.#closed)) return
    this.#failed = reason
    this.#queue.length = 0
    this.#notify()
    this.#settle()
    this.#post(() => this.#far.fail('the stream was reset'))
  }

  #deliver(frame: Uint8Array): void {
    if (this.#failed !== undefined) return
    if (frame.length > this.#bytesMax)
      return this.fail(`a frame of ${frame.length} bytes; at most ${this.#bytesMax}`)
    this.#queue.push(frame)
    this.#unread += frame.length
    this.#touch()
    this.#wake?.()
    this.#wake = undefined
  }

  #finish(): void {
    this.#finished = true
    this.#notify()
    this.#settle()
  }

  async #send(frame: Uint8Array): Promise<void> {
    if (frame.length === 0 || frame.length > this.#bytesMax)
      throw new RangeError(`a frame has 1 to ${this.#bytesMax} bytes, not ${frame.length}`)
    const size = FRAME_PREFIX_BYTES + frame.length
    const { link, carry } = this.#init
    if (this.#failed !== undefined || this.#closed || !link.isOpen()) throw this.#gone()
    this.#inFlight += size
    this.#init.network.post(
      link.lane(this.device),
      () => {
        this.#inFlight -= size
        carry(size)
        this.#far.#deliver(frame)
      },
      frame
    )
    this.#touch()
    while (
      this.#failed === undefined &&
      link.isOpen() &&
      this.#inFlight + this.#far.#unread > UNREAD_BYTES_MAX
    ) {
      await new Promise<void>(resolve => {
        this.#far.#rooms.push(resolve)
        this.#rooms.push(resolve)
      })
    }
    if (this.#failed !== undefined) throw this.#gone()
  }

  async *#frames(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const frame = this.#queue.shift()
      if (frame !== undefined) {
        this.#unread -= frame.length
        this.#makeRoom()
        yield frame
      } else if (this.#failed !== undefined) {
        throw this.#gone()
      } else if (this.#finished) {
        return
      } else {
        await new Promise<void>(resolve => (this.#wake = resolve))
      }
    }
  }

  #close(): void {
    if (this.#closed || this.#failed !== undefined) return
    this.#closed = true
    this.#post(() => this.#far.#finish())
    this.#settle()
  }

  #post(run: () => void): void {
    const { network, link } = this.#init
    network.post(link.lane(this.device), run)
  }

  #gone(): Error {
    return gonePeer(this.stream.connection.address, this.#failed ?? 'the stream is closed')
  }

  #makeRoom(): void {
    for (const room of this.#rooms.splice(0)) room()
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = undefined
    this.#makeRoom()
  }

  #settle(): void {
    if (this.#failed === undefined && !(this.#finished && this.#closed)) return
    this.#cancelIdle?.()
    this.#init.ended(this)
  }

  #touch(): void {
    this.#cancelIdle?.()
    const { idleMsMax } = this.#init.bounds
    if (!this.inbound || idleMsMax === undefined || this.#failed !== undefined) return
    this.#cancelIdle = this.#init.timers.after(idleMsMax, () => this.fail('silent for too long'))
  }
}
