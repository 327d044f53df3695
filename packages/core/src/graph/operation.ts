/**
 * The signed operation on the wire (AU1–AU4): `[payload, sig]`, and everything that can be checked
 * without knowing another operation. What it means is authority's.
 */
import {
  accept,
  CBOR_BYTES_MAX,
  type DeviceId,
  GATHER_CITES_MAX,
  idAs,
  idFromBytes,
  idToBytes,
  OPERATION_BYTES_MAX,
  OPERATION_CITES_MAX,
  OPERATION_DEPTH_MAX,
  type OperationId,
  refuse,
  type Refusal,
  type ServerId,
  type Verdict
} from '../base/index.ts'
import { signDigest, type SigningKey, type Suite, verifyDigest } from '../crypto/index.ts'
import {
  array,
  bytes,
  type CborValue,
  codec,
  compareBytes,
  encodeCbor,
  literal,
  mapped,
  nullable,
  anything,
  type Schema,
  tuple,
  uint
} from '../encoding/index.ts'
import type { CutRow, Operation } from './contract.ts'

/** Kind of the operation that founds a server (AU12). */
export const GENESIS_KIND = 0
/** Kind that takes many leaves into one past (AU8). */
export const GATHER_KIND = 9
/** Kinds that may carry cut rows (AU1, field 11): device.revoke, kick, ban, timeout, seal, unassign. */
export const CUT_KINDS: ReadonlySet<number> = new Set([5, 20, 21, 23, 24, 37])
/** Rows of one cut (AU1). */
export const CUT_ROWS_MAX = 64

/** All that an author chooses; id and bytes follow. `server` is null in the genesis, whose id becomes it. */
export interface OperationFields extends Omit<Operation, 'id' | 'bytes' | 'server'> {
  readonly server: ServerId | null
}

const ZERO_SERVER = new Uint8Array(32)

const operationId: Schema<OperationId> = mapped(
  bytes(32),
  'an operation id',
  raw => idFromBytes('o', raw),
  idToBytes
)
const deviceId: Schema<DeviceId> = mapped(bytes(32), 'a device key', raw => idFromBytes('d', raw), idToBytes)

const cutRow: Schema<CutRow> = tuple({
  device: deviceId,
  seq: nullable(uint()),
  operation: nullable(operationId),
  contentSeq: nullable(uint()),
  envelope: nullable(bytes(32))
})

const payloadSchema = tuple({
  version: literal(1),
  server: bytes(32),
  kind: uint(0xffff),
  device: deviceId,
  seq: uint(),
  prev: nullable(operationId),
  parents: array(operationId, OPERATION_CITES_MAX),
  refs: array(operationId, GATHER_CITES_MAX),
  lamport: uint(),
  at: uint(),
  body: mapped(
    anything,
    'an array',
    value => (Array.isArray(value) ? (value as readonly CborValue[]) : undefined),
    value => value
  ),
  cut: nullable(array(cutRow, CUT_ROWS_MAX, 1))
})

const payloadCodec = codec(payloadSchema, {
  rule: 'AU3',
  maxBytes: OPERATION_BYTES_MAX,
  maxDepth: OPERATION_DEPTH_MAX
})
const wireSchema = tuple({ payload: bytes(0, CBOR_BYTES_MAX), sig: bytes(64) })
/** Payload and signature with their CBOR heads: nothing larger can be an operation. */
const WIRE_BYTES_MAX = OPERATION_BYTES_MAX + 80
const wireCodec = codec(wireSchema, { rule: 'AU1', maxBytes: WIRE_BYTES_MAX, maxDepth: 1 })

/** Strictly ascending: sorted and without repetition. */
function isAscending(ids: readonly string[]): boolean {
  for (let i = 1; i < ids.length; i++) if ((ids[i - 1] as string) >= (ids[i] as string)) return false
  return true
}

function isZero(raw: Uint8Array): boolean {
  return compareBytes(raw, ZERO_SERVER) === 0
}

type Payload = Omit<OperationFields, 'server'> & { readonly server: Uint8Array }

/** Rules of AU1 that one operation shows by itself; undefined where all hold. */
function structureFault(op: Payload): Refusal | undefined {
  const genesis = op.kind === GENESIS_KIND
  if (genesis !== isZero(op.server)) return refuse('AU1', 'only the genesis names the zero server')
  if ((op.seq === 0) !== (op.prev === null)) return refuse('AU1', 'prev is null exactly at seq 0')
  if (genesis && (op.seq !== 0 || op.parents.length > 0 || op.refs.length > 0 || op.lamport !== 0)) {
    return refuse('AU1', 'a genesis has no past')
  }
  if (!genesis && op.parents.length === 0) return refuse('AU1', 'only the genesis has no parents')
  if (!genesis && op.lamport === 0) return refuse('AU1', 'only the genesis has lamport 0')
  if (op.kind !== GATHER_KIND && op.refs.length > OPERATION_CITES_MAX) {
    return refuse('AU1', `${op.refs.length} refs; at most ${OPERATION_CITES_MAX} outside gather`)
  }
  if (!isAscending(op.parents) || !isAscending(op.refs))
    return refuse('AU1', 'parents or refs are not sorted')
  return cutFault(op)
}

function cutFault(op: Payload): Refusal | undefined {
  if (op.cut === null) return undefined
  if (!CUT_KINDS.has(op.kind)) return refuse('AU1', `kind ${op.kind} carries no cut`)
  if (!isAscending(op.cut.map(row => row.device))) return refuse('AU1', 'cut rows are not sorted by device')
  for (const row of op.cut) {
    if ((row.seq === null) !== (row.operation === null))
      return refuse('AU1', 'a cut row names seq and hash together')
    if ((row.contentSeq === null) !== (row.envelope === null))
      return refuse('AU1', 'a cut row names cseq and chash together')
  }
  return undefined
}

/**
 * Reads an operation: bounds, canonical form, schema, structure, then the signature (AU1–AU4).
 *
 * @param options.trusted - Skips the signature: only for bytes from our own store, which were checked once.
 * @returns The operation, or the first rule it breaks. Never throws on a peer's bytes.
 */
export function decodeOperation(
  suite: Suite,
  wire: Uint8Array,
  options: { readonly trusted?: boolean } = {}
): Verdict<Operation> {
  if (wire.length > WIRE_BYTES_MAX) return refuse('AU4', `${wire.length} bytes; at most ${WIRE_BYTES_MAX}`)
  const outer = wireCodec.decode(wire)
  if (!outer.ok) return outer
  const { payload, sig } = outer.value
  if (payload.length > OPERATION_BYTES_MAX)
    return refuse('AU4', `${payload.length} bytes; at most ${OPERATION_BYTES_MAX}`)
  const decoded = payloadCodec.decode(payload)
  if (!decoded.ok) return decoded
  const fields: Payload = decoded.value
  const fault = structureFault(fields)
  if (fault !== undefined) return fault
  const digest = suite.sha256(payload)
  if (options.trusted !== true && !verifyDigest(suite, idToBytes(fields.device), 'op', digest, sig)) {
    return refuse('AU2', "the signature is not the device's")
  }
  return accept(assemble(fields, idFromBytes('o', digest), wire))
}

function assemble(fields: Payload, id: OperationId, wire: Uint8Array): Operation {
  const server = fields.kind === GENESIS_KIND ? idAs('s', id) : idFromBytes('s', fields.server)
  return {
    id,
    server,
    kind: fields.kind,
    device: fields.device,
    seq: fields.seq,
    prev: fields.prev,
    parents: fields.parents,
    refs: fields.refs,
    lamport: fields.lamport,
    at: fields.at,
    body: fields.body,
    cut: fields.cut,
    bytes: wire
  }
}

/**
 * Encodes and signs an operation.
 *
 * Parents, refs and cut rows may come in any order; they are written sorted.
 *
 * @throws RangeError or TypeError for fields that AU1–AU4 forbid: our caller's mistake.
 */
export function signOperation(suite: Suite, key: SigningKey, fields: OperationFields): Operation {
  const payload: Payload = {
    ...fields,
    server: fields.server === null || fields.kind === GENESIS_KIND ? ZERO_SERVER : idToBytes(fields.server),
    parents: [...fields.parents].sort(),
    refs: [...fields.refs].sort(),
    cut: fields.cut === null ? null : [...fields.cut].sort((a, b) => (a.device < b.device ? -1 : 1))
  }
  const fault = structureFault(payload)
  if (fault !== undefined) throw new RangeError(`${fault.rule}: ${fault.reason}`)
  if (fields.device !== idFromBytes('d', key.publicKey)) throw new TypeError("the key is not the device's")
  const encoded = payloadCodec.encode({ version: 1, ...payload })
  const digest = suite.sha256(encoded)
  const wire = encodeCbor([encoded, signDigest(key, 'op', digest)])
  return assemble(payload, idFromBytes('o', digest), wire)
}
