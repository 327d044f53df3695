/** ID6: the device certificate, and the proofs that carry one entry of a log to who does not hold it (ID9). */
import {
  accept,
  CERTIFICATE_BYTES_MAX,
  type DeviceId,
  idFromBytes,
  type IdentityEntryId,
  idToBytes,
  refuse,
  type RuleId,
  type UserId,
  type Verdict
} from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { array, bytes, codec, equalBytes, literal, nullable, tuple, uint } from '../encoding/index.ts'
import {
  CAPABILITY_MANAGE,
  type Credential,
  type Genesis,
  type IdentityEntry,
  type IdentityLog,
  type Revocation
} from './contract.ts'
import { ENTRY_BYTES_MAX, readEntry } from './entry.ts'
import { readGenesis, type ReadOptions } from './genesis.ts'
import { DEVICE_DEPTH_MAX } from './log.ts'

/** One entry with the path to its signer. */
export const IDENTITY_PROOF_BYTES_MAX = 8_192
const GENERATION_MAX = 0xffff_ffff

const genesisBytes = bytes(1, 128)

const credentialCodec = codec(
  tuple({
    version: literal(1),
    genesis: genesisBytes,
    path: array(bytes(1, CERTIFICATE_BYTES_MAX), DEVICE_DEPTH_MAX, 1),
    head: bytes(32),
    userKey: nullable(tuple({ generation: uint(GENERATION_MAX, 1), boxPublicKey: bytes(32) }))
  }),
  { rule: 'ID6', maxBytes: CERTIFICATE_BYTES_MAX, maxDepth: 2 }
)

const proofCodec = codec(
  tuple({
    version: literal(1),
    genesis: genesisBytes,
    path: array(bytes(1, CERTIFICATE_BYTES_MAX), DEVICE_DEPTH_MAX),
    entry: bytes(1, ENTRY_BYTES_MAX)
  }),
  { rule: 'ID9', maxBytes: IDENTITY_PROOF_BYTES_MAX, maxDepth: 2 }
)

/** Genesis and path, verified: who may sign next. */
interface VerifiedPath {
  readonly genesis: Genesis
  readonly path: readonly IdentityEntry[]
  readonly signer: Uint8Array
  readonly manage: boolean
  readonly lamport: number
}

/** Walks from the root down: each enrolment signed by the one above, which may manage. */
function verifyPath(
  suite: Suite,
  genesisEncoded: Uint8Array,
  encoded: readonly Uint8Array[],
  rule: RuleId,
  options: ReadOptions
): Verdict<VerifiedPath> {
  const genesis = readGenesis(suite, genesisEncoded, options)
  if (!genesis.ok) return genesis
  const path: IdentityEntry[] = []
  let above: Omit<VerifiedPath, 'genesis' | 'path'> = {
    signer: genesis.value.rootPublicKey,
    manage: true,
    lamport: 0
  }
  for (const each of encoded) {
    const entry = readEntry(suite, each, options)
    if (!entry.ok) return entry
    const { body, lamport, signer, user } = entry.value
    if (body.kind !== 'addDevice') return refuse(rule, 'the path holds something else than enrolments')
    if (user !== genesis.value.user) return refuse(rule, 'the path is of another identity')
    if (!above.manage || !equalBytes(signer, above.signer))
      return refuse(rule, 'the path is broken: an enrolment is not signed by a managing device above it')
    if (lamport <= above.lamport) return refuse(rule, 'the path runs backwards')
    path.push(entry.value)
    above = { signer: idToBytes(body.device), manage: (body.caps & CAPABILITY_MANAGE) !== 0, lamport }
  }
  return accept({ genesis: genesis.value, path, ...above })
}

/**
 * Makes a device's certificate: genesis, shortest path, newest head, newest user key.
 *
 * @throws RangeError if the device is not enrolled: the caller's mistake.
 */
export function createCredential(log: IdentityLog, device: DeviceId): Uint8Array {
  const path = log.pathTo(device)
  if (path === undefined) throw new RangeError('a certificate needs a device that the log enrolled')
  const { userKey } = log.state()
  return credentialCodec.encode({
    version: 1,
    genesis: log.genesis.bytes,
    path: path.map(entry => entry.bytes),
    head: idToBytes(log.head()),
    userKey:
      userKey === undefined ? null : { generation: userKey.generation, boxPublicKey: userKey.boxPublicKey }
  })
}

/** What a verifier already knows. */
export interface ExpectedDevice extends ReadOptions {
  readonly user?: UserId
  readonly device?: DeviceId
  /** The account's log as far as known: a revocation in it refuses the certificate. */
  readonly log?: IdentityLog
}

/** Verifies a certificate (ID6). */
export function verifyCredential(
  suite: Suite,
  encoded: Uint8Array,
  expected: ExpectedDevice = {}
): Verdict<Credential> {
  const decoded = credentialCodec.decode(encoded)
  if (!decoded.ok) return decoded
  const verified = verifyPath(suite, decoded.value.genesis, decoded.value.path, 'ID6', expected)
  if (!verified.ok) return verified
  const { genesis, path, manage } = verified.value
  const leaf = path.at(-1)?.body
  if (leaf?.kind !== 'addDevice') return refuse('ID6', 'the path enrols no device')
  if (expected.user !== undefined && expected.user !== genesis.user)
    return refuse('ID6', 'the certificate is of another user')
  if (expected.device !== undefined && expected.device !== leaf.device)
    return refuse('ID6', 'the certificate is of another device')
  if (expected.log?.user === genesis.user) {
    const state = expected.log.state()
    if (state.isRevoked(leaf.device)) return refuse('ID6', 'the device is revoked')
    if (path.some(({ id }) => state.standing(id) === 'voided'))
      return refuse('ID6', 'an enrolment of the path is voided')
  }
  const { head, userKey } = decoded.value
  return accept({
    user: genesis.user,
    device: leaf.device,
    deviceBoxPublicKey: leaf.boxPublicKey,
    genesis,
    path,
    manage,
    head: idFromBytes('n', head),
    ...(userKey === null ? {} : { userKey }),
    bytes: encoded
  })
}

/**
 * Makes the proof of one entry: genesis, path to its signer, the entry. Body of device.revoke and identity.entry.
 *
 * @throws RangeError if the log does not hold the entry, or its signer has no standing path.
 */
export function createIdentityProof(log: IdentityLog, id: IdentityEntryId): Uint8Array {
  const entry = log.get(id)
  if (entry === undefined) throw new RangeError('the log does not hold the entry to prove')
  const path = equalBytes(entry.signer, log.genesis.rootPublicKey)
    ? []
    : log.pathTo(idFromBytes('d', entry.signer))
  if (path === undefined) throw new RangeError('the signer of the entry is not enrolled')
  return proofCodec.encode({
    version: 1,
    genesis: log.genesis.bytes,
    path: path.map(each => each.bytes),
    entry: entry.bytes
  })
}

/**
 * Verifies one entry of an identity log that is not held here: form, signature, and that the root or a device
 * enrolled to manage signed it. What the log's other entries make of it, only the log says.
 */
export function verifyIdentityEntry(
  suite: Suite,
  encoded: Uint8Array,
  expected: ReadOptions & { readonly user?: UserId } = {}
): Verdict<IdentityEntry> {
  const decoded = proofCodec.decode(encoded)
  if (!decoded.ok) return decoded
  const verified = verifyPath(suite, decoded.value.genesis, decoded.value.path, 'ID9', expected)
  if (!verified.ok) return verified
  const { genesis, path, signer, manage, lamport } = verified.value
  const entry = readEntry(suite, decoded.value.entry, expected)
  if (!entry.ok) return entry
  if (entry.value.user !== genesis.user) return refuse('ID9', 'the entry is of another identity')
  if (expected.user !== undefined && expected.user !== genesis.user)
    return refuse('ID9', 'the entry is of another user')
  if (!manage || !equalBytes(entry.value.signer, signer))
    return refuse('ID5', 'the signer is neither the root nor a device that may manage')
  if (entry.value.lamport <= lamport) return refuse('ID9', 'the entry is older than its signer')
  const { kind } = entry.value.body
  if ((kind === 'revokeAll' || kind === 'moved') && path.length > 0)
    return refuse('ID5', `${kind} is the root's alone`)
  return entry
}

/**
 * Bytes of the entries that a certificate or a proof carries, earlier ones first; none of bytes that are neither.
 * Nothing is verified: that is the log's matter, which they are offered to.
 */
export function carriedEntries(encoded: Uint8Array): readonly Uint8Array[] {
  const proof = proofCodec.decode(encoded)
  if (proof.ok) return [...proof.value.path, proof.value.entry]
  const credential = credentialCodec.decode(encoded)
  return credential.ok ? credential.value.path : []
}

/** As `createIdentityProof`, of the revocation that turned a device off; undefined where none stands. */
export function createRevocation(log: IdentityLog, device: DeviceId): Uint8Array | undefined {
  const revoked =
    log.state().device(device)?.revokedBy[0] ??
    log
      .entries()
      .find(
        ({ id, body }) =>
          body.kind === 'revokeDevice' && body.device === device && log.state().standing(id) === 'effective'
      )?.id
  return revoked === undefined ? undefined : createIdentityProof(log, revoked)
}

/** Verifies the body of device.revoke: a revocation of this device, or of all (ID9). */
export function verifyRevocation(
  suite: Suite,
  encoded: Uint8Array,
  expected: ReadOptions & { readonly user?: UserId; readonly device?: DeviceId } = {}
): Verdict<Revocation> {
  const entry = verifyIdentityEntry(suite, encoded, expected)
  if (!entry.ok) return entry
  const { body, user } = entry.value
  if (body.kind !== 'revokeDevice' && body.kind !== 'revokeAll')
    return refuse('ID9', 'the entry revokes nothing')
  const target = body.kind === 'revokeAll' ? 'all' : body.device
  if (expected.device !== undefined && target !== 'all' && target !== expected.device)
    return refuse('ID9', 'the entry revokes another device')
  return accept({ user, target, entry: entry.value })
}
