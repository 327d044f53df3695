/** ID4: bytes of one identity log entry, its form and its signatures. Its place is the log's matter. */
import {
  accept,
  type DeviceId,
  idFromBytes,
  type IdentityEntryId,
  idToBytes,
  refuse,
  type UserId,
  type Verdict
} from '../base/index.ts'
import {
  BOX_BYTES,
  readBoxes,
  signBytes,
  type SigningKey,
  type Suite,
  verifyBytes,
  verifyDigest,
  signDigest
} from '../crypto/index.ts'
import {
  anything,
  array,
  bytes,
  type CborValue,
  compareBytes,
  decodeCbor,
  encodeCbor,
  mapped,
  nullable,
  readSchema,
  type Schema,
  tuple,
  uint
} from '../encoding/index.ts'
import { type IdentityBody, type IdentityEntry, IdentityKind } from './contract.ts'
import { readGenesis, type ReadOptions } from './genesis.ts'

/** Devices that one user key is sealed to, and so that one account may have at a time. */
export const DEVICES_MAX = 64
/** A device's sealed name: generation(4) ‖ nonce(24) ‖ at most 48 bytes ‖ tag(16). */
export const DEVICE_NAME_BYTES_MAX = 48
/** Earlier entries that one entry names. */
export const ENTRY_PARENTS_MAX = 16
/** The largest is a user key sealed to every device and the recovery box. */
export const ENTRY_BYTES_MAX = 6_144
const NAME_OVERHEAD_BYTES = 44
const BACK_BYTES = 48
const GENERATION_MAX = 0xffff_ffff
const CAPS_MAX = 0xffff
const DEPTH_MAX = 3
const SIGNATURE_BYTES = 64
const BODY_ITEMS_MAX = 16

const deviceId: Schema<DeviceId> = mapped(
  bytes(32),
  'a device',
  raw => idFromBytes('d', raw),
  id => idToBytes(id)
)
const entryId: Schema<IdentityEntryId> = mapped(
  bytes(32),
  'an entry id',
  raw => idFromBytes('n', raw),
  id => idToBytes(id)
)

/** The body of each kind, in the order of its fields. */
const BODIES = {
  addDevice: tuple({
    device: deviceId,
    boxPublicKey: bytes(32),
    caps: uint(CAPS_MAX),
    name: nullable(bytes(NAME_OVERHEAD_BYTES, NAME_OVERHEAD_BYTES + DEVICE_NAME_BYTES_MAX)),
    proof: bytes(SIGNATURE_BYTES)
  }),
  revokeDevice: tuple({ device: deviceId }),
  revokeAll: tuple({}),
  userKey: tuple({
    generation: uint(GENERATION_MAX, 1),
    keyId: bytes(16),
    boxPublicKey: bytes(32),
    boxes: bytes(32, 32 + BOX_BYTES * (DEVICES_MAX + 1)),
    back: nullable(bytes(BACK_BYTES))
  }),
  moved: tuple({ successor: bytes(1, 128), proof: bytes(SIGNATURE_BYTES) })
} as const

const KIND_NAMES = Object.fromEntries(
  Object.entries(IdentityKind).map(([name, number]) => [number, name])
) as Record<number, keyof typeof IdentityKind>

const frame = tuple({
  version: uint(),
  user: mapped(
    bytes(32),
    'a user',
    raw => idFromBytes('u', raw),
    (id: UserId) => idToBytes(id)
  ),
  kind: uint(255),
  signer: bytes(32),
  parents: array(entryId, ENTRY_PARENTS_MAX, 1),
  lamport: uint(),
  body: array(anything, BODY_ITEMS_MAX),
  signature: bytes(SIGNATURE_BYTES)
})

/** The genesis' place among entry ids. */
export function genesisEntryId(user: UserId): IdentityEntryId {
  return idFromBytes('n', idToBytes(user))
}

/** What the new device signs (`enrol`): that it is this account's, with this box key and these capabilities. */
function enrolmentBytes(user: UserId, device: DeviceId, boxPublicKey: Uint8Array, caps: number): Uint8Array {
  return encodeCbor([idToBytes(user), idToBytes(device), boxPublicKey, caps])
}

/** The new device's consent to an addDevice. */
export function proveEnrolment(
  suite: Suite,
  key: SigningKey,
  user: UserId,
  boxPublicKey: Uint8Array,
  caps: number
): Uint8Array {
  return signBytes(
    suite,
    key,
    'enrol',
    enrolmentBytes(user, idFromBytes('d', key.publicKey), boxPublicKey, caps)
  )
}

/** What the successor's root signs: a text first, so that it is no entry. */
function succession(user: UserId, successor: UserId): Uint8Array {
  return encodeCbor(['moved', idToBytes(user), idToBytes(successor)])
}

/** The successor root's consent to a `moved` (ID12). */
export function proveSuccession(
  suite: Suite,
  successorRoot: SigningKey,
  user: UserId,
  successor: UserId
): Uint8Array {
  return signBytes(suite, successorRoot, 'id', succession(user, successor))
}

/** Fields an author gives; the signature follows. */
export interface EntryDraft {
  readonly user: UserId
  readonly parents: readonly IdentityEntryId[]
  readonly lamport: number
  readonly body: IdentityBody
}

/** Encodes and signs an entry. Parents are sorted here. */
export function signEntry(suite: Suite, key: SigningKey, draft: EntryDraft): Uint8Array {
  const schema = BODIES[draft.body.kind] as Schema<IdentityBody>
  const parents = draft.parents.map(idToBytes).sort(compareBytes)
  const fields: CborValue[] = [
    1,
    idToBytes(draft.user),
    IdentityKind[draft.body.kind],
    key.publicKey,
    parents,
    draft.lamport,
    schema.write(draft.body)
  ]
  const signature = signDigest(key, 'id', suite.sha256(encodeCbor(fields)))
  return encodeCbor([...fields, signature])
}

/** Checks that need the body alone. */
function checkBody(suite: Suite, user: UserId, body: IdentityBody): Verdict<IdentityBody> {
  if (body.kind === 'addDevice') {
    const device = idToBytes(body.device)
    if (!suite.isEnrollable(device)) return refuse('CR5', 'the new device key is not a usable Ed25519 key')
    if (
      !verifyBytes(
        suite,
        device,
        'enrol',
        enrolmentBytes(user, body.device, body.boxPublicKey, body.caps),
        body.proof
      )
    ) {
      return refuse('ID4', 'the new device did not consent to this enrolment')
    }
  }
  if (body.kind === 'userKey' && readBoxes(body.boxes, DEVICES_MAX + 1) === undefined) {
    return refuse('EK3', 'the boxes of the user key are not whole, sorted and unlike')
  }
  if (body.kind === 'moved') {
    const successor = readGenesis(suite, body.successor)
    if (!successor.ok) return successor
    if (successor.value.user === user) return refuse('ID12', 'an identity cannot be its own successor')
    if (
      !verifyBytes(
        suite,
        successor.value.rootPublicKey,
        'id',
        succession(user, successor.value.user),
        body.proof
      )
    ) {
      return refuse('ID12', 'the successor did not consent')
    }
  }
  return accept(body)
}

/**
 * Decodes an entry and checks all that needs no log: form, key rules, the signer's signature and the
 * consents inside. Whether the signer may sign is the log's to say.
 */
export function readEntry(
  suite: Suite,
  encoded: Uint8Array,
  { trusted = false }: ReadOptions = {}
): Verdict<IdentityEntry> {
  const decoded = decodeCbor(encoded, { rule: 'ID4', maxBytes: ENTRY_BYTES_MAX, maxDepth: DEPTH_MAX })
  if (!decoded.ok) return decoded
  const read = readSchema(frame, decoded.value, 'ID4')
  if (!read.ok) return read
  const { version, user, kind, signer, parents, lamport, signature } = read.value
  if (version !== 1) return refuse('ID4', `entry version ${version}; a newer client is needed`)
  const name = KIND_NAMES[kind]
  if (name === undefined || name === 'genesis') return refuse('ID4', `entry kind ${kind} is unknown`)
  for (let at = 1; at < parents.length; at++) {
    if ((parents[at - 1] as string) >= (parents[at] as string))
      return refuse('ID4', 'parents are not in ascending order')
  }
  const fields = readSchema(BODIES[name] as Schema<object>, read.value.body, 'ID4')
  if (!fields.ok) return fields
  const digest = suite.sha256(encodeCbor((decoded.value as CborValue[]).slice(0, -1)))
  if (!trusted && !verifyDigest(suite, signer, 'id', digest, signature))
    return refuse('ID4', 'the signature does not fit')
  const body = { kind: name, ...fields.value } as IdentityBody
  const checked = trusted ? accept(body) : checkBody(suite, user, body)
  if (!checked.ok) return checked
  return accept({
    id: idFromBytes('n', digest),
    user,
    signer,
    parents,
    lamport,
    body,
    bytes: encoded
  })
}
