/** Why: answers with all that led to them (AU49). Nothing here decides; it tells what the resolver decided. */
import type { ChannelId, OperationId, Refusal, UserId } from '../../base/index.ts'
import type { AnswerCode, Explanation, MessageQuestion, Question } from '../../verifier/index.ts'
import type { ContentAct, ExplainOptions } from '../contract.ts'
import type { AuthorityDeps } from '../deps.ts'
import type { Entry } from '../entry.ts'
import { PERMISSION_BITS } from '../flags.ts'
import type { Ledger } from '../ledger.ts'
import type { Membership } from '../view.ts'
import { View } from '../view.ts'
import { Gathering, type Ends, linksOf } from './gather.ts'
import { citedByMessage, findMessage, tellMessage } from './message.ts'
import { type Asked, explainPermission, tellPermission } from './permission.ts'
import { Recorder } from './recorder.ts'
import { StepList } from './steps.ts'

/** What an explanation is read from. */
export interface ExplainSource {
  readonly deps: AuthorityDeps
  readonly ledger: Ledger
  /** The ids spoken of, ascending. */
  readonly frontier: readonly OperationId[]
  /** What ids and their pasts hold; undefined where one of them is unknown. */
  readonly pastOf: (ids: readonly OperationId[]) => Membership | undefined
  /** Why an operation was refused, as far as that is remembered. */
  readonly refusal: (id: OperationId) => Refusal | undefined
}

type Outcome = { readonly allowed: boolean; readonly code: AnswerCode }

/**
 * Answers a question about a server with the steps and the signed operations that led there (AU49).
 *
 * @throws RangeError for a permission that does not exist: the caller's mistake.
 */
export function explain(
  source: ExplainSource,
  question: Question,
  options: ExplainOptions = {}
): Explanation {
  const membership = source.pastOf(source.frontier)
  if (membership === undefined) return unexplained(source, question, 'waiting')
  const view = new View(source.ledger, membership)
  const gathering = new Gathering(source.deps, view)
  const reader = new Recorder(view, gathering.note)
  const tell = plan(source, reader, gathering, question)
  if (typeof tell === 'string') return unexplained(source, question, tell)
  if (options.complete === true)
    for (const each of source.ledger.entries.values()) if (view.has(each)) gathering.note(each)
  gathering.close()
  const { facts } = gathering
  if ([...facts].some(each => each.op.bytes.length === 0)) return unexplained(source, question, 'unaudited')
  const links = linksOf(view, facts, endsOf(source, view, question))
  const steps = new StepList()
  steps.add('AU8', ['frontier'], source.frontier, [])
  steps.operations(view, facts)
  const outcome = tell(steps)
  return { ...frame(source, question, outcome, steps), ...proofOf(source, facts, links) }
}

/** Reads what the answer needs, and gives how to tell it; a code where there is nothing to tell. */
function plan(
  source: ExplainSource,
  reader: Recorder,
  gathering: Gathering,
  question: Question
): ((steps: StepList) => Outcome) | AnswerCode {
  if (question.kind === 'operation') {
    const id = question.operation as OperationId
    if (reader.lookup(id) === undefined) return 'unknown'
    return steps => {
      const entry = source.ledger.entry(id)
      const stands = reader.view.isEffective(entry)
      steps.add('AU23', ['answer', stands ? 'stands' : 'falls'], [id], steps.fates([entry]))
      return { allowed: stands, code: stands ? 'effective' : 'void' }
    }
  }
  if (question.kind === 'permission') {
    const { permission } = question
    if (!Object.hasOwn(PERMISSION_BITS, permission))
      throw new RangeError(`no permission is called "${permission}"`)
    const asked: Asked = {
      permission,
      bit: PERMISSION_BITS[permission as keyof typeof PERMISSION_BITS],
      user: question.user as UserId,
      channel: question.channel as ChannelId | null,
      at: question.at
    }
    const answer = explainPermission(reader, asked)
    return steps => {
      tellPermission(reader, steps, asked, answer)
      return answer
    }
  }
  const act = actOf(question)
  const inside = source.pastOf(citedByMessage(act, source.ledger.server))
  if (inside === undefined) return 'waiting'
  const past = new Recorder(new View(source.ledger, inside), gathering.note)
  const found = findMessage(reader, past, act, gathering.note)
  return steps => tellMessage(reader.view, steps, act, found)
}

function actOf({ message, device, seq, channel, auth, at, needs }: MessageQuestion): ContentAct {
  return { device, seq, id: message, channel, auth, at, needs } as ContentAct
}

function endsOf(source: ExplainSource, view: View, question: Question): readonly Ends[] {
  const all = { ids: source.frontier, past: view.has }
  if (question.kind !== 'message') return [all]
  const ids = citedByMessage(actOf(question), source.ledger.server)
  return [all, { ids, past: source.pastOf(ids) as Membership }]
}

function frame(
  source: ExplainSource,
  question: Question,
  { allowed, code }: Outcome,
  { steps }: StepList
): Omit<Explanation, 'proof' | 'completeness'> {
  return { server: source.ledger.server, question, allowed, code, frontier: source.frontier, steps }
}

/** An answer that nothing here can prove: what is asked about is unknown, was refused, or lies behind a snapshot. */
export function unexplained(source: ExplainSource, question: Question, code: AnswerCode): Explanation {
  const steps = new StepList()
  steps.add('AU8', ['frontier'], source.frontier, [])
  const id = question.kind === 'operation' ? (question.operation as OperationId) : undefined
  const refusal = id === undefined ? undefined : source.refusal(id)
  if (id !== undefined && refusal !== undefined)
    steps.add(refusal.rule, ['refused', refusal.reason], [id], [])
  const outcome = { allowed: false, code: refusal === undefined ? code : 'refused' } as const
  const completeness = { kind: 'slice', judged: 0, links: 0 } as const
  return { ...frame(source, question, outcome, steps), proof: [], completeness }
}

function proofOf(
  source: ExplainSource,
  facts: ReadonlySet<Entry>,
  links: ReadonlySet<Entry>
): Pick<Explanation, 'proof' | 'completeness'> {
  const entries = [...facts, ...links].sort((a, b) => (a.op.id < b.op.id ? -1 : 1))
  const here = (ids: readonly OperationId[]): boolean =>
    ids.every(id => facts.has(source.ledger.entries.get(id) as Entry))
  const closed =
    here(source.frontier) &&
    [...facts].every(({ op }) => here([...op.parents, ...op.refs, ...(op.prev === null ? [] : [op.prev])]))
  return {
    proof: entries.map(each => each.op.bytes),
    completeness: { kind: closed ? 'closure' : 'slice', judged: facts.size, links: links.size }
  }
}
