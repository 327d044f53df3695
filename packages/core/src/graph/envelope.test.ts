import { describe, expect, it } from 'vitest'
import { type DeviceId, idFromBytes } from '../base/index.ts'
import { SIGNATURE_CONTEXTS, signDigest } from '../crypto/index.ts'
import { concatBytes, uintBytes } from '../encoding/index.ts'
import {
  type Envelope,
  EnvelopeType,
  isLinked,
  readEnvelope,
  verifyChain,
  verifyEnvelope
} from './envelope.ts'
import {
  author,
  channel,
  device,
  envelope,
  fill,
  key,
  run,
  server,
  stranger,
  suite
} from './envelope.fixture.ts'
import { EPHEMERAL_LINK, envelopeLength, openEnvelope } from './envelope-seal.ts'

const rule = (verdict: { ok: boolean } & object): string =>
  'rule' in verdict ? String(verdict.rule) : 'accepted'
function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const out = bytes.slice()
  out[bit >> 3] = (out[bit >> 3] as number) ^ (1 << (bit & 7))
  return out
}
function patch(at: number, bytes: Uint8Array): Uint8Array {
  const out = envelope().bytes.slice()
  out.set(bytes, at)
  return out
}
/** The whole way of an envelope from a peer. */
function receive(bytes: Uint8Array, from: DeviceId = device): string {
  const read = readEnvelope(suite, bytes)
  if (!read.ok) return read.rule
  const verified = verifyEnvelope(suite, read.value, from)
  if (!verified.ok) return verified.rule
  return rule(openEnvelope(suite, read.value, key, server, channel))
}

describe('envelope', () => {
  it('[EN2] T1: lengths follow from the payload', () => {
    expect([30, 200, 5_000].map(envelopeLength)).toEqual([316, 444, 5_308])
    expect(envelope().bytes).toHaveLength(316)
  })

  it('[EN2] T19: each flipped bit is refused', () => {
    const { bytes } = envelope()
    for (let bit = 0; bit < bytes.length * 8; bit++)
      expect(receive(flip(bytes, bit)), `bit ${bit}`).not.toBe('accepted')
    expect(receive(bytes)).toBe('accepted')
  })

  it('[EN4] T19: re-signed by another author, moved to another channel or server: cannot be opened', () => {
    const made = envelope()
    const other = suite.signingKey(fill(12))
    const resigned = concatBytes([made.header, made.ciphertext, signDigest(other, 'env', made.idBytes)])
    expect(receive(resigned)).toBe('EN3')
    expect(receive(resigned, stranger)).toBe('EN2')
    expect(rule(openEnvelope(suite, made, key, server, idFromBytes('c', fill(9))))).toBe('EN7')
    expect(rule(openEnvelope(suite, made, key, idFromBytes('s', fill(9)), channel))).toBe('EN7')
    expect(rule(openEnvelope(suite, made, fill(9), server, channel))).toBe('EN7')
  })

  it('[EN3] T29: a signature of any other context is refused', () => {
    const made = envelope()
    for (const context of SIGNATURE_CONTEXTS) {
      const bytes = concatBytes([made.header, made.ciphertext, signDigest(author, context, made.idBytes)])
      expect(receive(bytes), context).toBe(context === 'env' ? 'accepted' : 'EN3')
    }
  })

  it('[EN15] T30: unknown version, suite, type, flag are dropped by name', () => {
    expect(
      [
        patch(0, fill(2, 1)),
        patch(1, fill(2, 1)),
        patch(2, fill(6, 1)),
        patch(2, fill(0, 1)),
        patch(3, fill(1, 1))
      ].map(bytes => receive(bytes))
    ).toEqual(['EN15', 'EN15', 'EN15', 'EN15', 'EN15'])
  })

  it('[EN2] refuses seq 0, seq above 2^53 - 1, a first envelope with a predecessor, a later one without', () => {
    expect(receive(patch(52, fill(0, 8)))).toBe('EN2')
    expect(receive(patch(52, fill(255, 8)))).toBe('EN2')
    expect(receive(patch(60, fill(1, 24)))).toBe('EN2')
    expect(receive(patch(52, uintBytes(2, 8)))).toBe('EN2')
  })

  it('[EN2] refuses what is too short or too long', () => {
    expect(receive(envelope().bytes.subarray(0, 315))).toBe('EN2')
    expect(receive(fill(1, 65_537))).toBe('EN2')
    expect(() => envelope(undefined, { payload: fill(1, 65_400) })).toThrow(RangeError)
    expect(envelope(undefined, { payload: fill(1, 63_000) }).bytes.length).toBeLessThanOrEqual(65_536)
  })

  it('[EN9] an ephemeral envelope has no place, and only it', () => {
    const made = envelope(undefined, { type: EnvelopeType.ephemeral, link: EPHEMERAL_LINK })
    expect(receive(made.bytes)).toBe('accepted')
    const placed = made.bytes.slice()
    placed[59] = 1
    expect(receive(placed)).toBe('EN9')
    expect(() => envelope(undefined, { link: EPHEMERAL_LINK })).toThrow(RangeError)
  })
})

describe('runs', () => {
  it('[EN5] one signature verifies a run by its links', () => {
    const made = run(20)
    expect(verifyChain(suite, made, device)).toEqual({ ok: true, value: 'chain' })
    expect(made.every((each, index) => index === 0 || isLinked(made[index - 1] as Envelope, each))).toBe(true)
  })

  it('[EN5] a run with a hole, or a changed envelope, is checked one by one', () => {
    const made = run(6)
    expect(verifyChain(suite, [...made.slice(0, 2), ...made.slice(3)], device)).toEqual({
      ok: true,
      value: 'singly'
    })
    for (let index = 0; index < made.length; index++) {
      const forged = made.map((each, at) => (at === index ? read(flip(each.bytes, 120 * 8)) : each))
      expect(rule(verifyChain(suite, forged, device)), `at ${index}`).toBe('EN3')
    }
    expect(rule(verifyChain(suite, made, stranger))).toBe('EN2')
  })

  it('[EN5] a run goes on over tags, each authorId checked by its own', () => {
    const first = envelope()
    const second = envelope(first, { tag: fill(8, 16) })
    expect(verifyChain(suite, [first, second], device)).toEqual({ ok: true, value: 'chain' })
    const alien = read(patchBytes(second.bytes, 36, fill(9, 16)))
    expect(verifyChain(suite, [first, alien], device).ok).toBe(false)
  })
})

function read(bytes: Uint8Array): Envelope {
  const verdict = readEnvelope(suite, bytes)
  if (!verdict.ok) throw new Error(verdict.reason)
  return verdict.value
}
function patchBytes(bytes: Uint8Array, at: number, value: Uint8Array): Uint8Array {
  const out = bytes.slice()
  out.set(value, at)
  return out
}
