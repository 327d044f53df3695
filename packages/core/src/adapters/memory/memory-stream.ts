/** Two ends of a frame stream in memory, with the bounds and back-pressure of a real one. */
import type { DeviceId, Timers } from '../../base/index.ts'
import { encodeFrame, type FrameStream, type HandlerBounds, type ProtocolName } from '../../net/index.ts'
import { gonePeer, type MemoryLink } from './memory-link.ts'
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
  carry(bytes: number): void
  ended(end: StreamEnd): void
}

interface End extends StreamEnd {
  deliver(frame: Uint8Array): void
  finish(): void
  unread(): number
  onRoom(run: () => void): void
}

/** Makes both ends: the opener's, then the handler's. */
export function createStreamPair(init: StreamPairInit): readonly [StreamEnd, StreamEnd] {
  const ends: End[] = []
  const opener = createEnd(init, init.own, false, init.ownMax, () => ends[1] as End)
  const handler = createEnd(init, init.other, true, init.bounds.frameBytesMax, () => ends[0] as End)
  ends.push(opener, handler)
  return [opener, handler]
}

function createEnd(init: StreamPairInit, device: DeviceId, inbound: boolean, readMax: number, far: () => End): End {
  const { network, link } = init
  const connection = link.connectionOf(device)
  const queue: Uint8Array[] = []
  const rooms: (() => void)[] = []
  let unread = 0
  let inFlight = 0
  let finished = false
  let closed = false
  let failed: string | undefined
  let wake: (() => void) | undefined
  let cancelIdle: (() => void) | undefined

  const notify = (): void => {
    wake?.()
    wake = undefined
    for (const room of rooms.splice(0)) room()
  }
  const settle = (): void => {
    if (failed !== undefined || (finished && closed)) {
      cancelIdle?.()
      init.ended(end)
    }
  }
  const fail = (reason: string): void => {
    if (failed !== undefined || (finished && closed)) return
    failed = reason
    queue.length = 0
    notify()
    settle()
    network.post(link.lane(device), () => far().fail('the stream was reset'))
  }
  const touch = (): void => {
    cancelIdle?.()
    if (inbound && init.bounds.idleMsMax !== undefined && failed === undefined) {
      cancelIdle = init.timers.after(init.bounds.idleMsMax, () => fail('silent for too long'))
    }
  }
  const gone = (): Error => gonePeer(connection.address, failed ?? 'the stream is closed')
  const stream: FrameStream = {
    connection,
    protocol: init.protocol,
    send: async frame => {
      const size = encodeFrame(frame, readMax).length
      if (failed !== undefined || closed || !link.isOpen()) throw gone()
      const copy = new Uint8Array(frame)
      inFlight += size
      network.post(link.lane(device), () => {
        inFlight -= size
        init.carry(size)
        far().deliver(copy)
      })
      touch()
      while (failed === undefined && link.isOpen() && inFlight + far().unread() > UNREAD_BYTES_MAX) {
        await new Promise<void>(resolve => {
          far().onRoom(resolve)
          rooms.push(resolve)
        })
      }
      if (failed !== undefined) throw gone()
    },
    frames: async function* () {
      for (;;) {
        const frame = queue.shift()
        if (frame !== undefined) {
          unread -= frame.length
          for (const room of rooms.splice(0)) room()
          yield frame
        } else if (failed !== undefined) {
          throw gone()
        } else if (finished) {
          return
        } else {
          await new Promise<void>(resolve => (wake = resolve))
        }
      }
    },
    close: async () => {
      if (closed || failed !== undefined) return
      closed = true
      network.post(link.lane(device), () => far().finish())
      settle()
    },
    abort: fail
  }
  const end: End = {
    stream, device, inbound, fail,
    unread: () => unread,
    onRoom: run => rooms.push(run),
    finish: () => {
      finished = true
      notify()
      settle()
    },
    deliver: frame => {
      if (failed !== undefined) return
      if (frame.length > readMax) return fail(`a frame of ${frame.length} bytes; at most ${readMax}`)
      queue.push(frame)
      unread += frame.length
      touch()
      wake?.()
      wake = undefined
    }
  }
  touch()
  return end
}
