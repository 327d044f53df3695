/** ID13: what a person says of themselves, signed by a device. */
import {
  accept,
  compareIds,
  type DeviceId,
  idFromBytes,
  idToBytes,
  NAME_BYTES_MAX,
  refuse,
  type UserId,
  type Verdict
} from '../base/index.ts'
import { signBytes, type Suite, verifyBytes } from '../crypto/index.ts'
import {
  anything,
  bytes,
  type CborValue,
  codec,
  encodeCbor,
  literal,
  nullable,
  text,
  tuple,
  uint
} from '../encoding/index.ts'
import type { DeviceSecret, Profile } from './contract.ts'
import { withSecrets } from './secret.ts'

/** A name, an avatar's manifest, a secret. */
export const PROFILE_BYTES_MAX = 2_048
const SECRET_BYTES = 32

const profileCodec = codec(
  tuple({
    version: literal(1),
    user: bytes(32),
    device: bytes(32),
    revision: uint(),
    name: text(NAME_BYTES_MAX, 1),
    avatar: anything,
    inboxSecret: nullable(bytes(SECRET_BYTES)),
    signature: bytes(64)
  }),
  { rule: 'ID13', maxBytes: PROFILE_BYTES_MAX, maxDepth: 4 }
)

/** What the owner sets. */
export interface ProfileFields {
  /** One more than the last. */
  readonly revision: number
  /** 1 to 100 bytes. */
  readonly name: string
  readonly avatar?: CborValue
  readonly inboxSecret?: Uint8Array
}

/** Signs a profile. @throws RangeError for a name or avatar out of bounds. */
export function signProfile(
  suite: Suite,
  user: UserId,
  device: DeviceSecret,
  fields: ProfileFields
): Uint8Array {
  const items: CborValue[] = [
    1,
    idToBytes(user),
    device.signingKey.publicKey,
    fields.revision,
    fields.name,
    fields.avatar ?? null,
    fields.inboxSecret ?? null
  ]
  const encoded = encodeCbor([...items, signBytes(suite, device.signingKey, 'prof', encodeCbor(items))])
  const own = profileCodec.decode(encoded)
  if (!own.ok) throw new RangeError(own.reason)
  return encoded
}

/** Verifies a profile's form and signature. That the device is the user's, the caller knows from its state. */
export function readProfile(
  suite: Suite,
  encoded: Uint8Array,
  expected: { readonly user?: UserId; readonly device?: DeviceId } = {}
): Verdict<Profile> {
  const decoded = profileCodec.decode(encoded)
  if (!decoded.ok) return decoded
  const { user, device, revision, name, avatar, inboxSecret, signature } = decoded.value
  const signed = encodeCbor([1, user, device, revision, name, avatar, inboxSecret])
  if (!verifyBytes(suite, device, 'prof', signed, signature))
    return refuse('ID13', 'the signature does not fit')
  const profile = {
    user: idFromBytes('u', user),
    device: idFromBytes('d', device),
    revision,
    name,
    avatar,
    bytes: encoded
  }
  if (expected.user !== undefined && expected.user !== profile.user)
    return refuse('ID13', 'the profile is of another user')
  if (expected.device !== undefined && expected.device !== profile.device)
    return refuse('ID13', 'the profile is signed by another device')
  return accept(withSecrets(profile, { inboxSecret }))
}

/** Positive where `a` counts over `b`: highest (revision, device). */
export function compareProfiles(
  a: Pick<Profile, 'revision' | 'device'>,
  b: Pick<Profile, 'revision' | 'device'>
): number {
  return a.revision - b.revision || compareIds(a.device, b.device)
}
