/**
 * The key store (KS1 to KS5): this device's secrets under one master key, in a file or IndexedDB record.
 *
 * Bytes in, bytes out: the shell writes them (KS6).
 */
import { accept, type Random, refuse, type Refusal, type Verdict } from '../base/index.ts'
import { kdf, type SecretKey, type Suite } from '../crypto/index.ts'
import {
  anything,
  array,
  bytes,
  type CborValue,
  codec,
  decodeCbor,
  encodeCbor,
  equalBytes,
  literal,
  readSchema,
  text,
  tuple,
  uint,
  utf8
} from '../encoding/index.ts'
import type {
  DatabaseKeys,
  KeyStore,
  KeyStoreContents,
  KeyStoreLocks,
  KeyStoreUnlock,
  PasswordCost
} from './contract.ts'
import { deviceFromSeeds } from './device.ts'
import {
  createKeySlot,
  createPasswordSlot,
  createSlots,
  type KeyStoreHeader,
  KeyStoreSlot,
  openSlots,
  PASSWORD_COST_DEFAULT,
  type RawSlot,
  refuseSecret
} from './key-store-slots.ts'
import { IDENTITY_LOG_BYTES_MAX } from './log.ts'
import { withSecrets } from './secret.ts'
import { userKeyFromSeed } from './user-key.ts'

/** The whole file; EN1's own bound. */
export const KEY_STORE_BYTES_MAX = 262_144
const MAGIC = 'xcord-ks'
const VERSION = 1
const SUITE = 1
const SLOTS_MAX = 16
const USER_KEYS_MAX = 512
const EXTENSIONS_MAX = 64
const EXTENSION_BYTES_MAX = 16_384
const EXTENSION_KEY_BYTES_MAX = 64
const KEY_BYTES = 32
const ID_BYTES = 16
const NONCE_BYTES = 24
const MAC_BYTES = 32
const DEPTH_MAX = 4

const outer = tuple({
  magic: literal(MAGIC),
  version: literal(VERSION),
  suite: literal(SUITE),
  id: bytes(ID_BYTES),
  created: uint(),
  epoch: uint(),
  slots: array(array(anything, SLOTS_MAX, 1), SLOTS_MAX, 1),
  nonce: bytes(NONCE_BYTES),
  sealed: bytes(16, KEY_STORE_BYTES_MAX),
  mac: bytes(MAC_BYTES)
})

const payloadCodec = codec(
  tuple({
    version: literal(1),
    log: bytes(1, IDENTITY_LOG_BYTES_MAX + 4_096),
    signSeed: bytes(KEY_BYTES),
    boxSecret: bytes(KEY_BYTES),
    userKeys: array(tuple({ generation: uint(0xffff_ffff, 1), seed: bytes(KEY_BYTES) }), USER_KEYS_MAX),
    created: uint(),
    extensions: array(
      tuple({ key: text(EXTENSION_KEY_BYTES_MAX, 1), value: bytes(0, EXTENSION_BYTES_MAX) }),
      EXTENSIONS_MAX
    )
  }),
  { rule: 'KS1', maxDepth: 3 }
)

/** What the file says in the clear. Nothing of it is verified before it is opened. */
export interface KeyStoreOutline {
  readonly id: Uint8Array
  readonly created: number
  readonly epoch: number
  /** Numbers of the slots: how it may be opened. */
  readonly slots: readonly number[]
}

interface Parts extends Omit<KeyStoreOutline, 'slots'> {
  readonly slots: readonly RawSlot[]
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

function headerOf(id: Uint8Array): KeyStoreHeader {
  return [MAGIC, VERSION, SUITE, id]
}

/** The tuple before its mac. */
function unmaced({ id, created, epoch, slots, nonce, sealed }: Parts): CborValue[] {
  return [...headerOf(id), created, epoch, slots, nonce, sealed]
}

function macOf(suite: Suite, masterKey: SecretKey, parts: Parts): Uint8Array {
  return suite.hmacSha256(kdf(suite, masterKey, 'ks-mac'), encodeCbor(unmaced(parts)))
}

/** A newer writer's file is told apart from a broken one, so that nobody overwrites it (KS10). */
function newerVersion(items: readonly CborValue[]): Refusal | undefined {
  const [, version, suiteNumber] = items
  if (typeof version === 'number' && version > VERSION)
    return refuse('KS10', `the key store is of version ${version}; this program knows ${VERSION}`)
  if (version === VERSION && typeof suiteNumber === 'number' && suiteNumber > SUITE)
    return refuse('KS10', `the key store is of suite ${suiteNumber}; this program knows ${SUITE}`)
  return undefined
}

function readParts(encoded: Uint8Array): Verdict<Parts & { readonly mac: Uint8Array }> {
  const decoded = decodeCbor(encoded, { rule: 'KS1', maxBytes: KEY_STORE_BYTES_MAX, maxDepth: DEPTH_MAX })
  if (!decoded.ok) return refuse('KS1', 'the file is not a key store, or it was cut short')
  if (!Array.isArray(decoded.value) || decoded.value[0] !== MAGIC)
    return refuse('KS1', 'the file is not a key store')
  const newer = newerVersion(decoded.value)
  if (newer !== undefined) return newer
  const read = readSchema(outer, decoded.value, 'KS1')
  return read.ok ? accept(read.value) : refuse('KS1', 'the key store does not have the form of its version')
}

/** Reads what is in the clear: which ways of opening to offer. */
export function outlineKeyStore(encoded: Uint8Array): Verdict<KeyStoreOutline> {
  const parts = readParts(encoded)
  if (!parts.ok) return parts
  const { id, created, epoch, slots } = parts.value
  return accept({
    id,
    created,
    epoch,
    slots: slots.flatMap(([number]) => (typeof number === 'number' ? [number] : []))
  })
}

function sealContents(
  suite: Suite,
  random: Random,
  masterKey: SecretKey,
  id: Uint8Array,
  contents: KeyStoreContents
): Pick<Parts, 'nonce' | 'sealed'> {
  const rows = [...contents.extensions].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const payload = payloadCodec.encode({
    version: 1,
    log: contents.log,
    signSeed: contents.device.signSeed,
    boxSecret: contents.device.boxSecret,
    userKeys: contents.userKeys.map(({ generation, seed }) => ({ generation, seed })),
    created: contents.created,
    extensions: rows.map(([key, value]) => ({ key, value }))
  })
  const nonce = random.bytes(NONCE_BYTES)
  const sealed = suite.xchachaSeal(
    kdf(suite, masterKey, 'ks-payload'),
    nonce,
    encodeCbor([...headerOf(id)]),
    payload
  )
  payload.fill(0)
  return { nonce, sealed }
}

function openContents(suite: Suite, masterKey: SecretKey, parts: Parts): Verdict<KeyStoreContents> {
  const payload = suite.xchachaOpen(
    kdf(suite, masterKey, 'ks-payload'),
    parts.nonce,
    encodeCbor([...headerOf(parts.id)]),
    parts.sealed
  )
  if (payload === undefined) return refuseSecret()
  const decoded = payloadCodec.decode(payload)
  if (!decoded.ok) return decoded
  const { log, signSeed, boxSecret, userKeys, created, extensions } = decoded.value
  return accept({
    log,
    device: deviceFromSeeds(suite, signSeed.slice(), boxSecret.slice()),
    userKeys: userKeys.map(({ generation, seed }) => userKeyFromSeed(suite, generation, seed.slice())),
    created,
    extensions: extensions.map(({ key, value }) => [key, value] as const)
  })
}

function finish(suite: Suite, masterKey: SecretKey, parts: Parts, contents: KeyStoreContents): KeyStore {
  const encoded = encodeCbor([...unmaced(parts), macOf(suite, masterKey, parts)])
  if (encoded.length > KEY_STORE_BYTES_MAX)
    throw new RangeError(`the key store would have ${encoded.length} bytes; at most ${KEY_STORE_BYTES_MAX}`)
  return describe(encoded, masterKey, parts, contents)
}

function describe(
  encoded: Uint8Array,
  masterKey: SecretKey,
  parts: Parts,
  contents: KeyStoreContents
): KeyStore {
  const slots = parts.slots.flatMap(([number]) => (typeof number === 'number' ? [number] : []))
  return withSecrets(
    { id: parts.id, created: parts.created, epoch: parts.epoch, slots, bytes: encoded },
    { masterKey, contents }
  )
}

/**
 * Makes a key store: a new master key, the slots asked for, the contents sealed.
 *
 * @param masterKey - That of a database which is there already: a backup brings it (ND42).
 * @throws RangeError for a password or cost out of KS3 and KS4, or for no slot: shells check first.
 */
export function createKeyStore(
  suite: Suite,
  random: Random,
  at: number,
  contents: KeyStoreContents,
  locks: KeyStoreLocks,
  masterKey: SecretKey = random.bytes(KEY_BYTES)
): KeyStore {
  const id = random.bytes(ID_BYTES)
  const slots = createSlots(suite, random, headerOf(id), masterKey, locks)
  return finish(
    suite,
    masterKey,
    { id, created: at, epoch: 1, slots, ...sealContents(suite, random, masterKey, id, contents) },
    contents
  )
}

/**
 * Opens a key store.
 *
 * Refusals: KS1 no key store or cut short; KS10 written by a newer version; KS2 no slot for this way of
 * opening; KS3 hostile or weak cost, before anything is allocated; KS5 all else, a wrong password and altered
 * bytes alike.
 */
export function openKeyStore(
  suite: Suite,
  encoded: Uint8Array,
  unlock: KeyStoreUnlock,
  options: { /** Browsers: 262,144. */ readonly memoryKiBMax?: number } = {}
): Verdict<KeyStore> {
  const read = readParts(encoded)
  if (!read.ok) return read
  const { mac, ...parts } = read.value
  const masterKey = openSlots(suite, headerOf(parts.id), parts.slots, unlock, options.memoryKiBMax)
  if (!masterKey.ok) return masterKey
  if (!equalBytes(macOf(suite, masterKey.value, parts), mac)) return refuseSecret()
  const contents = openContents(suite, masterKey.value, parts)
  return contents.ok ? accept(describe(encoded, masterKey.value, parts, contents.value)) : contents
}

function partsOf(store: KeyStore): Parts {
  const read = readParts(store.bytes)
  if (!read.ok) throw new TypeError('an open key store has readable bytes')
  return read.value
}

/** Writes new contents under the same master key and slots; the epoch grows. */
export function updateKeyStore(
  suite: Suite,
  random: Random,
  store: KeyStore,
  contents: KeyStoreContents
): KeyStore {
  const parts = partsOf(store)
  const sealed = sealContents(suite, random, store.masterKey, parts.id, contents)
  return finish(suite, store.masterKey, { ...parts, ...sealed, epoch: parts.epoch + 1 }, contents)
}

/**
 * Rewraps the master key under a new password (KS4): slot, epoch and mac change, nothing else. Slots of other
 * kinds, unknown ones too, stay, unless `dropKeyFile` ends the way in without a password.
 *
 * After theft this does not help: make a new key store and revoke the device.
 */
export function changePassword(
  suite: Suite,
  random: Random,
  store: KeyStore,
  password: string,
  options: { readonly cost?: PasswordCost; readonly dropKeyFile?: boolean } = {}
): KeyStore {
  const parts = partsOf(store)
  const slot = createPasswordSlot(
    suite,
    random,
    headerOf(parts.id),
    store.masterKey,
    password,
    options.cost ?? PASSWORD_COST_DEFAULT
  )
  const kept = parts.slots.filter(
    ([number]) =>
      number !== KeyStoreSlot.password && !(options.dropKeyFile === true && number === KeyStoreSlot.keyFile)
  )
  return finish(
    suite,
    store.masterKey,
    { ...parts, slots: [slot, ...kept], epoch: parts.epoch + 1 },
    store.contents
  )
}

/**
 * Gives a key store its slot of the system's keychain (KS11), in place of one that it had, or takes it off: slot, epoch
 * and mac change, nothing else.
 *
 * @param key - The 32 random bytes that the keychain holds; undefined: no such slot any more.
 */
export function setKeychainSlot(
  suite: Suite,
  random: Random,
  store: KeyStore,
  key: Uint8Array | undefined
): KeyStore {
  const parts = partsOf(store)
  const kept = parts.slots.filter(([number]) => number !== KeyStoreSlot.keychain)
  const added =
    key === undefined
      ? []
      : [createKeySlot(suite, random, headerOf(parts.id), store.masterKey, KeyStoreSlot.keychain, key)]
  const slots = [...kept, ...added]
  return finish(suite, store.masterKey, { ...parts, slots, epoch: parts.epoch + 1 }, store.contents)
}

/** KS7: keys of the database under this master key. */
export function databaseKeys(suite: Suite, masterKey: SecretKey): DatabaseKeys {
  return withSecrets(
    { index: (table: string): SecretKey => kdf(suite, masterKey, 'db-index', [utf8(table)]) },
    { value: kdf(suite, masterKey, 'db') }
  )
}

/** KS8: overwrites the secrets of an open key store; it and its account are useless afterwards. */
export function eraseKeyStore(store: KeyStore): void {
  store.masterKey.fill(0)
  store.contents.device.signSeed.fill(0)
  store.contents.device.boxSecret.fill(0)
  for (const key of store.contents.userKeys) {
    key.seed.fill(0)
    key.boxSecret.fill(0)
  }
}
