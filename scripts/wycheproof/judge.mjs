/**
 * One file of Wycheproof at one provider. `judge` leans on nothing outside itself: its text is also run in a page.
 *
 * @typedef {{ tcId: number, comment: string, asked: string, got: string }} Difference
 * @typedef {{ cases: number, outside: number, reasons: Record<string, number>, differences: Difference[] }} Judged
 */

/** Files that ask something of suite 1 (CR1), by their names in `testvectors_v1`. */
export const FILES = [
  'ed25519_test.json',
  'x25519_test.json',
  'chacha20_poly1305_test.json',
  'xchacha20_poly1305_test.json',
  'aes_gcm_test.json',
  'hkdf_sha256_test.json',
  'hmac_sha256_test.json'
]

/**
 * Asks a provider every case of a file. A case outside of what the suite does at all (another nonce, key or tag length)
 * has to be refused, whatever the file says of it, and is counted apart with its reason.
 *
 * @param {import('@xcord/core/crypto').Suite} suite
 * @param {{ algorithm: string, testGroups: readonly any[] }} file
 * @param {{ open: Function, seal: Function }} [chacha] - ChaCha20-Poly1305 of the library below, which takes a nonce:
 *   the suite's is for keys that are used once, under the zero nonce, of which the file has none.
 * @returns {Judged}
 */
export function judge(suite, file, chacha) {
  const hex = text => Uint8Array.from(text.match(/../g) ?? [], each => Number.parseInt(each, 16))
  const toHex = bytes => Array.from(bytes, each => each.toString(16).padStart(2, '0')).join('')
  const join = (...parts) => Uint8Array.from(parts.flatMap(each => [...each]))
  const isZero = bytes => bytes.every(each => each === 0)
  /** What a caller's or a peer's wrong length comes to. */
  const orRefused = run => {
    try {
      return run() ?? 'refused'
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) return 'refused'
      throw error
    }
  }
  const opened = bytes => (typeof bytes === 'string' ? bytes : toHex(bytes))
  /** An AEAD: opens what is valid, refuses the rest, and seals to the very bytes. */
  const aead =
    ({ keySize, ivSize, asks }, open, seal) =>
    (group, test) => {
      const [key, iv, aad, msg, ct, tag] = ['key', 'iv', 'aad', 'msg', 'ct', 'tag'].map(name =>
        hex(test[name])
      )
      const outside =
        group.keySize !== keySize
          ? `keys of other than ${keySize} bits`
          : group.ivSize !== ivSize
            ? `nonces of other than ${ivSize} bits`
            : group.tagSize !== 128
              ? 'tags of other than 128 bits'
              : undefined
      if (asks?.(iv) === false) return { outside: 'with a nonce, which the suite does not take' }
      const got = opened(orRefused(() => open(key, iv, aad, join(ct, tag))))
      if (outside !== undefined) return { outside, asked: 'refused', got }
      if (test.result === 'invalid') return { asked: 'refused', got }
      const sealed = opened(orRefused(() => seal(key, iv, aad, msg)))
      return { asked: `${test.msg} ${test.ct}${test.tag}`, got: `${got} ${sealed}` }
    }
  const kinds = {
    EDDSA: (group, test) => {
      const key = hex(group.publicKey.pk)
      return {
        asked: test.result,
        got: suite.verify(key, hex(test.msg), hex(test.sig)) ? 'valid' : 'invalid'
      }
    },
    XDH: (_group, test) => {
      const got = orRefused(() => suite.x25519(hex(test.private), hex(test.public)))
      // CR4: all zero is no secret. The file calls such results acceptable.
      return { asked: isZero(hex(test.shared)) ? 'refused' : test.shared, got: opened(got) }
    },
    'CHACHA20-POLY1305':
      chacha === undefined
        ? aead(
            { keySize: 256, ivSize: 96, asks: iv => iv.length === 12 && isZero(iv) },
            (key, _iv, aad, sealed) => suite.chachaOpenOnce(key, aad, sealed),
            (key, _iv, aad, msg) => suite.chachaSealOnce(key, aad, msg)
          )
        : aead({ keySize: 256, ivSize: 96 }, chacha.open, chacha.seal),
    'XCHACHA20-POLY1305': aead(
      { keySize: 256, ivSize: 192 },
      (key, iv, aad, sealed) => suite.xchachaOpen(key, iv, aad, sealed),
      (key, iv, aad, msg) => suite.xchachaSeal(key, iv, aad, msg)
    ),
    'AES-GCM': aead(
      { keySize: 256, ivSize: 96 },
      (key, iv, aad, sealed) => suite.aesGcmOpen(key, iv, aad, sealed),
      (key, iv, aad, msg) => suite.aesGcmSeal(key, iv, aad, msg)
    ),
    'HKDF-SHA-256': (_group, test) => {
      const got = orRefused(() => suite.hkdfSha256(hex(test.ikm), hex(test.salt), hex(test.info), test.size))
      return { asked: test.result === 'valid' ? test.okm : 'refused', got: opened(got) }
    },
    HMACSHA256: (group, test) => {
      const mac = toHex(suite.hmacSha256(hex(test.key), hex(test.msg))).slice(0, group.tagSize / 4)
      return { asked: test.result, got: mac === test.tag ? 'valid' : 'invalid' }
    }
  }
  const ask = kinds[file.algorithm]
  if (ask === undefined) throw new Error(`nothing here answers ${file.algorithm}`)
  const judged = { cases: 0, outside: 0, reasons: {}, differences: [] }
  for (const group of file.testGroups) {
    for (const test of group.tests) {
      judged.cases++
      const { outside, asked, got } = ask(group, test)
      if (outside !== undefined) {
        judged.outside++
        judged.reasons[outside] = (judged.reasons[outside] ?? 0) + 1
      }
      if (asked !== got) judged.differences.push({ tcId: test.tcId, comment: test.comment, asked, got })
    }
  }
  return judged
}
