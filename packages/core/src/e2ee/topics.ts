/** Topics (EK6, EK17): which @everyone key is in force, what its topic is called, and which older ones are still heard. */
import type { KeyId } from '../base/index.ts'
import { everyoneRole } from '../authority/index.ts'
import type { SecretKey } from '../crypto/index.ts'
import { equalBytes, toHex } from '../encoding/index.ts'
import type { TopicKeys } from './contract.ts'
import { gateKeyOf, openTopicLink, openTopicSecret, topicKeysOf } from './derive.ts'
import { safetyOf } from './kept-safety.ts'
import { TOPIC_RETIRED_MS_MAX, TOPICS_KNOWN_MAX } from './limits.ts'

import { type KeyEntry, keysOf, lamportOf, type RingState, roleScope, stamp } from './ring-state.ts'

/** Every topic known: the current one first, then newest first. */
export interface TopicTable {
  readonly current: TopicKeys | undefined
  readonly all: readonly TopicKeys[]
  readonly byTag: ReadonlyMap<string, TopicKeys>
}

interface Found {
  readonly entry: KeyEntry
  readonly secret: SecretKey
  readonly gatePublicKey: Uint8Array
  readonly seenAt: number
}

/** One topic a key gives, for each record that was opened. */
function topicsOfEntry(ring: RingState, entry: KeyEntry): readonly Found[] {
  const seed = ring.seeds.get(entry.keyId)?.seed
  if (seed === undefined) return []
  const found: Found[] = []
  for (const held of entry.records) {
    const body = held.record.body
    if (body.kind !== 'role' || body.topicBox === null || body.gatePublicKey === null) continue
    const secret = openTopicSecret(ring.suite, seed, body.topicBox)
    if (secret !== undefined)
      found.push({ entry, secret, gatePublicKey: body.gatePublicKey, seenAt: held.receivedAt })
  }
  return found
}

/** How good a key is, safety first. */
function standingOf(ring: RingState, entry: KeyEntry): number {
  if (safetyOf(ring, entry.keyId).safe) return 2
  return entry.records.some(held => ring.judge(held).kind === 'valid') ? 1 : 0
}

/** The @everyone keys held, best first: EK10's order, over keys that may all be unsafe, as a topic is needed meanwhile. */
export function everyoneKeys(ring: RingState): readonly KeyEntry[] {
  return keysOf(ring, roleScope(everyoneRole(ring.server)))
    .filter(entry => ring.seeds.has(entry.keyId) && entry.records.length > 0)
    .map(entry => ({ entry, standing: standingOf(ring, entry), lamport: lamportOf(ring, entry) }))
    .sort(
      (a, b) => b.standing - a.standing || b.lamport - a.lamport || (a.entry.keyId < b.entry.keyId ? -1 : 1)
    )
    .map(({ entry }) => entry)
}

/** Topics of before a cut (EK16): for reading what lies under them, no longer heard. */
function handedTopics(ring: RingState, found: readonly Found[]): readonly TopicKeys[] {
  const { suite } = ring
  return found.flatMap(({ entry, gatePublicKey }) => {
    const seed = ring.seeds.get(entry.keyId)?.seed
    const rows = (ring.handedTopics.get(entry.keyId) ?? []).flatMap(held => held.record.body.topics)
    return rows.flatMap(row => {
      const secret = seed === undefined ? undefined : openTopicLink(suite, seed, row)
      return secret === undefined
        ? []
        : [topicKeysOf(suite, secret, { keyId: entry.keyId, gatePublicKey }, 0)]
    })
  })
}

function buildTable(ring: RingState, keys: readonly KeyEntry[]): TopicTable {
  const found = keys.flatMap(entry => topicsOfEntry(ring, entry))
  const seen = new Map<string, number>()
  for (const each of found) {
    const name = toHex(each.secret)
    seen.set(name, Math.min(seen.get(name) ?? Infinity, each.seenAt))
  }
  const currentName = found[0] === undefined ? undefined : toHex(found[0].secret)
  const times = [...seen.values()].sort((a, b) => a - b)
  const all: TopicKeys[] = []
  const byTag = new Map<string, TopicKeys>()
  const done = new Set<string>()
  for (const each of found) {
    const name = toHex(each.secret)
    if (done.has(name)) continue
    done.add(name)
    const since = seen.get(name) as number
    // A topic retires when the next one is seen; the loser of two concurrent ones when it is seen itself.
    const retiredAt = name === currentName ? null : (times.find(time => time > since) ?? since)
    const keys = topicKeysOf(
      ring.suite,
      each.secret,
      { keyId: each.entry.keyId, gatePublicKey: each.gatePublicKey },
      retiredAt
    )
    all.push(keys)
    byTag.set(toHex(keys.tag), keys)
  }
  for (const keys of handedTopics(ring, found)) {
    if (byTag.has(toHex(keys.tag))) continue
    all.push(keys)
    byTag.set(toHex(keys.tag), keys)
  }
  const order = (topic: TopicKeys): number => topic.retiredAt ?? Infinity
  all.sort((a, b) => (order(b) === order(a) ? 0 : order(b) - order(a)))
  return { current: all.find(topic => topic.retiredAt === null), all, byTag }
}

interface Cached {
  stamp: string
  /** What the table follows from: the keys in order, and what they say. */
  readonly order: string
  readonly table: TopicTable
}
const tables = new WeakMap<RingState, Cached>()

/** The table; remembered until other keys are held, or others of them are safe. */
export function topicTable(ring: RingState): TopicTable {
  const now = stamp(ring)
  let cached = tables.get(ring)
  if (cached?.stamp === now) return cached.table
  const keys = everyoneKeys(ring)
  const order = `${ring.topicsVersion}/${keys.map(each => each.keyId).join()}`
  if (cached?.order === order) cached.stamp = now
  else tables.set(ring, (cached = { stamp: now, order, table: buildTable(ring, keys) }))
  return cached.table
}

/** The current topic and those retired less than a day ago (EK17). */
export function topicsHeard(ring: RingState, at: number): readonly TopicKeys[] {
  return topicTable(ring).all.filter(
    topic => topic.retiredAt === null || at - topic.retiredAt < TOPIC_RETIRED_MS_MAX
  )
}

/** SY2's inputs. */
export function topicSecretsOf(ring: RingState): {
  readonly current: readonly SecretKey[]
  readonly known: readonly SecretKey[]
} {
  const { current, all } = topicTable(ring)
  return {
    current: current === undefined ? [] : [current.topicSecret],
    known: all.slice(0, TOPICS_KNOWN_MAX).map(topic => topic.topicSecret)
  }
}

/** The gate key of an @everyone key that is held. */
export function gateOf(ring: RingState, keyId: KeyId): ReturnType<typeof gateKeyOf> | undefined {
  const seed = ring.seeds.get(keyId)?.seed
  return seed === undefined ? undefined : gateKeyOf(ring.suite, seed)
}

/** The @everyone key whose gate this is, of all that are known: nodes may announce an older one (EN12). */
export function keyOfGate(ring: RingState, gatePublicKey: Uint8Array): KeyId | undefined {
  for (const { keyId, records } of ring.keys.values()) {
    const found = records.some(
      ({ record: { body } }) =>
        body.kind === 'role' && body.gatePublicKey !== null && equalBytes(body.gatePublicKey, gatePublicKey)
    )
    if (found) return keyId
  }
  return undefined
}
