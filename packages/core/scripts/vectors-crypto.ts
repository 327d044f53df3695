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

/** Every file of the folder by name, the edge cases apart. */
export async function buildCryptoVectors(): Promise<Record<string, object>> {
  const suite = await createNodeSuite()
  return { derivation: derivation(suite), lockbox: lockbox(suite), padding: padding() }
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(await buildCryptoVectors())) {
    await writeFile(
      new URL(`../../../docs/spec/vectors/crypto/${name}.json`, import.meta.url),
      `${JSON.stringify(content, null, 1)}\n`
    )
  }
}
