/** One signed operation as the verifier reads it: bytes, hash and signature (AU1–AU4), nothing of what it means. */
import { idAs, idFromBytes, idToBytes } from '../base/index.ts'
import { type Suite, verifyDigest } from '../crypto/index.ts'
import {
  anything,
  array,
  bytes,
  type CborValue,
  decodeCbor,
  type Infer,
  literal,
  mapped,
  nullable,
  readSchema,
  tuple,
  uint
} from '../encoding/index.ts'
import { type Body, KINDS, readBody } from './kinds.ts'

const PAYLOAD_BYTES_MAX = 16_384
const WIRE_BYTES_MAX = PAYLOAD_BYTES_MAX + 80
/** Kinds that may carry cut rows. */
const CUT_KINDS: readonly number[] = [5, 20, 21, 23, 24, 37]

const op = mapped(
  bytes(32),
  'an id',
  raw => idFromBytes('o', raw) as string,
  each => idToBytes(each as never)
)
const device = mapped(
  bytes(32),
  'a device',
  raw => idFromBytes('d', raw) as string,
  each => idToBytes(each as never)
)
const payloadSchema = tuple({
  version: literal(1),
  server: bytes(32),
  kind: uint(0xffff),
  device,
  seq: uint(),
  prev: nullable(op),
  par: array(op, 16),
  refs: array(op, 400),
  lam: uint(),
  ts: uint(),
  body: anything,
  cut: nullable(
    array(
      tuple({
        device,
        seq: nullable(uint()),
        op: nullable(op),
        cseq: nullable(uint()),
        last: nullable(bytes(32))
      }),
      64,
      1
    )
  )
})
const wireSchema = tuple({ payload: bytes(1, PAYLOAD_BYTES_MAX), signature: bytes(64) })

/** An operation whose bytes hold. */
export interface Op extends Omit<Infer<typeof payloadSchema>, 'body' | 'server'> {
  readonly id: string
  readonly server: string
  readonly what: Body
  /** The body as it is on the wire. */
  readonly raw: CborValue
  /** All that it cites. */
  readonly cites: readonly string[]
}

const ascending = (ids: readonly string[]): boolean =>
  ids.every((each, at) => at === 0 || (ids[at - 1] as string) < each)

/** Reads wire form: canonical, signed, well formed. undefined for anything else. */
export function readOp(suite: Suite, wire: Uint8Array): Op | undefined {
  const outer = decodeCbor(wire, { maxBytes: WIRE_BYTES_MAX, maxDepth: 1 })
  const parts = outer.ok ? readSchema(wireSchema, outer.value, 'AU1') : outer
  if (!parts.ok) return undefined
  const { payload, signature } = parts.value
  const inner = decodeCbor(payload, { maxBytes: PAYLOAD_BYTES_MAX, maxDepth: 6 })
  const read = inner.ok ? readSchema(payloadSchema, inner.value, 'AU3') : inner
  if (!read.ok) return undefined
  const fields = read.value
  const digest = suite.sha256(payload)
  if (!verifyDigest(suite, idToBytes(fields.device as never), 'op', digest, signature)) return undefined
  const what = readBody(fields.kind, fields.body)
  if (what === undefined || !isWellFormed(fields)) return undefined
  const id = idFromBytes('o', digest)
  return {
    ...fields,
    id,
    server: fields.kind === 0 ? idAs('s', id) : idFromBytes('s', fields.server),
    what,
    raw: fields.body,
    cites: [...fields.par, ...fields.refs, ...(fields.prev === null ? [] : [fields.prev])]
  }
}

/** AU1's rules that one operation shows by itself. */
function isWellFormed(op: Infer<typeof payloadSchema>): boolean {
  const genesis = op.kind === 0
  if (genesis !== op.server.every(byte => byte === 0) || (op.seq === 0) !== (op.prev === null)) return false
  if (genesis !== (op.par.length === 0) || genesis !== (op.lam === 0)) return false
  if (genesis && (op.seq !== 0 || op.refs.length > 0)) return false
  if (op.kind !== KINDS.gather[0] && op.refs.length > 16) return false
  if (!ascending(op.par) || !ascending(op.refs)) return false
  if (op.cut === null) return true
  return (
    CUT_KINDS.includes(op.kind) &&
    ascending(op.cut.map(row => row.device)) &&
    op.cut.every(
      row => (row.seq === null) === (row.op === null) && (row.cseq === null) === (row.last === null)
    )
  )
}

/** Whether an operation forms heads (AU8). */
export function isSpine(op: Op): boolean {
  return KINDS[op.what.name][1]
}
