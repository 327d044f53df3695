/** What follows from a seed (EK2, EK6, EK15, EK17) and from a topic secret. */
import {
  type ChannelId,
  idAs,
  idFromBytes,
  idToBytes,
  type KeyId,
  type RoleId,
  type ServerId,
  type UserId
} from '../base/index.ts'
import { kdf, labelledHash, type SecretKey, type SigningKey, type Suite } from '../crypto/index.ts'
import { concatBytes, equalBytes, toBase32, uintBytes } from '../encoding/index.ts'
import type { BackLink, KeyScope, StoredSeed, TopicKeys, TopicLink } from './contract.ts'
import { KeyRecordKind } from './key-record.ts'

const NONE = new Uint8Array(0)

/** Bytes that name a scope inside key ids (EK2). */
function scopeBytes(scope: KeyScope): Uint8Array {
  if (scope.kind === 'epoch') return idToBytes(scope.channel)
  return scope.kind === 'role'
    ? idToBytes(scope.role)
    : concatBytes([idToBytes(scope.role), uintBytes(scope.index, 2)])
}

/** keyId = KDF(s, "key-id", [serverId, kind, scope], 16) (EK2). */
export function keyIdOf(suite: Suite, server: ServerId, scope: KeyScope, seed: SecretKey): KeyId {
  const contexts = [idToBytes(server), Uint8Array.of(KeyRecordKind[scope.kind]), scopeBytes(scope)]
  return idFromBytes('e', kdf(suite, seed, 'key-id', contexts, 16))
}

/** commit = hash("commit", s) (EK2). */
export function commitOf(suite: Suite, seed: SecretKey): Uint8Array {
  return labelledHash(suite, 'commit', seed)
}

/** X25519 secret of a role or bucket key (EK2). */
export function boxSecretOf(suite: Suite, kind: 'role' | 'bucket', seed: SecretKey): SecretKey {
  return kdf(suite, seed, kind === 'role' ? 'role-box' : 'bucket-box')
}

/** Ed25519 key of the gate (EK6). */
export function gateKeyOf(suite: Suite, seed: SecretKey): SigningKey {
  return suite.signingKey(kdf(suite, seed, 'gate'))
}

/** topicBox (EK6). */
export function sealTopicSecret(suite: Suite, roleSeed: SecretKey, topicSecret: SecretKey): Uint8Array {
  return suite.chachaSealOnce(kdf(suite, roleSeed, 'topic-wrap'), NONE, topicSecret)
}

/** The topic secret inside a topicBox; undefined where it does not open. */
export function openTopicSecret(
  suite: Suite,
  roleSeed: SecretKey,
  topicBox: Uint8Array
): SecretKey | undefined {
  return suite.chachaOpenOnce(kdf(suite, roleSeed, 'topic-wrap'), NONE, topicBox)
}

/** One link to an older key (EK15). */
export function sealBack(
  suite: Suite,
  seed: SecretKey,
  old: { readonly keyId: KeyId; readonly seed: SecretKey }
): BackLink {
  return {
    keyId: old.keyId,
    sealed: suite.chachaSealOnce(kdf(suite, seed, 'back', [idToBytes(old.keyId)]), NONE, old.seed)
  }
}

/** The older seed of a link; undefined where it does not open. */
export function openBack(suite: Suite, seed: SecretKey, link: BackLink): SecretKey | undefined {
  return suite.chachaOpenOnce(kdf(suite, seed, 'back', [idToBytes(link.keyId)]), NONE, link.sealed)
}

/** One topic handed across a cut (EK16). */
export function sealTopicLink(suite: Suite, seed: SecretKey, topicSecret: SecretKey): TopicLink {
  const tag = tagOf(suite, topicSecret)
  return { tag, sealed: suite.chachaSealOnce(kdf(suite, seed, 'back-topic', [tag]), NONE, topicSecret) }
}

/** The topic secret of a row; undefined where it does not open, or is of another tag. */
export function openTopicLink(suite: Suite, seed: SecretKey, link: TopicLink): SecretKey | undefined {
  const secret = suite.chachaOpenOnce(kdf(suite, seed, 'back-topic', [link.tag]), NONE, link.sealed)
  return secret !== undefined && equalBytes(tagOf(suite, secret), link.tag) ? secret : undefined
}

/** Top k bits of hash("bucket", roleId, userId) (EK5). */
export function bucketOf(suite: Suite, role: RoleId, user: UserId, k: number): number {
  const digest = labelledHash(suite, 'bucket', idToBytes(role), idToBytes(user))
  return ((((digest[0] as number) << 8) | (digest[1] as number)) >> (16 - k)) & (2 ** k - 1)
}

/** rid of a user key: userId[0..12) ‖ g(4) (EK3). */
export function userRid(user: UserId, generation: number): Uint8Array {
  return concatBytes([idToBytes(user).subarray(0, 12), uintBytes(generation, 4)])
}

/** rid of anything named by 32 bytes: device, invite (EK3). */
export function shortRid(id: Uint8Array): Uint8Array {
  return id.subarray(0, 16)
}

/** A secret, kept out of JSON, logs and spreads (CR8). */
export function hidden<T extends object, N extends string>(
  fields: T,
  secrets: Record<N, SecretKey>
): T & Readonly<Record<N, SecretKey>> {
  for (const [name, value] of Object.entries(secrets))
    Object.defineProperty(fields, name, { value, enumerable: false })
  return fields as T & Readonly<Record<N, SecretKey>>
}

/** A seed to keep. */
export function storedSeed(keyId: KeyId, scope: KeyScope, seed: SecretKey): StoredSeed {
  return hidden({ keyId, scope }, { seed })
}

/** Tag of a topic secret (EK17): 16 bytes. */
export function tagOf(suite: Suite, topicSecret: SecretKey): Uint8Array {
  return kdf(suite, topicSecret, 'server-tag', [], 16)
}

/** Gossip topic of one shard (EK17). */
export function topicOfShard(suite: Suite, topicSecret: SecretKey, shard: number): string {
  return toBase32(kdf(suite, topicSecret, 'topic', [uintBytes(shard, 2)], 20))
}

/** Everything a topic secret gives (EK17, EN2). */
export function topicKeysOf(
  suite: Suite,
  topicSecret: SecretKey,
  role: { readonly keyId: KeyId; readonly gatePublicKey: Uint8Array },
  retiredAt: number | null
): TopicKeys {
  const fields = {
    keyId: role.keyId,
    gatePublicKey: role.gatePublicKey,
    retiredAt,
    tag: tagOf(suite, topicSecret),
    topic: topicOfShard(suite, topicSecret, 0)
  }
  return hidden(fields, {
    topicSecret,
    topicKey: kdf(suite, topicSecret, 'topic-key'),
    maskKey: kdf(suite, topicSecret, 'key-mask')
  })
}

/** keyRef of a key id under a nonce, or the key id of a keyRef: the mask undoes itself (EN2). */
export function maskKeyId(
  suite: Suite,
  maskKey: SecretKey,
  nonce: Uint8Array,
  keyId: Uint8Array
): Uint8Array {
  const mask = suite.hmacSha256(maskKey, nonce)
  const masked = new Uint8Array(16)
  for (let at = 0; at < 16; at++) masked[at] = (keyId[at] as number) ^ (mask[at] as number)
  return masked
}

/** The channel `meta` of a server (EK19). */
export function metaChannel(server: ServerId): ChannelId {
  return idAs('c', server)
}
