/** What may stand for a person (AT9). */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { Suite } from '../crypto/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../encoding/index.ts'
import { sealWhole } from './attachment.fixture.ts'
import { avatarRow, checkPicture, prepareAvatar, readAvatar, type SealedAvatar } from './index.ts'
import { PICTURES } from './picture.fixture.ts'

let suite: Suite
let avatar: SealedAvatar
beforeAll(async () => {
  suite = await createNodeSuite()
  avatar = { ...sealWhole(suite, new Uint8Array(500).fill(1)).file, type: 'image/png' }
})

describe('the row of an avatar', () => {
  it('[AT9] reads as it was written, null for none', () => {
    const wire = decodeCbor(encodeCbor(avatarRow(avatar)))
    expect(wire.ok && readAvatar(wire.value)).toEqual({ ok: true, value: avatar })
    expect(readAvatar(null)).toEqual({ ok: true, value: null })
  })

  it('[AT9] is refused where it is of no picture, too large, named, or no row at all', () => {
    const row = avatarRow(avatar) as CborValue[]
    const but = (at: number, value: CborValue): CborValue =>
      row.map((each, index) => (index === at ? value : each))
    const wrong: CborValue[] = [
      but(0, new Uint8Array(31)),
      but(1, 0),
      but(1, 262_145),
      but(1, -1),
      but(2, 'image/svg+xml'),
      but(2, 'text/html'),
      but(2, ''),
      but(3, 'me.png'),
      but(4, new Uint8Array(8)),
      but(5, new Uint8Array(16)),
      but(6, null),
      row.slice(1),
      [...row, null],
      [],
      'x',
      7
    ]
    for (const each of wrong) expect(readAvatar(each)).toMatchObject({ ok: false, rule: 'AT9' })
  })
})

describe('the picture', () => {
  const kinds = Object.entries(PICTURES).map(([kind, make]) => [kind, make] as const)

  it.each(kinds)('[AT9] %s tells its type and size', (kind, make) => {
    const type = (kind.split(';')[0] ?? '') as SealedAvatar['type']
    for (const [width, height] of [
      [1, 1],
      [4_096, 4_096],
      [300, 200]
    ] as const)
      expect(checkPicture(make(width, height), type)).toMatchObject({ ok: true })
    for (const [width, height] of [
      [4_097, 1],
      [1, 4_097]
    ] as const)
      expect(checkPicture(make(width, height), type)).toMatchObject({ ok: false, rule: 'AT9' })
    const other = type === 'image/png' ? 'image/gif' : 'image/png'
    expect(checkPicture(make(1, 1), other)).toMatchObject({ ok: false, rule: 'AT9' })
    // Cut before it says how large it is, it is no picture.
    expect(checkPicture(make(1, 1).subarray(0, 9), type)).toMatchObject({ ok: false, rule: 'AT9' })
  })

  it('[AT9] no width or height is none, and whatever is no picture', () => {
    for (const kind of ['image/png', 'image/gif', 'image/jpeg'])
      expect(checkPicture(PICTURES[kind]?.(0, 5) as Uint8Array, kind as 'image/png')).toMatchObject({
        ok: false,
        rule: 'AT9'
      })
    for (const text of ['', '<svg/>', '%PDF-1.7', 'GIF88a----------', '\u0000\u0000\u0000 ftypavif'])
      expect(prepareAvatar(new TextEncoder().encode(text))).toMatchObject({ ok: false, rule: 'AT9' })
  })

  it('[AT4] [AT9] loses its metadata before it is sealed', () => {
    const png = PICTURES['image/png']?.(2, 2) as Uint8Array
    const behind = new Uint8Array([...png, 1, 2, 3])
    expect(prepareAvatar(behind)).toEqual({ ok: true, value: { type: 'image/png', bytes: png } })
    expect(prepareAvatar(png.subarray(0, png.length - 1))).toMatchObject({ ok: false, rule: 'AT4' })
  })

  it('[AT9] arbitrary bytes give a verdict, never an exception', () => {
    const heads = Object.values(PICTURES).map(make => make(2, 2))
    const bytes = fc
      .tuple(fc.constantFrom(...heads), fc.nat(), fc.uint8Array({ maxLength: 60 }))
      .map(([head, at, tail]) => new Uint8Array([...head.subarray(0, at % (head.length + 1)), ...tail]))
    fc.assert(
      fc.property(bytes, each => {
        expect(typeof checkPicture(each, 'image/jpeg').ok).toBe('boolean')
        const prepared = prepareAvatar(each)
        // What we would seal, others show.
        if (prepared.ok) expect(checkPicture(prepared.value.bytes, prepared.value.type).ok).toBe(true)
      }),
      { numRuns: Number(process.env['XCORD_RUNS'] ?? 1_000) }
    )
  })
})
