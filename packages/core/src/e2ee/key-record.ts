/** Key records on the wire (EK1): form, id, signature. Whether a record counts is `standing.ts`. */
import {
  accept,
  idFromBytes,
  idToBytes,
  KEY_RECORD_BYTES_MAX,
  LOCKBOXES_MAX,
  OPERATION_CITES_MAX,
  type OperationId,
  refuse,
  type ServerId,
  type Verdict
} from '../base/index.ts'
import { BOX_BYTES, readBoxes, type SigningKey, type Suite } from '../crypto/index.ts'
import {
  anything,
  array,
  bytes,
  type CborValue,
  compareBytes,
  literal,
  mapped,
  nullable,
  readSchema,
  type Schema,
  tuple,
  uint
} from '../encoding/index.ts'
import { type ReadTuple, signedTuple } from '../graph/index.ts'
import { idSchema, idSet } from './body.ts'
import type { BackLink, HistoryMode, KeyRecord, KeyRecordBody, TopicLink } from './contract.ts'
import { TOPIC_LINKS_MAX } from './limits.ts'

/** EK1: numbers on the wire; in LBX1 and key ids too. */
export const KeyRecordKind = { bucket: 1, role: 2, epoch: 3, grant: 4, cannotOpen: 5, topics: 6 } as const
/** EK4, EK15: head keys a record names. Concurrent heads beyond this wait for the next record. */
export const HEAD_KEYS_MAX = 64
/** EK5: buckets are the top k bits of a hash. */
export const BUCKET_BITS_MAX = 9
const EPHEMERAL_BYTES = 32
const SEALED_SEED_BYTES = 48
const WINDOW_DAYS_MAX = 36_500

const boxList: Schema<Uint8Array> = mapped(
  bytes(EPHEMERAL_BYTES, EPHEMERAL_BYTES + LOCKBOXES_MAX * BOX_BYTES),
  `E and at most ${LOCKBOXES_MAX} boxes, ascending by rid`,
  raw => (readBoxes(raw, LOCKBOXES_MAX) === undefined ? undefined : raw),
  raw => raw
)
const after = idSet('e', HEAD_KEYS_MAX)
const backRows: Schema<readonly BackLink[]> = mapped(
  array(tuple({ keyId: idSchema('e'), sealed: bytes(SEALED_SEED_BYTES) }), HEAD_KEYS_MAX),
  'links ascending by key id',
  links =>
    links.every((link, index) => index === 0 || (links[index - 1] as BackLink).keyId < link.keyId)
      ? links
      : undefined,
  links => [...links].sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
)

const topicRows: Schema<readonly TopicLink[]> = mapped(
  array(tuple({ tag: bytes(16), sealed: bytes(SEALED_SEED_BYTES) }), TOPIC_LINKS_MAX, 1),
  'topics ascending by tag',
  rows =>
    rows.every((row, index) => index === 0 || compareBytes((rows[index - 1] as TopicLink).tag, row.tag) < 0)
      ? rows
      : undefined,
  rows => [...rows].sort((a, b) => compareBytes(a.tag, b.tag))
)

/** EK15's modes as arrays: [0] all, [1] join, [2, days] window. */
const modeSchema: Schema<HistoryMode> = mapped(
  array(uint(WINDOW_DAYS_MAX), 2, 1),
  'a history mode',
  readHistoryMode,
  writeHistoryMode
)

/** EK15's numbers of a mode. @throws RangeError for days out of bounds. */
export function writeHistoryMode(mode: HistoryMode): readonly number[] {
  if (mode.mode !== 'window') return [mode.mode === 'all' ? 0 : 1]
  const { days } = mode
  if (!Number.isInteger(days) || days < 1 || days > WINDOW_DAYS_MAX)
    throw new RangeError(`a window has 1 to ${WINDOW_DAYS_MAX} days`)
  return [2, days]
}

/** EK15's mode from its numbers; undefined for none of them. */
export function readHistoryMode(numbers: readonly number[]): HistoryMode | undefined {
  const [mode, days] = numbers
  if (numbers.length === 1 && mode === 0) return { mode: 'all' }
  if (numbers.length === 1 && mode === 1) return { mode: 'join' }
  return numbers.length === 2 && mode === 2 && days !== undefined && days > 0
    ? { mode: 'window', days }
    : undefined
}

const schemas: {
  readonly [K in KeyRecordBody['kind']]: Schema<Omit<Extract<KeyRecordBody, { kind: K }>, 'kind'>>
} = {
  bucket: tuple({
    role: idSchema('r'),
    k: uint(BUCKET_BITS_MAX, 1),
    index: uint(2 ** BUCKET_BITS_MAX - 1),
    keyId: idSchema('e'),
    boxPublicKey: bytes(32),
    after,
    boxes: boxList
  }),
  role: tuple({
    role: idSchema('r'),
    k: uint(BUCKET_BITS_MAX),
    keyId: idSchema('e'),
    boxPublicKey: bytes(32),
    after,
    boxes: boxList,
    back: backRows,
    gatePublicKey: nullable(bytes(32)),
    topicBox: nullable(bytes(SEALED_SEED_BYTES))
  }),
  epoch: tuple({
    channel: idSchema('c'),
    keyId: idSchema('e'),
    commit: bytes(32),
    mode: modeSchema,
    after,
    boxes: boxList,
    back: backRows
  }),
  grant: tuple({ keyId: idSchema('e'), ephemeral: bytes(EPHEMERAL_BYTES), box: bytes(BOX_BYTES) }),
  cannotOpen: tuple({ keyId: idSchema('e') }),
  topics: tuple({ keyId: idSchema('e'), topics: topicRows })
}
const kinds = Object.keys(KeyRecordKind) as KeyRecordBody['kind'][]

const recordTuple = signedTuple(
  tuple({
    version: literal(1),
    suite: literal(1),
    server: idSchema('s'),
    kind: uint(255),
    device: idSchema('d'),
    frontier: idSet('o', OPERATION_CITES_MAX),
    body: anything
  }),
  { rule: 'EK1', context: 'key', maxBytes: KEY_RECORD_BYTES_MAX }
)

/** Who makes a record, and what they had seen. */
export interface KeyRecordInit {
  readonly server: ServerId
  readonly frontier: readonly OperationId[]
  readonly body: KeyRecordBody
}

/** Signs a record. @throws RangeError above KEY_RECORD_BYTES_MAX or another bound. */
export function signKeyRecord(suite: Suite, key: SigningKey, init: KeyRecordInit): KeyRecord {
  const kind = init.body.kind
  const body = (schemas[kind] as Schema<unknown>).write(init.body)
  const bytes = recordTuple.sign(suite, key, {
    version: 1,
    suite: 1,
    server: init.server,
    kind: KeyRecordKind[kind],
    device: idFromBytes('d', key.publicKey),
    frontier: init.frontier,
    body
  })
  const read = readKeyRecord(suite, bytes)
  if (!read.ok) throw new RangeError(read.reason)
  return read.value
}

/** A peer's record: form and id. Its signature is not checked here. */
export function readKeyRecord(suite: Suite, input: Uint8Array): Verdict<KeyRecord> {
  const read = recordTuple.read(suite, input)
  if (!read.ok)
    return versionFault(input) ? refuse('EN15', 'a key record of a newer version: newer client needed') : read
  const { value, idBytes, signed, signature } = read.value
  const body = readBodyOf(value.kind, value.body)
  if (!body.ok) return body
  if (value.frontier.length === 0) return refuse('EK1', 'names no frontier')
  return accept({
    id: idFromBytes('k', idBytes),
    server: value.server,
    device: value.device,
    frontier: value.frontier,
    body: body.value,
    signed,
    signature,
    bytes: input
  })
}

/** Whether the bytes open like a record of another version or suite, to say so clearly. */
function versionFault(input: Uint8Array): boolean {
  return input[0] === 0x88 && (input[1] !== 1 || input[2] !== 1)
}

function readBodyOf(kind: number, value: CborValue): Verdict<KeyRecordBody> {
  const name = kinds.find(each => KeyRecordKind[each] === kind)
  if (name === undefined) return refuse('EN15', `key record kind ${kind}: newer client needed`)
  const read = readSchema(schemas[name] as Schema<object>, value, 'EK1')
  return read.ok ? accept({ kind: name, ...read.value } as KeyRecordBody) : read
}

/** Whether the device named in the record signed it. */
export function verifyKeyRecord(suite: Suite, record: KeyRecord): boolean {
  return recordTuple.verify(suite, idToBytes(record.device), record as unknown as ReadTuple<never>)
}
