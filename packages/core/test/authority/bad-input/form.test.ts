/** Bytes that are no operation: refused by number before anything else is asked of them, never an exception. */
import { describe, expect, it } from 'vitest'
import { createNodeSuite } from '../../../src/adapters/crypto-node/index.ts'
import { OPERATION_BYTES_MAX } from '../../../src/base/index.ts'
import {
  authorityDeps,
  createAuthorityLog,
  decodeBody,
  draftKick,
  KINDS
} from '../../../src/authority/index.ts'
import type { Suite } from '../../../src/crypto/index.ts'
import { type CborValue, concatBytes, decodeCbor, encodeCbor } from '../../../src/encoding/index.ts'
import { decodeOperation } from '../../../src/graph/index.ts'
import { accountOf, foundServer, joinOf, makeInvite } from '../../../scripts/authority-stage.ts'
import { Dice } from '../histories/dice.ts'

const suite = await createNodeSuite()
const [ada, grace] = [accountOf(suite, 'ada'), accountOf(suite, 'grace')]
const site = foundServer(suite, ada)
const invite = makeInvite(site, ada, 'open')
site.act(grace, joinOf(site, grace, invite))
const kick = site.sign(ada, draftKick(grace.user, 'spam'))
const [payload, sig] = parts(kick.bytes)

function parts(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const read = decodeCbor(bytes)
  if (!read.ok) throw new Error(read.reason)
  return read.value as unknown as readonly [Uint8Array, Uint8Array]
}

const rule = (bytes: Uint8Array, by: Suite = suite): string | undefined => {
  const read = decodeOperation(by, bytes)
  return read.ok ? undefined : read.rule
}

/** Signed by the right key, whatever the payload is. */
const signed = (bytes: Uint8Array): Uint8Array => {
  const context = new TextEncoder().encode('xcord/v1/op')
  return encodeCbor([
    bytes,
    ada.device.signingKey.sign(concatBytes([context, Uint8Array.of(0), suite.sha256(bytes)]))
  ])
}

describe('bad form', () => {
  it('[AU1] malformed: no array of payload and signature', () => {
    for (const bytes of [[], [0], [0x80], [0x82, 0x40, 0x40], [0x83, 0x40, 0x40, 0x40], [0xff], [0x9f]])
      expect(rule(Uint8Array.from(bytes))).toBe('AU1')
    expect(rule(encodeCbor(['text', sig]))).toBe('AU1')
  })

  it('[AU3] not canonical: another encoding of the same fields is another thing, and refused', () => {
    expect(rule(signed(payload))).toBeUndefined()
    const longInteger = concatBytes([payload.slice(0, 1), Uint8Array.of(0x18, 0x01), payload.slice(2)])
    const longArray = concatBytes([Uint8Array.of(0x98, 12), payload.slice(1)])
    const indefinite = concatBytes([Uint8Array.of(0x9f), payload.slice(1), Uint8Array.of(0xff)])
    const trailing = concatBytes([payload, Uint8Array.of(0)])
    for (const bytes of [longInteger, longArray, indefinite, trailing, payload.slice(0, -1)])
      expect(rule(signed(bytes))).toBe('AU3')
  })

  it('[AU4] oversize: refused unread, without hashing or verifying anything', () => {
    const idle = { ...suite, sha256: fail, verify: fail } as Suite
    expect(rule(new Uint8Array(OPERATION_BYTES_MAX + 81), idle)).toBe('AU4')
    expect(rule(new Uint8Array(50_000_000), idle)).toBe('AU4')
    expect(rule(encodeCbor([new Uint8Array(OPERATION_BYTES_MAX + 1), sig]), idle)).toBe('AU4')
  })

  it('[AU2] wrong signature: altered, of another device, of other bytes, with S beyond the order', () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const s = [...sig.slice(32)].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + order
    const large = Uint8Array.from({ length: 32 }, (_, at) => Number((s >> BigInt(8 * at)) & 255n))
    const altered = sig.map((byte, at) => (at === 40 ? byte ^ 1 : byte))
    const others = parts(site.sign(grace, draftKick(ada.user)).bytes)[1]
    const signatures = [altered, others, concatBytes([sig.slice(0, 32), large]), new Uint8Array(64)]
    for (const each of signatures) expect(rule(encodeCbor([payload, each]))).toBe('AU2')
  })

  it('[AU1] [AU14] replayed in another server: its own server refuses nothing, the other one takes nothing', () => {
    const other = foundServer(suite, grace)
    expect(other.log.add(kick, kick.at)).toMatchObject({ kind: 'rejected', refusal: { rule: 'AU1' } })
    const fields = (decodeCbor(payload) as unknown as { value: readonly CborValue[] }).value
    const renamed = encodeCbor(
      fields.map((each, at) =>
        at === 1 ? parts(other.operations[0]?.bytes ?? kick.bytes)[0].slice(0, 32) : each
      )
    )
    expect(rule(encodeCbor([renamed, sig]))).toBe('AU2')
    expect(createAuthorityLog(authorityDeps(suite), site.operations[0] ?? kick).add(kick, kick.at).kind).toBe(
      'orphan'
    )
  })

  it('[AU7] [AU12] unknown kinds, versions and bodies', () => {
    const fields = (decodeCbor(payload) as unknown as { value: readonly CborValue[] }).value
    const versions = [0, 2, 255].map(version => encodeCbor([version, ...fields.slice(1)]))
    for (const bytes of versions) expect(rule(signed(bytes))).toBe('AU3')
    for (const kind of [10, 15, 26, 55, 72, 79, 82, 999, 65_535])
      expect(decodeBody(kind, [])).toMatchObject({ ok: false, rule: 'AU7' })
    for (const [kind] of Object.values(KINDS)) {
      const crowded = decodeBody(kind, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
      expect(crowded).toMatchObject({ ok: false, rule: 'AU12' })
    }
  })
})

function fail(): never {
  throw new Error('looked at what is too long')
}

describe('fuzzed bytes', () => {
  const dice = new Dice(11)
  const mutate = (bytes: Uint8Array): Uint8Array => {
    const out = [...bytes]
    for (let times = 1 + dice.below(4); times > 0; times--) {
      const at = dice.below(out.length)
      const roll = dice.below(5)
      if (roll === 0) out[at] = dice.below(256)
      else if (roll === 1) out[at] = (out[at] ?? 0) ^ (1 << dice.below(8))
      else if (roll === 2) out.splice(at, 1 + dice.below(8))
      else if (roll === 3)
        out.splice(at, 0, ...Array.from({ length: 1 + dice.below(8) }, () => dice.below(256)))
      else out.copyWithin(at, dice.below(out.length), dice.below(out.length))
    }
    return Uint8Array.from(out)
  }
  const seeds = [...site.operations, kick].map(op => op.bytes)

  it('[AU1] [AU2] [AU3] [AU4] mutated operations are refused or are others, and never throw', () => {
    const refused = new Set<string>()
    for (let run = 0; run < 4_000; run++) {
      const bytes = mutate(dice.pick(seeds))
      const read = decodeOperation(suite, bytes, { trusted: dice.chance(0.8) })
      if (read.ok) expect(decodeOperation(suite, read.value.bytes, { trusted: true })).toEqual(read)
      else refused.add(read.rule)
    }
    expect([...refused].sort()).toEqual(expect.arrayContaining(['AU1', 'AU2', 'AU3']))
  })

  it('[AU12] mutated bodies of every kind are refused or read, and never throw; nor does adding them', () => {
    const payloads = seeds.map(bytes => parts(bytes)[0])
    let read = 0
    for (let run = 0; run < 4_000; run++) {
      const bytes = mutate(dice.pick(payloads))
      const decoded = decodeOperation(suite, encodeCbor([bytes, sig]), { trusted: true })
      if (!decoded.ok) continue
      read++
      const kind = dice.chance(0.5) ? decoded.value.kind : dice.pick(Object.values(KINDS))[0]
      const result = site.log.add({ ...decoded.value, kind }, kick.at)
      expect(['rejected', 'orphan', 'held', 'known', 'accepted']).toContain(result.kind)
    }
    expect(read).toBeGreaterThan(100)
  })
})
