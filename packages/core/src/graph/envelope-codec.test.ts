import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeCbor } from '../encoding/index.ts'
import { verifyEnvelope } from './envelope.ts'
import { device, envelope, fill, run, suite } from './envelope.fixture.ts'
import {
  decodeBundle,
  decodeStub,
  encodeBundle,
  encodeStub,
  splitBundles,
  verifyBundle
} from './envelope-codec.ts'
import { EPHEMERAL_LINK } from './envelope-seal.ts'

const rule = (verdict: { ok: boolean } & object): string =>
  'rule' in verdict ? String(verdict.rule) : 'accepted'

describe('stubs', () => {
  it('[EN3] a stub has the id of its envelope and proves its author', () => {
    const made = envelope()
    const stub = decodeStub(suite, encodeStub(made))
    if (!stub.ok) throw new Error(stub.reason)
    expect(stub.value.id).toBe(made.id)
    expect(verifyEnvelope(suite, stub.value, device).ok).toBe(true)
    const other = decodeStub(suite, encodeStub({ ...made, ciphertextHash: fill(1) }))
    expect(other.ok && rule(verifyEnvelope(suite, other.value, device))).toBe('EN3')
  })
})

describe('bundles', () => {
  it('[NT28] carry a run and are verified by its last signature', () => {
    const made = run(64)
    const bundle = decodeBundle(suite, encodeBundle(made))
    if (!bundle.ok) throw new Error(bundle.reason)
    expect(bundle.value.map(each => each.id)).toEqual(made.map(each => each.id))
    expect(verifyBundle(suite, bundle.value, device)).toEqual({ ok: true, value: 'chain' })
  })

  it('[NT28] refuse none, 65, two authors, a descending run, and anything not an envelope', () => {
    const made = run(3)
    const raw = (parts: readonly Uint8Array[]): Uint8Array => encodeCbor([1, parts])
    const bytes = made.map(each => each.bytes)
    expect(rule(decodeBundle(suite, raw([])))).toBe('NT28')
    const many = Array.from({ length: 65 }, () => bytes[0] as Uint8Array)
    expect(rule(decodeBundle(suite, raw(many)))).toBe('NT28')
    expect(rule(decodeBundle(suite, raw([...bytes].reverse())))).toBe('NT28')
    expect(
      rule(decodeBundle(suite, raw([bytes[0] as Uint8Array, envelope(made[0], { tag: fill(9, 16) }).bytes])))
    ).toBe('NT28')
    expect(rule(decodeBundle(suite, raw([fill(1, 20)])))).toBe('EN2')
    expect(rule(decodeBundle(suite, encodeCbor([2, bytes])))).toBe('NT28')
    expect(() => encodeBundle([])).toThrow(RangeError)
  })

  it('[EN9] ephemeral envelopes are bundled apart and checked one by one', () => {
    const some = [1, 2].map(n => envelope(undefined, { type: 4, link: EPHEMERAL_LINK, nonce: fill(n, 24) }))
    const bundle = decodeBundle(suite, encodeBundle(some))
    expect(bundle.ok && verifyBundle(suite, bundle.value, device)).toEqual({ ok: true, value: 'singly' })
    expect(() => encodeBundle([...some, envelope()])).toThrow(RangeError)
  })

  it('[NT28] splitting keeps order and bounds', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(30, 3_000, 30_000, 63_000), { maxLength: 40 }), sizes => {
        const made: ReturnType<typeof envelope>[] = []
        for (const size of sizes) made.push(envelope(made.at(-1), { payload: fill(1, size) }))
        const runs = splitBundles(made)
        expect(runs.flat()).toEqual(made)
        for (const each of runs) expect(decodeBundle(suite, encodeBundle(each)).ok).toBe(true)
      }),
      { numRuns: 25, seed: 5 }
    )
  })

  it('[NT28] arbitrary bytes give a verdict', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        expect(decodeBundle(suite, bytes).ok).toBe(false)
        expect(decodeStub(suite, bytes).ok).toBe(false)
      }),
      { numRuns: 300, seed: 6 }
    )
  })
})
