/** An oracle beside the ring: what somebody opens who tries every secret on every record there ever was. */
import { idToBytes, type KeyId, LOCKBOXES_MAX } from '../base/index.ts'
import { BoxKind, openBox, readBoxes, type SecretKey } from '../crypto/index.ts'
import { toHex } from '../encoding/index.ts'
import type { KeyRecord, KeyScope } from './contract.ts'
import { boxSecretOf, keyIdOf, openBack, userRid } from './derive.ts'
import { type Peer, suite, type Town } from './peers.fixture.ts'

/** The secrets of people's user keys, by rid. */
export function secretsOf(...people: readonly Peer[]): ReadonlyMap<string, SecretKey> {
  return new Map(
    people.flatMap(peer =>
      [1, 2].map((generation): [string, SecretKey] => [
        toHex(userRid(peer.user, generation)),
        peer.userKey(generation).boxSecret
      ])
    )
  )
}

/** What somebody with these secrets opens, of all records ever published. */
export function reach(town: Town, openers: ReadonlyMap<string, SecretKey>): ReadonlySet<KeyId> {
  const seeds = new Map<KeyId, { seed: SecretKey; scope: KeyScope }>()
  const scopes = new Map<KeyId, KeyScope>()
  for (const { body } of town.published) {
    if (body.kind === 'bucket') scopes.set(body.keyId, { kind: 'bucket', role: body.role, index: body.index })
    if (body.kind === 'role') scopes.set(body.keyId, { kind: 'role', role: body.role })
    if (body.kind === 'epoch') scopes.set(body.keyId, { kind: 'epoch', channel: body.channel })
  }
  const tryBox = (
    ephemeral: Uint8Array,
    box: Uint8Array,
    kind: BoxKind,
    keyId: KeyId
  ): SecretKey | undefined => {
    const rid = box.slice(0, 16)
    const inner = [...seeds].find(([id]) => toHex(idToBytes(id)) === toHex(rid))?.[1]
    const secret =
      openers.get(toHex(rid)) ??
      (inner !== undefined && inner.scope.kind !== 'epoch'
        ? boxSecretOf(suite, inner.scope.kind, inner.seed)
        : undefined)
    return (
      secret &&
      openBox(
        suite,
        ephemeral,
        box,
        { rid, publicKey: suite.x25519PublicKey(secret), secret },
        { kind, keyId: idToBytes(keyId) }
      )
    )
  }
  const learn = (keyId: KeyId, seed: SecretKey | undefined): boolean => {
    const scope = scopes.get(keyId)
    if (
      seed === undefined ||
      scope === undefined ||
      seeds.has(keyId) ||
      keyIdOf(suite, town.world.server, scope, seed) !== keyId
    )
      return false
    seeds.set(keyId, { seed, scope })
    return true
  }
  const visit = ({ body }: KeyRecord): boolean => {
    if (body.kind === 'grant')
      return (
        !seeds.has(body.keyId) &&
        learn(body.keyId, tryBox(body.ephemeral, body.box, BoxKind.grant, body.keyId))
      )
    if (body.kind !== 'role' && body.kind !== 'epoch' && body.kind !== 'bucket') return false
    let grew = false
    if (!seeds.has(body.keyId)) {
      const boxes = readBoxes(body.boxes, LOCKBOXES_MAX)
      for (const rid of boxes?.rids() ?? [])
        grew ||= learn(
          body.keyId,
          tryBox(
            boxes?.ephemeralPublicKey as Uint8Array,
            boxes?.find(rid) as Uint8Array,
            BoxKind[body.kind],
            body.keyId
          )
        )
    }
    const seed = seeds.get(body.keyId)?.seed
    for (const link of seed === undefined || body.kind === 'bucket' ? [] : body.back)
      grew = learn(link.keyId, openBack(suite, seed as SecretKey, link)) || grew
    return grew
  }
  for (let grew = true; grew;) grew = town.published.map(visit).some(Boolean)
  return new Set(seeds.keys())
}
