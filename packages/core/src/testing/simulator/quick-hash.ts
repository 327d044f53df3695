/**
 * A hash of 32 bytes that costs tens of nanoseconds: four lanes of multiplications over words. No cryptography: it
 * spreads well enough that nothing in a simulation meets twice by accident, and whoever tries makes them meet.
 */

const PRIMES = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const
const ROUNDS = 8

let a = 0
let b = 0
let c = 0
let d = 0

function mix(word: number): void {
  const round = Math.imul(a ^ word, PRIMES[0])
  a = d ^ ((round << 13) | (round >>> 19))
  d = Math.imul(c + round, PRIMES[3])
  c = Math.imul(b ^ (word >>> 15), PRIMES[2])
  b = (Math.imul(a, PRIMES[1]) + round) | 0
}

/** Takes in bytes, their length first: parts that follow each other cannot be taken for other parts. */
function absorb(bytes: Uint8Array): void {
  const { length } = bytes
  mix(length)
  const whole = length & ~3
  // Four lanes by themselves, in local variables: this is most of what a hash costs.
  let [w, x, y, z] = [a, b, c, d]
  for (let at = 0; at < whole; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    w = Math.imul(w ^ word, PRIMES[0])
    w ^= w >>> 15
    x = Math.imul(x + word, PRIMES[1])
    x ^= x >>> 13
    y = Math.imul(y ^ word, PRIMES[2])
    y ^= y >>> 16
    z = Math.imul(z + word, PRIMES[3])
    z ^= z >>> 14
  }
  a = w
  b = x
  c = y
  d = z
  for (let at = whole; at < length; at++) mix((bytes[at] as number) + 0x100)
  mix(length)
}

function begin(domain: number): void {
  a = domain ^ 0x243f6a88
  b = 0x13198a2e
  c = 0x03707344
  d = 0x299f31d0
}

/** Fills with what follows from all that was taken in. */
function squeeze(out: Uint8Array): Uint8Array {
  for (let round = 0; round < ROUNDS; round++) mix(round)
  for (let at = 0; at < out.length; at += 4) {
    mix(at)
    const word = a ^ c
    for (let byte = 0; byte < 4 && at + byte < out.length; byte++) out[at + byte] = word >>> (8 * byte)
  }
  return out
}

/** The hash of parts, in a domain of its own; 32 bytes unless told. */
export function quickHash(domain: number, parts: readonly Uint8Array[], length = 32): Uint8Array {
  begin(domain)
  for (const part of parts) absorb(part)
  return squeeze(new Uint8Array(length))
}

/**
 * Covers or uncovers `input` with a stream that key and nonce decide, into `out` from `from` on.
 *
 * @param domain - Keeps the uses of one key apart.
 */
export function quickCover(
  domain: number,
  parts: readonly Uint8Array[],
  input: Uint8Array,
  out: Uint8Array,
  from: number
): void {
  begin(domain)
  for (const part of parts) absorb(part)
  for (let round = 0; round < ROUNDS; round++) mix(round)
  let state = (a ^ c) | 1
  const { length } = input
  for (let at = 0; at < length; at += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const word = Math.imul(state, PRIMES[0]) ^ b
    out[from + at] = (input[at] as number) ^ word
    if (at + 3 < length) {
      out[from + at + 1] = (input[at + 1] as number) ^ (word >>> 8)
      out[from + at + 2] = (input[at + 2] as number) ^ (word >>> 16)
      out[from + at + 3] = (input[at + 3] as number) ^ (word >>> 24)
    } else {
      for (let byte = 1; at + byte < length; byte++)
        out[from + at + byte] = (input[at + byte] as number) ^ (word >>> (8 * byte))
    }
  }
}
