/** The package a joiner fetches (IV2), sealed under the invite's secret: trusted through the link's ids alone. */
import {
  accept,
  NAME_BYTES_MAX,
  OPERATION_BYTES_MAX,
  OPERATION_CITES_MAX,
  type Random,
  refuse,
  type Verdict
} from '../base/index.ts'
import { pad, type SecretKey, type Suite, unpad } from '../crypto/index.ts'
import { array, bytes, codec, concatBytes, literal, nullable, text, tuple } from '../encoding/index.ts'
import { idSchema, idSet } from './body.ts'
import type { InvitePackage } from './contract.ts'
import { hidden } from './derive.ts'

/** IV2: what a node keeps for one invite. */
export const PACKAGE_BYTES_MAX = 49_152
/** IV2: addresses of members and nodes worth dialling. */
export const PACKAGE_ADDRESSES_MAX = 64
const ADDRESS_BYTES_MAX = 256
const ACL_HEAD_BYTES_MAX = 2_048
const NONCE_BYTES = 24
const TAG_BYTES = 16
const NONE = new Uint8Array(0)

const packageCodec = codec(
  tuple({
    version: literal(1),
    name: text(NAME_BYTES_MAX),
    genesis: bytes(1, OPERATION_BYTES_MAX + 128),
    invite: idSchema('i'),
    heads: idSet('o', OPERATION_CITES_MAX),
    addresses: array(text(ADDRESS_BYTES_MAX, 1), PACKAGE_ADDRESSES_MAX),
    aclHead: nullable(bytes(1, ACL_HEAD_BYTES_MAX)),
    askPublicKey: nullable(bytes(32)),
    topicSecret: nullable(bytes(32))
  }),
  { rule: 'IV2', maxBytes: PACKAGE_BYTES_MAX }
)

/**
 * Seals a package: nonce ‖ XChaCha20-Poly1305 of the padded tuple.
 *
 * @param key - `InviteKeys.packageKey`, or a fresh key that is itself boxed to the invite's box key.
 */
export function sealPackage(
  suite: Suite,
  random: Random,
  key: SecretKey,
  contents: InvitePackage
): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES)
  return concatBytes([
    nonce,
    suite.xchachaSeal(
      key,
      nonce,
      NONE,
      pad(packageCodec.encode({ version: 1, ...contents, topicSecret: contents.topicSecret }))
    )
  ])
}

/** Opens a package. Whoever uses it checks that the genesis hashes to the link's server. */
export function openPackage(suite: Suite, key: SecretKey, sealed: Uint8Array): Verdict<InvitePackage> {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return refuse('IV2', 'cannot be opened')
  const padded = suite.xchachaOpen(key, sealed.subarray(0, NONCE_BYTES), NONE, sealed.subarray(NONCE_BYTES))
  const plain = padded === undefined ? undefined : unpad(padded)
  if (plain === undefined) return refuse('IV2', 'cannot be opened')
  const read = packageCodec.decode(plain)
  if (!read.ok) return read
  const { version: _, topicSecret, ...open } = read.value
  if (topicSecret === null) return accept({ ...open, topicSecret })
  return accept(hidden(open, { topicSecret }))
}
