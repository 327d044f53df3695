import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idFromBytes } from '../base/index.ts'
import { signBytes, type Suite } from '../crypto/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../encoding/index.ts'
import { checkDescription, type DescriptionInit, signDescription } from './description.ts'
import { readSdp } from './sdp.ts'

const AT = 1_800_000_000_000
const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
const PRINT = Array.from({ length: 32 }, () => 'AB').join(':')
const OTHER = Array.from({ length: 32 }, () => 'CD').join(':')

function sdp(change: Partial<Record<'fingerprint' | 'ufrag' | 'setup' | 'more', string>> = {}): string {
  const { fingerprint = `sha-256 ${PRINT}`, ufrag = 'abcd', setup = 'actpass', more = '' } = change
  return `v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:${ufrag}\r\na=fingerprint:${fingerprint}\r\na=setup:${setup}\r\n${more}`
}

let suite: Suite
let init: DescriptionInit
beforeAll(async () => {
  suite = await createNodeSuite()
  const device = idFromBytes('d', suite.signingKey(fill(3)).publicKey)
  const peer = idFromBytes('d', suite.signingKey(fill(4)).publicKey)
  init = {
    server: idFromBytes('s', fill(1)),
    channel: idFromBytes('c', fill(2)),
    from: '0a'.repeat(16),
    to: '0b'.repeat(16),
    device,
    peer,
    attempt: 1,
    description: { type: 'offer', sdp: sdp() },
    at: AT,
    callKey: fill(9)
  }
})

function signed(change: Partial<DescriptionInit> = {}, seed = 3) {
  const made = signDescription(suite, suite.signingKey(fill(seed)), { ...init, ...change })
  if (!made.ok) throw new Error(made.reason)
  return made.value
}

describe('descriptions bound to a device', () => {
  it('[VX1] what was signed is read back', () => {
    expect(checkDescription(suite, signed(), init, AT)).toEqual({
      ok: true,
      value: { attempt: 1, description: init.description, fingerprint: fill(0xab), callKey: fill(9) }
    })
  })

  it('[VX2] another device cannot have signed it', () => {
    expect(checkDescription(suite, signed({}, 5), init, AT)).toMatchObject({ ok: false, rule: 'VX2' })
  })

  it.each([
    ['another server', { server: idFromBytes('s', fill(8)) }],
    ['another channel', { channel: idFromBytes('c', fill(8)) }],
    ['another session of ours', { to: '0c'.repeat(16) }],
    ['another session of theirs', { from: '0c'.repeat(16) }],
    ['another peer: reflected', { peer: idFromBytes('d', fill(8)) }]
  ])('[VX2] one for %s is refused', (_, change) => {
    const found = checkDescription(suite, signed(), { ...init, ...change }, AT)
    expect(found).toMatchObject({ ok: false, rule: 'VX2' })
  })

  it('[VX2] one that is over, and one for too long, are refused; clocks may differ by two minutes', () => {
    const check = (at: number) => checkDescription(suite, signed(), init, at).ok
    expect([check(AT + 179_000), check(AT + 181_000)]).toEqual([true, false])
    expect([check(AT - 119_000), check(AT - 121_000)]).toEqual([true, false])
  })

  it.each([
    ['swapped fingerprint', { fingerprint: `sha-256 ${OTHER}` }],
    ['doubled fingerprint', { more: `a=fingerprint:sha-256 ${OTHER}\r\n` }],
    ['swapped ufrag', { ufrag: 'efgh' }],
    ['swapped setup', { setup: 'passive' }],
    ['any other byte', { more: 'a=x\r\n' }]
  ])('[VX2] a %s under a right signature is refused', (_, change) => {
    const found = checkDescription(suite, { ...signed(), sdp: sdp(change) }, init, AT)
    expect(found).toMatchObject({ ok: false, rule: 'VX2' })
  })

  it('[VX2] an offer that has chosen its setup, and an answer that has not, are refused', () => {
    const offer = signed({ description: { type: 'offer', sdp: sdp({ setup: 'active' }) } })
    const answer = signed({ description: { type: 'answer', sdp: sdp() } })
    for (const each of [offer, answer])
      expect(checkDescription(suite, each, init, AT)).toMatchObject({ ok: false, rule: 'VX2' })
  })

  it.each([
    ['fingerprint', 9, fill(0xcd)],
    ['ufrag', 10, 'efgh'],
    ['setup', 11, 2]
  ])('[VX2] a device that signs another %s than its description has is refused', (_, place, value) => {
    const made = signed()
    const read = decodeCbor(made.claim)
    if (!read.ok || !Array.isArray(read.value)) throw new Error('no claim')
    const items = (read.value as CborValue[]).with(place, value)
    const claim = encodeCbor(items)
    const signature = signBytes(suite, suite.signingKey(fill(3)), 'call', claim)
    const found = checkDescription(suite, { claim, signature, sdp: made.sdp }, init, AT)
    expect(found).toMatchObject({
      ok: false,
      rule: 'VX2',
      reason: expect.stringContaining('elsewhere') as string
    })
  })

  it('[VX2] every bit of the claim and the signature counts', () => {
    const made = signed()
    for (const name of ['claim', 'signature'] as const) {
      for (let at = 0; at < made[name].length; at += 7) {
        const altered = made[name].slice()
        altered[at] = (altered[at] as number) ^ 1
        expect(checkDescription(suite, { ...made, [name]: altered }, init, AT).ok, `${name} ${at}`).toBe(
          false
        )
      }
    }
  })
})

describe('descriptions as SDP', () => {
  it('[VX2] fingerprint, ufrag and setup, said in each section, are one', () => {
    const twice = sdp() + sdp({ fingerprint: `SHA-256 ${PRINT.toLowerCase()}` })
    expect(readSdp(twice)).toEqual({
      ok: true,
      value: { fingerprint: fill(0xab), iceUfrag: 'abcd', setup: 'actpass' }
    })
  })

  it.each([
    ['no fingerprint', sdp({ fingerprint: `sha-256 ${PRINT}` }).replace(/a=fingerprint.*\r\n/, '')],
    ['a weaker hash', sdp({ fingerprint: 'sha-1 00:11' })],
    ['a second hash beside it', sdp({ more: 'a=fingerprint:sha-1 00:11\r\n' })],
    ['a short fingerprint', sdp({ fingerprint: 'sha-256 AB:CD' })],
    ['two fingerprints', sdp() + sdp({ fingerprint: `sha-256 ${OTHER}` })],
    ['two ufrags', sdp({ more: 'a=ice-ufrag:zzzz\r\n' })],
    ['two setups', sdp({ more: 'a=setup:active\r\n' })],
    ['a setup nobody knows', sdp({ setup: 'holdconn' })],
    ['video', sdp({ more: 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\n' })],
    ['too much', sdp({ more: `a=${'x'.repeat(16_384)}\r\n` })],
    ['nothing', '']
  ])('[VX2] %s is refused', (_, text) => {
    expect(readSdp(text)).toMatchObject({ ok: false, rule: 'VX2' })
  })
})
