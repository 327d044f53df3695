/** Labelled hashing, derivation and signatures: the only way the layers above use the suite's raw ones. */
import { concatBytes, lengthPrefixed, utf8 } from '../encoding/index.ts'
import type { HashLabel, KdfLabel, SignatureContext } from './labels.ts'
import type { SecretKey, SigningKey, Suite } from './suite.ts'

const ZERO_SALT = new Uint8Array(32)
const prefixes = new Map<string, Uint8Array>()

/** "xcord/v1/" ‖ label ‖ 00, made once a label. */
function prefix(label: string): Uint8Array {
  let found = prefixes.get(label)
  if (found === undefined) {
    found = concatBytes([utf8(`xcord/v1/${label}`), Uint8Array.of(0)])
    prefixes.set(label, found)
  }
  return found
}

/** hash(L, a, b) = SHA-256("xcord/v1/" ‖ L ‖ 00 ‖ a ‖ b). */
export function labelledHash(suite: Suite, label: HashLabel, ...parts: Uint8Array[]): Uint8Array {
  return suite.sha256(concatBytes([prefix(label), ...parts]))
}

/** KDF(key, L, [c1, c2…], n) of CR2. */
export function kdf(
  suite: Suite,
  key: Uint8Array,
  label: KdfLabel,
  contexts: readonly Uint8Array[] = [],
  length = 32
): Uint8Array {
  return suite.hkdfSha256(
    key,
    ZERO_SALT,
    concatBytes([prefix(label), ...contexts.map(lengthPrefixed)]),
    length
  )
}

function signed(suite: Suite, context: SignatureContext, bytes: Uint8Array): Uint8Array {
  return concatBytes([prefix(context), suite.sha256(bytes)])
}

/** Ed25519 over "xcord/v1/" ‖ context ‖ 00 ‖ H(bytes) (CR3). */
export function signBytes(
  suite: Suite,
  key: SigningKey,
  context: SignatureContext,
  bytes: Uint8Array
): Uint8Array {
  return key.sign(signed(suite, context, bytes))
}

/** Verifies CR3 by the one rule CR6. */
export function verifyBytes(
  suite: Suite,
  publicKey: Uint8Array,
  context: SignatureContext,
  bytes: Uint8Array,
  signature: Uint8Array
): boolean {
  return suite.verify(publicKey, signed(suite, context, bytes), signature)
}

/** As `signBytes` for something whose SHA-256 is already known (operation and envelope ids). */
export function signDigest(key: SigningKey, context: SignatureContext, digest: Uint8Array): Uint8Array {
  return key.sign(concatBytes([prefix(context), digest]))
}

/** As `verifyBytes` for a known digest. */
export function verifyDigest(
  suite: Suite,
  publicKey: Uint8Array,
  context: SignatureContext,
  digest: Uint8Array,
  signature: Uint8Array
): boolean {
  return suite.verify(publicKey, concatBytes([prefix(context), digest]), signature)
}

/** A box key pair from a seed that a KDF gave. */
export function boxKey(
  suite: Suite,
  secret: SecretKey
): { readonly secret: SecretKey; readonly publicKey: Uint8Array } {
  return { secret, publicKey: suite.x25519PublicKey(secret) }
}
