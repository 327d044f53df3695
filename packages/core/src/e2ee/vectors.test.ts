/** docs/spec/vectors/envelope and e2ee, read as another implementation would read them. */
import { readFileSync } from 'node:fs'
import { fromString } from 'uint8arrays'
import { describe, expect, it } from 'vitest'
import { buildE2eeVectors } from '../../scripts/vectors-e2ee.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { createSodiumSuite } from '../adapters/crypto-sodium/index.ts'
import { idFromBytes, idToBytes } from '../base/index.ts'
import { kdf, openBoxes, readBoxes, type Suite } from '../crypto/index.ts'
import { toHex } from '../encoding/index.ts'
import {
  decodeBundle,
  decodeStub,
  openEnvelope,
  readAclHead,
  readEnvelope,
  readGateCert,
  verifyChain,
  verifyEnvelope
} from '../graph/index.ts'
import { readChannelName } from './channel-name.ts'
import type { TopicLink } from './contract.ts'
import {
  bucketOf,
  keyIdOf,
  maskKeyId,
  openBack,
  openTopicLink,
  openTopicSecret,
  tagOf,
  topicOfShard,
  userRid
} from './derive.ts'
import { inviteKeys, parseInviteLink } from './invite-link.ts'
import { openPackage } from './invite-package.ts'
import { KeyRecordKind, readKeyRecord, verifyKeyRecord } from './key-record.ts'
import { decodePayload, encodePayload } from './payload.ts'
import { decodeStoredSeed } from './stored-seed.ts'

const hex = (text: string): Uint8Array => fromString(text, 'hex')
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- files are read as they are; each test says what it looks for
const read = (path: string): any =>
  JSON.parse(readFileSync(new URL(`../../../../docs/spec/vectors/${path}.json`, import.meta.url), 'utf8'))
const suites: readonly Suite[] = [await createNodeSuite(), await createSodiumSuite()]
const suite = suites[0] as Suite
const ruleOf = (verdict: object): string => ('rule' in verdict ? String(verdict.rule) : 'accepted')

describe('vectors', () => {
  it('[EN2] T1: the files are what every provider makes, byte for byte', () => {
    for (const each of suites) {
      for (const [path, content] of buildE2eeVectors(each))
        expect(read(path), `${path} by ${each.name}`).toEqual(JSON.parse(JSON.stringify(content)))
    }
  })

  it('[EN2, EN3, EN5] envelopes: the known answers, accepted and refused at the step named', () => {
    const file = read('envelope/envelopes')
    const [server, channel, device] = [
      idFromBytes('s', hex(file.server)),
      idFromBytes('c', hex(file.channel)),
      idFromBytes('d', hex(file.device))
    ]
    const first = file.accept[0]
    expect([first.tag, file.keyId, first.keyRef, first.authorId, first.id]).toEqual([
      '49ac4ce79a48603e2cf90959d24031b5',
      '9a25c798fb68d99b2f5e530f7df04227',
      'a807b83ea6dfd6af1d7eaf19d374150a',
      '9f70afa6ec4cfe2044dfdb4f2442d6d5',
      'af33952361efdd754517398fb5948d63820b3e4a867dfad8a4b213c8245691a0'
    ])
    expect(hex(first.bytes)).toHaveLength(316)
    expect(toHex(suite.sha256(hex(first.bytes)))).toBe(
      '7b0ae9b26ca6bb70ed771c809ac6fe9b927b882cfe4c1f40a2dacf9ae9a03d8c'
    )
    for (const each of file.accept) {
      const envelope = readEnvelope(suite, hex(each.bytes))
      if (!envelope.ok) throw new Error(envelope.reason)
      expect(toHex(envelope.value.idBytes)).toBe(each.id)
      expect(verifyEnvelope(suite, envelope.value, device).ok).toBe(true)
      const opened = openEnvelope(suite, envelope.value, hex(file.key), server, channel)
      expect(opened.ok && toHex(opened.value)).toBe(each.payload)
      const stub = decodeStub(suite, hex(each.stub))
      expect(stub.ok && toHex(stub.value.idBytes)).toBe(each.id)
      expect(
        toHex(
          maskKeyId(
            suite,
            kdf(suite, hex(file.topicSecret), 'key-mask'),
            envelope.value.nonce,
            envelope.value.keyRef
          )
        )
      ).toBe(file.keyId)
    }
    const bundle = decodeBundle(suite, hex(file.bundle))
    expect(bundle.ok && verifyChain(suite, bundle.value, device)).toEqual({ ok: true, value: 'chain' })
    for (const each of file.refuse) {
      const form = readEnvelope(suite, hex(each.bytes))
      if (!form.ok) {
        expect([form.rule, 'form'], each.why).toEqual([each.rule, each.step])
        continue
      }
      const author = verifyEnvelope(suite, form.value, device)
      const verdict = author.ok ? openEnvelope(suite, form.value, hex(file.key), server, channel) : author
      expect([ruleOf(verdict), author.ok ? 'open' : 'author'], each.why).toEqual([each.rule, each.step])
    }
  })

  it('[EN11, EN12] certificates and heads', () => {
    const file = read('envelope/gates')
    expect(readGateCert(suite, hex(file.gateCert.bytes))).toMatchObject({
      ok: true,
      value: { notAfter: file.gateCert.notAfter, device: idFromBytes('d', hex(file.gateCert.device)) }
    })
    expect(readAclHead(suite, hex(file.aclHead.bytes))).toMatchObject({
      ok: true,
      value: { generation: file.aclHead.generation }
    })
    for (const each of file.refuse)
      expect(
        ruleOf(
          each.kind === 'gateCert'
            ? readGateCert(suite, hex(each.bytes))
            : readAclHead(suite, hex(each.bytes))
        ),
        each.why
      ).toBe(each.rule)
  })

  it('[EN6] payloads: read, written back to the same bytes, refused', () => {
    const file = read('e2ee/payloads')
    for (const each of file.accept) {
      const payload = decodePayload(hex(each.bytes))
      if (!payload.ok) throw new Error(`${each.kind}: ${payload.reason}`)
      expect(payload.value.body.kind).toBe(each.kind)
      expect(toHex(encodePayload(payload.value))).toBe(each.bytes)
    }
    for (const each of file.refuse) expect(ruleOf(decodePayload(hex(each.bytes))), each.why).toBe(each.rule)
  })

  it('[EK2, EK5, EK6, EK15, EK17, EK18] derivations', () => {
    const file = read('e2ee/derived')
    const [seed, server] = [hex(file.seed), idFromBytes('s', hex(file.server))]
    for (const each of file.keyIds) {
      const scope =
        each.kind === 'epoch'
          ? { kind: 'epoch', channel: idFromBytes('c', hex(each.scope)) }
          : { kind: each.kind, role: idFromBytes('r', hex(each.scope)), index: each.index }
      expect(toHex(idToBytes(keyIdOf(suite, server, scope as never, seed)))).toBe(each.keyId)
    }
    expect(toHex(openTopicSecret(suite, seed, hex(file.topicBox.box)) as Uint8Array)).toBe(
      file.topicBox.topicSecret
    )
    expect(
      toHex(
        openBack(suite, seed, {
          keyId: idFromBytes('e', hex(file.back.keyId)),
          sealed: hex(file.back.sealed)
        }) as Uint8Array
      )
    ).toBe(file.back.seed)
    for (const each of file.buckets)
      expect(
        bucketOf(suite, idFromBytes('r', hex(each.role)), idFromBytes('u', hex(each.user)), each.k)
      ).toBe(each.index)
    expect(toHex(userRid(idFromBytes('u', hex(file.userRid.user)), file.userRid.generation))).toBe(
      file.userRid.rid
    )
    const secret = hex(file.topic.topicSecret)
    expect(toHex(tagOf(suite, secret))).toBe(file.topic.tag)
    for (const each of file.topic.shards) expect(topicOfShard(suite, secret, each.shard)).toBe(each.topic)
  })

  it('[EK1, EK3] key records: read, verified, opened, refused', () => {
    const file = read('e2ee/records')
    const secret = hex(file.reader.secret)
    const opener = { rid: hex(file.reader.rid), secret, publicKey: suite.x25519PublicKey(secret) }
    for (const each of file.accept) {
      const record = readKeyRecord(suite, hex(each.bytes))
      if (!record.ok) throw new Error(`${each.kind}: ${record.reason}`)
      expect([
        record.value.body.kind,
        toHex(idToBytes(record.value.id)),
        verifyKeyRecord(suite, record.value)
      ]).toEqual([each.kind, each.id, true])
      const { body } = record.value
      if (body.kind === 'topics') {
        const opened = openTopicLink(suite, hex(file.reader.seed), body.topics[0] as TopicLink)
        expect(opened && toHex(opened)).toBe(file.reader.topicSecret)
      }
      if (body.kind === 'grant' || body.kind === 'cannotOpen' || body.kind === 'topics') continue
      const boxes = readBoxes(body.boxes, 640)
      const seed =
        boxes &&
        openBoxes(suite, boxes, opener, { kind: KeyRecordKind[body.kind], keyId: idToBytes(body.keyId) })
      expect(seed && toHex(seed)).toBe(file.reader.seed)
    }
    for (const each of file.refuse) {
      const record = readKeyRecord(suite, hex(each.bytes))
      expect(
        record.ok ? (verifyKeyRecord(suite, record.value) ? 'accepted' : 'EK1') : record.rule,
        each.why
      ).toBe(each.rule)
    }
    const stored = decodeStoredSeed(hex(file.storedSeed.bytes))
    expect(stored.ok && toHex(stored.value.seed)).toBe(file.reader.seed)
    expect(readChannelName(suite, hex(file.channelName.bytes))).toMatchObject({
      ok: true,
      value: { name: 'cabal', revision: 3 }
    })
  })

  it('[IV1, IV2] links and packages', () => {
    const file = read('e2ee/invites')
    const keys = inviteKeys(suite, hex(file.secret))
    expect([
      toHex(keys.signingKey.publicKey),
      toHex(keys.boxPublicKey),
      toHex(keys.address),
      toHex(keys.packageKey)
    ]).toEqual([file.signPublicKey, file.boxPublicKey, file.address, file.packageKey])
    for (const each of file.links) {
      expect(parseInviteLink(each.link)).toMatchObject({
        ok: true,
        value: {
          approval: each.approval,
          addresses: each.addresses,
          server: idFromBytes('s', hex(each.server))
        }
      })
    }
    for (const each of file.refuse)
      expect(parseInviteLink(each.link), each.link.slice(0, 40)).toMatchObject({
        ok: false,
        fault: each.fault
      })
    const opened = openPackage(suite, keys.packageKey, hex(file.package.sealed))
    expect(opened.ok && [opened.value.name, toHex(opened.value.topicSecret as Uint8Array)]).toEqual([
      file.package.name,
      file.package.topicSecret
    ])
  })
})
