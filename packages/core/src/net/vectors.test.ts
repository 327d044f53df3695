import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idFromBytes } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { concatBytes } from '../encoding/index.ts'
import { deviceOfPeerIdText, pathOfAddress, peerIdText, withoutDevice } from './address.ts'
import { createFrameReader, encodeFrame } from './frames.ts'
import { gossipMessageId } from './gossip-message-id.ts'
import { encodePeerRecord, openPeerRecord } from './peer-record.ts'
import {
  decodeRendezvousAnswer,
  decodeRendezvousRequest,
  encodeRendezvousAnswer,
  encodeRendezvousRequest,
  type RendezvousAnswer,
  type RendezvousRequest
} from './rendezvous-protocol.ts'

const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
function read<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../../../docs/spec/vectors/net/${name}.json`, import.meta.url), 'utf8')
  ) as T
}
interface Invalid {
  rule: string
  why: string
  bytes: string
}

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

describe('vectors of the network', () => {
  const frames = read<{
    bytesMax: number
    valid: { frames: string[]; wire: string }[]
    invalid: { rule: string; why: string; wire: string }[]
  }>('frames')

  it.each(frames.valid)('[NT39] frames of $wire', each => {
    expect(createFrameReader(frames.bytesMax).push(unhex(each.wire))).toEqual({
      ok: true,
      value: each.frames.map(unhex)
    })
    const wire = concatBytes(each.frames.map(frame => encodeFrame(unhex(frame), frames.bytesMax)))
    if (each.frames.length > 0) expect(toHex(wire)).toBe(each.wire)
  })

  it.each(frames.invalid)('[NT39] refuses frames: $why', each => {
    expect(createFrameReader(frames.bytesMax).push(unhex(each.wire))).toMatchObject({
      ok: false,
      rule: each.rule
    })
  })

  const addresses = read<{
    peerIds: { key: string; peerId: string }[]
    notPeerIds: { why: string; text: string }[]
    paths: { address: string; path: string | null }[]
  }>('addresses')

  it('[NT2] [NT40] names and paths', () => {
    for (const { key, peerId } of addresses.peerIds) {
      expect(peerIdText(idFromBytes('d', unhex(key)))).toBe(peerId)
      expect(deviceOfPeerIdText(peerId)).toBe(idFromBytes('d', unhex(key)))
    }
    for (const { text } of addresses.notPeerIds) expect(deviceOfPeerIdText(text)).toBeUndefined()
    for (const { address, path } of addresses.paths) expect(pathOfAddress(address) ?? null).toBe(path)
  })

  const records = read<{
    seed: string
    valid: { key: string; seq: number; addresses: string[]; bytes: string }[]
    invalid: Invalid[]
  }>('peer-records')

  it('[NT41] peer records', () => {
    for (const each of records.valid) {
      const made = encodePeerRecord(suite, suite.signingKey(unhex(records.seed)), each)
      expect(toHex(made)).toBe(each.bytes)
      const opened = openPeerRecord(suite, unhex(each.bytes))
      if (!opened.ok) throw new Error(opened.reason)
      expect(opened.value.device).toBe(idFromBytes('d', unhex(each.key)))
      expect(opened.value.seq).toBe(each.seq)
      expect(opened.value.addresses.map(withoutDevice)).toEqual(each.addresses)
    }
  })

  it.each(records.invalid)('[NT41] refuses a peer record by $rule: $why', each => {
    expect(openPeerRecord(suite, unhex(each.bytes))).toMatchObject({ ok: false, rule: each.rule })
  })

  const rendezvous = read<{
    requests: { fields: object; bytes: string }[]
    answers: { fields: object; bytes: string }[]
    invalidRequests: Invalid[]
    invalidAnswers: Invalid[]
  }>('rendezvous')
  /** Hex becomes bytes wherever it is: only bytes are text in these fields. */
  const revive = <T>(fields: object): T =>
    JSON.parse(JSON.stringify(fields), (_, value: unknown) =>
      typeof value === 'string' ? unhex(value) : value
    ) as T

  it('[NT42] rendezvous frames', () => {
    for (const { fields, bytes } of rendezvous.requests) {
      const request = revive<RendezvousRequest>(fields)
      expect(toHex(encodeRendezvousRequest(request))).toBe(bytes)
      expect(decodeRendezvousRequest(unhex(bytes))).toEqual({ ok: true, value: request })
    }
    for (const { fields, bytes } of rendezvous.answers) {
      const answer = revive<RendezvousAnswer>(fields)
      expect(toHex(encodeRendezvousAnswer(answer))).toBe(bytes)
      expect(decodeRendezvousAnswer(unhex(bytes))).toEqual({ ok: true, value: answer })
    }
  })

  it('[EN14] ids of gossip messages', () => {
    const { ids } = read<{ ids: { topic: string; data: string; id: string }[] }>('gossip')
    for (const { topic, data, id } of ids) expect(toHex(gossipMessageId(suite, topic, unhex(data)))).toBe(id)
    expect(ids.length).toBeGreaterThan(0)
  })

  it.each(rendezvous.invalidRequests)('[NT42] refuses a request: $why', each => {
    expect(decodeRendezvousRequest(unhex(each.bytes))).toMatchObject({ ok: false, rule: each.rule })
  })

  it.each(rendezvous.invalidAnswers)('[NT42] refuses an answer: $why', each => {
    expect(decodeRendezvousAnswer(unhex(each.bytes))).toMatchObject({ ok: false, rule: each.rule })
  })
})
