/**
 * Frames of `/xcord/rendezvous/1` (NT10, NT42): one request and its answer after the other on one stream, each a
 * canonical tuple that opens with version and kind.
 */
import {
  PEER_RECORD_BYTES_MAX,
  RENDEZVOUS_ANSWER_MAX,
  RENDEZVOUS_KEY_BYTES,
  RENDEZVOUS_KEYS_MAX,
  RENDEZVOUS_TTL_MS,
  refuse,
  type Verdict
} from '../base/index.ts'
import {
  array,
  bytes,
  codec,
  decodeCbor,
  type Infer,
  literal,
  readSchema,
  tuple,
  uint
} from '../encoding/index.ts'
import type { ProtocolName } from './contract.ts'

/** Name of the protocol. */
export const RENDEZVOUS_PROTOCOL: ProtocolName = '/xcord/rendezvous/1'
/** Largest frame either way: an answer of 32 records of 1 KiB and their heads. */
export const RENDEZVOUS_FRAME_BYTES_MAX = 40_960
/** Requests on one stream; a client opens another for more. */
export const RENDEZVOUS_REQUESTS_MAX = 64
/** Silence on a stream before the node ends it, ms. */
export const RENDEZVOUS_IDLE_MS_MAX = 15_000

const keys = array(bytes(RENDEZVOUS_KEY_BYTES), RENDEZVOUS_KEYS_MAX, 1)
const record = bytes(1, PEER_RECORD_BYTES_MAX)
const VERSION = literal(1)

/** Why a node refused: numbers on the wire, unknown ones are legal. */
export const RENDEZVOUS_REFUSALS = { form: 1, record: 2, full: 3, busy: 4 } as const

const register = tuple({ version: VERSION, kind: literal(0), keys, record })
const unregister = tuple({ version: VERSION, kind: literal(1), keys })
const query = tuple({ version: VERSION, kind: literal(2), key: bytes(RENDEZVOUS_KEY_BYTES) })
const registered = tuple({ version: VERSION, kind: literal(16), ttlMs: uint(24 * RENDEZVOUS_TTL_MS) })
const unregistered = tuple({ version: VERSION, kind: literal(17) })
const found = tuple({ version: VERSION, kind: literal(18), records: array(record, RENDEZVOUS_ANSWER_MAX) })
const refused = tuple({ version: VERSION, kind: literal(31), reason: uint(255) })

/** What a client asks. */
export type RendezvousRequest = Infer<typeof register> | Infer<typeof unregister> | Infer<typeof query>
/** What a node answers. */
export type RendezvousAnswer =
  Infer<typeof registered> | Infer<typeof unregistered> | Infer<typeof found> | Infer<typeof refused>

const REQUESTS = { 0: register, 1: unregister, 2: query } as const
const ANSWERS = { 16: registered, 17: unregistered, 18: found, 31: refused } as const
const bounds = { rule: 'NT42', maxBytes: RENDEZVOUS_FRAME_BYTES_MAX } as const

function decodeByKind<T>(schemas: Readonly<Record<number, unknown>>, input: Uint8Array): Verdict<T> {
  const value = decodeCbor(input, { ...bounds, maxDepth: 3 })
  if (!value.ok) return value
  const kind = Array.isArray(value.value) ? (value.value as readonly unknown[])[1] : undefined
  const schema = typeof kind === 'number' && Object.hasOwn(schemas, kind) ? schemas[kind] : undefined
  if (schema === undefined) return refuse('NT42', 'a rendezvous frame of no known kind')
  return readSchema(schema as Parameters<typeof readSchema<T>>[0], value.value, 'NT42')
}

/** Bytes of a request. Throws RangeError for keys or records out of bounds: our caller's mistake. */
export function encodeRendezvousRequest(request: RendezvousRequest): Uint8Array {
  return codec(REQUESTS[request.kind] as typeof register, bounds).encode(request as Infer<typeof register>)
}

/** A client's bytes. */
export function decodeRendezvousRequest(input: Uint8Array): Verdict<RendezvousRequest> {
  return decodeByKind<RendezvousRequest>(REQUESTS, input)
}

/** Bytes of an answer. */
export function encodeRendezvousAnswer(answer: RendezvousAnswer): Uint8Array {
  return codec(ANSWERS[answer.kind] as typeof registered, bounds).encode(answer as Infer<typeof registered>)
}

/** A node's bytes. */
export function decodeRendezvousAnswer(input: Uint8Array): Verdict<RendezvousAnswer> {
  return decodeByKind<RendezvousAnswer>(ANSWERS, input)
}
