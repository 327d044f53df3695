/**
 * RFC 4648 base32hex, lower case, unpadded: how ids are written.
 *
 * Our own, because ids are the keys of nearly every map and row: the general encoder of `uint8arrays` took 7 %
 * of a peer's time (docs/adr/0090). A property test holds this one to it.
 */

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'
const NO_DIGIT = 255

/** Every pair of digits, by its ten bits: half as many look-ups and joins as digit by digit. */
const PAIRS: readonly string[] = Array.from(
  { length: 1_024 },
  (_, bits) => (ALPHABET[bits >> 5] as string) + (ALPHABET[bits & 31] as string)
)

/** Value of each character code below 128. */
const DIGITS: Uint8Array = new Uint8Array(128).fill(NO_DIGIT)
for (const [value, digit] of [...ALPHABET].entries()) DIGITS[digit.charCodeAt(0)] = value

/** Text of bytes. */
export function toBase32hex(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let width = 0
  for (let at = 0; at < bytes.length; at++) {
    bits = (bits << 8) | (bytes[at] as number)
    width += 8
    if (width < 10) continue
    width -= 10
    text += PAIRS[(bits >>> width) & 1_023] as string
    bits &= (1 << width) - 1
  }
  // Fewer than ten bits are left: one digit or two, the last filled up with zero bits.
  if (width > 5) text += PAIRS[(bits << (10 - width)) & 1_023] as string
  else if (width > 0) text += ALPHABET[(bits << (5 - width)) & 31] as string
  return text
}

/**
 * Bytes of text from a place on; undefined where a character is no digit or the text has another form for the
 * same bytes (a needless digit, bits set behind the last byte).
 */
export function fromBase32hex(text: string, from = 0): Uint8Array | undefined {
  const out = new Uint8Array(((text.length - from) * 5) >> 3)
  let bits = 0
  let width = 0
  let written = 0
  for (let at = from; at < text.length; at++) {
    const digit = DIGITS[text.charCodeAt(at)] ?? NO_DIGIT
    if (digit === NO_DIGIT) return undefined
    bits = (bits << 5) | digit
    width += 5
    if (width < 8) continue
    width -= 8
    out[written++] = bits >>> width
    bits &= (1 << width) - 1
  }
  return width >= 5 || bits !== 0 ? undefined : out
}
