/** Writes docs/spec/vectors/net: run with Node 24, `node packages/core/scripts/vectors-net.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idFromBytes } from '../src/base/index.ts'
import { signBytes } from '../src/crypto/index.ts'
import { type CborValue, concatBytes, encodeCbor, utf8 } from '../src/encoding/index.ts'
import {
  encodeFrame,
  encodePeerRecord,
  encodeRendezvousAnswer,
  encodeRendezvousRequest,
  gossipMessageId,
  pathOfAddress,
  peerIdText,
  type RendezvousAnswer,
  type RendezvousRequest
} from '../src/net/index.ts'
import { fill, flipLast, toHex } from './vector-tools.ts'

const suite = await createNodeSuite()
const folder = join(import.meta.dirname, '../../../docs/spec/vectors/net')
mkdirSync(folder, { recursive: true })
const write = (name: string, content: object): void =>
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(content, null, 1)}\n`)

const frames = [fill(1, 1), fill(2, 255), fill(3, 300)]
write('frames', {
  chapter: 'network',
  rule: 'NT39',
  bytesMax: 300,
  valid: [
    { frames: frames.map(toHex), wire: toHex(concatBytes(frames.map(each => encodeFrame(each, 300)))) },
    { frames: [], wire: '' },
    { frames: [], wire: '0000012c', note: 'a length without its bytes: no frame yet, and no fault' }
  ],
  invalid: [
    { rule: 'NT39', why: 'empty frame', wire: '00000000' },
    { rule: 'NT39', why: 'one byte too many, told by the length alone', wire: '0000012d' },
    { rule: 'NT39', why: 'the largest length', wire: 'ffffffff' },
    {
      rule: 'NT39',
      why: 'empty frame after a good one',
      wire: `${toHex(encodeFrame(fill(1, 2), 300))}00000000`
    }
  ]
})

const keys = [fill(0), fill(7), suite.signingKey(fill(5)).publicKey]
const id = peerIdText(idFromBytes('d', fill(7)))
write('addresses', {
  chapter: 'network',
  peerIds: keys.map(key => ({ key: toHex(key), peerId: peerIdText(idFromBytes('d', key)) })),
  notPeerIds: [
    { why: 'RSA', text: 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N' },
    { why: 'secp256k1', text: '16Uiu2HAm3ZEm4dSzKzfFx7gDRYtbBsV1zrFxmgK3ErXsXKmt5cd1' },
    { why: 'a letter missing', text: id.slice(0, -1) },
    { why: 'empty', text: '' }
  ],
  paths: [
    '/ip4/192.168.1.2/tcp/4001',
    '/ip6/fd00::1/tcp/4001',
    '/ip4/203.0.113.9/tcp/4001',
    '/ip6/2001:db8::9/tcp/4001',
    '/dns4/node.example/tcp/443/wss',
    '/ip4/127.0.0.1/tcp/4002/ws',
    `/ip4/203.0.113.9/tcp/4001/p2p/${id}/p2p-circuit/p2p/${id}`,
    `/ip4/203.0.113.9/tcp/4001/p2p/${id}/p2p-circuit/webrtc/p2p/${id}`,
    '/dnsaddr/node.example',
    '/ip4/203.0.113.9/udp/4001/quic-v1',
    'node.example:4001'
  ].map(address => ({ address, path: pathOfAddress(address) ?? null }))
})

const key = suite.signingKey(fill(5))
const addresses = ['/ip4/192.0.2.7/tcp/4001', '/dns4/node.example/tcp/443/wss']
const record = encodePeerRecord(suite, key, { addresses, seq: 1_790_000_000_000 })
const sealed = (body: CborValue, context: 'peer' | 'node' = 'peer'): Uint8Array => {
  const bytes = encodeCbor(body)
  return encodeCbor([bytes, signBytes(suite, key, context, bytes)])
}
const tooMany = Array.from({ length: 17 }, (_, i) => `/ip4/192.0.2.${i}/tcp/1`)
write('peer-records', {
  chapter: 'network',
  seed: toHex(fill(5)),
  valid: [
    { key: toHex(key.publicKey), seq: 1_790_000_000_000, addresses, bytes: toHex(record) },
    {
      key: toHex(key.publicKey),
      seq: 0,
      addresses: [],
      bytes: toHex(encodePeerRecord(suite, key, { addresses: [], seq: 0 }))
    }
  ],
  invalid: [
    { rule: 'CR6', why: 'last bit of the signature turned', bytes: toHex(flipLast(record)) },
    {
      rule: 'CR6',
      why: 'signed in another context',
      bytes: toHex(sealed([1, key.publicKey, 7, []], 'node'))
    },
    { rule: 'CR5', why: 'a key of small order', bytes: toHex(sealed([1, fill(0), 7, []])) },
    { rule: 'NT41', why: 'version 2', bytes: toHex(sealed([2, key.publicKey, 7, []])) },
    { rule: 'NT41', why: 'seventeen addresses', bytes: toHex(sealed([1, key.publicKey, 7, tooMany])) },
    { rule: 'NT41', why: 'an empty address', bytes: toHex(sealed([1, key.publicKey, 7, ['']])) },
    { rule: 'NT41', why: 'a field too many', bytes: toHex(sealed([1, key.publicKey, 7, [], 0])) },
    { rule: 'NT41', why: '1,025 bytes', bytes: toHex(fill(0x40, 1_025)) },
    { rule: 'NT41', why: 'cut off', bytes: toHex(record.subarray(0, 100)) },
    { rule: 'NT41', why: 'empty', bytes: '' }
  ]
})

const requests: RendezvousRequest[] = [
  { version: 1, kind: 0, keys: [fill(1, 16), fill(2, 16)], record },
  { version: 1, kind: 1, keys: [fill(1, 16)] },
  { version: 1, kind: 2, key: fill(1, 16) }
]
const answers: RendezvousAnswer[] = [
  { version: 1, kind: 16, ttlMs: 600_000 },
  { version: 1, kind: 17 },
  { version: 1, kind: 18, records: [record] },
  { version: 1, kind: 18, records: [] },
  { version: 1, kind: 31, reason: 3 }
]
/** Bytes become hex wherever they are. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}
const bad = (why: string, value: CborValue): object => ({
  rule: 'NT42',
  why,
  bytes: toHex(encodeCbor(value))
})
write('rendezvous', {
  chapter: 'network',
  requests: requests.map(each => ({ fields: plain(each), bytes: toHex(encodeRendezvousRequest(each)) })),
  answers: answers.map(each => ({ fields: plain(each), bytes: toHex(encodeRendezvousAnswer(each)) })),
  invalidRequests: [
    bad('version 2', [2, 2, fill(1, 16)]),
    bad('an unknown kind', [1, 3, fill(1, 16)]),
    bad('an answer', [1, 17]),
    bad('no key', [1, 1, []]),
    bad('a key of 15 bytes', [1, 2, fill(1, 15)]),
    bad('257 keys', [1, 1, Array.from({ length: 257 }, () => fill(1, 16))]),
    bad('a record of 1,025 bytes', [1, 0, [fill(1, 16)], fill(0, 1_025)]),
    bad('a field too many', [1, 2, fill(1, 16), 0]),
    { rule: 'NT42', why: 'an integer in more bytes than needed', bytes: `8318010250${toHex(fill(1, 16))}` },
    { rule: 'NT42', why: 'empty', bytes: '' }
  ],
  invalidAnswers: [
    bad('33 records', [1, 18, Array.from({ length: 33 }, () => fill(0, 4))]),
    bad('a request', [1, 2, fill(1, 16)]),
    bad('a time to live above a hundred minutes and more', [1, 16, 24 * 600_000 + 1])
  ]
})

const topic = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
write('gossip', {
  chapter: 'network',
  rule: 'EN14',
  ids: [new Uint8Array(0), utf8('hello'), fill(9, 200)].map(data => ({
    topic,
    data: toHex(data),
    id: toHex(gossipMessageId(suite, topic, data))
  }))
})
