import { crc32, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orientationBlock, orientationOf } from './orientation.ts'
import { removeMetadata } from './index.ts'

const PLACE = 'CANARY 52.5163 N 13.3777 E'
const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const join = (...parts: (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(Buffer.concat(parts.map(part => Uint8Array.from(part))))

/** As cameras write it: orientation among other things, in either byte order. */
function exif(orientation: number, little: boolean): Uint8Array {
  const block = orientationBlock(orientation)
  if (!little) return join(block, text(PLACE))
  const view = new DataView(new ArrayBuffer(26))
  view.setUint16(0, 0x4949)
  view.setUint16(2, 42, true)
  view.setUint32(4, 8, true)
  view.setUint16(8, 1, true)
  view.setUint16(10, 0x0112, true)
  view.setUint16(12, 3, true)
  view.setUint32(14, 1, true)
  view.setUint16(18, orientation, true)
  return join(new Uint8Array(view.buffer), text(PLACE))
}

const segment = (marker: number, body: Uint8Array): Uint8Array =>
  join([0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 0xff], body)
const SCAN = [0xff, 0xda, 0, 4, 1, 0, 0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56]
const JFIF = segment(0xe0, join(text('JFIF\0'), [1, 1, 0, 0, 1, 0, 1, 0, 0]))
const ICC = segment(0xe2, join(text('ICC_PROFILE\0'), [1, 1, 9, 9]))
const TABLES = segment(0xdb, new Uint8Array(65))

const jpeg = (orientation = 1, little = false): Uint8Array =>
  join(
    [0xff, 0xd8],
    segment(0xe0, join(text('JFIF\0'), [1, 1, 0, 0, 1, 0, 1, 1, 1], text(PLACE))),
    segment(0xe0, join(text('JFXX\0'), text(PLACE))),
    segment(0xe1, join(text('Exif\0\0'), exif(orientation, little))),
    segment(0xe1, join(text('http://ns.adobe.com/xap/1.0/\0'), text(PLACE))),
    ICC,
    segment(0xe2, join(text('MPF\0'), text(PLACE))),
    segment(0xed, join(text('Photoshop 3.0\0'), text(PLACE))),
    segment(0xfe, text(PLACE)),
    TABLES,
    SCAN,
    segment(0xfe, text(PLACE)),
    SCAN,
    [0xff, 0xd9],
    text(PLACE)
  )

function pngChunk(type: string, body: Uint8Array): Uint8Array {
  const named = join(text(type), body)
  const out = Buffer.alloc(body.length + 12)
  out.writeUInt32BE(body.length)
  out.set(named, 4)
  out.writeUInt32BE(crc32(named), named.length + 4)
  return out
}
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const IHDR = pngChunk('IHDR', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0))
const IDAT = pngChunk('IDAT', deflateSync(Uint8Array.of(0, 7)))
const IEND = pngChunk('IEND', new Uint8Array())
const png = (orientation = 1): Uint8Array =>
  join(
    PNG,
    IHDR,
    pngChunk('eXIf', exif(orientation, true)),
    pngChunk('tEXt', text(`Comment\0${PLACE}`)),
    pngChunk('iTXt', text(`XML:com.adobe.xmp\0${PLACE}`)),
    pngChunk('tIME', new Uint8Array(7)),
    pngChunk('prVt', text(PLACE)),
    IDAT,
    IEND,
    text(PLACE)
  )

function riff(type: string, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return join(head, body, body.length & 1 ? [0] : [])
}
const webp = (orientation = 1): Uint8Array =>
  join(
    riff(
      'RIFF',
      join(
        text('WEBP'),
        riff('VP8X', Uint8Array.of(0x2c, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
        riff('VP8L', Uint8Array.of(0x2f, 1, 2)),
        riff('ANMF', join(new Uint8Array(16), riff('VP8L', Uint8Array.of(1)), riff('prVt', text(PLACE)))),
        riff('EXIF', exif(orientation, false)),
        riff('XMP ', text(PLACE)),
        riff('prVt', text(PLACE))
      )
    ),
    text(PLACE)
  )

function strip(bytes: Uint8Array): { readonly type: string; readonly bytes: Uint8Array } {
  const stripped = removeMetadata(bytes)
  if (stripped.kind !== 'image') throw new Error(stripped.kind)
  expect(Buffer.from(stripped.bytes).includes('CANARY')).toBe(false)
  return stripped
}

describe('metadata of images', () => {
  it('[AT4] JPEG: only the picture, its colours and its shape are left', () => {
    expect(strip(jpeg())).toEqual({
      kind: 'image',
      type: 'image/jpeg',
      bytes: join([0xff, 0xd8], JFIF, ICC, TABLES, SCAN, SCAN, [0xff, 0xd9])
    })
  })

  it('[AT4] PNG: likewise, checksums whole', () => {
    expect(strip(png())).toEqual({ kind: 'image', type: 'image/png', bytes: join(PNG, IHDR, IDAT, IEND) })
    expect(strip(png(6)).bytes).toEqual(join(PNG, IHDR, pngChunk('eXIf', orientationBlock(6)), IDAT, IEND))
  })

  it('[AT4] WebP: likewise, in frames of animations too, and its header says so', () => {
    const animated = riff('ANMF', join(new Uint8Array(16), riff('VP8L', Uint8Array.of(1))))
    const flags = Uint8Array.of(0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    expect(strip(webp())).toEqual({
      kind: 'image',
      type: 'image/webp',
      bytes: riff(
        'RIFF',
        join(text('WEBP'), riff('VP8X', flags), riff('VP8L', Uint8Array.of(0x2f, 1, 2)), animated)
      )
    })
  })

  it('[AT4] which way is up stays, and nothing with it', () => {
    for (let orientation = 1; orientation <= 8; orientation++) {
      for (const little of [false, true]) {
        const { bytes } = strip(jpeg(orientation, little))
        const at = Buffer.from(bytes).indexOf('Exif\0\0')
        if (orientation === 1) expect(at).toBe(-1)
        else expect(orientationOf(bytes.subarray(at + 6))).toBe(orientation)
      }
      const at = Buffer.from(strip(webp(orientation)).bytes).indexOf('EXIF')
      expect(at === -1).toBe(orientation === 1)
    }
  })

  it('[AT4] what is stripped once is stripped: a second time changes nothing', () => {
    for (const image of [jpeg(6), png(6), webp(6), jpeg(), png(), webp()]) {
      const { bytes } = strip(image)
      expect(strip(bytes).bytes).toEqual(bytes)
    }
  })

  it('[AT4] an image that is not whole is called broken; other files are let be', () => {
    for (const image of [jpeg(), png(), webp()]) {
      // Behind the canary of the end, each is cut somewhere inside.
      const end = image.length - text(PLACE).length
      for (let length = 16; length < end; length++)
        expect(removeMetadata(image.subarray(0, length)).kind).toBe('broken')
    }
    expect(removeMetadata(join(PNG, IDAT, IEND)).kind).toBe('broken')
    expect(removeMetadata(join(PNG, IHDR, pngChunk('NEWc', text(PLACE)), IEND)).kind).toBe('broken')
    expect(removeMetadata(text('GIF89a')).kind).toBe('unknown')
    expect(removeMetadata(new Uint8Array()).kind).toBe('unknown')
  })

  it('[AT4] any bytes are judged, never thrown at', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(jpeg(3), png(3), webp(3)),
        fc.nat(),
        fc.uint8Array({ maxLength: 12 }),
        (image, from, noise) => {
          const bent = image.slice()
          bent.set(noise, Math.min(from % image.length, image.length - noise.length))
          expect(['image', 'broken', 'unknown']).toContain(removeMetadata(bent).kind)
        }
      ),
      { numRuns: Number(process.env['XCORD_RUNS'] ?? 500) }
    )
  })
})
