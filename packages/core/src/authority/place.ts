/** Where a new operation of a device goes: the fields that follow from the log (AU1, AU8). */
import {
  type ChannelId,
  type DeviceId,
  OPERATION_CITES_MAX,
  type OperationId,
  type UserId
} from '../base/index.ts'
import { GATHER_KIND, type Operation } from '../graph/index.ts'
import type { OperationDraft } from './contract.ts'
import type { AuthorityDeps } from './deps.ts'
import { covers, type Entry } from './entry.ts'
import { compareAge } from './attack.ts'
import { threadMemberCell } from './cell.ts'
import { decodeBody, isSpine, type KindBody } from './kinds/table.ts'
import type { Ledger } from './ledger.ts'

/** What a new operation cites. */
export interface Citations {
  readonly prev: Entry | undefined
  readonly parents: readonly Entry[]
  readonly refs: readonly Entry[]
}

/** The newest operation of a device; of a forked one, the longest branch. */
export function newestOf(ledger: Ledger, device: DeviceId): Entry | undefined {
  return ledger.chains.get(device)?.newest
}

/** Newest first. */
const newestFirst = (a: Entry, b: Entry): number => -compareAge(a, b)

/** What nothing cites yet. */
export interface Tips {
  readonly heads: ReadonlySet<Entry>
  readonly leaves: ReadonlySet<Entry>
}

/**
 * Chooses prev, parents and refs for a draft: what it names first, and in spine operations then as many leaves as
 * there is room for, so that they soon lie in everybody's past.
 */
export function citationsFor(
  deps: AuthorityDeps,
  ledger: Ledger,
  tips: Tips,
  device: DeviceId,
  draft: OperationDraft
): Citations {
  const prev = newestOf(ledger, device)
  const wanted = [
    ...(draft.refs ?? []).map(id => ledger.entry(id)),
    ...leavesNamed(deps, ledger, device, draft)
  ]
  if (isSpine(draft.kind) && draft.kind !== GATHER_KIND)
    wanted.push(...firstOf(tips.leaves, OPERATION_CITES_MAX * 2))
  const all = [...tips.heads].sort(newestFirst)
  const parents = all.length <= OPERATION_CITES_MAX ? all : chooseHeads(ledger, all, prev, wanted)
  const limit = draft.kind === GATHER_KIND ? Infinity : OPERATION_CITES_MAX
  const refs: Entry[] = []
  for (const leaf of wanted) {
    if (refs.length >= limit || refs.includes(leaf) || isSpine(leaf.op.kind)) continue
    if (parents.some(each => covers(each, leaf)) || (prev !== undefined && covers(prev, leaf))) continue
    if (!behind(ledger, leaf).every(each => parents.some(head => covers(head, each)))) continue
    refs.push(leaf)
  }
  return { prev, parents, refs }
}

function firstOf(leaves: Iterable<Entry>, max: number): Entry[] {
  const out: Entry[] = []
  for (const leaf of leaves) {
    if (out.length >= max) break
    out.push(leaf)
  }
  return out
}

/** Spine operations that citing this one brings into the past. */
function behind(ledger: Ledger, cited: Entry): readonly Entry[] {
  return isSpine(cited.op.kind) ? [cited] : cited.op.parents.map(id => ledger.entry(id))
}

/** Sixteen of more heads: for each operation that prev and refs bring along one that covers it (AU5), then the newest. */
function chooseHeads(
  ledger: Ledger,
  heads: readonly Entry[],
  prev: Entry | undefined,
  refs: readonly Entry[]
): Entry[] {
  const chosen = new Set<Entry>()
  for (const each of (prev === undefined ? refs : [prev, ...refs]).flatMap(cited => behind(ledger, cited))) {
    if (chosen.size >= OPERATION_CITES_MAX || [...chosen].some(head => covers(head, each))) continue
    const head = heads.find(found => covers(found, each))
    if (head !== undefined) chosen.add(head)
  }
  for (const head of heads) {
    if (chosen.size >= OPERATION_CITES_MAX) break
    chosen.add(head)
  }
  return [...chosen]
}

/** Who last let the users of a device into a private thread, or out of it: mostly leaves, which no head covers. */
export function admissionsOf(ledger: Ledger, device: DeviceId, thread: ChannelId): Entry[] {
  return [...(ledger.registry.devices.get(device) ?? [])].flatMap(user => admissionOf(ledger, thread, user))
}

function admissionOf(ledger: Ledger, thread: ChannelId, user: UserId): Entry[] {
  const winner = ledger.cells.get(threadMemberCell(thread, user))?.winner
  return winner === undefined ? [] : [ledger.entry(winner.by.op.id)]
}

/**
 * Leaves that the draft's objects rest on: joins and devices of the users named, threads and who is in them,
 * operations of cut rows.
 */
function leavesNamed(deps: AuthorityDeps, ledger: Ledger, author: DeviceId, draft: OperationDraft): Entry[] {
  const kind = decodeBody(draft.kind, draft.body)
  if (!kind.ok) return []
  const out: Entry[] = []
  const add = (entry: Entry | undefined): void => {
    if (entry !== undefined && !isSpine(entry.op.kind)) out.push(entry)
  }
  for (const row of draft.cut ?? []) if (row.operation !== null) add(ledger.entries.get(row.operation))
  for (const id of operationsNamed(kind.value)) add(ledger.entries.get(id))
  const user = userNamed(deps, kind.value)
  if ('thread' in kind.value.body) {
    const { thread } = kind.value.body
    for (const each of admissionsOf(ledger, author, thread)) add(each)
    if (user !== undefined) for (const each of admissionOf(ledger, thread, user)) add(each)
  }
  const devices = new Set<DeviceId>(kind.value.name === 'deviceRevoke' ? kind.value.body.devices : [])
  for (const device of (user === undefined ? undefined : ledger.registry.devicesOf.get(user)) ?? [])
    devices.add(device)
  for (const device of devices) add(newestOf(ledger, device))
  return out
}

/** Ids of objects that leaves made. */
function operationsNamed(kind: KindBody): OperationId[] {
  const named = 'thread' in kind.body ? [kind.body.thread] : []
  return named.map(id => `o${id.slice(1)}` as OperationId)
}

function userNamed(deps: AuthorityDeps, kind: KindBody): UserId | undefined {
  if (kind.name === 'deviceAdd') {
    const claims = deps.verifyCredential(kind.body.credential, { trusted: true })
    return claims.ok ? claims.value.user : undefined
  }
  return 'user' in kind.body && kind.body.user !== null ? kind.body.user : undefined
}

/** The fields of a new operation that follow from the log. */
export function fieldsFor(init: {
  readonly deps: AuthorityDeps
  readonly ledger: Ledger
  readonly tips: Tips
  readonly device: DeviceId
  readonly draft: OperationDraft
  readonly at: number
}): Omit<Operation, 'id' | 'bytes'> {
  const { deps, ledger, tips, device, draft, at } = init
  const { prev, parents, refs } = citationsFor(deps, ledger, tips, device, draft)
  const cited = [...parents, ...refs, ...(prev === undefined ? [] : [prev])]
  return {
    server: ledger.server,
    kind: draft.kind,
    device,
    seq: prev === undefined ? 0 : prev.op.seq + 1,
    prev: prev?.op.id ?? null,
    parents: parents.map(each => each.op.id).sort(),
    refs: refs.map(each => each.op.id).sort(),
    lamport: 1 + cited.reduce((highest, each) => Math.max(highest, each.op.lamport), 0),
    at: cited.reduce((latest, each) => Math.max(latest, each.op.at), at),
    body: draft.body,
    cut: draft.cut ?? null
  }
}
