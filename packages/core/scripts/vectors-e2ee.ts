/**
 * Writes docs/spec/vectors/envelope and docs/spec/vectors/e2ee from fixed seeds:
 * `node --conditions=xcord-source packages/core/scripts/vectors-e2ee.ts`.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idFromBytes, idToBytes, type KeyId } from '../src/base/index.ts'
import {
  BoxKind,
  kdf,
  sealBox,
  sealBoxes,
  type SigningKey,
  type Suite,
  signDigest
} from '../src/crypto/index.ts'
import {
  type Body,
  encodeChannelName,
  encodeInviteLink,
  encodePayload,
  encodeStoredSeed,
  inviteKeys,
  type KeyRecordBody,
  type Payload,
  sealPackage,
  signKeyRecord,
  tagOf,
  topicOfShard
} from '../src/e2ee/index.ts'
import {
  boxSecretOf,
  bucketOf,
  commitOf,
  gateKeyOf,
  keyIdOf,
  maskKeyId,
  sealBack,
  sealTopicLink,
  sealTopicSecret,
  userRid
} from '../src/e2ee/derive.ts'
import { concatBytes, encodeCbor, utf8 } from '../src/encoding/index.ts'
import {
  encodeBundle,
  encodeStub,
  type Envelope,
  type EnvelopeInit,
  linkAfter,
  sealEnvelope,
  signAclHead,
  signGateCert
} from '../src/graph/index.ts'
import { fill, seededRandom, toHex } from './vector-tools.ts'
import { publishers } from './vectors-publishers.ts'

const hexKey = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) as string[], each => parseInt(each, 16))
/** Secret key of RFC 8032, section 7.1, test 1. */
const RFC_8032_SEED = hexKey('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
const server = idFromBytes('s', fill(1))
const channel = idFromBytes('c', fill(2))
const EPOCH_KEY = fill(3)
const TOPIC_SECRET = fill(0)

interface Setting {
  readonly suite: Suite
  readonly author: SigningKey
  readonly keyId: KeyId
  readonly maskKey: Uint8Array
}

function setting(suite: Suite): Setting {
  return {
    suite,
    author: suite.signingKey(RFC_8032_SEED),
    keyId: keyIdOf(suite, server, { kind: 'epoch', channel }, EPOCH_KEY),
    maskKey: kdf(suite, TOPIC_SECRET, 'key-mask')
  }
}

function seal(
  { suite, author, keyId, maskKey }: Setting,
  payload: Uint8Array,
  over: Partial<EnvelopeInit> = {}
): Envelope {
  const nonce = over.nonce ?? fill(4, 24)
  return sealEnvelope(suite, {
    type: 1,
    tag: tagOf(suite, TOPIC_SECRET),
    keyRef: maskKeyId(suite, maskKey, nonce, idToBytes(keyId)),
    link: linkAfter(undefined),
    nonce,
    signingKey: author,
    key: EPOCH_KEY,
    server,
    channel,
    payload,
    ...over
  })
}

function describe(envelope: Envelope, payload: Uint8Array): object {
  return {
    payload: toHex(payload),
    bytes: toHex(envelope.bytes),
    id: toHex(envelope.idBytes),
    type: envelope.type,
    seq: envelope.seq,
    prev: toHex(envelope.prev),
    tag: toHex(envelope.tag),
    keyRef: toHex(envelope.keyRef),
    authorId: toHex(envelope.authorId),
    stub: toHex(encodeStub(envelope))
  }
}

function patched(bytes: Uint8Array, at: number, ...values: number[]): string {
  const out = bytes.slice()
  out.set(values, at)
  return toHex(out)
}

/** Envelopes accepted, and what is refused at which step: form, author, opening. */
function envelopes(place: Setting): object {
  const first = seal(place, utf8('hi'))
  const second = seal(place, utf8('second'), { link: linkAfter(first), nonce: fill(5, 24) })
  const ephemeral = seal(place, utf8('typing'), {
    type: 4,
    link: { seq: 0, prev: fill(0, 24) },
    nonce: fill(6, 24)
  })
  const other = place.suite.signingKey(fill(9))
  const resigned = concatBytes([first.header, first.ciphertext, signDigest(other, 'env', first.idBytes)])
  const misSigned = concatBytes([
    first.header,
    first.ciphertext,
    signDigest(place.author, 'op', first.idBytes)
  ])
  const refuse = (why: string, bytes: string, step: string, rule: string): object => ({
    why,
    bytes,
    step,
    rule
  })
  return {
    title: 'Envelopes',
    rules: 'EN2–EN5, EN7, EN9, EN15',
    topicSecret: toHex(TOPIC_SECRET),
    server: toHex(fill(1)),
    channel: toHex(fill(2)),
    key: toHex(EPOCH_KEY),
    keyId: toHex(idToBytes(place.keyId)),
    device: toHex(place.author.publicKey),
    accept: [
      describe(first, utf8('hi')),
      describe(second, utf8('second')),
      describe(ephemeral, utf8('typing'))
    ],
    bundle: toHex(encodeBundle([first, second])),
    refuse: [
      refuse('version 2', patched(first.bytes, 0, 2), 'form', 'EN15'),
      refuse('suite 2', patched(first.bytes, 1, 2), 'form', 'EN15'),
      refuse('type 6', patched(first.bytes, 2, 6), 'form', 'EN15'),
      refuse('a flag', patched(first.bytes, 3, 1), 'form', 'EN15'),
      refuse('seq 0 outside type 4', patched(first.bytes, 59, 0), 'form', 'EN2'),
      refuse('seq 2^53', patched(first.bytes, 52, 0, 0x20, 0, 0, 0, 0, 0, 0), 'form', 'EN2'),
      refuse('a predecessor at seq 1', patched(first.bytes, 60, 1), 'form', 'EN2'),
      refuse('no predecessor at seq 2', patched(first.bytes, 59, 2), 'form', 'EN2'),
      refuse('a place in type 4', patched(ephemeral.bytes, 59, 1), 'form', 'EN9'),
      refuse('too short', toHex(first.bytes.subarray(0, 315)), 'form', 'EN2'),
      refuse('another author', patched(first.bytes, 36, (first.authorId[0] as number) ^ 1), 'author', 'EN2'),
      refuse('signed by another device', toHex(resigned), 'author', 'EN3'),
      refuse('signed in another context', toHex(misSigned), 'author', 'EN3'),
      refuse(
        'ciphertext altered',
        patched(first.bytes, 120, (first.bytes[120] as number) ^ 1),
        'author',
        'EN3'
      ),
      refuse(
        'sealed for another channel',
        toHex(seal(place, utf8('hi'), { channel: idFromBytes('c', fill(7)) }).bytes),
        'open',
        'EN7'
      ),
      refuse(
        'sealed for another server',
        toHex(seal(place, utf8('hi'), { server: idFromBytes('s', fill(7)) }).bytes),
        'open',
        'EN7'
      )
    ]
  }
}

/** Certificates and heads. */
function gates({ suite, author }: Setting): object {
  const gate = gateKeyOf(suite, EPOCH_KEY)
  const root = suite.signingKey(fill(31))
  const device = idFromBytes('d', author.publicKey)
  const cert = signGateCert(suite, gate, { tag: fill(4, 16), device, notAfter: 1_000 })
  const acl = signAclHead(suite, root, {
    aclRoot: root.publicKey,
    rootGeneration: 1,
    generation: 2,
    tag: fill(4, 16),
    previousTag: null,
    gate: gate.publicKey,
    previousGate: fill(8),
    aclKeys: [author.publicKey],
    rate: { envelopesPerSecond: 5, burst: 100 }
  })
  return {
    title: 'GateCert and AclHead',
    rules: 'EN11, EN12',
    gateCert: {
      device: toHex(author.publicKey),
      gate: toHex(gate.publicKey),
      tag: toHex(fill(4, 16)),
      notAfter: 1_000,
      bytes: toHex(cert)
    },
    aclHead: { aclRoot: toHex(root.publicKey), generation: 2, bytes: toHex(acl) },
    refuse: [
      { why: 'certificate altered', kind: 'gateCert', bytes: patched(cert, 10, 0xff), rule: 'EN11' },
      {
        why: 'head signed by a stranger',
        kind: 'aclHead',
        bytes: patched(acl, acl.length - 1, (acl.at(-1) as number) ^ 1),
        rule: 'EN12'
      }
    ]
  }
}

const message = idFromBytes('m', fill(11))
const nobody = { users: [], roles: [], everyone: false }
const BODIES: readonly Body[] = [
  {
    kind: 'message',
    content: 'hi',
    replyTo: message,
    mentions: { users: [idFromBytes('u', fill(12))], roles: [idFromBytes('r', fill(13))], everyone: true },
    attachments: [
      {
        blob: idFromBytes('b', fill(14)),
        size: 5,
        type: 'image/png',
        name: 'a.png',
        noncePrefix: fill(15, 7),
        key: fill(16),
        keyCommit: fill(17)
      }
    ]
  },
  { kind: 'message', content: '', replyTo: null, mentions: nobody, attachments: [] },
  { kind: 'edit', message, content: 'ho', mentions: nobody, attachments: [] },
  { kind: 'delete', message },
  { kind: 'reaction', message, emoji: '👍', on: true },
  { kind: 'pin', message, on: false },
  {
    kind: 'document',
    document: fill(18),
    deps: [message],
    client: 7,
    clockFrom: 0,
    clockTo: 3,
    update: fill(19, 9)
  },
  { kind: 'operation', operation: fill(20, 10) },
  { kind: 'keyRecord', record: fill(21, 10) },
  { kind: 'profile', profile: fill(22, 10) },
  { kind: 'channelName', name: fill(23, 10) },
  { kind: 'typing', on: true },
  { kind: 'presence', status: 3, text: 'away' },
  { kind: 'voiceState', call: fill(24, 16), flags: 3 },
  { kind: 'unknown', number: 99, value: [99, 'future', [1, null]] }
]

function payloads(): object {
  const payload = (body: Body): Payload => ({
    thread: null,
    at: 1_700_000_000_000,
    auth: [idFromBytes('o', fill(25)), idFromBytes('o', fill(26))],
    parents: [message],
    body
  })
  const raw = (body: unknown, over: { version?: number; auth?: unknown; ext?: unknown } = {}): string =>
    toHex(encodeCbor([over.version ?? 1, null, 1, over.auth ?? [], [], body, over.ext ?? []] as never))
  const typing = [32, true]
  return {
    title: 'Payloads and bodies',
    rules: 'EN6',
    accept: BODIES.map(body => ({ kind: body.kind, bytes: toHex(encodePayload(payload(body))) })),
    refuse: [
      { why: 'another version', bytes: raw(typing, { version: 2 }) },
      { why: 'frontier not ascending', bytes: raw(typing, { auth: [fill(2), fill(1)] }) },
      { why: 'an id twice', bytes: raw(typing, { auth: [fill(1), fill(1)] }) },
      { why: 'a critical extension', bytes: raw(typing, { ext: [['!new', 1]] }) },
      {
        why: 'extensions not ascending',
        bytes: raw(typing, {
          ext: [
            ['b', 1],
            ['a', 1]
          ]
        })
      },
      { why: 'a field short', bytes: raw([3]) },
      { why: 'a field too many', bytes: raw([32, true, 1]) },
      { why: 'content above 8,000 bytes', bytes: raw([1, 'x'.repeat(8_001), null, [[], [], false], []]) },
      { why: 'no kind', bytes: raw([]) },
      { why: 'bytes behind', bytes: `${raw(typing)}00` }
    ].map(each => ({ ...each, rule: 'EN6' }))
  }
}

/** What follows from a seed and from a topic secret. */
function derived({ suite }: Setting): object {
  const seed = fill(41)
  const role = idFromBytes('r', fill(42))
  const user = idFromBytes('u', fill(43))
  const scopes = [
    { kind: 'bucket', role, index: 5 } as const,
    { kind: 'role', role } as const,
    { kind: 'epoch', channel } as const
  ]
  const old = { keyId: idFromBytes('e', fill(44, 16)), seed: fill(45) }
  return {
    title: 'What follows from seeds and topic secrets',
    rules: 'EK2, EK3, EK5, EK6, EK15, EK17, EN2',
    seed: toHex(seed),
    server: toHex(fill(1)),
    keyIds: scopes.map(scope => ({
      kind: scope.kind,
      scope: toHex(idToBytes(scope.kind === 'epoch' ? scope.channel : scope.role)),
      index: scope.kind === 'bucket' ? scope.index : null,
      keyId: toHex(idToBytes(keyIdOf(suite, server, scope, seed)))
    })),
    commit: toHex(commitOf(suite, seed)),
    roleBoxPublicKey: toHex(suite.x25519PublicKey(boxSecretOf(suite, 'role', seed))),
    bucketBoxPublicKey: toHex(suite.x25519PublicKey(boxSecretOf(suite, 'bucket', seed))),
    gatePublicKey: toHex(gateKeyOf(suite, seed).publicKey),
    topicBox: { topicSecret: toHex(fill(46)), box: toHex(sealTopicSecret(suite, seed, fill(46))) },
    back: {
      keyId: toHex(idToBytes(old.keyId)),
      seed: toHex(old.seed),
      sealed: toHex(sealBack(suite, seed, old).sealed)
    },
    buckets: [1, 3, 9].map(k => ({
      role: toHex(fill(42)),
      user: toHex(fill(43)),
      k,
      index: bucketOf(suite, role, user, k)
    })),
    userRid: { user: toHex(fill(43)), generation: 258, rid: toHex(userRid(user, 258)) },
    topic: {
      topicSecret: toHex(TOPIC_SECRET),
      tag: toHex(tagOf(suite, TOPIC_SECRET)),
      topicKey: toHex(kdf(suite, TOPIC_SECRET, 'topic-key')),
      shards: [0, 1, 65_535].map(shard => ({ shard, topic: topicOfShard(suite, TOPIC_SECRET, shard) }))
    }
  }
}

/** Key records of every kind: read, verified, and the epoch opened. */
function records({ suite, author }: Setting): object {
  const seed = fill(41)
  const role = idFromBytes('r', fill(1))
  const reader = { secret: fill(51), rid: userRid(idFromBytes('u', fill(52)), 1) }
  const publicKey = suite.x25519PublicKey(reader.secret)
  const keyId = keyIdOf(suite, server, { kind: 'epoch', channel }, seed)
  const roleKeyId = keyIdOf(suite, server, { kind: 'role', role }, seed)
  const boxPublicKey = suite.x25519PublicKey(boxSecretOf(suite, 'role', seed))
  const boxes = (kind: BoxKind, of: KeyId): Uint8Array =>
    sealBoxes(suite, fill(53), [{ rid: reader.rid, publicKey }], { kind, keyId: idToBytes(of) }, seed)
  const ephemeral = { secret: fill(54), publicKey: suite.x25519PublicKey(fill(54)) }
  const grantBox = sealBox(
    suite,
    ephemeral,
    { rid: reader.rid, publicKey },
    { kind: BoxKind.grant, keyId: idToBytes(keyId) },
    seed
  )
  const old = { keyId: idFromBytes('e', fill(44, 16)), seed: fill(45) }
  const epoch: KeyRecordBody = {
    kind: 'epoch',
    channel,
    keyId,
    commit: commitOf(suite, seed),
    mode: { mode: 'all' },
    after: [old.keyId],
    boxes: boxes(BoxKind.epoch, keyId),
    back: [sealBack(suite, seed, old)]
  }
  const bucketKeyId = keyIdOf(suite, server, { kind: 'bucket', role, index: 5 }, seed)
  const bodies: readonly KeyRecordBody[] = [
    {
      kind: 'bucket',
      role,
      k: 3,
      index: 5,
      keyId: bucketKeyId,
      boxPublicKey: suite.x25519PublicKey(boxSecretOf(suite, 'bucket', seed)),
      after: [],
      boxes: boxes(BoxKind.bucket, bucketKeyId)
    },
    {
      kind: 'role',
      role,
      k: 0,
      keyId: roleKeyId,
      boxPublicKey,
      after: [],
      boxes: boxes(BoxKind.role, roleKeyId),
      back: [],
      gatePublicKey: gateKeyOf(suite, seed).publicKey,
      topicBox: sealTopicSecret(suite, seed, fill(46))
    },
    epoch,
    { ...epoch, mode: { mode: 'join' }, back: [] },
    { ...epoch, mode: { mode: 'window', days: 30 }, back: [] },
    { kind: 'grant', keyId, ephemeral: ephemeral.publicKey, box: grantBox as Uint8Array },
    { kind: 'cannotOpen', keyId },
    { kind: 'topics', keyId: roleKeyId, topics: [sealTopicLink(suite, seed, fill(46))] }
  ]
  const sign = (body: KeyRecordBody): Uint8Array =>
    signKeyRecord(suite, author, { server, frontier: [idFromBytes('o', fill(25))], body }).bytes
  const { bytes } = signKeyRecord(suite, author, {
    server,
    frontier: [idFromBytes('o', fill(25))],
    body: epoch
  })
  return {
    title: 'Key records',
    rules: 'EK1–EK3',
    server: toHex(fill(1)),
    device: toHex(author.publicKey),
    reader: {
      rid: toHex(reader.rid),
      secret: toHex(reader.secret),
      seed: toHex(seed),
      topicSecret: toHex(fill(46))
    },
    accept: bodies.map(body => {
      const record = signKeyRecord(suite, author, { server, frontier: [idFromBytes('o', fill(25))], body })
      return {
        kind: body.kind,
        mode: body.kind === 'epoch' ? body.mode.mode : null,
        id: toHex(idToBytes(record.id)),
        bytes: toHex(sign(body))
      }
    }),
    refuse: [
      { why: 'version 2', bytes: patched(bytes, 1, 2), rule: 'EN15' },
      { why: 'suite 2', bytes: patched(bytes, 2, 2), rule: 'EN15' },
      { why: 'kind 7', bytes: patched(bytes, 37, 7), rule: 'EN15' },
      {
        why: 'signature altered',
        bytes: patched(bytes, bytes.length - 1, (bytes.at(-1) as number) ^ 1),
        rule: 'EK1'
      },
      { why: 'cut off', bytes: toHex(bytes.subarray(0, -1)), rule: 'EK1' },
      { why: 'bytes behind', bytes: `${toHex(bytes)}00`, rule: 'EK1' }
    ],
    storedSeed: {
      keyId: toHex(idToBytes(keyId)),
      kind: 'epoch',
      scope: toHex(fill(2)),
      bytes: toHex(encodeStoredSeed({ keyId, scope: { kind: 'epoch', channel }, seed }))
    },
    channelName: {
      name: 'cabal',
      topic: null,
      revision: 3,
      bytes: toHex(encodeChannelName(suite, author, { channel, revision: 3, name: 'cabal', topic: null }))
    }
  }
}

function invites({ suite }: Setting): object {
  const secret = fill(61, 16)
  const keys = inviteKeys(suite, secret)
  const link = {
    server,
    checkpoint: fill(1),
    approval: false,
    secret,
    addresses: ['/ip4/192.0.2.1/tcp/4001']
  }
  const text = encodeInviteLink(link)
  const contents = {
    name: 'Difference Engine',
    genesis: fill(62, 20),
    invite: idFromBytes('i', fill(63)),
    heads: [idFromBytes('o', fill(25))],
    addresses: ['/ip4/192.0.2.1/tcp/4001'],
    aclHead: null,
    askPublicKey: null,
    topicSecret: fill(64)
  }
  return {
    title: 'Invite links and packages',
    rules: 'IV1, IV2, IV3',
    secret: toHex(secret),
    signPublicKey: toHex(keys.signingKey.publicKey),
    boxPublicKey: toHex(keys.boxPublicKey),
    address: toHex(keys.address),
    packageKey: toHex(keys.packageKey),
    links: [
      { link: text, approval: false, server: toHex(fill(1)), addresses: link.addresses },
      {
        link: encodeInviteLink({ ...link, approval: true }, { host: 'example.org' }),
        approval: true,
        server: toHex(fill(1)),
        addresses: link.addresses
      }
    ],
    refuse: [
      { link: '', fault: 'garbled' },
      { link: 'https://example.org/', fault: 'garbled' },
      { link: text.slice(0, -4), fault: 'garbled' },
      { link: `${text}=`, fault: 'garbled' },
      { link: text.replace('#j1.', '#j2.'), fault: 'newer' },
      { link: `xcord:#j1.${'a'.repeat(5_000)}`, fault: 'too-long' }
    ],
    package: {
      name: contents.name,
      topicSecret: toHex(contents.topicSecret),
      sealed: toHex(sealPackage(suite, seededRandom('package'), keys.packageKey, contents))
    }
  }
}

/** Every file by its path below docs/spec/vectors. */
export function buildE2eeVectors(suite: Suite): ReadonlyMap<string, object> {
  const place = setting(suite)
  return new Map([
    ['envelope/envelopes', envelopes(place)],
    ['envelope/gates', gates(place)],
    ['envelope/publishers', publishers(suite)],
    ['e2ee/payloads', payloads()],
    ['e2ee/derived', derived(place)],
    ['e2ee/records', records(place)],
    ['e2ee/invites', invites(place)]
  ])
}

if (import.meta.main) {
  for (const [path, content] of buildE2eeVectors(await createNodeSuite())) {
    const url = new URL(`../../../docs/spec/vectors/${path}.json`, import.meta.url)
    await mkdir(new URL('.', url), { recursive: true })
    await writeFile(url, `${JSON.stringify(content, null, 2)}\n`)
  }
}
