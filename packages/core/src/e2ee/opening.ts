/** Opening boxes and following links (EK2, EK3, EK13, EK15): which seeds a ring can reach. */
import { idToBytes, type KeyId, LOCKBOXES_MAX } from '../base/index.ts'
import { BoxKind, openBox, openBoxes, readBoxes, type SecretKey } from '../crypto/index.ts'
import { equalBytes } from '../encoding/index.ts'
import type { KeyScope, StoredSeed } from './contract.ts'
import {
  boxSecretOf,
  commitOf,
  gateKeyOf,
  keyIdOf,
  openBack,
  openTopicSecret,
  shortRid,
  storedSeed,
  userRid
} from './derive.ts'
import { ridAsKey } from './rid.ts'
import { type GrantBody, type Held, type KeyBody, keysOf, type RingState, scopeOf } from './ring-state.ts'

/** What a seed says of a record: undefined where it fits, else what does not (EK2). */
export function seedFault(ring: RingState, body: KeyBody, seed: SecretKey): string | undefined {
  const { suite, server } = ring
  if (keyIdOf(suite, server, scopeOf(body), seed) !== body.keyId) return "the key id is not the seed's"
  if (body.kind === 'epoch')
    return equalBytes(commitOf(suite, seed), body.commit) ? undefined : "the commitment is not the seed's"
  if (!equalBytes(suite.x25519PublicKey(boxSecretOf(suite, body.kind, seed)), body.boxPublicKey))
    return "the box key is not the seed's"
  if (body.kind !== 'role') return undefined
  if (body.gatePublicKey !== null && !equalBytes(gateKeyOf(suite, seed).publicKey, body.gatePublicKey))
    return "the gate key is not the seed's"
  if (body.topicBox !== null && openTopicSecret(suite, seed, body.topicBox) === undefined)
    return 'the topic box does not open'
  return undefined
}

interface BoxOpener {
  readonly rid: Uint8Array
  readonly publicKey: Uint8Array
  readonly secret: SecretKey
}

/** Own user keys and held invites. */
function personalOpeners(ring: RingState): readonly BoxOpener[] {
  return [
    ...ring.userKeys.map(key => ({
      rid: userRid(ring.user, key.generation),
      publicKey: key.boxPublicKey,
      secret: key.boxSecret
    })),
    ...ring.invites.map(held => ({
      rid: shortRid(idToBytes(held.invite)),
      publicKey: held.boxPublicKey,
      secret: held.boxSecret
    }))
  ]
}

/** Opens one record with whatever is held; undefined where nothing fits. */
export function tryRecord(ring: RingState, body: KeyBody): SecretKey | undefined {
  const boxes = readBoxes(body.boxes, LOCKBOXES_MAX)
  if (boxes === undefined) return undefined
  const purpose = { kind: BoxKind[body.kind], keyId: idToBytes(body.keyId) }
  for (const opener of personalOpeners(ring)) {
    const seed = openBoxes(ring.suite, boxes, opener, purpose)
    if (seed !== undefined) return seed
  }
  if (body.kind === 'bucket') return undefined
  // Sealed to role or bucket keys: few rids in an epoch, at most 512 buckets in a large role.
  for (const rid of boxes.rids()) {
    const inner = ring.seeds.get(ridAsKey(rid))
    if (inner === undefined || inner.scope.kind === 'epoch') continue
    const secret = boxSecretOf(ring.suite, inner.scope.kind, inner.seed)
    const seed = openBoxes(
      ring.suite,
      boxes,
      { rid, publicKey: ring.suite.x25519PublicKey(secret), secret },
      purpose
    )
    if (seed !== undefined) return seed
  }
  return undefined
}

/** Opens a grant with own user keys and invites. */
function tryGrant(ring: RingState, body: GrantBody): SecretKey | undefined {
  for (const opener of personalOpeners(ring)) {
    const seed = openBox(ring.suite, body.ephemeral, body.box, opener, {
      kind: BoxKind.grant,
      keyId: idToBytes(body.keyId)
    })
    if (seed !== undefined) return seed
  }
  return undefined
}

/**
 * Takes a seed in and everything that follows from it: older keys by links, keys sealed to it.
 *
 * @returns Every seed that is new, to be stored.
 */
export function takeSeed(
  ring: RingState,
  scope: KeyScope,
  keyId: KeyId,
  seed: SecretKey
): readonly StoredSeed[] {
  const fresh: StoredSeed[] = []
  const queue: { scope: KeyScope; keyId: KeyId; seed: SecretKey }[] = [{ scope, keyId, seed }]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (ring.seeds.has(next.keyId) || keyIdOf(ring.suite, ring.server, next.scope, next.seed) !== next.keyId)
      continue
    ring.seeds.set(next.keyId, { scope: next.scope, seed: next.seed })
    fresh.push(storedSeed(next.keyId, next.scope, next.seed))
    dropImpostors(ring, next.keyId, next.seed)
    queue.push(...followLinks(ring, next.keyId))
    if (next.scope.kind !== 'epoch') queue.push(...openSealedTo(ring, next.keyId))
  }
  if (fresh.length > 0) {
    ring.version++
    ring.topicsVersion++
  }
  return fresh
}

/** Records that announced this key id with another commitment or box key (EK2). */
function dropImpostors(ring: RingState, keyId: KeyId, seed: SecretKey): void {
  const entry = ring.keys.get(keyId)
  for (const held of [...(entry?.records ?? [])]) {
    if (seedFault(ring, held.record.body, seed) === undefined) continue
    entry?.records.splice(entry.records.indexOf(held), 1)
    ring.upheavals++
    held.standing = { kind: 'invalid', rule: 'EK2', reason: 'the seed does not fit the record' }
  }
}

/** Older keys of the same scope that this key's records link (EK15). */
export function followLinks(
  ring: RingState,
  keyId: KeyId
): { scope: KeyScope; keyId: KeyId; seed: SecretKey }[] {
  const opened = ring.seeds.get(keyId)
  const found: { scope: KeyScope; keyId: KeyId; seed: SecretKey }[] = []
  if (opened === undefined) return found
  for (const held of ring.keys.get(keyId)?.records ?? []) {
    if (held.record.body.kind === 'bucket') continue
    for (const link of held.record.body.back) {
      const seed = openBack(ring.suite, opened.seed, link)
      if (seed === undefined || keyIdOf(ring.suite, ring.server, opened.scope, seed) !== link.keyId) continue
      const links = ring.links.get(keyId) ?? new Set()
      ring.links.set(keyId, links.add(link.keyId))
      found.push({ scope: opened.scope, keyId: link.keyId, seed })
    }
  }
  return found
}

/** Unopened keys with a box for this role or bucket key. */
function openSealedTo(ring: RingState, keyId: KeyId): { scope: KeyScope; keyId: KeyId; seed: SecretKey }[] {
  const found: { scope: KeyScope; keyId: KeyId; seed: SecretKey }[] = []
  for (const held of ring.sealedTo.get(keyId) ?? []) {
    if (ring.seeds.has(held.record.body.keyId)) continue
    const seed = tryRecord(ring, held.record.body)
    if (seed !== undefined)
      found.push({ scope: scopeOf(held.record.body), keyId: held.record.body.keyId, seed })
  }
  return found
}

/** Notes which keys a record is sealed to, so that opening one of them finds it again. */
export function noteSealedTo(ring: RingState, held: Held<KeyBody>): void {
  if (held.record.body.kind === 'bucket' || (held.record.body.kind === 'role' && held.record.body.k === 0))
    return
  for (const rid of readBoxes(held.record.body.boxes, LOCKBOXES_MAX)?.rids() ?? []) {
    const keyId = ridAsKey(rid)
    const list = ring.sealedTo.get(keyId) ?? []
    list.push(held)
    ring.sealedTo.set(keyId, list)
  }
}

/** Tries one grant; new seeds, if its key is announced and it opens. */
export function openGrant(ring: RingState, body: GrantBody): readonly StoredSeed[] {
  const entry = ring.keys.get(body.keyId)
  if (entry === undefined || ring.seeds.has(body.keyId)) return []
  const seed = tryGrant(ring, body)
  return seed === undefined ? [] : takeSeed(ring, entry.scope, body.keyId, seed)
}

/** Tries everything that is not open yet. */
export function openAll(ring: RingState): readonly StoredSeed[] {
  const fresh: StoredSeed[] = []
  for (const entry of ring.keys.values()) {
    for (const held of entry.records) {
      if (ring.seeds.has(entry.keyId)) break
      const seed = tryRecord(ring, held.record.body)
      if (seed !== undefined) fresh.push(...takeSeed(ring, entry.scope, entry.keyId, seed))
    }
    for (const grant of ring.grants.get(entry.keyId) ?? []) fresh.push(...openGrant(ring, grant.record.body))
  }
  return fresh
}

/** Keys of a scope that are held, and that no other held key of it reaches by verified links: what to link next (EK15). */
export function unlinkedKeys(
  ring: RingState,
  scope: KeyScope,
  may: (keyId: KeyId) => boolean
): readonly KeyId[] {
  const held = keysOf(ring, scope)
    .map(entry => entry.keyId)
    .filter(keyId => ring.seeds.has(keyId) && may(keyId))
  const reached = new Set<KeyId>()
  for (const keyId of held) {
    const queue = [...(ring.links.get(keyId) ?? [])]
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (reached.has(next) || next === keyId) continue
      reached.add(next)
      queue.push(...(ring.links.get(next) ?? []))
    }
  }
  return held.filter(keyId => !reached.has(keyId)).sort()
}
