/** AclHead (EN12): which gate is a server's, for nodes that read nothing. */
import { accept, refuse, type Verdict } from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import { array, bytes, compareBytes, equalBytes, literal, nullable, tuple, uint } from '../encoding/index.ts'
import { signedTuple } from './signed-tuple.ts'

/** What a head says. */
export interface AclFields {
  readonly aclRoot: Uint8Array
  readonly rootGeneration: number
  readonly generation: number
  readonly tag: Uint8Array
  /** Tag before, still served; null after a ban, kick or revoked device. */
  readonly previousTag: Uint8Array | null
  readonly gate: Uint8Array
  /** Gate before, valid for 7 days; null after a ban, kick or revoked device. */
  readonly previousGate: Uint8Array | null
  /** Further Ed25519 keys that may sign heads. Sorted. */
  readonly aclKeys: readonly Uint8Array[]
  readonly rate: { readonly envelopesPerSecond: number; readonly burst: number }
}

/** A head whose form and signature are right. */
export interface AclHead extends AclFields {
  /** Key that signed it: aclRoot or one listed in the head itself. */
  readonly signer: Uint8Array
  readonly idBytes: Uint8Array
  readonly bytes: Uint8Array
}

const key = bytes(32)
const aclTuple = signedTuple(
  tuple({
    version: literal(1),
    aclRoot: key,
    rootGeneration: uint(),
    generation: uint(),
    tag: bytes(16),
    previousTag: nullable(bytes(16)),
    gate: key,
    previousGate: nullable(key),
    aclKeys: array(key, 16),
    rate: tuple({ envelopesPerSecond: uint(10_000), burst: uint(100_000) })
  }),
  { rule: 'EN12', context: 'acl', maxBytes: 2_048 }
)

/** Signs a head. */
export function signAclHead(suite: Suite, signer: SigningKey, head: AclFields): Uint8Array {
  return aclTuple.sign(suite, signer, { version: 1, ...head, aclKeys: [...head.aclKeys].sort(compareBytes) })
}

/** A peer's head: form, and that aclRoot or a key listed in it signed it. Whether it may follow another: `mayReplaceAclHead`. */
export function readAclHead(suite: Suite, input: Uint8Array): Verdict<AclHead> {
  const read = aclTuple.read(suite, input)
  if (!read.ok) return read
  const { version: _, ...head } = read.value.value
  const ascending = head.aclKeys.every(
    (each, index) => index === 0 || compareBytes(head.aclKeys[index - 1] as Uint8Array, each) < 0
  )
  if (!ascending) return refuse('EN12', 'aclKeys are not sorted and distinct')
  const signer = [head.aclRoot, ...head.aclKeys].find(each => aclTuple.verify(suite, each, read.value))
  if (signer === undefined) return refuse('EN12', 'signed by none of its keys')
  return accept({ ...head, signer, idBytes: read.value.idBytes, bytes: input })
}

/**
 * Whether `next` replaces `known` at a node that pinned `known.aclRoot` (EN12): higher (rootGeneration,
 * generation), then lower hash; the signer must be aclRoot or a key that `known` lists, and only aclRoot
 * changes the keys or its generation.
 */
export function mayReplaceAclHead(known: AclHead, next: AclHead): Verdict<AclHead> {
  if (!equalBytes(known.aclRoot, next.aclRoot)) return refuse('EN12', 'another aclRoot than the one pinned')
  const byRoot = equalBytes(next.signer, known.aclRoot)
  if (!byRoot) {
    if (!known.aclKeys.some(each => equalBytes(each, next.signer)))
      return refuse('EN12', 'signed by a key the head before does not list')
    const sameKeys =
      known.aclKeys.length === next.aclKeys.length &&
      known.aclKeys.every((each, index) => equalBytes(each, next.aclKeys[index] as Uint8Array))
    if (!sameKeys || known.rootGeneration !== next.rootGeneration)
      return refuse('EN12', 'only aclRoot changes keys or root generation')
  }
  const order =
    next.rootGeneration - known.rootGeneration ||
    next.generation - known.generation ||
    compareBytes(known.idBytes, next.idBytes)
  return order > 0 ? accept(next) : refuse('EN12', 'not newer than the head known')
}
