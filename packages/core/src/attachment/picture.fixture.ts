/** Heads of pictures of a given size, in each form that tells it: nobody here decodes what follows. */
import { concatBytes, utf8 } from '../encoding/index.ts'

const be = (value: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => value >>> (8 * (length - 1 - at)))
const le = (value: number, length: number): Uint8Array => be(value, length).reverse()
const parts = (...each: readonly (string | readonly number[] | Uint8Array)[]): Uint8Array =>
  concatBytes(each.map(part => (typeof part === 'string' ? utf8(part) : Uint8Array.from(part))))

const riff = (kind: string, body: Uint8Array): Uint8Array =>
  parts('RIFF', le(12 + body.length, 4), 'WEBP', kind, le(body.length, 4), body)

/** By what tells their size. */
export const PICTURES: Readonly<Record<string, (width: number, height: number) => Uint8Array>> = {
  'image/png': (width, height) =>
    parts(
      [0x89],
      'PNG',
      [13, 10, 26, 10],
      be(13, 4),
      'IHDR',
      be(width, 4),
      be(height, 4),
      [8, 6, 0, 0, 0],
      be(0, 4),
      be(0, 4),
      'IEND',
      be(0, 4)
    ),
  'image/gif': (width, height) => parts('GIF89a', le(width, 2), le(height, 2), [0, 0, 0, 0x3b]),
  'image/jpeg': (width, height) =>
    parts(
      [0xff, 0xd8, 0xff, 0xdb, 0, 3, 1, 0xff, 0xff, 0xc2, 0, 11, 8],
      be(height, 2),
      be(width, 2),
      [1, 1, 0x11, 0],
      [0xff, 0xda, 0, 4, 1, 0, 0x12, 0xff, 0xd9]
    ),
  'image/webp; VP8X': (width, height) =>
    riff('VP8X', parts([0, 0, 0, 0], le(width - 1, 3), le(height - 1, 3))),
  'image/webp; VP8L': (width, height) =>
    riff('VP8L', parts([0x2f], le(((width - 1) & 0x3fff) | ((height - 1) << 14), 4), [0, 0, 0, 0, 0])),
  'image/webp; VP8': (width, height) =>
    riff('VP8 ', parts([0, 0, 0, 0x9d, 0x01, 0x2a], le(width, 2), le(height, 2)))
}
