/**
 * A whole profile as one sealed file (ND42): the backup of the identity (ID11), the database's key and every record as it
 * lies in the store. Written and read as a stream; what was altered, left out, repeated or cut short does not open.
 */
import { idFromBytes, idToBytes, type Random, type UserId, XcordError } from '../../base/index.ts'
import { kdf, type SecretKey, type Suite } from '../../crypto/index.ts'
import {
  array,
  bytes,
  codec,
  concatBytes,
  literal,
  tuple,
  uint,
  uintBytes,
  utf8
} from '../../encoding/index.ts'
import type { Store } from '../../store/index.ts'

const MAGIC = 'xcord-profile'
/** Plain bytes of one frame: EN1's own bound. */
const FRAME_BYTES_MAX = 262_144
/** Rows gathered into one frame; a larger row has one of its own. */
const ROWS_BYTES = 131_072
const ROWS_MAX = 4_096
const KEY_BYTES_MAX = 512
const SALT_BYTES = 32
const TAG_BYTES = 16
const LENGTH_BYTES = 4
/** Room for the CBOR around one row. */
const ROW_HEAD_BYTES = 16

const headerCodec = codec(
  tuple({
    magic: literal(MAGIC),
    version: literal(1),
    suite: literal(1),
    user: bytes(32),
    salt: bytes(SALT_BYTES)
  }),
  { rule: 'ND42', maxBytes: 128 }
)
const factsCodec = codec(
  tuple({ version: literal(1), at: uint(), schema: uint(65_535, 1), masterKey: bytes(32) }),
  { rule: 'ND42', maxBytes: 128 }
)
const rowsCodec = codec(
  array(tuple({ key: bytes(1, KEY_BYTES_MAX), value: bytes(0, FRAME_BYTES_MAX) }), ROWS_MAX),
  { rule: 'ND42', maxDepth: 3 }
)

/** One record as it lies in a store. */
export interface RawRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** What is backed up. */
export interface ProfileBackupInit {
  readonly suite: Suite
  readonly random: Random
  readonly user: UserId
  /** Of the 24 words (ID1); devices keep it. */
  readonly backupKey: SecretKey
  /** As ID11 seals it. */
  readonly identity: Uint8Array
  readonly masterKey: SecretKey
  readonly schema: number
  /** ms since the Unix epoch. */
  readonly at: number
  readonly store: Store
}

function frameKey(suite: Suite, backupKey: SecretKey, salt: Uint8Array): SecretKey {
  return kdf(suite, backupKey, 'backup', [utf8('profile'), salt])
}

/** Zeros, whether it is the last frame, and which it is. */
function nonceOf(index: number, last: boolean): Uint8Array {
  return concatBytes([new Uint8Array(15), Uint8Array.of(last ? 1 : 0), uintBytes(index, 8)])
}

const framed = (body: Uint8Array): Uint8Array => concatBytes([uintBytes(body.length, LENGTH_BYTES), body])

/** Writes a backup, piece by piece, of the store as it is when the first piece is asked for. */
export async function* writeProfileBackup(
  init: ProfileBackupInit
): AsyncGenerator<Uint8Array, void, undefined> {
  const { suite, random, user, identity, masterKey, schema, at, store } = init
  const salt = random.bytes(SALT_BYTES)
  const header = headerCodec.encode({ magic: MAGIC, version: 1, suite: 1, user: idToBytes(user), salt })
  const key = frameKey(suite, init.backupKey, salt)
  let index = 0
  const seal = (plain: Uint8Array, last = false): Uint8Array =>
    framed(suite.xchachaSeal(key, nonceOf(index++, last), header, plain))
  try {
    yield framed(header)
    yield seal(identity)
    yield seal(factsCodec.encode({ version: 1, at, schema, masterKey }))
    let rows: RawRow[] = []
    let size = 0
    for await (const [rowKey, value] of store.scan({})) {
      const cost = rowKey.length + value.length + ROW_HEAD_BYTES
      if (rows.length > 0 && (size + cost > ROWS_BYTES || rows.length >= ROWS_MAX)) {
        yield seal(rowsCodec.encode(rows))
        rows = []
        size = 0
      }
      rows.push({ key: rowKey, value })
      size += cost
    }
    yield seal(rowsCodec.encode(rows), true)
  } finally {
    key.fill(0)
  }
}

/** A backup that opened. */
export interface OpenedBackup {
  readonly user: UserId
  readonly at: number
  readonly schema: number
  readonly identity: Uint8Array
  /** The caller overwrites it. */
  readonly masterKey: SecretKey
  /** Records, to be read once. Throws XCORD_BACKUP_INVALID where the file ends early or is not what was written. */
  rows(): AsyncGenerator<readonly RawRow[], void, undefined>
}

function invalid(reason: string): XcordError<'XCORD_BACKUP_INVALID'> {
  return new XcordError('XCORD_BACKUP_INVALID', `The backup file is refused: ${reason}.`, {})
}

/** Cuts a stream into frames. Bounded: nothing is gathered beyond one frame and one piece. */
async function* framesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array = new Uint8Array(0)
  for await (const piece of source) {
    held = held.length === 0 ? piece : concatBytes([held, piece])
    for (;;) {
      if (held.length < LENGTH_BYTES) break
      const length = new DataView(held.buffer, held.byteOffset).getUint32(0)
      if (length > FRAME_BYTES_MAX + TAG_BYTES) throw invalid('it is no backup of a profile')
      if (held.length < LENGTH_BYTES + length) break
      yield held.slice(LENGTH_BYTES, LENGTH_BYTES + length)
      held = held.subarray(LENGTH_BYTES + length)
    }
  }
  if (held.length > 0) throw invalid('it is cut short')
}

/**
 * Opens a backup by its key.
 *
 * @throws XcordError XCORD_BACKUP_INVALID: of another identity, altered, cut short, or of a version that is not known here.
 */
export async function openProfileBackup(
  suite: Suite,
  owner: { readonly user: UserId; readonly backupKey: SecretKey },
  source: AsyncIterable<Uint8Array>
): Promise<OpenedBackup> {
  const frames = framesOf(source)
  const first = await frames.next()
  const header = first.done === true ? undefined : headerCodec.decode(first.value)
  if (header?.ok !== true) throw invalid('it is no backup of a profile, or one of a newer version')
  const user = idFromBytes('u', header.value.user)
  if (user !== owner.user) throw invalid('it is of another identity')
  const key = frameKey(suite, owner.backupKey, header.value.salt)
  const context = headerCodec.encode(header.value)
  let index = 0
  let ended = false
  const open = (frame: Uint8Array): Uint8Array => {
    const plain = suite.xchachaOpen(key, nonceOf(index, false), context, frame)
    if (plain !== undefined) {
      index++
      return plain
    }
    const last = suite.xchachaOpen(key, nonceOf(index, true), context, frame)
    if (last === undefined) throw invalid('a part of it was altered, or is in another place')
    ended = true
    return last
  }
  const next = async (): Promise<Uint8Array> => {
    const frame = await frames.next()
    if (frame.done === true) throw invalid('it is cut short')
    return open(frame.value)
  }
  const identity = await next()
  const facts = factsCodec.decode(await next())
  if (!facts.ok) throw invalid(facts.reason)
  const { at, schema, masterKey } = facts.value
  async function* rows(): AsyncGenerator<readonly RawRow[], void, undefined> {
    while (!ended) {
      const read = rowsCodec.decode(await next())
      if (!read.ok) throw invalid(read.reason)
      yield read.value
    }
    if ((await frames.next()).done !== true) throw invalid('something follows its end')
  }
  return { user, at, schema, identity, masterKey, rows }
}
