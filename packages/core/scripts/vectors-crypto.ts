/** Writes docs/spec/vectors/crypto from fixed seeds: `node --conditions=xcord-source packages/core/scripts/vectors-crypto.ts`. */
import { writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import {
  BoxKind,
  HASH_LABELS,
  KDF_LABELS,
  kdf,
  labelledHash,
  pad,
  paddedLength,
  sealBox,
  sealBoxes,
  SIGNATURE_CONTEXTS,
  signBytes,
  type Suite
} from '../src/crypto/index.ts'
import { fill, toHex } from './vector-tools.ts'

function derivation(suite: Suite): object {
  const key = suite.signingKey(fill(5))
  const message = fill(6, 45)
  return {
    title: 'Labelled derivation, hashing and signatures',
    rules: 'CR2, CR3',
    kdf: KDF_LABELS.flatMap(label => [
      { label, key: toHex(fill(1)), contexts: [], length: 32, out: toHex(kdf(suite, fill(1), label)) },
      {
        label,
        key: toHex(fill(2)),
        contexts: [toHex(fill(3, 16)), '', '00000007'],
        length: 16,
        out: toHex(kdf(suite, fill(2), label, [fill(3, 16), fill(0, 0), Uint8Array.of(0, 0, 0, 7)], 16))
      }
    ]),
    hash: HASH_LABELS.map(label => ({
      label,
      parts: [toHex(fill(1)), toHex(fill(2, 5))],
      out: toHex(labelledHash(suite, label, fill(1), fill(2, 5)))
    })),
    signatures: SIGNATURE_CONTEXTS.map(context => ({
      context,
      seed: toHex(fill(5)),
      publicKey: toHex(key.publicKey),
      bytes: toHex(message),
      signature: toHex(signBytes(suite, key, context, message))
    }))
  }
}

function lockbox(suite: Suite): object {
  const ephemeral = { secret: fill(5), publicKey: suite.x25519PublicKey(fill(5)) }
  const recipient = { rid: fill(7, 16), publicKey: suite.x25519PublicKey(fill(6)) }
  const base = { ephemeral: toHex(ephemeral.publicKey), secret: toHex(fill(6)), rid: toHex(recipient.rid) }
  const seal = (kind: BoxKind, keyId: Uint8Array, content: Uint8Array): Uint8Array =>
    sealBox(suite, ephemeral, recipient, { kind, keyId }, content) as Uint8Array
  const known = seal(BoxKind.epoch, fill(8, 16), fill(9))
  const shared = { ...base, kind: 3, keyId: toHex(fill(8, 16)), box: toHex(known) }
  const three = [
    [20, 3],
    [21, 1],
    [22, 2]
  ].map(([secret, rid]) => ({
    rid: fill(rid as number, 16),
    publicKey: suite.x25519PublicKey(fill(secret as number))
  }))
  const set = sealBoxes(suite, fill(5), three, { kind: BoxKind.role, keyId: fill(8, 16) }, fill(9))
  return {
    title: 'Lockboxes (LBX1)',
    rules: 'EK3',
    open: [
      ...Object.values(BoxKind).map(kind => ({
        ...base,
        kind,
        keyId: toHex(fill(8, 16)),
        box: toHex(seal(kind, fill(8, 16), fill(9))),
        content: toHex(fill(9))
      }))
    ],
    refuse: [
      { note: 'another kind', ...shared, kind: 2 },
      { note: 'another keyId', ...shared, keyId: toHex(fill(1, 16)) },
      { note: 'another recipient', ...shared, secret: toHex(fill(10)) },
      {
        note: 'another rid in the box',
        ...shared,
        rid: toHex(fill(8, 16)),
        box: toHex(fill(8, 16)) + toHex(known.subarray(16))
      },
      { note: 'another ephemeral key', ...shared, ephemeral: toHex(suite.x25519PublicKey(fill(11))) },
      { note: 'ephemeral key of small order (CR4)', ...shared, ephemeral: toHex(fill(0)) },
      {
        note: 'one bit of the box',
        ...shared,
        box: toHex(known.map((byte, at) => (at === 63 ? byte ^ 1 : byte)))
      },
      { note: 'cut short', ...shared, box: toHex(known.subarray(0, 63)) }
    ],
    sets: {
      accept: [
        { boxes: toHex(set), max: 3, rids: [1, 2, 3].map(rid => toHex(fill(rid, 16))) },
        { boxes: toHex(set.subarray(0, 32)), max: 3, rids: [] }
      ],
      refuse: [
        { note: 'more than allowed', boxes: toHex(set), max: 2 },
        { note: 'part of a box', boxes: toHex(set.subarray(0, -1)), max: 3 },
        { note: 'no ephemeral key', boxes: toHex(set.subarray(0, 31)), max: 3 },
        {
          note: 'not ascending',
          boxes: toHex(set.subarray(0, 32)) + toHex(set.subarray(96)) + toHex(set.subarray(32, 96)),
          max: 3
        },
        { note: 'a rid twice', boxes: toHex(set.subarray(0, 96)) + toHex(set.subarray(32, 96)), max: 3 }
      ]
    }
  }
}

function padding(): object {
  const lengths = [
    0, 1, 30, 127, 128, 200, 255, 256, 1023, 1024, 4095, 4096, 5000, 8000, 60000, 65535, 1_000_000
  ]
  const padded = pad(Uint8Array.of(1, 2, 3))
  return {
    title: 'Padding',
    rules: 'EN7',
    lengths: lengths.map(length => ({ length, padded: paddedLength(length) })),
    pad: [0, 1, 100].map(length => ({
      bytes: toHex(fill(0x80, length)),
      padded: toHex(pad(fill(0x80, length)))
    })),
    refuse: [
      { note: 'all zero', padded: toHex(fill(0, 128)) },
      { note: 'empty', padded: '' },
      { note: 'no mark', padded: toHex(fill(1, 128)) },
      { note: 'cut', padded: toHex(padded.subarray(0, 127)) },
      { note: 'a zero too many', padded: `${toHex(padded)}00` },
      { note: 'a class too large', padded: toHex(padded) + toHex(fill(0, 128)) },
      { note: 'trailing byte', padded: toHex(padded.map((byte, at) => (at === 127 ? 1 : byte))) }
    ]
  }
}

interface Bent {
  readonly note: string
  readonly sealed: string
}

/** What may not open, made of what does: every byte of the tag, its order, its length; and altered text. */
function bend(sealed: Uint8Array): Bent[] {
  const text = sealed.subarray(0, -16)
  const tag = sealed.subarray(-16)
  const withTag = (note: string, changed: Uint8Array): Bent => ({
    note,
    sealed: toHex(text) + toHex(changed)
  })
  return [
    ...Array.from(tag, (_, at) =>
      withTag(
        `one bit of the tag's byte ${at}`,
        tag.map((byte, i) => (i === at ? byte ^ 1 : byte))
      )
    ),
    withTag('tag of zeros', fill(0, 16)),
    withTag('tag of ones', fill(255, 16)),
    withTag(
      'tag inverted',
      tag.map(byte => byte ^ 255)
    ),
    withTag('tag backwards', tag.toReversed()),
    withTag('halves of the tag exchanged', Uint8Array.from([...tag.subarray(8), ...tag.subarray(0, 8)])),
    withTag('a byte behind the tag', Uint8Array.from([...tag, 0])),
    ...[0, 1, 4, 8, 12, 15].map(length => withTag(`tag cut to ${length} bytes`, tag.subarray(0, length))),
    { note: 'nothing', sealed: '' },
    ...(text.length === 0
      ? []
      : [{ note: 'one bit of the text', sealed: toHex(sealed.map((b, at) => (at === 0 ? b ^ 128 : b))) }])
  ]
}

function edges(suite: Suite): object {
  const key = fill(0x42)
  const aad = fill(3, 20)
  const seals = {
    'xchacha20-poly1305': (text: Uint8Array) => suite.xchachaSeal(key, fill(7, 24), aad, text),
    'chacha20-poly1305': (text: Uint8Array) => suite.chachaSealOnce(key, aad, text),
    'aes-256-gcm': (text: Uint8Array) => suite.aesGcmSeal(key, fill(7, 12), aad, text)
  }
  const nonces = { 'xchacha20-poly1305': 24, 'aes-256-gcm': 12 } as const
  const points = {
    'u = 0, of order 4': '00'.repeat(32),
    'u = 1, of order 1': `01${'00'.repeat(31)}`,
    'of order 8': 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    'of order 8, the other': '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'u = p - 1, of order 2': `ec${'ff'.repeat(30)}7f`,
    'u = p, which is 0': `ed${'ff'.repeat(30)}7f`,
    'u = p + 1, which is 1': `ee${'ff'.repeat(30)}7f`,
    'u = p - 1 with the top bit': `ec${'ff'.repeat(31)}`,
    'u = 2^256 - 1, which is 18': 'ff'.repeat(32),
    'u = p + 2, which is 2': `ef${'ff'.repeat(30)}7f`,
    'u = 2, on the twist': `02${'00'.repeat(31)}`,
    'u = 9, the base': `09${'00'.repeat(31)}`,
    'u = 9 with the top bit, which is ignored': `09${'00'.repeat(30)}80`,
    '31 bytes': '09'.padEnd(62, '0'),
    '33 bytes': '09'.padEnd(66, '0'),
    'no bytes': ''
  }
  return {
    title: 'Edges of X25519, the ciphers and HKDF: what attackers send',
    rules: 'CR1, CR4',
    x25519: [fill(1), fill(0), fill(255)].flatMap(secret =>
      Object.entries(points).map(([note, point]) => {
        const shared = suite.x25519(secret, Uint8Array.from(Buffer.from(point, 'hex')))
        return { note, secret: toHex(secret), point, shared: shared === undefined ? null : toHex(shared) }
      })
    ),
    seals: Object.entries(seals).flatMap(([cipher, seal]) =>
      [0, 1, 15, 16, 17, 63, 64, 65, 129].map(length => {
        const sealed = seal(fill(5, length))
        return {
          cipher,
          key: toHex(key),
          nonce:
            cipher in nonces ? toHex(fill(7, nonces[cipher as keyof typeof nonces])) : toHex(fill(0, 12)),
          aad: toHex(aad),
          text: toHex(fill(5, length)),
          sealed: toHex(sealed),
          refuse: length === 0 || length === 17 ? bend(sealed) : []
        }
      })
    ),
    hkdf: [
      { note: 'the shortest', salt: fill(0), length: 1 },
      { note: 'one block', salt: fill(0), length: 32 },
      { note: 'one byte more', salt: fill(0), length: 33 },
      { note: 'no salt, which is zeros', salt: fill(0, 0), length: 42 },
      { note: 'salt of the block size', salt: fill(9, 64), length: 42 },
      { note: 'salt longer than a block, which is hashed', salt: fill(9, 65), length: 42 },
      { note: 'the longest', salt: fill(1), length: 8_160 }
    ].map(({ note, salt, length }) => {
      const out = suite.hkdfSha256(fill(2, 22), salt, fill(4, 10), length)
      const shown = length > 100 ? { sha256: toHex(suite.sha256(out)) } : { out: toHex(out) }
      return { note, key: toHex(fill(2, 22)), salt: toHex(salt), info: toHex(fill(4, 10)), length, ...shown }
    }),
    hkdfRefused: [0, 8_161]
  }
}

/** Every file of the folder by name, the edge cases of Ed25519 apart. */
export async function buildCryptoVectors(): Promise<Record<string, object>> {
  const suite = await createNodeSuite()
  return { derivation: derivation(suite), lockbox: lockbox(suite), padding: padding(), edges: edges(suite) }
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(await buildCryptoVectors())) {
    await writeFile(
      new URL(`../../../docs/spec/vectors/crypto/${name}.json`, import.meta.url),
      `${JSON.stringify(content, null, 1)}\n`
    )
  }
}
