/**
 * One server's operations and what follows from them: the door of the resolver (AU9, AU48).
 */
import {
  type ChannelId,
  type DeviceId,
  FUTURE_MS_MAX,
  GATHER_CITES_MAX,
  idAs,
  OPERATION_CITES_MAX,
  type OperationId,
  refuse,
  type Refusal,
  type ServerId
} from '../base/index.ts'
import { type Operation, OrphanPool } from '../graph/index.ts'
import type { Explanation, Question } from '../verifier/index.ts'
import { compareAge } from './attack.ts'
import { draftGather } from './build.ts'
import { changesOf, rejudgeOf } from './changes.ts'
import type {
  AddOptions,
  AddResult,
  AuthorityLog,
  AuthorityState,
  ContentAct,
  ContentVerdict,
  ExplainOptions,
  ForkState,
  Loss,
  OperationDraft
} from './contract.ts'
import { checkGenesis } from './check-genesis.ts'
import { ContentJudge } from './content-judge.ts'
import type { AuthorityDeps } from './deps.ts'
import { covers, type Entry } from './entry.ts'
import { PROTOCOL_VERSION } from './kinds/plan-server.ts'
import { decodeBody, isSpine, type KindBody } from './kinds/table.ts'
import { explain } from './explain/explain.ts'
import { Ledger } from './ledger.ts'
import { LossBook } from './loss-book.ts'
import { type Past, unionPasts } from './past.ts'
import { admissionsOf, fieldsFor, newestOf } from './place.ts'
import type { Known } from './reader.ts'
import { RecentMap } from './recent-map.ts'
import { State } from './state.ts'
import { StateCache } from './state-cache.ts'
import { forksOf, isStronger } from './seal-worth.ts'
import { stateRoot } from './state-root.ts'
import { citedBy, placeFault } from './structure.ts'
import { type Invalid, validate } from './validate.ts'
import { type Membership, pastMembership, prefixMembership, View } from './view.ts'

/** Refused ids that are remembered, so that what cites them is refused at once. */
const REFUSED_MAX = 4_096
/** Operations from the future that wait here (AU6). */
const HELD_MAX = 1_024
/** Frontiers whose state is kept. */
const STATES_MAX = 128
/** IV5: a join that arrives this long after its invite's end is held. */
const LATE_JOIN_MS_MAX = 600_000
const NO_EXTRA: ReadonlySet<Entry> = new Set()

/**
 * Opens a server's log with its genesis.
 *
 * @throws TypeError if the genesis is none: bytes from a peer go through `checkGenesis` first.
 */
export function createAuthorityLog(
  deps: AuthorityDeps,
  genesis: Operation,
  options: { readonly trusted?: boolean } = {}
): AuthorityLog {
  const known = checkGenesis(deps, genesis, options)
  if (!known.ok) throw new TypeError(`not a genesis: ${known.rule}, ${known.reason}`)
  return new Log(deps, genesis, known.value)
}

class Log implements AuthorityLog {
  readonly server: ServerId
  readonly #deps: AuthorityDeps
  readonly #ledger: Ledger
  readonly #heads = new Set<Entry>()
  readonly #leaves = new Set<Entry>()
  readonly #orphans = new OrphanPool()
  readonly #ready: { readonly operation: Operation; readonly peer: string }[] = []
  readonly #outcomes: AddResult[] = []
  readonly #held = new Map<OperationId, { readonly operation: Operation; readonly until: number }>()
  readonly #refused = new RecentMap<OperationId, Refusal>(REFUSED_MAX)
  readonly #states = new RecentMap<string, State>(STATES_MAX)
  readonly #content: ContentJudge
  readonly #losses: LossBook
  #cache = new StateCache()
  #state: State | undefined
  #newer: OperationId | undefined

  constructor(deps: AuthorityDeps, genesis: Operation, known: Known) {
    this.#deps = deps
    this.server = genesis.server
    this.#ledger = new Ledger(genesis.server)
    this.#losses = new LossBook(id => this.#ledger.entries.get(id))
    this.#content = new ContentJudge(this.#ledger, ids => this.#membership(ids))
    const body = (decodeBody(genesis.kind, genesis.body) as { value: KindBody }).value
    const { entry } = this.#ledger.add({ op: genesis, body, known }, unionPasts([], []), true, () => false)
    this.#heads.add(entry)
  }

  add(operation: Operation, now: number, options: AddOptions = {}): AddResult {
    if (this.#ledger.entries.has(operation.id)) return { kind: 'known', operation: operation.id }
    if (this.#newer !== undefined) return { kind: 'newer', operation: operation.id }
    if (operation.server !== this.server)
      return this.#reject(operation, refuse('AU1', "another server's operation"))
    const earlier = this.#refused.get(operation.id)
    if (earlier !== undefined) return { kind: 'rejected', refusal: earlier }
    // What is stored was due once: a clock set back must not take it away.
    if (options.trusted !== true && operation.at > now + FUTURE_MS_MAX)
      return this.#hold(operation, operation.at - FUTURE_MS_MAX)
    const cited = citedBy(operation)
    if (cited.some(id => this.#refused.get(id) !== undefined))
      return this.#reject(operation, refuse('AU9', 'cites an operation that was refused'))
    const missing = [...new Set(cited)].filter(id => !this.#ledger.entries.has(id))
    if (missing.length > 0) {
      this.#orphans.add(operation, missing, options.peer ?? operation.device)
      return { kind: 'orphan', operation: operation.id, missing }
    }
    return this.#judgeAndAdd(operation, now, options)
  }

  #judgeAndAdd(operation: Operation, now: number, options: AddOptions): AddResult {
    const kind = decodeBody(operation.kind, operation.body)
    if (!kind.ok) return this.#reject(operation, kind)
    const place = placeFault(operation, {
      operation: id => this.#ledger.entry(id).op,
      isCovered: (a, b) => covers(this.#ledger.entry(b), this.#ledger.entry(a)),
      hasOwnOutsideChain: op => this.#ledger.hasOwnOutsideChain(op)
    })
    if (place !== undefined) return this.#reject(operation, place)
    const past = this.#ledger.pastOf(citedBy(operation))
    const view = new View(this.#ledger, pastMembership(past, NO_EXTRA))
    const known = validate(this.#deps, operation, kind.value, view, { trusted: options.trusted === true })
    if (!known.ok) return this.#reject(operation, known)
    if (options.live === true && this.#isLateJoin(kind.value, view, now))
      return this.#hold(operation, Number.MAX_SAFE_INTEGER)
    if (kind.value.name === 'protoRaise' && kind.value.body.version > PROTOCOL_VERSION) {
      this.#newer = operation.id
      return { kind: 'newer', operation: operation.id }
    }
    return this.#take(operation, kind.value, known.value, view, past)
  }

  #take(operation: Operation, body: KindBody, known: Known, view: View, past: Past): AddResult {
    const spine = isSpine(operation.kind)
    const settled = this.#ledger.add({ op: operation, body, known }, past, spine, each =>
      view.isEffective(each)
    )
    const { entry } = settled
    this.#state = undefined
    for (const cell of settled.touched.keys()) this.#cache.forget(cell.key, this.#ledger)
    this.#cache.hash = undefined
    this.#advance(entry, spine)
    const losses = this.#losses.note(entry, settled.flips)
    this.#held.delete(operation.id)
    this.#ready.push(...this.#orphans.arrived(operation.id))
    return {
      kind: 'accepted',
      operation,
      effective: entry.effective,
      changes: changesOf(this.#ledger, settled),
      rejudge: rejudgeOf(this.#ledger, settled),
      losses
    }
  }

  #advance(entry: Entry, spine: boolean): void {
    for (const id of citedBy(entry.op)) {
      const cited = this.#ledger.entry(id)
      this.#leaves.delete(cited)
      if (spine) this.#heads.delete(cited)
    }
    if (spine) this.#heads.add(entry)
    else this.#leaves.add(entry)
  }

  /** IV5: only of live arrivals, never of history. */
  #isLateJoin(kind: KindBody, view: View, now: number): boolean {
    if (kind.name !== 'join') return false
    const terms = view.winner(`invite|${kind.body.invite}|terms`)?.by.body
    return (
      terms?.name === 'inviteCreate' &&
      terms.body.notAfter !== null &&
      now > terms.body.notAfter + LATE_JOIN_MS_MAX
    )
  }

  #reject(operation: Operation, refusal: Refusal): AddResult {
    const plain: Refusal = { ok: false, rule: refusal.rule, reason: refusal.reason }
    this.#refused.set(operation.id, plain)
    const left = this.#orphans.refused(operation.id)
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const because = refuse('AU9', 'cites an operation that was refused')
      this.#refused.set(next.id, because)
      this.#outcomes.push({ kind: 'rejected', refusal: because })
      left.push(...this.#orphans.refused(next.id))
    }
    return { kind: 'rejected', refusal: plain }
  }

  #hold(operation: Operation, until: number): AddResult {
    if (this.#held.size < HELD_MAX) this.#held.set(operation.id, { operation, until })
    return { kind: 'held', operation: operation.id, until }
  }

  drain(now: number): readonly AddResult[] {
    const out = this.#outcomes.splice(0)
    for (const [id, held] of this.#held) {
      if (held.until > now) continue
      this.#held.delete(id)
      out.push(this.add(held.operation, now))
    }
    for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
      out.push(this.add(next.operation, now, { peer: next.peer }))
    }
    out.push(...this.#outcomes.splice(0))
    return out
  }

  get(id: OperationId): Operation | undefined {
    return this.#ledger.entries.get(id)?.op
  }

  has(id: OperationId): boolean {
    return this.#ledger.entries.has(id)
  }

  *operations(): Iterable<Operation> {
    for (const entry of this.#ledger.entries.values()) yield entry.op
  }

  count(): number {
    return this.#ledger.count
  }

  heads(): readonly OperationId[] {
    return [...this.#heads].map(each => each.op.id).sort()
  }

  leaves(): readonly OperationId[] {
    return [...this.#leaves].map(each => each.op.id).sort()
  }

  missing(): readonly OperationId[] {
    return this.#orphans.missing()
  }

  frontier(): readonly OperationId[] | undefined {
    if (this.#heads.size + this.#leaves.size > OPERATION_CITES_MAX) return undefined
    return [...this.heads(), ...this.leaves()].sort()
  }

  frontierFor(device: DeviceId, channel?: ChannelId): readonly OperationId[] {
    const heads = [...this.#heads].sort((a, b) => compareAge(b, a)).slice(0, OPERATION_CITES_MAX)
    const own = newestOf(this.#ledger, device)
    const admissions = channel === undefined ? [] : admissionsOf(this.#ledger, device, channel)
    const bare: Entry[] = []
    for (const each of own === undefined ? admissions : [own, ...admissions])
      if (![...heads, ...bare].some(head => covers(head, each))) bare.push(each)
    const cited = [...heads.slice(0, OPERATION_CITES_MAX - bare.length), ...bare]
    return cited.map(each => each.op.id).sort()
  }

  covers(frontier: readonly OperationId[], id: OperationId): boolean {
    const entry = this.#ledger.entries.get(id)
    if (entry === undefined) return false
    return frontier.some(each => {
      const at = this.#ledger.entries.get(each)
      return at !== undefined && covers(at, entry)
    })
  }

  state(): AuthorityState {
    if (this.#state !== undefined) return this.#state
    const { count } = this.#ledger
    const own = new StateCache()
    const view = new View(this.#ledger, prefixMembership(count))
    return (this.#state = new State(
      view,
      () => (this.#ledger.count === count ? this.#cache : own),
      each => this.#root(each)
    ))
  }

  #root(view: View): Uint8Array {
    return stateRoot(this.#deps.suite, view)
  }

  /** What a frontier and its past hold, without giving leaves an index: asking must not change the log. */
  #membership(frontier: Iterable<OperationId>): Membership | undefined {
    const entries: Entry[] = []
    for (const id of frontier) {
      const entry = this.#ledger.entries.get(id)
      if (entry === undefined) return undefined
      entries.push(entry)
    }
    const past = unionPasts(
      entries.map(each => each.past),
      entries.filter(each => each.index >= 0).map(each => each.index)
    )
    return pastMembership(past, new Set(entries.filter(each => each.index < 0)))
  }

  stateAt(frontier: readonly OperationId[]): AuthorityState | undefined {
    const key = [...frontier].sort().join()
    const kept = this.#states.get(key)
    if (kept !== undefined) return kept
    const membership = this.#membership(frontier)
    if (membership === undefined || frontier.length === 0) return undefined
    const cache = new StateCache()
    const state = new State(
      new View(this.#ledger, membership),
      () => cache,
      each => this.#root(each)
    )
    this.#states.set(key, state)
    return state
  }

  lossesOutside(frontier: readonly OperationId[]): readonly Loss[] {
    const inside = this.#membership(frontier.filter(id => this.has(id))) as Membership
    return this.#losses.outside(inside)
  }

  lamportOf(frontier: readonly OperationId[]): number {
    return frontier.reduce(
      (highest, id) => Math.max(highest, this.#ledger.entries.get(id)?.op.lamport ?? 0),
      0
    )
  }

  standing(id: OperationId): ReturnType<AuthorityLog['standing']> {
    const entry = this.#ledger.entries.get(id)
    if (entry === undefined) return undefined
    if (entry.effective) return { standing: 'effective' }
    const { rule, by } = entry.voided ?? { rule: 'AU23' as const, by: undefined }
    return by === undefined ? { standing: 'voided', rule } : { standing: 'voided', rule, by }
  }

  forks(): readonly ForkState[] {
    return forksOf(this.#ledger)
  }

  strengthens(device: DeviceId, seal: OperationDraft, at: number): boolean {
    const op: Operation = {
      ...this.place(device, seal, at),
      id: idAs('o', this.server),
      bytes: new Uint8Array(0)
    }
    const known = this.#judgeDraft(op)
    return (
      known.ok && isStronger(known.value, new View(this.#ledger, this.#membership(citedBy(op)) as Membership))
    )
  }

  permits(
    device: DeviceId,
    draft: OperationDraft,
    at: number
  ): { readonly ok: true } | (Refusal & { readonly permission?: string }) {
    if (this.#newer !== undefined) return refuse('AU7', 'newer client needed')
    const placed = this.place(device, draft, at)
    const op: Operation = { ...placed, id: idAs('o', this.server), bytes: new Uint8Array(0) }
    const verdict = this.#judgeDraft(op)
    return verdict.ok ? { ok: true } : verdict
  }

  #judgeDraft(op: Operation): { readonly ok: true; readonly value: Known } | Invalid {
    const kind = decodeBody(op.kind, op.body)
    if (!kind.ok) return kind
    const membership = this.#membership(citedBy(op)) as Membership
    return validate(this.#deps, op, kind.value, new View(this.#ledger, membership), { trusted: true })
  }

  gathers(): readonly OperationDraft[] {
    const leaves = this.leaves()
    const drafts: OperationDraft[] = []
    for (let at = 0; at < leaves.length; at += GATHER_CITES_MAX)
      drafts.push(draftGather(leaves.slice(at, at + GATHER_CITES_MAX)))
    return drafts
  }

  place(device: DeviceId, draft: OperationDraft, at: number): Omit<Operation, 'id' | 'bytes'> {
    const tips = { heads: this.#heads, leaves: this.#leaves }
    return fieldsFor({ deps: this.#deps, ledger: this.#ledger, tips, device, draft, at })
  }

  judge(act: ContentAct): ContentVerdict {
    return this.#content.judge(act)
  }

  explain(question: Question, options: ExplainOptions = {}): Explanation {
    const source = {
      deps: this.#deps,
      ledger: this.#ledger,
      frontier: [...(options.frontier ?? [...this.heads(), ...this.leaves()])].sort(),
      pastOf: (ids: readonly OperationId[]) => this.#membership(ids),
      refusal: (id: OperationId) => this.#refused.get(id)
    }
    return explain(source, question, options)
  }
}
