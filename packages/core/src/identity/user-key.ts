/** ID7: generations of the user key, and the device names sealed under them (ID4). */
import { idToBytes, type Random } from '../base/index.ts'
import {
  BoxKind,
  kdf,
  labelledHash,
  openBoxes,
  readBoxes,
  type Recipient,
  RECOVERY_RID,
  sealBoxes,
  type SecretKey,
  type Suite
} from '../crypto/index.ts'
import { concatBytes, equalBytes, fromUtf8, uintBytes, uintFromBytes, utf8 } from '../encoding/index.ts'
import type {
  DeviceSecret,
  IdentityEntry,
  IdentityLog,
  RootSecret,
  UserKey,
  UserKeyBody
} from './contract.ts'
import { deviceRid } from './device.ts'
import { DEVICE_NAME_BYTES_MAX, DEVICES_MAX } from './entry.ts'
import { withSecrets } from './secret.ts'

const SEED_BYTES = 32
const KEY_ID_BYTES = 16
const GENERATION_BYTES = 4
const NONCE_BYTES = 24
const NONE = new Uint8Array()

/** A generation from its seed u_g. */
export function userKeyFromSeed(suite: Suite, generation: number, seed: SecretKey): UserKey {
  const boxSecret = kdf(suite, seed, 'uk-box')
  const keyId = labelledHash(suite, 'uk', seed).slice(0, KEY_ID_BYTES)
  return withSecrets(
    { generation, keyId, boxPublicKey: suite.x25519PublicKey(boxSecret) },
    { boxSecret, seed }
  )
}

/** Draws a new generation. */
export function createUserKey(suite: Suite, random: Random, generation: number): UserKey {
  return userKeyFromSeed(suite, generation, random.bytes(SEED_BYTES))
}

/** Whom the log's next user key is sealed to: every active device and the recovery box. */
export function userKeyRecipients(log: IdentityLog): readonly Recipient[] {
  const devices = log
    .state()
    .devices.filter(({ active }) => active)
    .map(({ device, boxPublicKey }) => ({ rid: deviceRid(idToBytes(device)), publicKey: boxPublicKey }))
  return [...devices, { rid: RECOVERY_RID, publicKey: log.genesis.recoveryPublicKey }]
}

/** The body of a userKey entry: the seed boxed to each recipient, the generation before sealed under it. */
export function sealUserKey(
  suite: Suite,
  random: Random,
  key: UserKey,
  recipients: readonly Recipient[],
  previous?: UserKey
): UserKeyBody {
  const ephemeral = random.bytes(SEED_BYTES)
  const boxes = sealBoxes(suite, ephemeral, recipients, { kind: BoxKind.userKey, keyId: key.keyId }, key.seed)
  ephemeral.fill(0)
  const back =
    previous === undefined ? null : suite.chachaSealOnce(kdf(suite, key.seed, 'uk-back'), NONE, previous.seed)
  return {
    kind: 'userKey',
    generation: key.generation,
    keyId: key.keyId,
    boxPublicKey: key.boxPublicKey,
    boxes,
    back
  }
}

function matches(key: UserKey, body: UserKeyBody): boolean {
  return equalBytes(key.keyId, body.keyId) && equalBytes(key.boxPublicKey, body.boxPublicKey)
}

/** Opens one generation; undefined where it holds no box for the opener or what opens is not what it claims. */
export function openUserKey(
  suite: Suite,
  body: UserKeyBody,
  opener: DeviceSecret | RootSecret
): UserKey | undefined {
  const boxes = readBoxes(body.boxes, DEVICES_MAX + 1)
  if (boxes === undefined) return undefined
  const own =
    'device' in opener
      ? { rid: deviceRid(idToBytes(opener.device)), publicKey: opener.boxPublicKey, secret: opener.boxSecret }
      : { rid: RECOVERY_RID, publicKey: opener.genesis.recoveryPublicKey, secret: opener.recoverySecret }
  const seed = openBoxes(suite, boxes, own, { kind: BoxKind.userKey, keyId: body.keyId })
  if (seed === undefined) return undefined
  const key = userKeyFromSeed(suite, body.generation, seed)
  return matches(key, body) ? key : undefined
}

/**
 * Every generation that the opener reaches: by its own boxes, by keys it already holds, and from these back
 * through `back`. Voided generations too, since what was sealed to them must still open.
 *
 * @returns Ascending by generation, without duplicates.
 */
export function openUserKeys(
  suite: Suite,
  entries: readonly IdentityEntry[],
  opener: DeviceSecret | RootSecret,
  held: readonly UserKey[] = []
): readonly UserKey[] {
  const bodies = entries.flatMap(({ body }) => (body.kind === 'userKey' ? [body] : []))
  const found = new Map<string, UserKey>()
  const take = (key: UserKey): void => {
    const name = key.keyId.join()
    if (found.has(name)) return
    found.set(name, key)
    for (const body of bodies) {
      const seed =
        matches(key, body) && body.back !== null
          ? suite.chachaOpenOnce(kdf(suite, key.seed, 'uk-back'), NONE, body.back)
          : undefined
      if (seed === undefined || seed.length !== SEED_BYTES) continue
      const before = bodies.find(other => matches(userKeyFromSeed(suite, other.generation, seed), other))
      if (before !== undefined) take(userKeyFromSeed(suite, before.generation, seed))
    }
  }
  for (const key of held) take(key)
  for (const body of bodies) {
    const key = openUserKey(suite, body, opener)
    if (key !== undefined) take(key)
  }
  return [...found.values()].sort((a, b) => a.generation - b.generation)
}

/** Seals a device's name under a generation: g(4) ‖ nonce ‖ ciphertext. @throws RangeError above 48 bytes. */
export function sealDeviceName(suite: Suite, random: Random, key: UserKey, name: string): Uint8Array {
  const text = utf8(name)
  if (text.length > DEVICE_NAME_BYTES_MAX)
    throw new RangeError(`the device name has ${text.length} bytes; at most ${DEVICE_NAME_BYTES_MAX}`)
  const nonce = random.bytes(NONCE_BYTES)
  return concatBytes([
    uintBytes(key.generation, GENERATION_BYTES),
    nonce,
    suite.xchachaSeal(kdf(suite, key.seed, 'dev-name'), nonce, NONE, text)
  ])
}

/** A device's name, or undefined where no held generation opens it. */
export function openDeviceName(
  suite: Suite,
  keys: readonly UserKey[],
  sealed: Uint8Array
): string | undefined {
  if (sealed.length < GENERATION_BYTES + NONCE_BYTES) return undefined
  const generation = uintFromBytes(sealed.subarray(0, GENERATION_BYTES))
  const nonce = sealed.subarray(GENERATION_BYTES, GENERATION_BYTES + NONCE_BYTES)
  for (const key of keys) {
    if (key.generation !== generation) continue
    const text = suite.xchachaOpen(
      kdf(suite, key.seed, 'dev-name'),
      nonce,
      NONE,
      sealed.subarray(GENERATION_BYTES + NONCE_BYTES)
    )
    if (text !== undefined) return fromUtf8(text)
  }
  return undefined
}
