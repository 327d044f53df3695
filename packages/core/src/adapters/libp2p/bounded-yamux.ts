/**
 * yamux with a window that its read buffer can hold, and with window updates only where they are called for.
 *
 * By default a window grows to 16 MiB while the buffer is cut at 4 MiB, so a reader that pauses under load, as
 * back-pressure asks of it, would have its stream reset. And each data frame is answered by a window update: a
 * packet, an encryption and a wake-up at either end for every message.
 */
import { yamux } from '@libp2p/yamux'

/** Largest window of one stream, bytes: a megabyte in flight is 50 Mbit/s at 160 ms. */
const WINDOW_BYTES_MAX = 1_048_576
/** Window a stream begins with. */
const WINDOW_BYTES = 262_144
/** Bytes that are granted together: the sender always has the other half of its window. */
const GRANT_BYTES = WINDOW_BYTES / 2

/** Type number of a frame that grants window, as the specification of yamux has it. */
const WINDOW_UPDATE = 1

/** Ended streams whose rest is remembered at most: nobody tells that they ended. */
const ENDED_MAX = 64

interface FrameHeader {
  readonly type: number
  readonly flag: number
  readonly streamID: number
  readonly length: number
}

type MuxerFactory = ReturnType<ReturnType<typeof yamux>>
type Muxer = ReturnType<MuxerFactory['createStreamMuxer']>

/** What the muxer sends frames by; its own, so its use is guarded. */
interface FrameSender {
  sendFrame?(header: FrameHeader, body?: unknown): boolean
}

/** Muxer of every profile. */
export function boundedYamux(): () => MuxerFactory {
  const inner = yamux({
    streamOptions: { initialStreamWindowSize: WINDOW_BYTES, maxStreamWindowSize: WINDOW_BYTES_MAX }
  })
  return () => {
    const factory = inner()
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = connection => {
      const muxer = create(connection)
      gatherGrants(muxer)
      return muxer
    }
    return factory
  }
}

/** Grants of a stream leave once they make up half a window. Those with flags open or end streams: at once. */
function gatherGrants(muxer: Muxer): void {
  const sender = muxer as unknown as FrameSender
  const send = sender.sendFrame?.bind(muxer)
  if (send === undefined) return
  const held = new Map<number, number>()
  sender.sendFrame = (header, body) => {
    if (header.type !== WINDOW_UPDATE) return send(header, body)
    const { streamID } = header
    const length = header.length + (held.get(streamID) ?? 0)
    if (header.flag === 0 && length < GRANT_BYTES) {
      held.set(streamID, length)
      if (held.size > muxer.streams.length + ENDED_MAX) forgetEnded(muxer, held)
      return true
    }
    held.delete(streamID)
    return send({ ...header, length }, body)
  }
}

function forgetEnded(muxer: Muxer, held: Map<number, number>): void {
  const open = new Set(muxer.streams.map(each => (each as unknown as { readonly streamId: number }).streamId))
  for (const streamID of held.keys()) if (!open.has(streamID)) held.delete(streamID)
}
