import { describe, expect, it } from 'vitest'
import { array, bytes, codec, encodeCbor, mapped, nullable, text, tuple, uint } from './index.ts'

const pair = tuple({ at: uint(9), name: nullable(text(4)) })
const nested = codec(
  tuple({
    version: uint(),
    rows: array(pair, 3),
    key: mapped(
      bytes(2),
      'a key',
      raw => (raw[0] === 1 ? raw : undefined),
      raw => raw
    )
  }),
  { rule: 'ND3' }
)
const key = Uint8Array.of(1, 2)

describe('schemas', () => {
  it('[EN1] gives back what was encoded', () => {
    const value = {
      version: 1,
      rows: [
        { at: 3, name: null },
        { at: 9, name: 'four' }
      ],
      key
    }
    expect(nested.decode(nested.encode(value))).toEqual({ ok: true, value })
  })

  it.each([
    ['value is not a tuple of 3', 7],
    ['value.version is not an integer from 0 to 9007199254740991', ['x', [], key]],
    [
      'value.rows is not an array of 0 to 3 items',
      [
        1,
        [
          [1, null],
          [1, null],
          [1, null],
          [1, null]
        ],
        key
      ]
    ],
    ['value.rows[1] is not a tuple of 2', [1, [[1, null], [1]], key]],
    ['value.rows[0].at is not an integer from 0 to 9', [1, [[10, null]], key]],
    [
      'value.rows[2].name is not text of 0 to 4 bytes',
      [
        1,
        [
          [1, null],
          [1, null],
          [1, 'fünf']
        ],
        key
      ]
    ],
    ['value.key is not a key', [1, [], Uint8Array.of(2, 2)]]
  ])('[EN1] says where something does not fit: %s', (reason, value) => {
    expect(nested.decode(encodeCbor(value as never))).toEqual({ ok: false, rule: 'ND3', reason })
  })

  it.each([
    ['four', true],
    ['fiver', false],
    ['äö', true],
    ['äöü', false],
    ['€', true],
    ['€€', false],
    ['𝄞', true],
    ['𝄞a', false]
  ])('[EN1] bounds text in bytes: %s', (content, fits) => {
    expect(codec(text(4), { rule: 'EN1' }).decode(encodeCbor(content)).ok).toBe(fits)
    expect(codec(text(300, 4), { rule: 'EN1' }).decode(encodeCbor(content)).ok).toBe(
      content.length >= 4 || new TextEncoder().encode(content).length >= 4
    )
  })
})
