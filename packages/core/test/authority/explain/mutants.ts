/** Explanations that are not true: one thing of a true one changed, dropped or added. */
import type { Explanation, Step } from '../../../src/verifier/index.ts'
import type { Dice } from '../history.ts'

/** A changed explanation and what was done to it. */
export interface Mutant {
  readonly what: string
  readonly explanation: Explanation
}

const OTHER_RULES: readonly string[] = ['AU19', 'AU14', 'AU23', 'AU29', 'AU36']

function flipped(bytes: Uint8Array, dice: Dice): Uint8Array {
  const out = Uint8Array.from(bytes)
  const at = dice.below(out.length)
  out[at] = (out[at] as number) ^ (1 << dice.below(8))
  return out
}

const without = <T>(list: readonly T[], at: number): T[] => list.filter((_each, index) => index !== at)
const replaced = <T>(list: readonly T[], at: number, value: T): T[] =>
  list.map((each, index) => (index === at ? value : each))

/** Every way of lying about one step. */
function* stepMutants(
  steps: readonly Step[],
  at: number,
  dice: Dice
): Iterable<readonly [string, readonly Step[]]> {
  const step = steps[at] as Step
  const change = (part: Partial<Step>): readonly Step[] => replaced(steps, at, { ...step, ...part })
  yield ['dropped step', without(steps, at)]
  yield ['surplus step', [...steps, step]]
  yield [
    'other rule',
    change({ rule: (OTHER_RULES.find(each => each !== step.rule) ?? 'AU1') as Step['rule'] })
  ]
  yield ['other claim', change({ claim: [...without(step.claim, step.claim.length - 1), 'else'] })]
  if (step.subjects.length > 0) {
    const other = dice.pick(
      steps.flatMap(each => each.subjects).filter(each => !step.subjects.includes(each))
    )
    if (other !== undefined)
      yield ['swapped subject', change({ subjects: replaced(step.subjects, 0, other) })]
    yield ['dropped subject', change({ subjects: step.subjects.slice(1) })]
  }
  if (step.because.length > 0) yield ['dropped reason', change({ because: step.because.slice(1) })]
}

/** One mutant of each sort, places drawn by dice; with `every`, all places. */
export function* mutantsOf(explanation: Explanation, dice: Dice, every = false): Iterable<Mutant> {
  const { steps, proof, completeness, frontier, question } = explanation
  const make = (what: string, part: Partial<Explanation>): Mutant => ({
    what,
    explanation: { ...explanation, ...part }
  })
  const places = (length: number): number[] =>
    every ? Array.from({ length }, (_, at) => at) : length === 0 ? [] : [dice.below(length)]
  for (const at of places(proof.length)) {
    yield make('dropped operation', { proof: without(proof, at) })
    yield make('flipped bit', { proof: replaced(proof, at, flipped(proof[at] as Uint8Array, dice)) })
    yield make('operation twice', {
      proof: [...proof.slice(0, at), proof[at] as Uint8Array, ...proof.slice(at)]
    })
  }
  for (const at of places(steps.length))
    for (const [what, changed] of stepMutants(steps, at, dice)) yield make(what, { steps: changed })
  yield make('other answer', { allowed: !explanation.allowed })
  yield make('other code', { code: explanation.code === 'void' ? 'effective' : 'void' })
  yield make('goes further', {
    completeness: { ...completeness, kind: completeness.kind === 'slice' ? 'closure' : 'slice' }
  })
  yield make('fewer links', { completeness: { ...completeness, links: completeness.links + 1 } })
  yield make('other frontier', { frontier: frontier.slice(1) })
  if (question.kind === 'permission') {
    const permission = question.permission === 'BanMembers' ? 'KickMembers' : 'BanMembers'
    yield make('other permission', { question: { ...question, permission } })
    yield make('other moment', { question: { ...question, at: question.at + 1 } })
  }
  if (question.kind === 'message')
    yield make('other place', { question: { ...question, seq: question.seq + 1 } })
  if (question.kind === 'operation') {
    const other = steps
      .flatMap(each => each.subjects)
      .find(each => each.startsWith('o') && each !== question.operation)
    if (other !== undefined) yield make('other operation', { question: { ...question, operation: other } })
  }
}
