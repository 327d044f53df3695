/** KS2, KS3: the ways into a key store, each wrapping the same master key. */
import { accept, type Random, refuse, type Verdict } from '../base/index.ts'
import { BoxKind, kdf, openBox, RECOVERY_RID, sealBox, type SecretKey, type Suite } from '../crypto/index.ts'
import {
  bytes,
  type CborValue,
  encodeCbor,
  literal,
  readSchema,
  tuple,
  uint,
  utf8
} from '../encoding/index.ts'
import type { KeyStoreLocks, KeyStoreUnlock, PasswordCost } from './contract.ts'

/** KS2's numbers; 5 and 6 are kept for passkeys and WebCrypto. */
export const KeyStoreSlot = { password: 1, recovery: 2, keyFile: 3, keychain: 4 } as const

/** KS3: what a password costs unless told. */
export const PASSWORD_COST_DEFAULT: PasswordCost = { memoryKiB: 65_536, passes: 3 }
/** KS3: for machines with little memory; also the least that is accepted. */
export const PASSWORD_COST_LOW_MEMORY: PasswordCost = { memoryKiB: 19_456, passes: 2 }
const ONE_PASS_MEMORY_KIB_MIN = 47_104
/** 1 GiB; browsers pass 262,144. */
const MEMORY_KIB_MAX = 1_048_576
const PASSES_MAX = 16
const ARGON2_VERSION = 19
const SALT_BYTES = 16
const NONCE_BYTES = 24
const WRAPPED_BYTES = 48
const KEY_BYTES = 32
const PASSWORD_CHARACTERS_MIN = 8
const U32_MAX = 0xffff_ffff

const passwordSlot = tuple({
  type: literal(KeyStoreSlot.password),
  algorithm: literal('argon2id'),
  version: literal(ARGON2_VERSION),
  memoryKiB: uint(U32_MAX),
  passes: uint(U32_MAX),
  lanes: uint(U32_MAX),
  salt: bytes(SALT_BYTES),
  nonce: bytes(NONCE_BYTES),
  sealed: bytes(WRAPPED_BYTES)
})
const recoverySlot = tuple({
  type: literal(KeyStoreSlot.recovery),
  ephemeral: bytes(KEY_BYTES),
  box: bytes(64)
})
/** Slots whose key is 32 random bytes: of a file, or of the system's keychain. */
type KeySlot = typeof KeyStoreSlot.keyFile | typeof KeyStoreSlot.keychain
const keySlot = (type: KeySlot) =>
  tuple({ type: literal(type), nonce: bytes(NONCE_BYTES), sealed: bytes(WRAPPED_BYTES) })

/** First items of the file: bound into every slot and the payload. */
export type KeyStoreHeader = readonly ['xcord-ks', 1, 1, id: Uint8Array]

/** A slot as it stands in the file. */
export type RawSlot = readonly CborValue[]

/** One refusal for a wrong secret and for altered bytes (KS5): which of them it was is nobody's business. */
export function refuseSecret(): Verdict<never> {
  return refuse('KS5', 'the password or key does not open this key store, or its bytes were altered')
}

/** KS3, before any memory is allocated. */
export function checkCost(
  cost: PasswordCost,
  lanes = 1,
  memoryKiBMax: number = MEMORY_KIB_MAX
): Verdict<PasswordCost> {
  const { memoryKiB, passes } = cost
  if (lanes !== 1)
    return refuse('KS3', `its password would take ${lanes} lanes of computing; only 1 is accepted`)
  if (passes > PASSES_MAX)
    return refuse(
      'KS3',
      `its password would take ${passes} passes of computing; at most ${PASSES_MAX} are accepted`
    )
  if (memoryKiB > memoryKiBMax)
    return refuse(
      'KS3',
      `its password would take ${memoryKiB} KiB of memory to check; at most ${memoryKiBMax} are accepted`
    )
  const strong =
    (memoryKiB >= PASSWORD_COST_LOW_MEMORY.memoryKiB && passes >= PASSWORD_COST_LOW_MEMORY.passes) ||
    (memoryKiB >= ONE_PASS_MEMORY_KIB_MIN && passes >= 1)
  return strong
    ? accept(cost)
    : refuse(
        'KS3',
        `its password is guarded by ${memoryKiB} KiB and ${passes} passes only, which is too weak`
      )
}

/** KS4: NFKC, at least 8 characters. */
export function checkPassword(password: string): Verdict<Uint8Array> {
  const normal = password.normalize('NFKC')
  const characters = [...normal].length
  if (characters < PASSWORD_CHARACTERS_MIN)
    return refuse('KS4', `the password has ${characters} characters; at least ${PASSWORD_CHARACTERS_MIN}`)
  return accept(utf8(normal))
}

function slotAad(header: KeyStoreHeader, before: readonly CborValue[]): Uint8Array {
  return encodeCbor([...header, ...before])
}

/**
 * Wraps MK by a password.
 *
 * @throws RangeError for a password or cost that KS3 and KS4 do not allow: shells check first.
 */
export function createPasswordSlot(
  suite: Suite,
  random: Random,
  header: KeyStoreHeader,
  masterKey: SecretKey,
  password: string,
  cost: PasswordCost
): RawSlot {
  const checked = checkPassword(password)
  if (!checked.ok) throw new RangeError(checked.reason)
  const allowed = checkCost(cost)
  if (!allowed.ok) throw new RangeError(allowed.reason)
  const salt = random.bytes(SALT_BYTES)
  const nonce = random.bytes(NONCE_BYTES)
  const before = [KeyStoreSlot.password, 'argon2id', ARGON2_VERSION, cost.memoryKiB, cost.passes, 1, salt]
  const stretched = suite.argon2id(checked.value, salt, cost.memoryKiB, cost.passes, KEY_BYTES)
  const sealed = suite.xchachaSeal(
    kdf(suite, stretched, 'ks-slot'),
    nonce,
    slotAad(header, before),
    masterKey
  )
  stretched.fill(0)
  return [...before, nonce, sealed]
}

function createRecoverySlot(
  suite: Suite,
  random: Random,
  header: KeyStoreHeader,
  masterKey: SecretKey,
  publicKey: Uint8Array
): RawSlot {
  const secret = random.bytes(KEY_BYTES)
  const ephemeral = { secret, publicKey: suite.x25519PublicKey(secret) }
  const box = sealBox(
    suite,
    ephemeral,
    { rid: RECOVERY_RID, publicKey },
    { kind: BoxKind.keyStore, keyId: header[3] },
    masterKey
  )
  secret.fill(0)
  if (box === undefined) throw new RangeError('the recovery key is not a usable X25519 key')
  return [KeyStoreSlot.recovery, ephemeral.publicKey, box]
}

/** Wraps MK by 32 random bytes. @throws RangeError for another length. */
export function createKeySlot(
  suite: Suite,
  random: Random,
  header: KeyStoreHeader,
  masterKey: SecretKey,
  type: KeySlot,
  key: Uint8Array
): RawSlot {
  if (key.length !== KEY_BYTES) throw new RangeError(`such a key has ${KEY_BYTES} bytes, not ${key.length}`)
  const nonce = random.bytes(NONCE_BYTES)
  const sealed = suite.xchachaSeal(kdf(suite, key, 'ks-slot'), nonce, slotAad(header, [type]), masterKey)
  return [type, nonce, sealed]
}

/** The slots asked for, at least one. @throws RangeError for none. */
export function createSlots(
  suite: Suite,
  random: Random,
  header: KeyStoreHeader,
  masterKey: SecretKey,
  locks: KeyStoreLocks
): readonly RawSlot[] {
  const slots: RawSlot[] = []
  if (locks.password !== undefined) {
    slots.push(
      createPasswordSlot(
        suite,
        random,
        header,
        masterKey,
        locks.password.text,
        locks.password.cost ?? PASSWORD_COST_DEFAULT
      )
    )
  }
  if (locks.recoveryPublicKey !== undefined)
    slots.push(createRecoverySlot(suite, random, header, masterKey, locks.recoveryPublicKey))
  if (locks.keyFile !== undefined)
    slots.push(createKeySlot(suite, random, header, masterKey, KeyStoreSlot.keyFile, locks.keyFile))
  if (slots.length === 0) throw new RangeError('a key store needs a password, a key file or a recovery key')
  return slots
}

function tryPassword(
  suite: Suite,
  header: KeyStoreHeader,
  slot: RawSlot,
  password: string,
  memoryKiBMax?: number
): Verdict<SecretKey> {
  const read = readSchema(passwordSlot, slot, 'KS5')
  if (!read.ok) return refuseSecret()
  const { memoryKiB, passes, lanes, salt, nonce, sealed } = read.value
  const allowed = checkCost({ memoryKiB, passes }, lanes, memoryKiBMax)
  if (!allowed.ok) return allowed
  const stretched = suite.argon2id(utf8(password.normalize('NFKC')), salt, memoryKiB, passes, KEY_BYTES)
  const masterKey = suite.xchachaOpen(
    kdf(suite, stretched, 'ks-slot'),
    nonce,
    slotAad(header, slot.slice(0, -2)),
    sealed
  )
  stretched.fill(0)
  return masterKey === undefined ? refuseSecret() : accept(masterKey)
}

function tryRecovery(
  suite: Suite,
  header: KeyStoreHeader,
  slot: RawSlot,
  secret: SecretKey
): Verdict<SecretKey> {
  const read = readSchema(recoverySlot, slot, 'KS5')
  if (!read.ok) return refuseSecret()
  const opener = { rid: RECOVERY_RID, publicKey: suite.x25519PublicKey(secret), secret }
  const masterKey = openBox(suite, read.value.ephemeral, read.value.box, opener, {
    kind: BoxKind.keyStore,
    keyId: header[3]
  })
  return masterKey === undefined ? refuseSecret() : accept(masterKey)
}

function tryKey(
  suite: Suite,
  header: KeyStoreHeader,
  slot: RawSlot,
  type: KeySlot,
  key: Uint8Array
): Verdict<SecretKey> {
  const read = readSchema(keySlot(type), slot, 'KS5')
  if (!read.ok || key.length !== KEY_BYTES) return refuseSecret()
  const { nonce, sealed } = read.value
  const masterKey = suite.xchachaOpen(kdf(suite, key, 'ks-slot'), nonce, slotAad(header, [type]), sealed)
  return masterKey === undefined ? refuseSecret() : accept(masterKey)
}

/** The master key by the first slot of the right kind that opens. */
export function openSlots(
  suite: Suite,
  header: KeyStoreHeader,
  slots: readonly RawSlot[],
  unlock: KeyStoreUnlock,
  memoryKiBMax?: number
): Verdict<SecretKey> {
  const type = slotOf(unlock)
  const fitting = slots.filter(([number]) => number === type)
  if (fitting.length === 0)
    return refuse('KS2', 'the key store cannot be opened this way: it has no slot for it')
  let last: Verdict<SecretKey> = refuseSecret()
  for (const slot of fitting) {
    last = trySlot(suite, header, slot, unlock, memoryKiBMax)
    if (last.ok) return last
  }
  return last
}

function slotOf(unlock: KeyStoreUnlock): number {
  if ('password' in unlock) return KeyStoreSlot.password
  if ('keyFile' in unlock) return KeyStoreSlot.keyFile
  return 'keychain' in unlock ? KeyStoreSlot.keychain : KeyStoreSlot.recovery
}

function trySlot(
  suite: Suite,
  header: KeyStoreHeader,
  slot: RawSlot,
  unlock: KeyStoreUnlock,
  memoryKiBMax?: number
): Verdict<SecretKey> {
  if ('password' in unlock) return tryPassword(suite, header, slot, unlock.password, memoryKiBMax)
  if ('keyFile' in unlock) return tryKey(suite, header, slot, KeyStoreSlot.keyFile, unlock.keyFile)
  if ('keychain' in unlock) return tryKey(suite, header, slot, KeyStoreSlot.keychain, unlock.keychain)
  return tryRecovery(suite, header, slot, unlock.recoverySecret)
}
