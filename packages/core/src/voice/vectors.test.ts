import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idFromBytes } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { callCode } from './code.ts'
import { checkDescription, type DescriptionPlace } from './description.ts'
import { decodeFrame, encodeFrame } from './signals.ts'

const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
function read<T>(name: string): T {
  const url = new URL(`../../../../docs/spec/vectors/voice/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as T
}
interface Described {
  claim: string
  signature: string
  sdp: string
}

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

describe('vectors of voice', () => {
  const descriptions = read<{
    at: number
    place: Record<'server' | 'channel' | 'device' | 'peer' | 'from' | 'to', string>
    valid: (Described & { attempt: number; type: string; fingerprint: string; callKey: string })[]
    invalid: (Described & { rule: string; why: string })[]
  }>('descriptions')
  const { server, channel, device, peer, from, to } = descriptions.place
  const place: DescriptionPlace = {
    server: idFromBytes('s', unhex(server)),
    channel: idFromBytes('c', unhex(channel)),
    device: idFromBytes('d', unhex(device)),
    peer: idFromBytes('d', unhex(peer)),
    from,
    to
  }
  const check = ({ claim, signature, sdp }: Described) =>
    checkDescription(suite, { claim: unhex(claim), signature: unhex(signature), sdp }, place, descriptions.at)

  it.each(descriptions.valid)('[VX1] takes the $type', each => {
    const checked = check(each)
    expect(checked.ok && toHex(checked.value.fingerprint)).toBe(each.fingerprint)
    expect(checked.ok && toHex(checked.value.callKey)).toBe(each.callKey)
    expect(checked.ok && checked.value.attempt).toBe(each.attempt)
    expect(checked.ok && checked.value.description.type).toBe(each.type)
  })

  it.each(descriptions.invalid)('[VX2] refuses $why', each => {
    expect(check(each)).toMatchObject({ ok: false, rule: each.rule })
  })

  const frames = read<{
    from: string
    valid: { kind: string; to: string | null; bytes: string }[]
    passedOver: { why: string; bytes: string }[]
    invalid: { rule: string; why: string; bytes: string }[]
  }>('frames')

  it.each(frames.valid)('[VX7] frame $kind, there and back', ({ kind, to: other, bytes }) => {
    const decoded = decodeFrame(unhex(bytes))
    if (!decoded.ok || decoded.value === undefined) throw new Error('not read')
    expect(decoded.value).toMatchObject({ from: frames.from, to: other, signal: { kind } })
    expect(toHex(encodeFrame(decoded.value))).toBe(bytes)
  })

  it.each(frames.passedOver)('[VX7] passes over $why', ({ bytes }) => {
    expect(decodeFrame(unhex(bytes))).toEqual({ ok: true, value: undefined })
  })

  it.each(frames.invalid)('[VX7] refuses a frame: $why', ({ rule, bytes }) => {
    const decoded = decodeFrame(unhex(bytes))
    expect(decoded.ok).toBe(false)
    expect(decoded).toMatchObject({ rule })
  })

  const codes = read<{ valid: { members: { device: string; callKey: string }[]; code: string }[] }>('codes')

  it.each(codes.valid)('[VX11] code $code', ({ members, code }) => {
    const given = members.map(each => ({
      device: idFromBytes('d', unhex(each.device)),
      callKey: unhex(each.callKey)
    }))
    expect(callCode(suite, given)).toBe(code)
    expect(callCode(suite, given.toReversed())).toBe(code)
  })
})
