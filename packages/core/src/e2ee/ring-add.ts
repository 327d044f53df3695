/** Taking records in (EK1, EK2, EK13): the one place where a ring changes by what peers send. */
import { idToBytes, type KeyId, refuse, type Refusal } from '../base/index.ts'
import { equalBytes } from '../encoding/index.ts'
import type { KeyAddResult, KeyRecord, StoredSeed } from './contract.ts'
import { readKeyRecord, verifyKeyRecord } from './key-record.ts'
import { RECORDS_PER_KEY_MAX, WAITING_PER_DEVICE_MAX } from './limits.ts'
import { followLinks, noteSealedTo, openGrant, seedFault, takeSeed, tryRecord } from './opening.ts'
import { grantRid, ridAsKey } from './rid.ts'
import {
  type GrantBody,
  type Held,
  type KeyBody,
  type KeyEntry,
  type RingState,
  scopeKey,
  scopeOf,
  type TopicsBody
} from './ring-state.ts'

/** Whether a held record announces a key. */
function isKey(held: Held): held is Held<KeyBody> {
  const { kind } = held.record.body
  return kind === 'bucket' || kind === 'role' || kind === 'epoch'
}

/** A peer's record: form, signature, then everything its boxes give. */
export function addRecord(ring: RingState, bytes: Uint8Array, at: number): KeyAddResult {
  const read = readKeyRecord(ring.suite, bytes)
  if (!read.ok) return { kind: 'rejected', refusal: read }
  const record = read.value
  if (ring.records.has(record.id)) return { kind: 'known', id: record.id }
  const fault = checkRecord(ring, record)
  if (fault !== undefined) return { kind: 'rejected', refusal: fault }
  const held: Held = { record, receivedAt: at }
  if (!isKey(held)) {
    insert(ring, held)
    const seeds = record.body.kind === 'grant' ? openGrant(ring, record.body) : []
    return { kind: 'accepted', record, seeds, topicChanged: false }
  }
  const seed = ring.seeds.get(held.record.body.keyId)?.seed ?? tryRecord(ring, held.record.body)
  const mismatch = seed === undefined ? undefined : seedFault(ring, held.record.body, seed)
  if (mismatch !== undefined) return { kind: 'rejected', refusal: refuse('EK2', mismatch) }
  const entry = ring.keys.get(held.record.body.keyId)
  if (entry !== undefined && scopeKey(entry.scope) !== scopeKey(scopeOf(held.record.body))) {
    if (seed === undefined)
      return { kind: 'rejected', refusal: refuse('EK2', 'the key id belongs to another scope') }
    evict(ring, entry)
  }
  insert(ring, held)
  return { kind: 'accepted', record, seeds: openedBy(ring, held, seed), topicChanged: false }
}

/** Seeds that a key record just inserted gives. */
function openedBy(ring: RingState, held: Held<KeyBody>, seed: Uint8Array | undefined): readonly StoredSeed[] {
  const { body } = held.record
  const fresh: StoredSeed[] = []
  if (seed !== undefined) fresh.push(...takeSeed(ring, scopeOf(body), body.keyId, seed))
  // Its seed may have been known, by a link or from storage, before its own links were.
  if (ring.seeds.has(body.keyId))
    for (const link of followLinks(ring, body.keyId))
      fresh.push(...takeSeed(ring, link.scope, link.keyId, link.seed))
  for (const grant of ring.grants.get(body.keyId) ?? []) fresh.push(...openGrant(ring, grant.record.body))
  return fresh
}

/** What a grant gives to whom. */
const grantName = ({ keyId, box }: GrantBody): string => `${keyId}/${ridAsKey(grantRid(box))}`

/** Everything checked before a record is kept, cheapest first. */
function checkRecord(ring: RingState, record: KeyRecord): Refusal | undefined {
  const { body } = record
  if (record.server !== ring.server) return refuse('EK1', 'a key record of another server')
  if (body.kind === 'grant') {
    const same = (ring.granted.get(grantName(body)) ?? []).some(
      each => each.record.device === record.device && equalBytes(each.record.body.box, body.box)
    )
    if (same) return refuse('EK14', 'granted before')
  } else if (body.kind === 'cannotOpen') {
    if (ring.asked.get(body.keyId)?.has(record.device) === true) return refuse('EK14', 'asked before')
  } else if (body.kind === 'topics') {
    const known = ring.handedTopics.get(body.keyId) ?? []
    if (known.length >= RECORDS_PER_KEY_MAX || known.some(each => each.record.device === record.device))
      return refuse('EK16', 'topics were handed on before')
  } else {
    const entry = ring.keys.get(body.keyId)
    if ((entry?.records.length ?? 0) >= RECORDS_PER_KEY_MAX)
      return refuse('EK2', 'too many records announce this key')
  }
  if (waitingOf(ring, record.device).size >= WAITING_PER_DEVICE_MAX)
    return refuse('EK13', 'too many records of this device wait for operations')
  if (!ring.suite.isEnrollable(idToBytes(record.device))) return refuse('CR5', 'the device key may not enter')
  return verifyKeyRecord(ring.suite, record) ? undefined : refuse('EK1', 'the signature does not verify')
}

/** Puts a checked record in its places. */
export function insert(ring: RingState, held: Held): void {
  const { record } = held
  const { body } = record
  ring.records.set(record.id, held)
  ring.version++
  if (isKey(held)) {
    const entry = ring.keys.get(held.record.body.keyId) ?? createEntry(ring, held.record.body)
    entry.records.push(held)
    ring.fresh.add(entry.keyId)
    ring.topicsVersion++
    noteSealedTo(ring, held)
  } else if (body.kind === 'grant') {
    push(ring.grants, body.keyId, held as Held<GrantBody>)
    push(ring.granted, grantName(body), held as Held<GrantBody>)
    ring.fresh.add(body.keyId)
  } else if (body.kind === 'topics') {
    ring.topicsVersion++
    push(ring.handedTopics, body.keyId, held as Held<TopicsBody>)
  } else {
    const asked = ring.asked.get(body.keyId) ?? new Set()
    ring.asked.set(body.keyId, asked.add(record.device))
  }
  noteWaiting(ring, held)
}

function createEntry(ring: RingState, body: KeyBody): KeyEntry {
  const scope = scopeOf(body)
  const entry: KeyEntry = { keyId: body.keyId, scope, records: [], messages: 0, counted: new Map() }
  ring.keys.set(body.keyId, entry)
  ring.announced.add(body.keyId)
  push(ring.scopes, scopeKey(scope), entry)
  return entry
}

function push<V>(map: Map<string, V[]>, key: string | KeyId, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** Somebody announced this key id under a scope that its seed denies: forget what they said. */
function evict(ring: RingState, entry: KeyEntry): void {
  ring.upheavals++
  ring.topicsVersion++
  ring.keys.delete(entry.keyId)
  const list = ring.scopes.get(scopeKey(entry.scope)) ?? []
  list.splice(list.indexOf(entry), 1)
  for (const held of entry.records)
    held.standing = { kind: 'invalid', rule: 'EK2', reason: 'the seed does not fit the record' }
}

/** Records of a device that still wait for operations: bounds what it can make others keep. */
function waitingOf(ring: RingState, device: KeyRecord['device']): Set<KeyRecord['id']> {
  const waiting = ring.waiting.get(device) ?? new Set()
  if (waiting.size < WAITING_PER_DEVICE_MAX) return waiting
  for (const id of waiting) {
    const known = ring.records.get(id)
    if (known === undefined || known.record.frontier.every(each => ring.log.has(each))) waiting.delete(id)
  }
  return waiting
}

function noteWaiting(ring: RingState, held: Held): void {
  const { device, frontier, id } = held.record
  if (frontier.every(each => ring.log.has(each))) return
  ring.waiting.set(device, waitingOf(ring, device).add(id))
}
