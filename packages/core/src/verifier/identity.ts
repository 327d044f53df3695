/** Whose a device is: identity's certificates and proofs (ID2, ID4, ID6, ID9), read from the page. */
import { idFromBytes } from '../base/index.ts'
import { labelledHash, readBoxes, type Suite, verifyBytes, verifyDigest } from '../crypto/index.ts'
import {
  anything,
  array,
  bytes,
  type CborValue,
  compareBytes,
  decodeCbor,
  encodeCbor,
  equalBytes,
  literal,
  nullable,
  readSchema,
  type Schema,
  tuple,
  uint
} from '../encoding/index.ts'

/** What operations carry of identities, and who it is about. undefined for what does not hold. */
export interface IdentityReader {
  certificate(bytes: Uint8Array): { readonly user: string; readonly device: string } | undefined
  /** A revocation's target is a device or all. */
  revocation(bytes: Uint8Array): { readonly user: string; readonly target: string } | undefined
  entry(bytes: Uint8Array):
    | {
        readonly user: string
        readonly key?: { readonly generation: number; readonly box: Uint8Array }
        readonly moved?: string
      }
    | undefined
  /** The root key of an identity's genesis (ID2). */
  genesis(bytes: Uint8Array): { readonly user: string; readonly root: Uint8Array } | undefined
}

const BOXES_MAX = 65
const generation = uint(0xffff_ffff, 1)
const genesisSchema = tuple({
  version: literal(1),
  suite: literal(1),
  root: bytes(32),
  recovery: bytes(32),
  further: array(anything, 0)
})
const path = array(bytes(1, 2_048), 4, 0)
const certificateSchema = tuple({
  version: literal(1),
  genesis: bytes(1, 128),
  path,
  head: bytes(32),
  key: nullable(tuple({ generation, box: bytes(32) }))
})
const proofSchema = tuple({ version: literal(1), genesis: bytes(1, 128), path, entry: bytes(1, 6_144) })
const entrySchema = tuple({
  version: literal(1),
  user: bytes(32),
  kind: uint(255),
  signer: bytes(32),
  parents: array(bytes(32), 16, 1),
  lamport: uint(),
  body: array(anything, 16),
  signature: bytes(64)
})
/** Bodies by kind: 1 addDevice, 2 revokeDevice, 3 revokeAll, 4 userKey, 5 moved. */
const BODIES = {
  1: tuple({
    device: bytes(32),
    box: bytes(32),
    caps: uint(0xffff),
    name: nullable(bytes(44, 92)),
    proof: bytes(64)
  }),
  2: tuple({ device: bytes(32) }),
  3: tuple({}),
  4: tuple({
    generation,
    keyId: bytes(16),
    box: bytes(32),
    boxes: bytes(32, 32 + 64 * BOXES_MAX),
    back: nullable(bytes(48))
  }),
  5: tuple({ successor: bytes(1, 128), proof: bytes(64) })
} as const
const [ADD, REVOKE, REVOKE_ALL, KEY, MOVED] = [1, 2, 3, 4, 5] as const
const MANAGE = 1

type Of<K extends keyof typeof BODIES> = ReturnType<(typeof BODIES)[K]['read']>
interface Entry {
  readonly user: Uint8Array
  readonly kind: number
  readonly signer: Uint8Array
  readonly lamport: number
  readonly body: unknown
}
interface Path {
  readonly user: Uint8Array
  readonly root: Uint8Array
  readonly signer: Uint8Array
  readonly manages: boolean
  readonly lamport: number
  readonly length: number
}

function decode<T>(schema: Schema<T>, raw: Uint8Array, maxBytes: number): T | undefined {
  const value = decodeCbor(raw, { maxBytes, maxDepth: 3 })
  const read = value.ok ? readSchema(schema, value.value, 'ID4') : value
  return read.ok ? read.value : undefined
}

/** Reads identities by real signatures. */
export function identityReader(suite: Suite): IdentityReader {
  const proofs = new Proofs(suite)
  const user = (raw: Uint8Array): string => idFromBytes('u', raw)
  return {
    certificate: raw => {
      const read = decode(certificateSchema, raw, 2_048)
      const at = read === undefined ? undefined : proofs.walk(read.genesis, read.path)
      return at === undefined || at.length === 0
        ? undefined
        : { user: user(at.user), device: idFromBytes('d', at.signer) }
    },
    revocation: raw => {
      const entry = proofs.proven(raw)
      if (entry?.kind === REVOKE_ALL) return { user: user(entry.user), target: 'all' }
      if (entry?.kind !== REVOKE) return undefined
      return { user: user(entry.user), target: idFromBytes('d', (entry.body as Of<2>).device) }
    },
    entry: raw => {
      const entry = proofs.proven(raw)
      if (entry?.kind === KEY) {
        const { generation: number, box } = entry.body as Of<4>
        return { user: user(entry.user), key: { generation: number, box } }
      }
      const next = entry?.kind === MOVED ? proofs.genesis((entry.body as Of<5>).successor) : undefined
      return entry === undefined || next === undefined
        ? undefined
        : { user: user(entry.user), moved: user(next.user) }
    },
    genesis: raw => {
      const read = proofs.genesis(raw)
      return read === undefined ? undefined : { user: user(read.user), root: read.root }
    }
  }
}

/** Entries of identity logs with the ways to their signers. */
class Proofs {
  readonly #suite: Suite

  constructor(suite: Suite) {
    this.#suite = suite
  }

  genesis(raw: Uint8Array): { readonly user: Uint8Array; readonly root: Uint8Array } | undefined {
    const read = decode(genesisSchema, raw, 128)
    if (read === undefined || !this.#suite.isEnrollable(read.root)) return undefined
    return { user: labelledHash(this.#suite, 'user', raw), root: read.root }
  }

  /** One entry: form, signature, and the consents inside (ID4). */
  #entry(raw: Uint8Array): Entry | undefined {
    const value = decodeCbor(raw, { maxBytes: 6_144, maxDepth: 3 })
    if (!value.ok) return undefined
    const read = readSchema(entrySchema, value.value, 'ID4')
    if (!read.ok || !(read.value.kind in BODIES)) return undefined
    const { kind, user, signer, parents, lamport, signature } = read.value
    const isAscending = parents.every(
      (each, at) => at === 0 || compareBytes(parents[at - 1] as Uint8Array, each) < 0
    )
    const digest = this.#suite.sha256(encodeCbor((value.value as CborValue[]).slice(0, -1)))
    if (!isAscending || !verifyDigest(this.#suite, signer, 'id', digest, signature)) return undefined
    const schema = BODIES[kind as keyof typeof BODIES] as Schema<unknown>
    const body = readSchema(schema, read.value.body as CborValue, 'ID4')
    if (!body.ok || !this.#consents(kind, user, body.value)) return undefined
    return { user, kind, signer, lamport, body: body.value }
  }

  #consents(kind: number, user: Uint8Array, body: unknown): boolean {
    const suite = this.#suite
    if (kind === ADD) {
      const { device, box, caps, proof } = body as Of<1>
      const claim = encodeCbor([user, device, box, caps])
      return suite.isEnrollable(device) && verifyBytes(suite, device, 'enrol', claim, proof)
    }
    if (kind === KEY) return readBoxes((body as Of<4>).boxes, BOXES_MAX) !== undefined
    if (kind !== MOVED) return true
    const { successor, proof } = body as Of<5>
    const next = this.genesis(successor)
    if (next === undefined || equalBytes(next.user, user)) return false
    return verifyBytes(suite, next.root, 'id', encodeCbor(['moved', user, next.user]), proof)
  }

  /** From the root down: each enrolment signed by the one above, which may manage (ID6). */
  walk(raw: Uint8Array, enrolments: readonly Uint8Array[]): Path | undefined {
    const genesis = this.genesis(raw)
    if (genesis === undefined) return undefined
    let at: Path = { ...genesis, signer: genesis.root, manages: true, lamport: 0, length: 0 }
    for (const each of enrolments) {
      const entry = this.#entry(each)
      if (entry === undefined || entry.kind !== ADD || !equalBytes(entry.user, at.user)) return undefined
      if (!at.manages || !equalBytes(entry.signer, at.signer) || entry.lamport <= at.lamport) return undefined
      const { device, caps } = entry.body as Of<1>
      const manages = (caps & MANAGE) !== 0
      at = { ...at, signer: device, manages, lamport: entry.lamport, length: at.length + 1 }
    }
    return at
  }

  /** An entry with the way to its signer (ID9). */
  proven(raw: Uint8Array): Entry | undefined {
    const read = decode(proofSchema, raw, 8_192)
    const from = read === undefined ? undefined : this.walk(read.genesis, read.path)
    const entry = read === undefined || from === undefined ? undefined : this.#entry(read.entry)
    if (from === undefined || entry === undefined || !equalBytes(entry.user, from.user)) return undefined
    if (!from.manages || !equalBytes(entry.signer, from.signer) || entry.lamport <= from.lamport)
      return undefined
    return from.length > 0 && (entry.kind === REVOKE_ALL || entry.kind === MOVED) ? undefined : entry
  }
}
