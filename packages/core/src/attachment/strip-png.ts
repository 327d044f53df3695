/** PNG without metadata (AT4): W3C PNG, third edition. */
import { concatBytes, equalBytes, utf8 } from '../encoding/index.ts'
import { orientationBlock, orientationOf } from './orientation.ts'

const MARK = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
/** Pixels, their colours, and animation. */
const NEEDED = new Set(
  (
    'IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD hIST sPLT pHYs ' + 'acTL fcTL fdAT'
  ).split(' ')
)
const CHUNK_OVERHEAD_BYTES = 12

export function isPng(bytes: Uint8Array): boolean {
  return bytes.length >= MARK.length && equalBytes(bytes.subarray(0, MARK.length), MARK)
}

/** CRC-32 of ISO 3309, bit by bit: it is asked for 30 bytes. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0)
  }
  return ~crc >>> 0
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length + CHUNK_OVERHEAD_BYTES)
  const view = new DataView(out.buffer)
  view.setUint32(0, body.length)
  out.set(utf8(type), 4)
  out.set(body, 8)
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)))
  return out
}

/** The picture, or undefined where the bytes are no whole PNG. What lies behind its end is gone. */
export function stripPng(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const parts: Uint8Array[] = []
  let orientation = 1
  for (let at = MARK.length; at + CHUNK_OVERHEAD_BYTES <= bytes.length;) {
    const end = at + CHUNK_OVERHEAD_BYTES + view.getUint32(at)
    if (end > bytes.length) return undefined
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if ((at === MARK.length) !== (type === 'IHDR')) return undefined
    if (type === 'eXIf') orientation = orientationOf(bytes.subarray(at + 8, end - 4))
    if (NEEDED.has(type)) parts.push(bytes.subarray(at, end))
    if (type === 'IEND') {
      const [header, ...rest] = parts as [Uint8Array, ...Uint8Array[]]
      const exif = orientation === 1 ? [] : [chunk('eXIf', orientationBlock(orientation))]
      return concatBytes([MARK, header, ...exif, ...rest])
    }
    // A capital first letter: no decoder shows the picture without it, and we do not know what it says.
    if (!NEEDED.has(type) && /^[A-Z]/.test(type)) return undefined
    at = end
  }
  return undefined
}
