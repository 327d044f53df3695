/**
 * One server's operations and what follows from them: the door of the resolver (AU9, AU48).
 */
import {
  type ChannelId,
  type DeviceId,
  FUTURE_MS_MAX,
  idAs,
  type OperationId,
  refuse,
  type Refusal,
  type ServerId,
  type Verdict
} from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import type { Explanation, Question } from '../verifier/index.ts'
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
  Moved,
  OperationDraft,
  OperationMark,
  SnapshotOptions
} from './contract.ts'
import { checkGenesis } from './check-genesis.ts'
import { Admission } from './admission.ts'
import { ContentJudge } from './content-judge.ts'
import type { AuthorityDeps } from './deps.ts'
import { isRaised } from './kinds/plan-server.ts'
import { decodeBody, isSpine, type KindBody } from './kinds/table.ts'
import { explain, unexplained } from './explain/explain.ts'
import { Frontiers } from './frontiers.ts'
import { HistoryNeeded } from './history-needed.ts'
import { isLateJoin } from './late-join.ts'
import { Ledger } from './ledger.ts'
import { LossBook } from './loss-book.ts'
import { Journal } from './moved.ts'
import { type Past, unionPasts } from './past.ts'
import { fieldsFor } from './place.ts'
import type { Known } from './reader.ts'
import { RecentMap } from './recent-map.ts'
import { State } from './state.ts'
import { StateCache } from './state-cache.ts'
import { forksOf, isStronger } from './seal-worth.ts'
import { stateRoot } from './state-root.ts'
import { auditClaim } from './checkpoint.ts'
import { makeSnapshot, type OpenLog } from './snapshot.ts'
import type { AuthoritySnapshot, SnapshotRoots } from './snapshot-claim.ts'
import { cutAll, cutBehind } from './snapshot-cut.ts'
import { Foundation } from './thaw.ts'
import { citedBy, placeFault } from './structure.ts'
import { type Invalid, validate } from './validate.ts'
import { type Membership, pastMembership, prefixMembership, View } from './view.ts'

/** Frontiers whose state is kept. */
const STATES_MAX = 128

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
  return new Log(deps, genesis, { known: known.value })
}

/** What a log begins with. */
interface LogStart {
  readonly known: Known
  readonly settled?: Foundation
  readonly open?: OpenLog
}

/**
 * Opens a server's log with a snapshot in place of the operations it stands for (AU59): the same answers, but where
 * only those operations have them.
 *
 * @throws TypeError if the genesis is none.
 */
export function openAuthorityLog(deps: AuthorityDeps, genesis: Operation, open: OpenLog): AuthorityLog {
  const known = checkGenesis(deps, genesis, { trusted: open.trusted === true })
  if (!known.ok) throw new TypeError(`not a genesis: ${known.rule}, ${known.reason}`)
  const settled = new Foundation(open.snapshot, open.snapshot.frozen)
  return new Log(deps, genesis, { known: known.value, settled, open })
}

class Log implements AuthorityLog {
  readonly server: ServerId
  readonly #deps: AuthorityDeps
  readonly #ledger: Ledger
  readonly #frontiers: Frontiers
  readonly #admission = new Admission()
  readonly #states = new RecentMap<string, State>(STATES_MAX)
  readonly #content: ContentJudge
  readonly #losses: LossBook
  readonly #journal = new Journal()
  #cache = new StateCache()
  #state: State | undefined
  #wanting = false
  readonly #root = (view: View): Uint8Array => stateRoot(this.#deps.suite, view)
  readonly #genesis: Operation
  readonly #kept: OpenLog['kept']

  constructor(deps: AuthorityDeps, genesis: Operation, start: LogStart) {
    this.#deps = deps
    this.server = genesis.server
    this.#genesis = genesis
    const { settled } = start
    this.#kept = start.open?.kept
    this.#ledger = new Ledger(genesis.server, settled)
    this.#frontiers = new Frontiers(this.#ledger, start.open?.inside)
    this.#losses = new LossBook(id => this.#ledger.entries.get(id))
    this.#content = new ContentJudge(this.#ledger, ids => this.#frontiers.membership(ids))
    if (settled === undefined) this.#found(genesis, start.known)
  }

  #found(genesis: Operation, known: Known): void {
    const body = (decodeBody(genesis.kind, genesis.body) as { value: KindBody }).value
    const { entry } = this.#ledger.add({ op: genesis, body, known }, unionPasts([], []), true, () => false)
    this.#frontiers.advance(entry, true)
  }

  add(operation: Operation, now: number, options: AddOptions = {}): AddResult {
    if (this.has(operation.id)) return { kind: 'known', operation: operation.id }
    if (operation.server !== this.server)
      return this.#admission.reject(operation, refuse('AU1', "another server's operation"))
    // What is stored was due once: a clock set back must not take it away.
    if (options.trusted !== true && operation.at > now + FUTURE_MS_MAX)
      return this.#admission.hold(operation, operation.at - FUTURE_MS_MAX)
    const cited = citedBy(operation)
    const earlier = this.#admission.earlier(operation, cited)
    if (earlier !== undefined) return earlier
    const missing = [...new Set(cited)].filter(id => !this.#ledger.entries.has(id))
    if (missing.length > 0) {
      if (missing.every(id => this.#frontiers.isInside(id))) return this.#awaitHistory(operation)
      return this.#admission.orphan(operation, missing, options.peer ?? operation.device)
    }
    return this.#answer(() => this.#judgeAndAdd(operation, now, options)) ?? this.#awaitHistory(operation)
  }

  #awaitHistory(operation: Operation): AddResult {
    this.#wanting = true
    return { kind: 'history', operation: operation.id }
  }

  /** Asks; undefined where only the operations before the snapshot could answer. */
  #answer<T>(ask: () => T): T | undefined {
    try {
      return ask()
    } catch (error) {
      if (!(error instanceof HistoryNeeded)) throw error
      this.#wanting = true
      return undefined
    }
  }

  #judgeAndAdd(operation: Operation, now: number, options: AddOptions): AddResult {
    const past = this.#ledger.pastOf(citedBy(operation))
    const view = new View(this.#ledger, pastMembership(past))
    if (isRaised(view)) return { kind: 'newer', operation: operation.id }
    const kind = decodeBody(operation.kind, operation.body)
    if (!kind.ok) return this.#admission.reject(operation, kind)
    if (this.#ledger.cutsSettled(operation)) throw new HistoryNeeded()
    const place = placeFault(operation, {
      operation: id => this.#ledger.entry(id).op,
      isCovered: (a, b) => this.#ledger.isCovered(a, b),
      hasOwnOutsideChain: op => this.#ledger.hasOwnOutsideChain(op)
    })
    if (place !== undefined) return this.#admission.reject(operation, place)
    const known = validate(this.#deps, operation, kind.value, view, { trusted: options.trusted === true })
    if (!known.ok) return this.#admission.reject(operation, known)
    if (options.live === true && isLateJoin(kind.value, view, now))
      return this.#admission.hold(operation, Number.MAX_SAFE_INTEGER)
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
    this.#frontiers.advance(entry, spine)
    const losses = this.#losses.note(entry, settled.flips)
    this.#journal.note(this.#ledger, settled, losses)
    this.#admission.accepted(operation)
    return {
      kind: 'accepted',
      operation,
      effective: entry.effective,
      changes: changesOf(this.#ledger, settled),
      rejudge: rejudgeOf(this.#ledger, settled),
      losses
    }
  }

  drain(now: number): readonly AddResult[] {
    return this.#admission.drain(now, (operation, options) => this.add(operation, now, options))
  }

  needsNewer(): boolean {
    return isRaised(this.state().view)
  }

  get(id: OperationId): Operation | undefined {
    if (id === this.#genesis.id) return this.#genesis
    const entry = this.#ledger.entries.get(id)
    return entry === undefined || entry.settled === true ? this.#kept?.get(id) : entry.op
  }

  mark(id: OperationId): OperationMark | undefined {
    return this.#frontiers.mark(id)
  }

  has(id: OperationId): boolean {
    return this.#frontiers.has(id)
  }

  *operations(): Iterable<Operation> {
    if (this.#ledger.settled !== undefined) yield this.#genesis
    for (const entry of this.#ledger.entries.values()) if (entry.settled !== true) yield entry.op
  }

  settledCount(): number {
    return this.#ledger.settled?.claim.count ?? 0
  }

  wantsHistory(): boolean {
    return this.#wanting
  }

  auditSnapshot(claim: SnapshotRoots): Verdict<AuthoritySnapshot> | undefined {
    return this.#answer(() => {
      const has = this.#frontiers.membership(claim.heads)
      return has && auditClaim(this.#deps.suite, this.#ledger, claim, has)
    })
  }

  snapshot(options: SnapshotOptions = {}): AuthoritySnapshot | undefined {
    const ends = this.#frontiers
    const cut = options.lag === undefined ? cutAll(this.#ledger, ends) : cutBehind(this.#ledger, options.lag)
    return cut === undefined ? undefined : makeSnapshot(this.#deps.suite, this.#ledger, cut)
  }

  count(): number {
    return this.#ledger.count
  }

  movedSince(count: number): Moved | undefined {
    return this.#journal.since(count, this.#ledger.count)
  }

  heads(): readonly OperationId[] {
    return this.#frontiers.headIds()
  }

  leaves(): readonly OperationId[] {
    return this.#frontiers.leafIds()
  }

  missing(): readonly OperationId[] {
    return this.#admission.missing()
  }

  frontier(): readonly OperationId[] | undefined {
    return this.#frontiers.frontier()
  }

  frontierFor(device: DeviceId, channel?: ChannelId): readonly OperationId[] {
    return this.#frontiers.frontierFor(device, channel)
  }

  covers(frontier: readonly OperationId[], id: OperationId): boolean {
    return this.#answer(() => this.#frontiers.covers(frontier, id)) ?? false
  }

  state(): State {
    if (this.#state !== undefined) return this.#state
    const { count } = this.#ledger
    const own = new StateCache()
    const view = new View(this.#ledger, prefixMembership(count))
    const cache = (): StateCache => (this.#ledger.count === count ? this.#cache : own)
    return (this.#state = new State(view, cache, this.#root))
  }

  stateAt(frontier: readonly OperationId[]): AuthorityState | undefined {
    const key = [...frontier].sort().join()
    const kept = this.#states.get(key)
    if (kept !== undefined || frontier.length === 0) return kept
    // All there is: the present, which keeps from change to change what it put together.
    const state = key === this.frontier()?.join() ? this.state() : this.#past(frontier)
    if (state !== undefined) this.#states.set(key, state)
    return state
  }

  #past(frontier: readonly OperationId[]): State | undefined {
    const membership = this.#answer(() => this.#frontiers.membership(frontier))
    if (membership === undefined) return undefined
    const cache = new StateCache()
    return new State(new View(this.#ledger, membership), () => cache, this.#root)
  }

  lossesOutside(frontier: readonly OperationId[]): readonly Loss[] {
    const inside = this.#answer(() => this.#frontiers.membership(frontier.filter(id => this.has(id))))
    return inside === undefined ? [] : this.#losses.outside(inside)
  }

  lamportOf(frontier: readonly OperationId[]): number {
    return this.#frontiers.lamportOf(frontier)
  }

  standing(id: OperationId): ReturnType<AuthorityLog['standing']> {
    const entry = this.#ledger.entries.get(id)
    if (entry === undefined || entry.settled === true) return undefined
    if (entry.effective) return { standing: 'effective' }
    const { rule, by } = entry.voided ?? { rule: 'AU23' as const, by: undefined }
    return by === undefined ? { standing: 'voided', rule } : { standing: 'voided', rule, by }
  }

  forks(): readonly ForkState[] {
    return forksOf(this.#ledger)
  }

  strengthens(device: DeviceId, seal: OperationDraft, at: number): boolean {
    const op = this.#unsigned(device, seal, at)
    const known = this.#judgeDraft(op)
    return (
      known.ok &&
      isStronger(known.value, new View(this.#ledger, this.#frontiers.membership(citedBy(op)) as Membership))
    )
  }

  permits(
    device: DeviceId,
    draft: OperationDraft,
    at: number
  ): { readonly ok: true } | (Refusal & { readonly permission?: string }) {
    if (this.needsNewer()) return refuse('AU7', 'newer client needed')
    const verdict = this.#judgeDraft(this.#unsigned(device, draft, at))
    return verdict.ok ? { ok: true } : verdict
  }

  #unsigned(device: DeviceId, draft: OperationDraft, at: number): Operation {
    return { ...this.place(device, draft, at), id: idAs('o', this.server), bytes: new Uint8Array(0) }
  }

  #judgeDraft(op: Operation): { readonly ok: true; readonly value: Known } | Invalid {
    const kind = decodeBody(op.kind, op.body)
    if (!kind.ok) return kind
    const verdict = this.#answer(() => {
      const membership = this.#frontiers.membership(citedBy(op)) as Membership
      return validate(this.#deps, op, kind.value, new View(this.#ledger, membership), { trusted: true })
    })
    return verdict ?? refuse('AU59', 'needs operations before the snapshot, which are being loaded')
  }

  gathers(): readonly OperationDraft[] {
    return this.#frontiers.gathers()
  }

  place(device: DeviceId, draft: OperationDraft, at: number): Omit<Operation, 'id' | 'bytes'> {
    const tips = this.#frontiers
    return fieldsFor({ deps: this.#deps, ledger: this.#ledger, tips, device, draft, at })
  }

  judge(act: ContentAct): ContentVerdict {
    return this.#answer(() => this.#content.judge(act)) ?? { kind: 'waiting', missing: act.auth }
  }

  explain(question: Question, options: ExplainOptions = {}): Explanation {
    const source = {
      deps: this.#deps,
      ledger: this.#ledger,
      frontier: [...(options.frontier ?? [...this.heads(), ...this.leaves()])].sort(),
      pastOf: (ids: readonly OperationId[]) => this.#frontiers.membership(ids),
      refusal: (id: OperationId) => this.#admission.refusal(id)
    }
    return (
      this.#answer(() => explain(source, question, options)) ?? unexplained(source, question, 'unaudited')
    )
  }
}
