/** WebP without metadata (AT4): RFC 9649. */
import { concatBytes, utf8 } from '../encoding/index.ts'
import { orientationBlock, orientationOf } from './orientation.ts'

const FRAME = new Set(['ALPH', 'VP8 ', 'VP8L'])
const NEEDED = new Set([...FRAME, 'VP8X', 'ICCP', 'ANIM', 'ANMF'])
const ANMF_HEADER_BYTES = 16
const FLAG_EXIF = 0x08
const FLAG_XMP = 0x04

interface Chunk {
  readonly type: string
  readonly body: Uint8Array
}

const textAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4))

export function isWebp(bytes: Uint8Array): boolean {
  return textAt(bytes, 0) === 'RIFF' && textAt(bytes, 8) === 'WEBP'
}

function readChunks(bytes: Uint8Array, from: number, to: number): readonly Chunk[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const chunks: Chunk[] = []
  for (let at = from; at < to;) {
    if (at + 8 > to) return undefined
    const length = view.getUint32(at + 4, true)
    const end = at + 8 + length
    if (end > to) return undefined
    chunks.push({ type: textAt(bytes, at), body: bytes.subarray(at + 8, end) })
    // Odd bodies have one byte of padding, which some writers leave out at the end.
    at = end + (length & 1)
  }
  return chunks
}

function writeChunk({ type, body }: Chunk): Uint8Array {
  const out = new Uint8Array(8 + body.length + (body.length & 1))
  out.set(utf8(type))
  new DataView(out.buffer).setUint32(4, body.length, true)
  out.set(body, 8)
  return out
}

/** A frame of an animation holds chunks of its own. */
function stripFrame(chunk: Chunk): Chunk | undefined {
  if (chunk.type !== 'ANMF') return chunk
  const inside = readChunks(chunk.body, ANMF_HEADER_BYTES, chunk.body.length)
  if (inside === undefined || chunk.body.length < ANMF_HEADER_BYTES) return undefined
  const kept = inside.filter(each => FRAME.has(each.type)).map(writeChunk)
  return { type: 'ANMF', body: concatBytes([chunk.body.subarray(0, ANMF_HEADER_BYTES), ...kept]) }
}

/** The picture, or undefined where the bytes are no whole WebP. What lies behind its end is gone. */
export function stripWebp(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < 12) return undefined
  const end = 8 + new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(4, true)
  const chunks = end > bytes.length ? undefined : readChunks(bytes, 12, end)
  const exif = chunks?.find(each => each.type === 'EXIF')?.body
  const orientation = exif === undefined ? 1 : orientationOf(exif)
  const kept: Chunk[] = []
  for (const chunk of chunks ?? []) {
    if (!NEEDED.has(chunk.type)) continue
    const stripped = stripFrame(chunk)
    if (stripped === undefined) return undefined
    kept.push(chunk.type === 'VP8X' ? withFlags(chunk, orientation !== 1) : stripped)
  }
  if (kept.length === 0) return undefined
  if (orientation !== 1) kept.push({ type: 'EXIF', body: orientationBlock(orientation) })
  const body = concatBytes([utf8('WEBP'), ...kept.map(writeChunk)])
  const head = new Uint8Array(8)
  head.set(utf8('RIFF'))
  new DataView(head.buffer).setUint32(4, body.length, true)
  return concatBytes([head, body])
}

function withFlags({ type, body }: Chunk, exif: boolean): Chunk {
  const flags = ((body[0] ?? 0) & ~(FLAG_EXIF | FLAG_XMP)) | (exif ? FLAG_EXIF : 0)
  return { type, body: concatBytes([Uint8Array.of(flags), body.subarray(1)]) }
}
