/**
 * EN1 against a general CBOR library: what it decodes, encodes again to the same bytes and finds nothing foreign in
 * is canonical, and nothing else.
 */
import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor } from './index.ts'

const runs = Number(process.env['XCORD_RUNS'] ?? 2_000)
const options = { ...rfc8949EncodeOptions, float64: true }
const oracleEncode = (value: unknown): Uint8Array => Uint8Array.from(encode(value, options))

function isKnown(value: unknown, depth: number): boolean {
  if (depth < 0) return false
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return true
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)
  if (typeof value === 'string') return value.isWellFormed()
  return Array.isArray(value) && value.every(each => isKnown(each, depth - 1))
}

/** The value of canonical bytes; undefined for others. */
function oracleDecode(bytes: Uint8Array, depth: number): { readonly value: unknown } | undefined {
  try {
    const value: unknown = decode(bytes, {
      allowIndefinite: false,
      allowUndefined: false,
      allowNaN: false,
      allowInfinity: false,
      strict: true
    })
    if (!isKnown(value, depth)) return undefined
    return Buffer.compare(oracleEncode(value), bytes) === 0 ? { value } : undefined
  } catch {
    return undefined
  }
}

const edges = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]
const value: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.maxSafeNat(),
    fc.constantFrom(...edges),
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 120 }).filter(text => text.isWellFormed()),
    fc.string({ maxLength: 300 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 30 })
  )
})).value

/** Bytes near canonical ones: heads of every kind and width, cut, flipped and glued. */
const head = fc.integer({ min: 0, max: 255 })
/** A head of any width, shortest or not, and as many bytes behind it as it may tell. */
const wide = fc
  .tuple(
    fc.constantFrom(0, 2, 3, 4),
    fc.constantFrom(1, 2, 4, 8),
    fc.oneof(fc.nat(300), fc.constantFrom(...edges, 2 ** 53))
  )
  .map(([major, width, argument]) => {
    const digits = Array.from(
      { length: width },
      (_, i) => Math.floor(argument / 256 ** (width - 1 - i)) % 256
    )
    return [
      (major << 5) | (24 + Math.log2(width)),
      ...digits,
      ...new Array<number>(major === 0 ? 0 : Math.min(argument, 300)).fill(1)
    ]
  })
const piece = fc.oneof(
  head.map(each => [each]),
  fc.tuple(head, head).map(each => [...each]),
  value.map(each => [...oracleEncode(each)])
)
const near = fc.oneof(
  fc.array(piece, { maxLength: 6 }).map(pieces => Uint8Array.from(pieces.flat())),
  fc.tuple(value, fc.nat(), fc.nat(255)).map(([each, at, byte]) => {
    const bytes = oracleEncode(each)
    bytes[at % bytes.length] = byte
    return bytes
  }),
  fc.tuple(value, fc.nat()).map(([each, at]) => {
    const bytes = oracleEncode(each)
    return bytes.slice(0, at % (bytes.length + 1))
  }),
  fc
    .tuple(fc.nat(20), fc.constantFrom(0x80, 0x00, 0x81))
    .map(([depth, last]) => Uint8Array.from([...Array.from({ length: depth }, () => 0x81), last])),
  wide.map(each => Uint8Array.from(each)),
  fc
    .array(fc.constantFrom(0x41, 0x7f, 0x80, 0xc3, 0xa9, 0xed, 0xa0, 0xef, 0xbb, 0xbf), { maxLength: 6 })
    .map(text => Uint8Array.of(0x60 | text.length, ...text)),
  fc.uint8Array({ maxLength: 40 })
)

/** The library drops a byte order mark at the front of text, and so takes no text that begins with one. */
const hasMark = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes('efbbbf', 'hex')

describe('[EN1] as a general library has it', () => {
  it('[EN1] encodes every known value alike', () => {
    fc.assert(
      fc.property(value, each => {
        expect(encodeCbor(each)).toEqual(oracleEncode(each))
      }),
      { numRuns: runs }
    )
  })

  it('[EN1] accepts just the canonical bytes, and reads the same value', () => {
    fc.assert(
      fc.property(near, fc.constantFrom(1, 4, 16), (bytes, maxDepth) => {
        fc.pre(!hasMark(bytes))
        const wanted = oracleDecode(bytes, maxDepth)
        const read = decodeCbor(bytes, { maxDepth })
        expect(read.ok ? { value: read.value } : undefined).toEqual(wanted)
      }),
      { numRuns: runs * 4 }
    )
  })

  it('[EN1] keeps a byte order mark: text is its bytes', () => {
    const text = '\ufeffa\ufeff'
    expect(decodeCbor(encodeCbor([text, text.repeat(20)]))).toEqual({
      ok: true,
      value: [text, text.repeat(20)]
    })
  })

  it('[EN1] encodes what is longer than the room kept, and shorter things after it', () => {
    const long = ['é'.repeat(200_000), new Uint8Array(300_000).fill(7), 'x'.repeat(70_000)]
    expect(encodeCbor(long)).toEqual(oracleEncode(long))
    expect(encodeCbor([1, 'é'])).toEqual(oracleEncode([1, 'é']))
  })

  it('[EN1] hands out copies that are no Buffer, whatever it was given', () => {
    const bytes = Buffer.from(encodeCbor([Uint8Array.of(1, 2, 3)]))
    const read = decodeCbor(bytes)
    bytes.fill(0)
    expect(read).toEqual({ ok: true, value: [Uint8Array.of(1, 2, 3)] })
    expect(read.ok && (read.value as Uint8Array[])[0]?.constructor).toBe(Uint8Array)
    expect(encodeCbor('x').constructor).toBe(Uint8Array)
  })

  it('[EN1] encodes again after a value that was none', () => {
    expect(() => encodeCbor([1, { a: 1 }] as never)).toThrow(TypeError)
    expect(encodeCbor([1])).toEqual(Uint8Array.of(0x81, 1))
  })
})
