/** Streams of `/xcord/conversation/1` (DM5): one session a device, frames in order each way. */
import type { ConversationId, DeviceId, UserId } from '../../base/index.ts'
import {
  CONVERSATION_FRAME_BYTES_MAX,
  type ConversationFrame,
  decodeFrame,
  encodeFrame
} from '../../conversation/index.ts'
import type { IdentityLog } from '../../identity/index.ts'
import type { Connection, FrameStream, ProtocolName, Transport } from '../../net/index.ts'

export const CONVERSATION_PROTOCOL: ProtocolName = '/xcord/conversation/1'
/** A refused frame ends a stream; so does one whose hello does not come. */
const STREAMS_MAX = 2
/** Bytes that wait for a slow peer; beyond, the session ends, and goes on where it was when it is met again. */
const WAITING_BYTES_MAX = 16_777_216

/** One stream with one device. */
export class ConversationSession {
  readonly device: DeviceId
  readonly #stream: FrameStream
  #sending: Promise<void> = Promise.resolve()
  #waiting = 0
  #over = false
  /** Set once its hello was taken. */
  user: UserId | undefined
  /** Identity logs told of people who are in nothing of ours yet. */
  readonly parked = new Map<UserId, IdentityLog>()
  /** Conversations told of on this stream. */
  readonly told = new Set<ConversationId>()
  /** Places the other has, or was sent, by conversation. */
  readonly theirs = new Map<ConversationId, Map<DeviceId, number>>()
  /** Keys it was asked for (DM8). */
  readonly asked = new Set<string>()

  constructor(stream: FrameStream) {
    this.device = stream.connection.device
    this.#stream = stream
  }

  get over(): boolean {
    return this.#over
  }

  /** Queues a frame. */
  send(frame: ConversationFrame): void {
    if (this.#over) return
    const bytes = encodeFrame(frame)
    this.#waiting += bytes.length
    if (this.#waiting > WAITING_BYTES_MAX) {
      this.abort('DM5')
      return
    }
    this.#sending = this.#sending
      .then(async () => {
        if (!this.#over) await this.#stream.send(bytes)
        this.#waiting -= bytes.length
      })
      // The world's: the peer is away. It is met again.
      .catch(() => this.abort('the peer went'))
  }

  abort(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#stream.abort(reason)
  }

  async close(): Promise<void> {
    if (this.#over) return
    this.#over = true
    await this.#stream.close().catch(() => undefined)
  }

  /** Frames in order, until the stream or the session ends; a frame against its form ends both. */
  async *frames(): AsyncGenerator<ConversationFrame, void, undefined> {
    try {
      for await (const bytes of this.#stream.frames()) {
        if (this.#over) return
        const read = decodeFrame(bytes)
        if (!read.ok) {
          this.abort(read.rule)
          return
        }
        yield read.value
      }
    } catch {
      // Reset: the world's.
    } finally {
      this.#over = true
    }
  }
}

/** Serves the protocol: each stream is run to its end. */
export function serveConversations(
  transport: Transport,
  run: (session: ConversationSession) => Promise<void>
): void {
  transport.handle(
    CONVERSATION_PROTOCOL,
    { frameBytesMax: CONVERSATION_FRAME_BYTES_MAX, inboundStreamsMax: STREAMS_MAX, onLimited: true },
    async stream => await run(new ConversationSession(stream))
  )
}

/** Opens a stream; undefined where the peer speaks no such protocol, or is gone. */
export async function openConversations(connection: Connection): Promise<ConversationSession | undefined> {
  try {
    const stream = await connection.openStream(CONVERSATION_PROTOCOL, {
      frameBytesMax: CONVERSATION_FRAME_BYTES_MAX
    })
    return new ConversationSession(stream)
  } catch {
    return undefined
  }
}
