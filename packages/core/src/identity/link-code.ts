/** ID10: the code that a new device shows, as text to paste or as a QR code to read. */
import {
  accept,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type Random,
  refuse,
  type Verdict
} from '../base/index.ts'
import type { SecretKey } from '../crypto/index.ts'
import { array, bytes, codec, fromBase64url, literal, text, toBase64url, tuple } from '../encoding/index.ts'
import type { DeviceSecret } from './contract.ts'
import { withSecrets } from './secret.ts'

/** ID10: a code is good for so long after it was made. */
export const LINK_CODE_MS = 300_000
/** ID10: who may come and not prove the secret. More, and somebody in between could try for signs that fit. */
export const LINK_TRIES_MAX = 5
/** ID10: so long may they take to prove it; people, who take longer, are asked afterwards. */
export const LINK_PROOF_MS = 30_000
/** ID10: so long the new device, which has the account, waits to be heard before it goes. */
export const LINK_END_MS = 10_000
const MARK = 'xcord-link-'
const SECRET_BYTES = 16
const ADDRESSES_MAX = 8
const ADDRESS_BYTES_MAX = 256
const CHARACTERS_MAX = 4_096

const linkCodeCodec = codec(
  tuple({
    version: literal(1),
    device: bytes(32),
    boxPublicKey: bytes(32),
    secret: bytes(SECRET_BYTES),
    addresses: array(text(ADDRESS_BYTES_MAX, 1), ADDRESSES_MAX)
  }),
  { rule: 'ID10', maxBytes: CHARACTERS_MAX }
)

/** Who waits to be linked, and where. */
export interface LinkCode {
  readonly device: DeviceId
  /** DBK. */
  readonly boxPublicKey: Uint8Array
  readonly addresses: readonly string[]
  /** Non-enumerable. */
  readonly secret: SecretKey
  /** The tuple: part of what both sides sign off. */
  readonly bytes: Uint8Array
  readonly text: string
}

function describe(encoded: Uint8Array): Verdict<LinkCode> {
  const read = linkCodeCodec.decode(encoded)
  if (!read.ok) return read
  const { device, boxPublicKey, addresses, secret } = read.value
  const code = {
    device: idFromBytes('d', device),
    boxPublicKey,
    addresses,
    bytes: encoded,
    text: MARK + toBase64url(encoded)
  }
  // The text holds the secret too: neither is to be met by chance.
  return accept(withSecrets(code, { secret }))
}

/** Makes a code for one linking. @throws RangeError for addresses out of bounds. */
export function createLinkCode(random: Random, device: DeviceSecret, addresses: readonly string[]): LinkCode {
  const made = describe(
    linkCodeCodec.encode({
      version: 1,
      device: idToBytes(device.device),
      boxPublicKey: device.boxPublicKey,
      secret: random.bytes(SECRET_BYTES),
      addresses: addresses.slice(0, ADDRESSES_MAX)
    })
  )
  if (!made.ok) throw new RangeError(made.reason)
  return made.value
}

/** Reads a code as people paste it: blanks around and within are forgiven, as terminals break lines. */
export function parseLinkCode(pasted: string): Verdict<LinkCode> {
  const code = pasted.length > CHARACTERS_MAX ? '' : pasted.replace(/\s+/gu, '')
  if (!code.startsWith(MARK)) return refuse('ID10', `it should open with "${MARK}"`)
  const encoded = fromBase64url(code.slice(MARK.length))
  return encoded === undefined ? refuse('ID10', 'it was altered or cut off') : describe(encoded)
}
