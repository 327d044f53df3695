/** Writes docs/spec/vectors/voice: run with Node 24, `node packages/core/scripts/vectors-voice.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idFromBytes, readIdBytes } from '../src/base/index.ts'
import { decodeCbor, encodeCbor, type CborValue, utf8 } from '../src/encoding/index.ts'
import {
  callCode,
  checkDescription,
  type DescriptionInit,
  encodeFrame,
  type Signal,
  signDescription
} from '../src/voice/index.ts'
import { fill, flipLast, toHex } from './vector-tools.ts'

const suite = await createNodeSuite()
const folder = join(import.meta.dirname, '../../../docs/spec/vectors/voice')
mkdirSync(folder, { recursive: true })
const write = (name: string, content: object): void =>
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(content, null, 1)}\n`)

const key = suite.signingKey(fill(3))
const place = {
  server: idFromBytes('s', fill(1)),
  channel: idFromBytes('c', fill(2)),
  from: '0a'.repeat(16),
  to: '0b'.repeat(16),
  device: idFromBytes('d', key.publicKey),
  peer: idFromBytes('d', suite.signingKey(fill(4)).publicKey)
}
const AT = 1_800_000_000_000

// Descriptions.

const print = (value: string): string => Array.from({ length: 32 }, () => value).join(':')
const sdpOf = (setup: string, more = '', fingerprint = print('AB')): string =>
  `v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 ${fingerprint}\r\na=setup:${setup}\r\n${more}`
const init: DescriptionInit = {
  ...place,
  attempt: 1,
  description: { type: 'offer', sdp: sdpOf('actpass') },
  at: AT,
  callKey: fill(9)
}

function signed(change: Partial<DescriptionInit> = {}) {
  const made = signDescription(suite, key, { ...init, ...change })
  if (!made.ok) throw new Error(made.reason)
  const { claim, signature, sdp } = made.value
  return { claim, signature, sdp }
}

const offer = signed()
const answer = signed({ attempt: 7, description: { type: 'answer', sdp: sdpOf('active') } })
const cases = [
  { why: 'another signature', ...offer, signature: flipLast(offer.signature) },
  { why: 'an altered claim', ...offer, claim: flipLast(offer.claim) },
  { why: 'another SDP', ...offer, sdp: sdpOf('actpass', 'a=x\r\n') },
  { why: 'a swapped fingerprint', ...offer, sdp: sdpOf('actpass', '', print('CD')) },
  { why: 'a claim for another peer', ...signed({ peer: place.device }) },
  { why: 'a claim for another session', ...signed({ to: '0c'.repeat(16) }) },
  { why: 'a claim that is over', ...signed({ at: AT - 240_001 }) },
  { why: 'a claim for too long', ...signed({ at: AT + 240_001 }) },
  {
    why: 'an offer that chose its setup',
    ...signed({ description: { type: 'offer', sdp: sdpOf('active') } })
  },
  { why: 'an answer that did not', ...signed({ description: { type: 'answer', sdp: sdpOf('actpass') } }) }
]
const hexOf = (each: typeof offer) => ({
  claim: toHex(each.claim),
  signature: toHex(each.signature),
  sdp: each.sdp
})
write('descriptions', {
  chapter: 'voice',
  rule: 'VX2',
  at: AT,
  place: {
    server: toHex(readIdBytes(place.server)),
    channel: toHex(readIdBytes(place.channel)),
    device: toHex(readIdBytes(place.device)),
    peer: toHex(readIdBytes(place.peer)),
    from: place.from,
    to: place.to
  },
  valid: [offer, answer].map(each => {
    const checked = checkDescription(suite, each, place, AT)
    if (!checked.ok) throw new Error(checked.reason)
    const { attempt, description, fingerprint, callKey } = checked.value
    return {
      ...hexOf(each),
      attempt,
      type: description.type,
      fingerprint: toHex(fingerprint),
      callKey: toHex(callKey)
    }
  }),
  invalid: cases.map(({ why, ...each }) => {
    const checked = checkDescription(suite, each, place, AT)
    if (checked.ok) throw new Error(`accepted: ${why}`)
    return { rule: checked.rule, why, ...hexOf(each) }
  })
})

// Frames.

const signals: readonly Signal[] = [
  { kind: 'hello', since: AT, flags: 3, media: [1] },
  { kind: 'description', claim: fill(5, 40), signature: fill(6, 64), sdp: 'v=0\r\n' },
  { kind: 'candidate', attempt: 1, candidate: 'candidate:1 1 UDP 1 192.0.2.1 9 typ host', mid: '0', line: 0 },
  { kind: 'candidate', attempt: 2, candidate: '', mid: null, line: null },
  { kind: 'again', attempt: 3 },
  { kind: 'state', flags: 16, attempt: 0, hears: 'no' },
  { kind: 'bye' },
  { kind: 'refused', why: 'full' },
  { kind: 'move', device: place.peer, target: '0d'.repeat(16), to: null }
]
const frameOf = (signal: Signal, to: string | null = place.to): Uint8Array =>
  encodeFrame({ server: place.server, channel: place.channel, from: place.from, to, signal })

/** A frame's tuple with one item changed. */
function altered(change: (items: CborValue[]) => void): Uint8Array {
  const read = decodeCbor(frameOf({ kind: 'again', attempt: 3 }))
  if (!read.ok || !Array.isArray(read.value)) throw new Error('no tuple')
  const items = [...(read.value as readonly CborValue[])]
  change(items)
  return encodeCbor(items)
}

write('frames', {
  chapter: 'voice',
  rule: 'VX7',
  server: toHex(readIdBytes(place.server)),
  channel: toHex(readIdBytes(place.channel)),
  from: place.from,
  valid: signals.map(signal => {
    const to = signal.kind === 'hello' ? null : place.to
    return { kind: signal.kind, to, bytes: toHex(frameOf(signal, to)) }
  }),
  passedOver: [
    {
      why: 'a kind of a newer version',
      bytes: toHex(altered(items => void ((items[1] = 99), (items[6] = ['anything', 1]))))
    }
  ],
  invalid: [
    { why: 'another version', bytes: altered(items => void (items[0] = 2)) },
    { why: 'a session of 15 bytes', bytes: altered(items => void (items[4] = fill(1, 15))) },
    { why: 'attempt 0', bytes: altered(items => void (items[6] = [0])) },
    { why: 'a body that is longer', bytes: altered(items => void (items[6] = [3, 3])) },
    {
      why: 'a hello without audio',
      bytes: altered(items => void ((items[1] = 1), (items[6] = [AT, 0, [2]])))
    },
    { why: 'a refusal nobody knows', bytes: altered(items => void ((items[1] = 7), (items[6] = [3]))) },
    { why: 'too short', bytes: Uint8Array.of(0x81, 0x01) }
  ].map(({ why, bytes }) => ({ rule: 'VX7', why, bytes: toHex(bytes) }))
})

// Codes.

const members = [1, 2, 3].map(number => ({
  device: idFromBytes('d', suite.signingKey(fill(number)).publicKey),
  callKey: suite.sha256(utf8(`call ${number}`))
}))
write('codes', {
  chapter: 'voice',
  rule: 'VX11',
  valid: [members.slice(0, 1), members.slice(0, 2), members].map(each => ({
    members: each.map(({ device, callKey }) => ({
      device: toHex(readIdBytes(device)),
      callKey: toHex(callKey)
    })),
    code: callCode(suite, each)
  }))
})
