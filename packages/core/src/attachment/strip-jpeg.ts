/** JPEG without metadata (AT4): ITU-T T.81, annex B; JFIF; Exif 2.32; ICC.1. */
import { concatBytes, equalBytes, utf8 } from '../encoding/index.ts'
import { orientationBlock, orientationOf } from './orientation.ts'

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const COM = 0xfe
const APP0 = 0xe0
const APP1 = 0xe1
const APP2 = 0xe2
const APP14 = 0xee
const APP15 = 0xef
const EXIF = utf8('Exif\0\0')
/** Segments a decoder needs: which pixels are square, which colours are meant. All others of their kinds go. */
const NEEDED = [
  { marker: APP0, mark: utf8('JFIF\0') },
  { marker: APP2, mark: utf8('ICC_PROFILE\0') },
  { marker: APP14, mark: utf8('Adobe') }
]
/** JFIF ahead of the thumbnail that it may carry: an old picture of what was cut away. */
const JFIF_BYTES = 14

const startsWith = (bytes: Uint8Array, mark: Uint8Array): boolean =>
  bytes.length >= mark.length && equalBytes(bytes.subarray(0, mark.length), mark)

function segment(marker: number, body: Uint8Array): Uint8Array {
  const length = body.length + 2
  return concatBytes([Uint8Array.of(0xff, marker, length >> 8, length & 0xff), body])
}

/** What stays of a segment; undefined for none of it. */
function keep(marker: number, body: Uint8Array): Uint8Array | undefined {
  if (marker === COM) return undefined
  if (marker < APP0 || marker > APP15) return segment(marker, body)
  const needed = NEEDED.some(each => each.marker === marker && startsWith(body, each.mark))
  if (!needed) return undefined
  if (marker !== APP0) return segment(marker, body)
  if (body.length < JFIF_BYTES) return undefined
  const plain = body.slice(0, JFIF_BYTES)
  plain.fill(0, JFIF_BYTES - 2)
  return segment(marker, plain)
}

/** Where coded data ends: at the next marker that is neither a stuffed byte nor a restart. */
function codedEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) {
    if (bytes[at] !== 0xff) continue
    const next = bytes[at + 1] as number
    if (next !== 0 && (next < 0xd0 || next > 0xd7)) return at
  }
  return bytes.length
}

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI && bytes[2] === 0xff
}

/** The picture, or undefined where the bytes are no whole JPEG. What lies behind its end is gone. */
export function stripJpeg(bytes: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = []
  let orientation = 1
  let at = 2
  while (at + 4 <= bytes.length || bytes[at + 1] === EOI) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1]
    if (marker === undefined) return undefined
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === EOI) return joined(parts, orientation)
    const end = at + 2 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
    if (end < at + 4 || end > bytes.length) return undefined
    const body = bytes.subarray(at + 4, end)
    if (marker === APP1 && startsWith(body, EXIF)) orientation = orientationOf(body.subarray(EXIF.length))
    const kept = keep(marker, body)
    if (kept !== undefined) parts.push(kept)
    at = end
    if (marker === SOS) {
      at = codedEnd(bytes, end)
      parts.push(bytes.subarray(end, at))
    }
  }
  return undefined
}

function joined(parts: readonly Uint8Array[], orientation: number): Uint8Array {
  const exif = orientation === 1 ? [] : [segment(APP1, concatBytes([EXIF, orientationBlock(orientation)]))]
  // JFIF asks to be the first segment; readers take Exif behind it.
  const first = parts[0]?.[1] === APP0 ? 1 : 0
  return concatBytes([
    Uint8Array.of(0xff, SOI),
    ...parts.slice(0, first),
    ...exif,
    ...parts.slice(first),
    Uint8Array.of(0xff, EOI)
  ])
}
