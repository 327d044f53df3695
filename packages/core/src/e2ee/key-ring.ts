/** The key ring (EK): one server's keys on one device, assembled of the files beside this one. */
import { compareIds, type KeyId } from '../base/index.ts'
import { toHex } from '../encoding/index.ts'
import { chooseEpoch } from './choose.ts'
import type { KeyAddResult, KeyPlan, KeyRecord, KeyRing, KeyRingInit, KeySummary } from './contract.ts'
import { headKeys } from './draft.ts'
import { gives } from './history.ts'
import { readKeyRecord } from './key-record.ts'
import { safetyOf } from './kept-safety.ts'
import { followLinks, openAll } from './opening.ts'
import { pinned, takePins, usePins } from './pins.ts'
import { epochFor } from './plan-epoch.ts'
import { grantsDue, lackOf, planCannotOpen, planGrants, planRotations, rotationsDue } from './plan-grants.ts'
import { planEveryone } from './plan-role.ts'
import { createRidIndex } from './readers.ts'
import { readerRids, recordsTo } from './route.ts'
import { addRecord, insert } from './ring-add.ts'
import { firstSeen, type Held, heldLamport, lamportOf, type RingState } from './ring-state.ts'
import { isCovered, viewAt } from './safety.ts'
import { openWith, resolveKey, sealWith } from './seal-open.ts'
import { standingOf } from './standing.ts'
import { gateOf, keyOfGate, topicSecretsOf, topicsHeard, topicTable } from './topics.ts'

/** What a ring remembers, from what is stored; `ringOver` answers from it. */
export function createState(init: KeyRingInit): RingState {
  const ring: RingState = {
    suite: init.suite,
    server: init.server,
    log: init.log,
    user: init.user,
    device: init.device,
    signingKey: init.signingKey,
    userKeys: init.userKeys,
    invites: init.invites ?? [],
    records: new Map(),
    keys: new Map(),
    scopes: new Map(),
    grants: new Map(),
    granted: new Map(),
    asked: new Map(),
    handedTopics: new Map(),
    seeds: new Map(),
    links: new Map(),
    sealedTo: new Map(),
    waiting: new Map(),
    rids: createRidIndex(),
    pins: pinned(init.pins),
    judge: held => standingOf(ring, held),
    version: 0,
    topicsVersion: 0,
    fresh: new Set(),
    announced: new Set(),
    upheavals: 0
  }
  for (const { keyId, scope, seed } of init.seeds ?? []) ring.seeds.set(keyId, { scope, seed })
  for (const stored of init.records ?? []) {
    const read = readKeyRecord(ring.suite, stored.bytes)
    // Own storage: checked when it was written. What does not read was written by something else.
    if (!read.ok || ring.records.has(read.value.id)) continue
    insert(ring, { record: read.value, receivedAt: stored.receivedAt })
  }
  if (init.pins !== undefined) usePins(ring, init.pins)
  for (const keyId of ring.seeds.keys()) followLinks(ring, keyId)
  return ring
}

/**
 * A ring from what is stored. Opens no box: only the seeds given are held until something new arrives.
 *
 * The log is read, never changed; its answers are re-asked whenever its count of operations grew.
 */
export const createKeyRing = (init: KeyRingInit): KeyRing => ringOver(createState(init))

/** A ring's questions, asked of what it remembers. */
export function ringOver(ring: RingState): KeyRing {
  const topicName = (): string => {
    const topic = topicTable(ring).current
    return topic === undefined ? '' : toHex(topic.tag)
  }
  const add = (bytes: Uint8Array, at: number): KeyAddResult => {
    const before = topicName()
    const result = addRecord(ring, bytes, at)
    return result.kind === 'accepted' ? { ...result, topicChanged: topicName() !== before } : result
  }
  return {
    server: ring.server,
    add,
    apply: (plan, at) => applyPlan(ring, plan, bytes => add(bytes, at)),
    has: id => ring.records.has(id),
    get: id => ring.records.get(id)?.record,
    records: () => sorted(ring, [...ring.records.values()]),
    headRecords: () => sorted(ring, heads(ring)),
    readerRids: () => readerRids(ring),
    recordsTo: (keyIds, readers) => recordsTo(ring, keyIds, readers),
    unlock: keys => {
      ring.userKeys = keys.userKeys ?? ring.userKeys
      ring.invites = keys.invites ?? ring.invites
      return openAll(ring)
    },
    standing: id => {
      const held = ring.records.get(id)
      return held === undefined ? { kind: 'waiting' } : standingOf(ring, held)
    },
    safety: keyId => safetyOf(ring, keyId),
    isSafe: keyId => safetyOf(ring, keyId).safe,
    wasSafe: (keyId, auth) => {
      const view = viewAt(ring, auth)
      return view === undefined || !ring.keys.has(keyId) ? undefined : isCovered(ring, keyId, view)
    },
    keys: () => [...ring.keys.values()].map(entry => summary(ring, entry.keyId)),
    pin: heads => takePins(ring, heads),
    chooseEpoch: (channel, at) => chooseEpoch(ring, channel, at),
    epochFor: (random, channel, at) => epochFor(ring, random, channel, at),
    rotationsDue: at => rotationsDue(ring, at),
    planRotations: (random, at) => planRotations(ring, random, at),
    planEveryone: random => planEveryone(ring, random),
    grantsDue: at => grantsDue(ring, at),
    mayGive: (keyId, user, at) => {
      const entry = ring.keys.get(keyId)
      return entry !== undefined && gives(ring, entry, user, at)
    },
    planGrants: (random, due) => planGrants(ring, random, due),
    lack: keyId => lackOf(ring, keyId),
    planCannotOpen: keyId => planCannotOpen(ring, keyId),
    currentTopic: () => topicTable(ring).current,
    topics: at => topicsHeard(ring, at),
    topicSecrets: () => topicSecretsOf(ring),
    topicOf: tag => topicTable(ring).byTag.get(toHex(tag)),
    gateKey: announced => {
      const keyId = announced === undefined ? topicTable(ring).current?.keyId : keyOfGate(ring, announced)
      return keyId === undefined ? undefined : gateOf(ring, keyId)
    },
    resolveKey: envelope => resolveKey(ring, envelope),
    seal: options => sealWith(ring, options),
    open: envelope => openWith(ring, envelope)
  }
}

/** Own plans: their seeds are held before their records are read, so no box is opened. */
function applyPlan(
  ring: RingState,
  plan: KeyPlan,
  add: (bytes: Uint8Array) => KeyAddResult
): readonly KeyAddResult[] {
  for (const { keyId, scope, seed } of plan.seeds) ring.seeds.set(keyId, { scope, seed })
  ring.version++
  ring.topicsVersion++
  return plan.records.map(record => add(record.bytes))
}

/** Ascending by (lamport of frontier, id): the order in which sync hands records over (SY6). */
function sorted(ring: RingState, held: readonly Held[]): readonly KeyRecord[] {
  return held
    .map(each => ({ record: each.record, lamport: heldLamport(ring, each) }))
    .sort((a, b) => a.lamport - b.lamport || compareIds(a.record.id, b.record.id))
    .map(each => each.record)
}

/** Records of head keys, and the grants that go with them. */
function heads(ring: RingState): readonly Held[] {
  const keyIds = new Set<KeyId>([...ring.scopes.values()].flatMap(entries => headKeys(ring, entries)))
  return [...ring.records.values()].filter(held => keyIds.has(held.record.body.keyId))
}

function summary(ring: RingState, keyId: KeyId): KeySummary {
  const entry = ring.keys.get(keyId)
  const held = entry?.records[0]
  if (entry === undefined || held === undefined) throw new RangeError('no such key')
  return {
    keyId,
    scope: entry.scope,
    opened: ring.seeds.has(keyId),
    standing: standingOf(ring, held),
    safety: safetyOf(ring, keyId),
    lamport: lamportOf(ring, entry),
    receivedAt: firstSeen(entry),
    messages: entry.messages
  }
}
