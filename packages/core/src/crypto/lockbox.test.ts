import fc from 'fast-check'
import { toString } from 'uint8arrays'
import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import {
  BoxKind,
  openBox,
  openBoxes,
  type Opener,
  readBoxes,
  sealBox,
  sealBoxes,
  type Suite
} from './index.ts'

const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

function opener(secret: number, rid: number): Opener {
  return { secret: fill(secret), publicKey: suite.x25519PublicKey(fill(secret)), rid: fill(rid, 16) }
}

describe('[EK3] lockboxes', () => {
  const purpose = { kind: BoxKind.epoch, keyId: fill(8, 16) }

  test('known answer', () => {
    const ephemeral = { secret: fill(5), publicKey: suite.x25519PublicKey(fill(5)) }
    const box = sealBox(suite, ephemeral, opener(6, 7), purpose, fill(9)) as Uint8Array
    expect(toString(box, 'hex')).toBe(
      '070707070707070707070707070707077f125758d930ff49162fc9c005050a14e32568c69452f6551563ab0191447da484a45949e513db013f3ad2402b9b0d2b'
    )
    expect(openBox(suite, ephemeral.publicKey, box, opener(6, 7), purpose)).toEqual(fill(9))
  })

  test('T22: moved to another recipient, rid, kind, key or ephemeral key, or altered, a box stays shut', () => {
    const ephemeral = { secret: fill(5), publicKey: suite.x25519PublicKey(fill(5)) }
    const box = sealBox(suite, ephemeral, opener(6, 7), purpose, fill(9)) as Uint8Array
    const open = (
      with_: Partial<{
        box: Uint8Array
        who: Opener
        kind: BoxKind
        keyId: Uint8Array
        ephemeral: Uint8Array
      }>
    ): unknown =>
      openBox(suite, with_.ephemeral ?? ephemeral.publicKey, with_.box ?? box, with_.who ?? opener(6, 7), {
        kind: with_.kind ?? purpose.kind,
        keyId: with_.keyId ?? purpose.keyId
      })
    expect(open({})).toEqual(fill(9))
    expect(open({ who: opener(10, 7) })).toBeUndefined()
    expect(open({ who: opener(6, 8) })).toBeUndefined()
    expect(open({ who: { ...opener(6, 7), publicKey: opener(10, 7).publicKey } })).toBeUndefined()
    expect(open({ kind: BoxKind.role })).toBeUndefined()
    expect(open({ keyId: fill(1, 16) })).toBeUndefined()
    expect(open({ ephemeral: suite.x25519PublicKey(fill(11)) })).toBeUndefined()
    expect(open({ ephemeral: fill(0) })).toBeUndefined()
    for (let at = 0; at < box.length; at++)
      expect(open({ box: box.map((byte, i) => (i === at ? byte ^ 1 : byte)) })).toBeUndefined()
    expect(open({ box: box.subarray(1) })).toBeUndefined()
    const renamed = Uint8Array.from([...fill(8, 16), ...box.subarray(16)])
    expect(open({ box: renamed, who: opener(6, 8) })).toBeUndefined()
  })

  test('each of many opens its own, sorted by rid; unusable keys are left out, doubles refused', () => {
    const who = [opener(20, 3), opener(21, 1), opener(22, 2)]
    const bad = { rid: fill(9, 16), publicKey: fill(0) }
    const bytes = sealBoxes(suite, fill(5), [...who, bad], purpose, fill(9))
    const boxes = readBoxes(bytes, 640)
    expect(boxes?.count).toBe(3)
    expect(boxes?.rids().map(rid => rid[0])).toEqual([1, 2, 3])
    for (const each of who) expect(openBoxes(suite, boxes!, each, purpose)).toEqual(fill(9))
    expect(openBoxes(suite, boxes!, opener(23, 4), purpose)).toBeUndefined()
    expect(() => sealBoxes(suite, fill(5), [who[0]!, who[0]!], purpose, fill(9))).toThrow(RangeError)
    expect(() => sealBoxes(suite, fill(5), who, purpose, fill(9, 31))).toThrow(RangeError)
  })

  test('boxes are whole, few enough, ascending', () => {
    const good = sealBoxes(suite, fill(5), [opener(20, 1), opener(21, 2)], purpose, fill(9))
    expect(readBoxes(good, 2)?.count).toBe(2)
    expect(readBoxes(good, 1)).toBeUndefined()
    expect(readBoxes(good.subarray(0, -1), 2)).toBeUndefined()
    expect(readBoxes(good.subarray(0, 31), 2)).toBeUndefined()
    const swapped = Uint8Array.from([...good.subarray(0, 32), ...good.subarray(96), ...good.subarray(32, 96)])
    expect(readBoxes(swapped, 2)).toBeUndefined()
    const doubled = Uint8Array.from([...good.subarray(0, 96), ...good.subarray(32, 96)])
    expect(readBoxes(doubled, 2)).toBeUndefined()
    expect(readBoxes(good.subarray(0, 32), 2)?.count).toBe(0)
  })

  test('any bytes give an answer, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        const boxes = readBoxes(bytes, 640)
        if (boxes !== undefined)
          for (const rid of boxes.rids()) openBoxes(suite, boxes, { ...opener(20, 1), rid }, purpose)
      }),
      { numRuns: Number(process.env['XCORD_RUNS'] ?? 200) }
    )
  })
})
