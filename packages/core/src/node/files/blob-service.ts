/** Members ask each other for chunks of files (AT6): what they get is checked by the address alone. */
import {
  type BlobId,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type ServerId,
  type Timers
} from '../../base/index.ts'
import { LEAF_BYTES, PROOF_HASHES_MAX, SEALED_CHUNK_BYTES_MAX, CHUNKS_MAX } from '../../attachment/index.ts'
import { array, bytes, codec, literal, nullable, tuple, uint } from '../../encoding/index.ts'
import type { Connection, FrameStream, ProtocolName, Transport } from '../../net/index.ts'
import type { MeteredLine } from '../exchange/metered-line.ts'
import type { BlobStore, ProvenChunk, ServedChunk } from './blob-store.ts'

export const BLOB_PROTOCOL: ProtocolName = '/xcord/blob/1'
/** AT6: chunks one question names. */
export const CHUNKS_ASKED_MAX = 16
const FRAME_BYTES_MAX = SEALED_CHUNK_BYTES_MAX + PROOF_HASHES_MAX * (LEAF_BYTES + 2) + 64
/** AT6: an answer's frame that does not come within this ends the asking; there are other members. */
const ANSWER_MS_MAX = 20_000
/** AT8: bytes a second that one device gets of us, over a while; and at once. */
const SERVED_BYTES_A_SECOND = 4_194_304
const SERVED_BURST_BYTES = 67_108_864

/** [version, server, blob, first chunk, how many]. */
const askCodec = codec(
  tuple({
    version: literal(1),
    server: bytes(32),
    blob: bytes(32),
    from: uint(CHUNKS_MAX - 1),
    count: uint(CHUNKS_ASKED_MAX, 1)
  }),
  { rule: 'AT6', maxBytes: 128, maxDepth: 1 }
)
/** [version, chunk or null where it is not given, its proof]: one frame for each that was asked for, in order. */
const answerCodec = codec(
  tuple({
    version: literal(1),
    chunk: nullable(bytes(1, SEALED_CHUNK_BYTES_MAX)),
    proof: array(bytes(LEAF_BYTES), PROOF_HASHES_MAX)
  }),
  { rule: 'AT6', maxBytes: FRAME_BYTES_MAX, maxDepth: 2 }
)
const NOT_GIVEN = answerCodec.encode({ version: 1, chunk: null, proof: [] })

export interface BlobServiceInit {
  readonly transport: Transport
  readonly store: BlobStore
  now(): number
  /** SY19: what attachments cost, and whether those of others wait. */
  readonly line: Pick<MeteredLine, 'isSpent' | 'spend'>
  /** Is this device a member of that server here? */
  isMember(server: ServerId, device: DeviceId): boolean
  /** AT9: where it lies, if a member of that server wears it. */
  shelfOf(server: ServerId, blob: BlobId): ServerId | undefined
}

/** AT8: what each device was served lately, in bytes; it runs off with time. */
export class Allowance {
  readonly #used = new Map<DeviceId, { bytes: number; at: number }>()

  take(device: DeviceId, bytes: number, now: number): boolean {
    const known = this.#used.get(device) ?? { bytes: 0, at: now }
    const gone = (Math.max(0, now - known.at) * SERVED_BYTES_A_SECOND) / 1_000
    const used = Math.max(0, known.bytes - gone) + bytes
    if (used > SERVED_BURST_BYTES) return false
    this.#used.set(device, { bytes: used, at: now })
    for (const [other, each] of this.#used) {
      // Whoever asked longest ago stands first, and has nothing left to remember.
      if ((now - each.at) * SERVED_BYTES_A_SECOND < SERVED_BURST_BYTES * 1_000) break
      this.#used.delete(other)
    }
    return true
  }
}

/** Answers members. Others, and whoever asks too much, are told the same as where a file is not held. */
export function serveBlobs(init: BlobServiceInit): void {
  const allowance = new Allowance()
  const give = async (frame: Uint8Array, device: DeviceId, stream: FrameStream): Promise<boolean> => {
    const read = askCodec.decode(frame)
    if (!read.ok) return false
    const server = idFromBytes('s', read.value.server)
    const blob = idFromBytes('b', read.value.blob)
    for (let index = read.value.from; index < read.value.from + read.value.count; index++) {
      const found = init.isMember(server, device) ? await provenIn(init, server, blob, index) : undefined
      const waits = found?.own === false && init.line.isSpent()
      const given = found !== undefined && !waits && allowance.take(device, found.chunk.length, init.now())
      if (given) init.line.spend(found.chunk.length)
      await stream.send(
        given ? answerCodec.encode({ version: 1, chunk: found.chunk, proof: found.proof }) : NOT_GIVEN
      )
    }
    return true
  }
  init.transport.handle(
    BLOB_PROTOCOL,
    { frameBytesMax: FRAME_BYTES_MAX, inboundStreamsMax: 2, onLimited: true, idleMsMax: 30_000 },
    async stream => {
      for await (const frame of stream.frames()) {
        if (await give(frame, stream.connection.device, stream)) continue
        stream.abort('AT6')
        return
      }
    }
  )
}

async function provenIn(
  { store, shelfOf }: BlobServiceInit,
  server: ServerId,
  blob: BlobId,
  index: number
): Promise<ServedChunk | undefined> {
  const shelf = shelfOf(server, blob)
  return shelf === undefined
    ? await store.proven(server, blob, index)
    : await store.proven(shelf, blob, index)
}

/** What to ask one member for. */
export interface BlobQuestion {
  readonly server: ServerId
  readonly blob: BlobId
  readonly from: number
  readonly count: number
}

/**
 * Asks one member; yields chunks in order from the first, unchecked. Ends early where the member gives no more, breaks
 * the form, is silent for too long, or the connection ends.
 */
export async function* askForChunks(
  connection: Connection,
  { server, blob, from, count }: BlobQuestion,
  timers: Timers,
  signal: AbortSignal | undefined
): AsyncGenerator<ProvenChunk, void, undefined> {
  const stream = await connection.openStream(BLOB_PROTOCOL, {
    frameBytesMax: FRAME_BYTES_MAX,
    ...(signal === undefined ? {} : { signal })
  })
  const stop = (): void => stream.abort('AT6')
  signal?.addEventListener('abort', stop)
  let cancel = timers.after(ANSWER_MS_MAX, stop)
  let left = count
  try {
    const server32 = idToBytes(server)
    await stream.send(askCodec.encode({ version: 1, server: server32, blob: idToBytes(blob), from, count }))
    for await (const frame of stream.frames()) {
      cancel()
      const read = answerCodec.decode(frame)
      if (!read.ok || read.value.chunk === null) return
      yield { chunk: read.value.chunk, proof: read.value.proof }
      if (--left === 0) return
      cancel = timers.after(ANSWER_MS_MAX, stop)
    }
  } finally {
    cancel()
    signal?.removeEventListener('abort', stop)
    // Whoever is not heard to the end would go on sending to nobody.
    if (left > 0) stop()
    else await stream.close().catch(() => undefined)
  }
}
