/** ID11: the backup file, sealed under the phrase's backup key. It holds no device secret (KS9). */
import {
  accept,
  idFromBytes,
  idToBytes,
  type Random,
  refuse,
  type ServerId,
  type UserId,
  type Verdict
} from '../base/index.ts'
import { pad, type Suite, unpad } from '../crypto/index.ts'
import {
  array,
  bytes,
  codec,
  decodeCbor,
  encodeCbor,
  literal,
  readSchema,
  text,
  tuple,
  uint
} from '../encoding/index.ts'
import type { RootSecret, UserKey } from './contract.ts'
import { IDENTITY_LOG_BYTES_MAX } from './log.ts'
import { userKeyFromSeed } from './user-key.ts'

const MAGIC = 'xcord-backup'
const VERSION = 1
const NONCE_BYTES = 24
const BACKUP_BYTES_MAX = 262_144
const SERVERS_MAX = 1_024
const ADDRESSES_MAX = 8
const ADDRESS_BYTES_MAX = 256
const CONTACTS_MAX = 4_096
const CONTACT_BYTES_MAX = 100
const USER_KEYS_MAX = 512
const EXTENSIONS_MAX = 64

/** A server to return to. */
export interface BackupServer {
  readonly server: ServerId
  /** Multiaddr text of peers and nodes last seen there, at most 8. */
  readonly addresses: readonly string[]
}

/** What a backup restores beside the identity. */
export interface BackupContents {
  /** As `encodeIdentityLog` writes it. */
  readonly log: Uint8Array
  readonly servers: readonly BackupServer[]
  readonly userKeys: readonly UserKey[]
  readonly contacts: readonly { readonly user: UserId; readonly name: string }[]
  readonly extensions: readonly (readonly [key: string, value: Uint8Array])[]
}

const outer = tuple({
  magic: literal(MAGIC),
  version: literal(VERSION),
  suite: literal(1),
  user: bytes(32),
  nonce: bytes(NONCE_BYTES),
  sealed: bytes(16, BACKUP_BYTES_MAX)
})

const payloadCodec = codec(
  tuple({
    log: bytes(1, IDENTITY_LOG_BYTES_MAX + 4_096),
    servers: array(
      tuple({ server: bytes(32), addresses: array(text(ADDRESS_BYTES_MAX), ADDRESSES_MAX) }),
      SERVERS_MAX
    ),
    userKeys: array(tuple({ generation: uint(0xffff_ffff, 1), seed: bytes(32) }), USER_KEYS_MAX),
    contacts: array(tuple({ user: bytes(32), name: text(CONTACT_BYTES_MAX) }), CONTACTS_MAX),
    extensions: array(tuple({ key: text(64, 1), value: bytes(0, 16_384) }), EXTENSIONS_MAX)
  }),
  { rule: 'ID11', maxDepth: 4 }
)

function headerOf(user: Uint8Array): readonly ['xcord-backup', 1, 1, Uint8Array] {
  return [MAGIC, VERSION, 1, user]
}

/** What a backup seals, and what a linked device is given (ID10): the same tuple. */
export function encodeBackupContents(contents: BackupContents): Uint8Array {
  return payloadCodec.encode({
    log: contents.log,
    servers: contents.servers.map(({ server, addresses }) => ({ server: idToBytes(server), addresses })),
    userKeys: contents.userKeys.map(({ generation, seed }) => ({ generation, seed })),
    contacts: contents.contacts.map(({ user, name }) => ({ user: idToBytes(user), name })),
    extensions: contents.extensions.map(([key, value]) => ({ key, value }))
  })
}

/** Reads it. */
export function decodeBackupContents(suite: Suite, encoded: Uint8Array): Verdict<BackupContents> {
  const contents = payloadCodec.decode(encoded)
  if (!contents.ok) return contents
  const { log, servers, userKeys, contacts, extensions } = contents.value
  return accept({
    log,
    servers: servers.map(({ server, addresses }) => ({ server: idFromBytes('s', server), addresses })),
    userKeys: userKeys.map(({ generation, seed }) => userKeyFromSeed(suite, generation, seed.slice())),
    contacts: contacts.map(({ user: contact, name }) => ({ user: idFromBytes('u', contact), name })),
    extensions: extensions.map(({ key, value }) => [key, value] as const)
  })
}

/** Seals a backup (EN7 padding inside). @throws RangeError where it would exceed 256 KiB. */
export function sealBackup(
  suite: Suite,
  random: Random,
  root: Pick<RootSecret, 'user' | 'backupKey'>,
  contents: BackupContents
): Uint8Array {
  const payload = encodeBackupContents(contents)
  const header = headerOf(idToBytes(root.user))
  const nonce = random.bytes(NONCE_BYTES)
  const encoded = encodeCbor([
    ...header,
    nonce,
    suite.xchachaSeal(root.backupKey, nonce, encodeCbor([...header]), pad(payload))
  ])
  if (encoded.length > BACKUP_BYTES_MAX)
    throw new RangeError(`the backup would have ${encoded.length} bytes; at most ${BACKUP_BYTES_MAX}`)
  return encoded
}

/** Opens a backup with the root of its phrase. */
export function openBackup(
  suite: Suite,
  root: Pick<RootSecret, 'user' | 'backupKey'>,
  encoded: Uint8Array
): Verdict<BackupContents> {
  const decoded = decodeCbor(encoded, { rule: 'ID11', maxBytes: BACKUP_BYTES_MAX, maxDepth: 1 })
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value[0] !== MAGIC)
    return refuse('ID11', 'the file is not a backup, or it was cut short')
  const [, version] = decoded.value as unknown[]
  if (typeof version === 'number' && version > VERSION)
    return refuse('ID11', `the backup is of version ${version}; this program knows ${VERSION}`)
  const read = readSchema(outer, decoded.value, 'ID11')
  if (!read.ok) return read
  const { user, nonce, sealed } = read.value
  if (idFromBytes('u', user) !== root.user)
    return refuse('ID11', 'the backup is of another identity than the phrase')
  const padded = suite.xchachaOpen(root.backupKey, nonce, encodeCbor([...headerOf(user)]), sealed)
  const payload = padded === undefined ? undefined : unpad(padded)
  if (payload === undefined) return refuse('ID11', 'the backup was altered')
  return decodeBackupContents(suite, payload)
}
