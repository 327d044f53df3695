/** DM3: prekeys, which a device seals nothing under for long, so that what was deleted stays so. */
import {
  accept,
  type DeviceId,
  idToBytes,
  type Random,
  refuse,
  type UserId,
  type Verdict
} from '../base/index.ts'
import type { SecretKey, SigningKey, Suite } from '../crypto/index.ts'
import { bytes, literal, tuple, uint } from '../encoding/index.ts'
import { idSchema } from '../e2ee/index.ts'
import { signedTuple } from '../graph/index.ts'
import { PREKEY_KEPT_MS, PREKEY_MS_MAX, PREKEY_RENEWED_MS, SKEW_MS_MAX } from './limits.ts'

const PREKEY_BYTES_MAX = 256

const prekeyTuple = signedTuple(
  tuple({
    version: literal(1),
    user: idSchema('u'),
    device: idSchema('d'),
    n: uint(),
    publicKey: bytes(32),
    notAfter: uint()
  }),
  { rule: 'DM3', context: 'dpk', maxBytes: PREKEY_BYTES_MAX }
)

/** One device's prekey, its signature checked. */
export interface Prekey {
  readonly user: UserId
  readonly device: DeviceId
  /** The highest counts. */
  readonly n: number
  readonly publicKey: Uint8Array
  /** 60 days after it was made. */
  readonly notAfter: number
  readonly bytes: Uint8Array
}

/** A prekey of this device. */
export interface OwnPrekey {
  readonly n: number
  readonly madeAt: number
  /** When the next one was made; null for the newest. */
  readonly replacedAt: number | null
  readonly secret: SecretKey
  /** As it is told to others. */
  readonly bytes: Uint8Array
}

/** A peer's prekey: form and signature. That the device is the user's, its log says. */
export function readPrekey(suite: Suite, input: Uint8Array): Verdict<Prekey> {
  const read = prekeyTuple.read(suite, input)
  if (!read.ok) return read
  const { user, device, n, publicKey, notAfter } = read.value.value
  if (!prekeyTuple.verify(suite, idToBytes(device), read.value))
    return refuse('DM3', 'the signature does not verify')
  return accept({ user, device, n, publicKey, notAfter, bytes: input })
}

/** Whether anything may be sealed to it now. One from far ahead would outlive its term, and is passed over too. */
export function isUsable(prekey: Prekey, now: number): boolean {
  return prekey.notAfter > now && prekey.notAfter <= now + PREKEY_MS_MAX + SKEW_MS_MAX
}

/** What a device's prekeys become: the same list where nothing is due. */
export function renewPrekeys(
  suite: Suite,
  random: Random,
  owner: { readonly user: UserId; readonly key: SigningKey; readonly device: DeviceId },
  held: readonly OwnPrekey[],
  now: number
): readonly OwnPrekey[] {
  const kept = held.filter(each => each.replacedAt === null || now - each.replacedAt < PREKEY_KEPT_MS)
  const newest = held.reduce<OwnPrekey | undefined>(
    (best, each) => (best === undefined || each.n > best.n ? each : best),
    undefined
  )
  // A clock that was ahead once must not keep one prekey for years.
  const due =
    newest === undefined || now - newest.madeAt >= PREKEY_RENEWED_MS || newest.madeAt > now + SKEW_MS_MAX
  if (!due) return kept.length === held.length ? held : kept
  const secret = random.bytes(32)
  const n = (newest?.n ?? 0) + 1
  const encoded = prekeyTuple.sign(suite, owner.key, {
    version: 1,
    user: owner.user,
    device: owner.device,
    n,
    publicKey: suite.x25519PublicKey(secret),
    notAfter: now + PREKEY_MS_MAX
  })
  const fresh: OwnPrekey = { n, madeAt: now, replacedAt: null, secret, bytes: encoded }
  return [...kept.map(each => (each.replacedAt === null ? { ...each, replacedAt: now } : each)), fresh]
}
