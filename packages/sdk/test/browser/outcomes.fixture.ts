import type { Suite } from '@xcord/core/crypto'

/** What each primitive makes of the same inputs: here, and in a page. */
export function outcomes(
  suite: Suite,
  toHex: (bytes: Uint8Array) => string
): Readonly<Record<string, string>> {
  const bytes = (from: number, length: number): Uint8Array =>
    Uint8Array.from({ length }, (_, at) => (from + 7 * at) & 255)
  const [key, nonce, text, context] = [bytes(1, 32), bytes(2, 24), bytes(3, 1_000), bytes(4, 40)]
  const sealed = suite.xchachaSeal(key, nonce, context, text)
  const once = suite.chachaSealOnce(key, context, text)
  const other = suite.x25519PublicKey(bytes(5, 32))
  return {
    sha256: toHex(suite.sha256(text)),
    hmac: toHex(suite.hmacSha256(bytes(6, 70), text)),
    hkdf: toHex(suite.hkdfSha256(key, nonce, context, 80)),
    publicKey: toHex(suite.signingKey(key).publicKey),
    signature: toHex(suite.signingKey(key).sign(text)),
    agreed: toHex(suite.x25519(key, other) ?? text),
    sealed: toHex(sealed),
    opened: toHex(suite.xchachaOpen(key, nonce, context, sealed) ?? new Uint8Array()),
    once: toHex(once),
    openedOnce: toHex(suite.chachaOpenOnce(key, context, once) ?? new Uint8Array()),
    argon2id: toHex(suite.argon2id(text, bytes(8, 16), 19_456, 2, 32))
  }
}
