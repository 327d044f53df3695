import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idFromBytes } from '../base/index.ts'
import { pad, unpad } from '../crypto/index.ts'
import { type CborValue, concatBytes, encodeCbor } from '../encoding/index.ts'
import { type Body, fitsType, readBody, typeFor } from './body.ts'
import { decodePayload, encodePayload, type Payload } from './payload.ts'

const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
const message = idFromBytes('m', fill(1))
const nobody = { users: [], roles: [], everyone: false }
const attachment = {
  blob: idFromBytes('b', fill(2)),
  size: 5,
  type: 'image/png',
  name: 'a.png',
  noncePrefix: fill(1, 7),
  key: fill(3),
  keyCommit: fill(4)
}
const BODIES: readonly Body[] = [
  {
    kind: 'message',
    content: 'hi',
    replyTo: message,
    mentions: { users: [idFromBytes('u', fill(5))], roles: [], everyone: true },
    attachments: [attachment]
  },
  { kind: 'edit', message, content: 'ho', mentions: nobody, attachments: [] },
  { kind: 'delete', message },
  { kind: 'reaction', message, emoji: '👍', on: true },
  { kind: 'pin', message, on: false },
  {
    kind: 'document',
    document: fill(6),
    deps: [message],
    client: 7,
    clockFrom: 0,
    clockTo: 3,
    update: fill(8, 9)
  },
  { kind: 'operation', operation: fill(9, 100) },
  { kind: 'keyRecord', record: fill(9, 100) },
  { kind: 'profile', profile: fill(9, 100) },
  { kind: 'channelName', name: fill(9, 100) },
  { kind: 'typing', on: true },
  { kind: 'presence', status: 3, text: 'away' },
  { kind: 'voiceState', call: fill(1, 16), flags: 3 },
  { kind: 'leave' },
  { kind: 'lifetime', seconds: 60 }
]
const payload = (body: Body, over: Partial<Payload> = {}): Payload => ({
  thread: null,
  at: 1,
  auth: [],
  parents: [],
  body,
  ...over
})
const raw = (
  over: Partial<Record<'version' | 'thread' | 'at' | 'auth' | 'parents' | 'body' | 'ext', CborValue>>
): Uint8Array => {
  const fields = {
    version: 1,
    thread: null,
    at: 1,
    auth: [],
    parents: [],
    body: [32, true],
    ext: [],
    ...over
  }
  return encodeCbor([
    fields.version,
    fields.thread,
    fields.at,
    fields.auth,
    fields.parents,
    fields.body,
    fields.ext
  ])
}
const ruleOf = (bytes: Uint8Array): string => {
  const verdict = decodePayload(bytes)
  return verdict.ok ? 'accepted' : verdict.rule
}

describe('payload', () => {
  it('[EN6, AT3] every kind comes back as it was written, in a type that may carry it', () => {
    for (const body of BODIES) {
      const written = payload(body, {
        thread: idFromBytes('c', fill(1)),
        auth: [idFromBytes('o', fill(2))],
        parents: [message]
      })
      expect(decodePayload(encodePayload(written)), body.kind).toEqual({ ok: true, value: written })
      expect(fitsType(body, typeFor(body)), body.kind).toBe(true)
    }
  })

  it('[EN6] an unknown kind is kept as it came; a broken known one is refused', () => {
    expect(readBody([99, 'future'])).toEqual({
      ok: true,
      value: { kind: 'unknown', number: 99, value: [99, 'future'] }
    })
    const verdict = decodePayload(raw({ body: [99, 'future'] }))
    expect(verdict.ok && encodePayload(verdict.value)).toEqual(raw({ body: [99, 'future'] }))
    for (const body of [[3, fill(1, 31)], [3], [1, 'hi', null, [[], [], false]], ['x'], 5, []])
      expect(ruleOf(raw({ body }))).toBe('EN6')
  })

  it('[EN6] T30: non-canonical CBOR, a depth bomb, 2^53, another version, critical extensions', () => {
    expect(ruleOf(raw({}))).toBe('accepted')
    expect(ruleOf(concatBytes([raw({}), Uint8Array.of(0)]))).toBe('EN6')
    expect(ruleOf(new Uint8Array(1_000).fill(0x81))).toBe('EN6')
    expect(
      ruleOf(
        concatBytes([
          Uint8Array.of(0x87, 1, 0xf6, 0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0),
          Uint8Array.of(0x80, 0x80, 0x82, 0x18, 0x20, 0xf5, 0x80)
        ])
      )
    ).toBe('EN6')
    expect(ruleOf(raw({ version: 2 }))).toBe('EN6')
    expect(
      ruleOf(
        raw({
          ext: [
            ['a', 1],
            ['b', null]
          ]
        })
      )
    ).toBe('accepted')
    expect(ruleOf(raw({ ext: [['!a', 1]] }))).toBe('EN6')
    expect(
      ruleOf(
        raw({
          ext: [
            ['b', 1],
            ['a', 1]
          ]
        })
      )
    ).toBe('EN6')
    expect(
      ruleOf(
        raw({
          ext: [
            ['a', 1],
            ['a', 1]
          ]
        })
      )
    ).toBe('EN6')
  })

  it('[EN6] id lists are sorted and distinct, at most 16', () => {
    expect(ruleOf(raw({ auth: [fill(2), fill(1)] }))).toBe('EN6')
    expect(ruleOf(raw({ parents: [fill(1), fill(1)] }))).toBe('EN6')
    expect(ruleOf(raw({ auth: Array.from({ length: 17 }, (_, n) => fill(n)) }))).toBe('EN6')
  })

  it('[EN6] content is at most 8,000 bytes', () => {
    const body = (content: string): Body => ({
      kind: 'message',
      content,
      replyTo: null,
      mentions: nobody,
      attachments: []
    })
    expect(decodePayload(encodePayload(payload(body('x'.repeat(8_000))))).ok).toBe(true)
    expect(() => encodePayload(payload(body('x'.repeat(8_001))))).toThrow(RangeError)
    expect(ruleOf(raw({ body: [1, 'x'.repeat(8_001), null, [[], [], false], []] }))).toBe('EN6')
  })

  it('[EN6, EN10] what is stored does not travel as ephemeral, and joins may ride under the topic key', () => {
    const [message, , , , , , operation, record, , , typing] = BODIES as [
      Body,
      Body,
      Body,
      Body,
      Body,
      Body,
      Body,
      Body,
      Body,
      Body,
      Body
    ]
    expect([1, 2, 3, 4].map(type => fitsType(message, type as 1))).toEqual([true, false, false, false])
    expect([1, 2, 3, 4].map(type => fitsType(operation, type as 1))).toEqual([false, true, true, false])
    expect([1, 2, 3, 4].map(type => fitsType(record, type as 1))).toEqual([false, false, true, false])
    expect([1, 2, 3, 4].map(type => fitsType(typing, type as 1))).toEqual([false, false, false, true])
  })

  it('[EN7] T31: padding without 80, all zero, with bytes behind: refused like a bad tag', () => {
    expect(unpad(pad(fill(1, 10)))).toEqual(fill(1, 10))
    expect(
      [
        fill(1, 128),
        fill(0, 128),
        concatBytes([pad(fill(1, 10)), Uint8Array.of(1)]),
        concatBytes([pad(fill(1, 10)), fill(0, 128)])
      ].map(unpad)
    ).toEqual([undefined, undefined, undefined, undefined])
  })

  it('[EN6] arbitrary bytes and values give a verdict', () => {
    const value: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>(tie => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.nat(),
        fc.string(),
        fc.uint8Array({ maxLength: 40 }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 8 })
      )
    })).value
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        decodePayload(bytes)
      }),
      { numRuns: 500, seed: 1 }
    )
    fc.assert(
      fc.property(fc.nat(40), fc.array(value, { maxLength: 6 }), (kind, fields) => {
        ruleOf(raw({ body: [kind, ...fields] }))
      }),
      { numRuns: 500, seed: 2 }
    )
  })
})
