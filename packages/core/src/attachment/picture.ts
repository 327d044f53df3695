/** What a picture is by its bytes: its format and how large it unfolds. Nothing of it is decoded. */
import { isJpeg } from './strip-jpeg.ts'
import { isPng } from './strip-png.ts'
import { isWebp } from './strip-webp.ts'

/** Media types of pictures. */
export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'] as const
export type PictureType = (typeof PICTURE_TYPES)[number]

/** A picture as its header tells it. */
export interface Picture {
  readonly type: PictureType
  /** Pixels. */
  readonly width: number
  readonly height: number
}

type Size = Omit<Picture, 'type'>

const textAt = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length))

const FORMATS: readonly {
  readonly type: PictureType
  is(bytes: Uint8Array): boolean
  size(view: DataView): Size | undefined
}[] = [
  { type: 'image/png', is: isPng, size: pngSize },
  { type: 'image/jpeg', is: isJpeg, size: jpegSize },
  { type: 'image/webp', is: isWebp, size: webpSize },
  { type: 'image/gif', is: bytes => /^GIF8[79]a$/.test(textAt(bytes, 0, 6)), size: gifSize }
]

/** undefined for what is none of these, or ends before it says how large it is. */
export function pictureOf(bytes: Uint8Array): Picture | undefined {
  const format = FORMATS.find(each => each.is(bytes))
  if (format === undefined) return undefined
  const size = format.size(new DataView(bytes.buffer, bytes.byteOffset, bytes.length))
  return size === undefined ? undefined : { type: format.type, ...size }
}

function pngSize(view: DataView): Size | undefined {
  return view.byteLength < 24 ? undefined : { width: view.getUint32(16), height: view.getUint32(20) }
}

function gifSize(view: DataView): Size | undefined {
  return view.byteLength < 10
    ? undefined
    : { width: view.getUint16(6, true), height: view.getUint16(8, true) }
}

const FOURTEEN_BITS = 0x3fff

/** RFC 9649: the canvas, or the one frame there is. */
function webpSize(view: DataView): Size | undefined {
  if (view.byteLength < 30) return undefined
  const kind = String.fromCharCode(...[12, 13, 14, 15].map(at => view.getUint8(at)))
  const byte = (at: number): number => view.getUint8(at)
  switch (kind) {
    case 'VP8X':
      return {
        width: 1 + (byte(24) | (byte(25) << 8) | (byte(26) << 16)),
        height: 1 + (byte(27) | (byte(28) << 8) | (byte(29) << 16))
      }
    case 'VP8L': {
      const bits = view.getUint32(21, true)
      return { width: 1 + (bits & FOURTEEN_BITS), height: 1 + ((bits >>> 14) & FOURTEEN_BITS) }
    }
    case 'VP8 ':
      return {
        width: view.getUint16(26, true) & FOURTEEN_BITS,
        height: view.getUint16(28, true) & FOURTEEN_BITS
      }
    default:
      return undefined
  }
}

/** Of the first frame header: T.81, B.2.2. */
function jpegSize(view: DataView): Size | undefined {
  for (let at = 2; at + 9 <= view.byteLength;) {
    const marker = view.getUint16(at)
    if (marker >> 8 !== 0xff) return undefined
    // Fill bytes before a marker.
    if (marker === 0xffff) {
      at++
      continue
    }
    if (isFrame(marker & 0xff)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    at += 2 + view.getUint16(at + 2)
  }
  return undefined
}

/** SOF0 to SOF15; among them stand DHT, JPG and DAC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
}
