/**
 * Takes envelopes through the door (architecture): decode, verify, place, open, judge. What they carry goes on
 * to operations, key records, profiles or the timeline; the envelope itself is kept in its author's chain.
 */
import {
  accept,
  compareIds,
  type DeviceId,
  type KeyId,
  type MessageId,
  type OperationId,
  type Refusal,
  refuse,
  type Verdict
} from '../../base/index.ts'
import {
  decodeStub,
  type Envelope,
  type EnvelopeStub,
  EnvelopeType,
  encodeStub,
  isLinked,
  readEnvelope,
  verifyChain,
  verifyEnvelope
} from '../../graph/index.ts'
import { equalBytes, toHex } from '../../encoding/index.ts'
import type { OpenedEnvelope } from '../../e2ee/index.ts'
import { envelopeFork } from './equivocation.ts'
import { takeAsked } from '../joining/join-requests.ts'
import { judgeContent } from './judge-content.ts'
import { type EnvelopeStatus, envelopeTable, pendingTable } from '../replica/tables.ts'
import { takeOperation } from './take-operations.ts'
import { takeProfile } from './take-profile.ts'
import { takeRecord } from './take-records.ts'
import type { Work } from '../replica/work.ts'

/** Outcome of one delivery of envelopes. */
export interface TakenEnvelopes {
  readonly fresh: number
  readonly refusal?: Refusal
}

/** Operations an envelope may wait for; more is a hostile frontier. */
const WAITING_MAX = 64
/** SY14: envelopes that wait, beyond which new ones are left to a later sync. */
const PENDING_MAX = 20_000

/** Reads a peer's envelopes: form only (EN13: cheapest first). */
export function readItems(work: Work, items: readonly Uint8Array[]): Verdict<readonly Envelope[]> {
  const envelopes: Envelope[] = []
  for (const bytes of items) {
    const read = readEnvelope(work.state.deps.suite, bytes)
    if (!read.ok) return read
    if (read.value.type === EnvelopeType.ephemeral)
      return refuse('EN9', 'ephemeral envelopes are never stored')
    envelopes.push(read.value)
  }
  return accept(envelopes)
}

/**
 * Takes a peer's envelopes.
 *
 * @param verified - Gossip has verified their signatures before it passed them on (NT26).
 */
export async function takeEnvelopes(
  work: Work,
  envelopes: readonly Envelope[],
  from: DeviceId | undefined,
  verified: boolean
): Promise<TakenEnvelopes> {
  let fresh = 0
  for (const run of runsByAuthor(envelopes)) {
    const taken = await takeRun(work, run, from, verified)
    fresh += taken.fresh
    if (taken.refusal !== undefined) return { fresh, refusal: taken.refusal }
  }
  return { fresh }
}

/** Takes stubs (EN3): places in chains without their bodies. */
export async function takeStubs(work: Work, items: readonly Uint8Array[]): Promise<TakenEnvelopes> {
  const { state } = work
  let fresh = 0
  for (const bytes of items) {
    const stub = decodeStub(state.deps.suite, bytes)
    if (!stub.ok) return { fresh, refusal: stub }
    const device = state.deviceOf(stub.value.tag, stub.value.authorId)
    if (device === undefined) continue
    const signed = verifyEnvelope(state.deps.suite, stub.value, device)
    if (!signed.ok) return { fresh, refusal: signed }
    if ((await isKnown(work, device, stub.value)) || !hasRoom(work, device, stub.value)) continue
    place(work, device, stub.value)
    work.turn.batch.put(envelopeTable, [state.server, device, stub.value.seq, stub.value.id], {
      version: 1,
      status: 'refused',
      channel: null,
      stub: true,
      bytes: encodeStub(stub.value)
    })
    fresh++
  }
  return { fresh }
}

/** Envelopes of one author and tag, ascending by seq, in order of first appearance. */
function runsByAuthor(envelopes: readonly Envelope[]): readonly (readonly Envelope[])[] {
  const runs = new Map<string, Envelope[]>()
  let last: Envelope | undefined
  let run: Envelope[] = []
  for (const each of envelopes) {
    if (last === undefined || !equalBytes(last.authorId, each.authorId) || !equalBytes(last.tag, each.tag)) {
      const key = toHex(each.tag) + toHex(each.authorId)
      run = runs.get(key) ?? []
      runs.set(key, run)
    }
    run.push(each)
    last = each
  }
  return [...runs.values()].map(run => run.sort((a, b) => a.seq - b.seq || compareIds(a.id, b.id)))
}

/** Cuts a run where it is not linked: gaps, forks. */
function linkedRuns(run: readonly Envelope[]): readonly (readonly Envelope[])[] {
  const runs: Envelope[][] = []
  for (const each of run) {
    const last = runs.at(-1)
    const before = last?.at(-1)
    if (last !== undefined && before !== undefined && isLinked(before, each)) last.push(each)
    else runs.push([each])
  }
  return runs
}

async function takeRun(
  work: Work,
  run: readonly Envelope[],
  from: DeviceId | undefined,
  verified: boolean
): Promise<TakenEnvelopes> {
  const { state } = work
  const first = run[0] as Envelope
  const device = state.deviceOf(first.tag, first.authorId) ?? introduce(work, run, from)
  if (device === undefined) return { fresh: 0 }
  const unknown: Envelope[] = []
  for (const each of run) {
    const known = isKnown(work, device, each)
    if (known instanceof Promise ? !(await known) : !known) unknown.push(each)
  }
  if (unknown.length === 0) return { fresh: 0 }
  if (!verified) {
    // Known ones too: a run is vouched for by its last signature, which may be one that we hold already.
    for (const linked of linkedRuns(run)) {
      const proof = verifyChain(state.deps.suite, linked, device)
      if (!proof.ok) return { fresh: 0, refusal: proof }
    }
  }
  let fresh = 0
  for (const each of unknown) {
    if (!hasRoom(work, device, each)) continue
    takeVerified(work, device, each, from)
    fresh++
  }
  return { fresh }
}

/** Parts of one chain that are kept (docs/adr/0101): an honest one has as many as there are holes still to be fetched. */
const CHAIN_PARTS_MAX = 512

/** Whether a chain may be torn further: only its author's malice tears it so far. What comes later to fill it, fits. */
function hasRoom(work: Work, device: DeviceId, envelope: EnvelopeStub): boolean {
  const { chain } = work.state.author(device)
  return chain.parts() < CHAIN_PARTS_MAX || chain.fits(envelope)
}

/**
 * EN10: an author we never heard of. Control and key envelopes are opened first: the operation or record inside
 * names its device, which then has to have signed the envelope.
 */
function introduce(work: Work, run: readonly Envelope[], from: DeviceId | undefined): DeviceId | undefined {
  const { state, turn, news } = work
  for (const each of run) {
    if (each.type !== EnvelopeType.control && each.type !== EnvelopeType.key) continue
    const result = state.ring.open(each)
    if (result.kind !== 'opened' || result.opened.payload.body.kind !== 'operation') continue
    takeOperation(state, turn, news, result.opened.payload.body.operation, from)
    const device = state.deviceOf(each.tag, each.authorId)
    if (device !== undefined) return device
  }
  return undefined
}

/** Whether this very envelope is held: by id, since a fork has two of one number. A promise where the disk is asked. */
function isKnown(work: Work, device: DeviceId, envelope: EnvelopeStub): boolean | Promise<boolean> {
  const { state, turn } = work
  if (!state.chains.has(device, envelope.seq)) return false
  if (turn.placed.has(envelope.id)) return true
  return state.deps.database
    .table(envelopeTable)
    .get([state.server, device, envelope.seq, envelope.id])
    .then(row => row !== undefined)
}

/** Notes a verified envelope in its author's chain. */
export function place(work: Work, device: DeviceId, envelope: EnvelopeStub): void {
  const { state, turn } = work
  const fork = envelopeFork(state, device, envelope)
  if (fork !== undefined) turn.events.push(fork)
  state.author(device).chain.place(envelope)
  state.chains.add(device, envelope.seq, envelope.idBytes)
  turn.placed.add(envelope.id)
  turn.chains.add(device)
}

/** For a receipt (SY16): of what is held whole, as nobody can get a body from a stub. */
function noteReceived({ turn }: Work, device: DeviceId, id: MessageId): void {
  const ids = turn.received.get(device)
  if (ids === undefined) turn.received.set(device, [id])
  else ids.push(id)
}

function takeVerified(work: Work, device: DeviceId, envelope: Envelope, from: DeviceId | undefined): void {
  place(work, device, envelope)
  noteReceived(work, device, envelope.id)
  work.turn.storedFrom(from).envelopes.push(envelope.bytes)
  const outcome = openAndApply(work, device, envelope, from)
  keep(work, device, envelope, outcome)
}

/** What came of opening and judging one envelope. */
export interface Outcome {
  readonly status: EnvelopeStatus
  readonly channel: string | null
  readonly waitsFor?: {
    readonly keyId: KeyId | null
    readonly operations: readonly OperationId[]
    readonly until?: number
  }
}

/** Writes an envelope with its status, and the row by which a waiting one is found again. */
export function keep(work: Work, device: DeviceId, envelope: Envelope, outcome: Outcome): void {
  const { state, turn } = work
  turn.batch.put(envelopeTable, [state.server, device, envelope.seq, envelope.id], {
    version: 1,
    status: outcome.status,
    channel: outcome.channel,
    stub: false,
    bytes: envelope.bytes
  })
  turn.kept.set(envelope.id, { device, envelope })
  const { waitsFor } = outcome
  if (waitsFor === undefined) {
    if (state.pending.delete(envelope.id)) turn.batch.delete(pendingTable, [state.server, envelope.id])
    return
  }
  if (state.pending.size >= PENDING_MAX && !state.pending.has(envelope.id)) return
  const operations = waitsFor.operations.slice(0, WAITING_MAX)
  state.pending.set(envelope.id, {
    id: envelope.id,
    device,
    seq: envelope.seq,
    keyId: waitsFor.keyId,
    operations,
    until: waitsFor.until
  })
  if (waitsFor.until !== undefined) state.nextDue = Math.min(state.nextDue, waitsFor.until)
  turn.batch.put(pendingTable, [state.server, envelope.id], {
    version: 1,
    id: envelope.id,
    device,
    seq: envelope.seq,
    keyId: waitsFor.keyId,
    operations
  })
}

/** As a time: no time comes, but every key that is opened may be the one. */
export const ANY_KEY = Infinity

/** Opens a verified envelope and hands on what it carries. Used again when a key or an operation came. */
export function openAndApply(
  work: Work,
  device: DeviceId,
  envelope: Envelope,
  from: DeviceId | undefined
): Outcome {
  const result = work.state.ring.open(envelope)
  switch (result.kind) {
    case 'opened':
      return apply(work, device, envelope, result.opened, from)
    case 'missing':
      return { status: 'sealed', channel: null, waitsFor: { keyId: result.keyId, operations: [] } }
    case 'foreign':
      // A topic that we do not know yet: who parted from us may have drawn it (EK17), and its key is still to come.
      return { status: 'sealed', channel: null, waitsFor: { keyId: null, operations: [], until: ANY_KEY } }
    case 'refused':
      return { status: 'refused', channel: null }
  }
}

/** Hands on what an opened envelope carries. */
export function apply(
  work: Work,
  device: DeviceId,
  envelope: Envelope,
  opened: OpenedEnvelope,
  from: DeviceId | undefined
): Outcome {
  const { state, turn, news } = work
  const { body, at } = opened.payload
  const author = state.author(device)
  author.at = Math.max(author.at, at)
  if (work.live && device !== state.self) state.skews.set(device, at - turn.at)
  switch (body.kind) {
    case 'operation':
      takeOperation(state, turn, news, body.operation, from)
      return { status: 'opened', channel: opened.channel }
    case 'keyRecord': {
      const taken = takeRecord(state, turn, body.record, from)
      if (taken.kind === 'fresh') {
        work.openedKeys(taken.opened)
        // What is written from now on comes under the new topic: it has to be listened to (EK17).
        turn.topicChanged ||= taken.topicChanged
      }
      return { status: 'opened', channel: opened.channel }
    }
    case 'profile':
      takeProfile(work, device, body.profile)
      return { status: 'opened', channel: opened.channel }
    case 'inviteAsk':
    case 'joinRequest':
    case 'joinAnswer':
      return takeAsked(work, device, envelope, opened, body)
    default:
      return judgeContent(work, device, envelope, opened)
  }
}
