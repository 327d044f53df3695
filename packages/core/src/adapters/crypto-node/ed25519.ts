/**
 * Ed25519 by node:crypto behind CR6's explicit checks, because OpenSSL alone decides otherwise in some versions:
 * 3.0 accepts ten of the edge cases that CR6 refuses (small-order and non-canonical points), 3.5 none.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { SecretKey, SigningKey } from '../../crypto/index.ts'
import { checkLength, mapKey } from '../crypto-sodium/index.ts'

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** RFC 8410 wrappers of a raw key: SubjectPublicKeyInfo and PKCS #8. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
/** An import costs a third of a verification; this many imported keys take a few MB. */
const KEY_OBJECTS_MAX = 4_096

/** Group order L, most significant byte first. */
const ORDER = Buffer.from('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed', 'hex')
/** Field prime p = 2^255 − 19, most significant byte first. */
const PRIME = Buffer.from('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed', 'hex')

/** y of the points of order 1, 2, 4 and 8; their sign bit is ignored, non-canonical forms fall to `isCanonical`. */
const SMALL_ORDER = new Set(
  [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
  ].map(hex => mapKey(Buffer.from(hex, 'hex')))
)

/** Whether 32 little-endian bytes at an offset are below a big-endian bound, the top bit masked where asked. */
function isBelow(bytes: Uint8Array, from: number, bound: Uint8Array, topMask: number): boolean {
  for (let at = 0; at < KEY_BYTES; at++) {
    const own = (bytes[from + KEY_BYTES - 1 - at] as number) & (at === 0 ? topMask : 0xff)
    const other = bound[at] as number
    if (own !== other) return own < other
  }
  return false
}

/** First bytes of the small-order points: all others pass without building a map key. */
const SMALL_ORDER_FIRST = new Set([0x00, 0x01, 0x26, 0xc7, 0xec])

function isSmallOrder(bytes: Uint8Array, from: number): boolean {
  if (!SMALL_ORDER_FIRST.has(bytes[from] as number)) return false
  const y = bytes.slice(from, from + KEY_BYTES)
  y[KEY_BYTES - 1] = (y[KEY_BYTES - 1] as number) & 0x7f
  return SMALL_ORDER.has(mapKey(y))
}

/** Canonical y, and not a point of small order. */
function isUsablePoint(bytes: Uint8Array, from: number): boolean {
  return isBelow(bytes, from, PRIME, 0x7f) && !isSmallOrder(bytes, from)
}

/**
 * CR6's checks that come before the equation: lengths, S < L, R and A canonical and not of small order.
 * Exported for its test alone, since a new OpenSSL hides what it does.
 */
export function passesChecks(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey.length === KEY_BYTES &&
    signature.length === SIGNATURE_BYTES &&
    isBelow(signature, KEY_BYTES, ORDER, 0xff) &&
    isUsablePoint(signature, 0) &&
    isUsablePoint(publicKey, 0)
  )
}

/** Imports a seed once; the key object signs from then on. */
export function createSigningKey(seed: SecretKey): SigningKey {
  checkLength(seed, KEY_BYTES, 'an Ed25519 seed')
  const wrapped = Buffer.concat([PKCS8, seed])
  const key = createPrivateKey({ key: wrapped, format: 'der', type: 'pkcs8' })
  wrapped.fill(0)
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: Uint8Array.from(spki.subarray(SPKI.length)),
    sign: message => {
      const signature = sign(null, message, key)
      return new Uint8Array(signature.buffer, signature.byteOffset, signature.length)
    }
  }
}

/** CR6 with imported keys kept, least recently used first out. `null` remembers a key that is none. */
export function createVerify(): (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array
) => boolean {
  const keys = new Map<string, KeyObject | null>()
  const importKey = (publicKey: Uint8Array): KeyObject | null => {
    try {
      return createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' })
    } catch {
      return null
    }
  }
  const keyObject = (publicKey: Uint8Array): KeyObject | null => {
    const id = mapKey(publicKey)
    let key = keys.get(id)
    if (key === undefined) {
      key = importKey(publicKey)
      const oldest = keys.size >= KEY_OBJECTS_MAX ? keys.keys().next().value : undefined
      if (oldest !== undefined) keys.delete(oldest)
    } else {
      keys.delete(id)
    }
    keys.set(id, key)
    return key
  }
  return (publicKey, message, signature) => {
    if (!passesChecks(publicKey, signature)) return false
    const key = keyObject(publicKey)
    return key !== null && verify(null, message, key, signature)
  }
}
