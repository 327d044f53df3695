/**
 * Verifies an explanation by what it holds alone (AU50): bytes, hashes, signatures and certificates of its operations,
 * then every step derived again from them and compared. Knows nothing of the resolver that wrote it.
 */
import { accept, idAs, refuse, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { type Answer, answerMessage, answerOperation, answerPermission } from './answer.ts'
import type { Fact } from './cells.ts'
import { type Completeness, type Explanation, explanationFromJson, type Step } from './explanation.ts'
import { bitOf } from './flags.ts'
import { identityReader, type IdentityReader } from './identity.ts'
import { judge } from './judge.ts'
import { type Op, readOp } from './operation.ts'
import { Derivation, strikersOf } from './steps.ts'
import { Reader, World } from './world.ts'

/** How to verify. */
export interface VerifyOptions {
  /** Reads certificates and identity proofs; by real signatures unless told. */
  readonly identity?: IdentityReader
}

const wrong = (reason: string): ReturnType<typeof refuse> => refuse('AU50', reason)

/**
 * Verifies an explanation, as value or as the JSON form read from a file.
 *
 * @returns How far the proof goes, or what of it is wrong, always by AU50. Never throws on what others wrote.
 */
export function verifyProof(
  suite: Suite,
  explanation: unknown,
  options: VerifyOptions = {}
): Verdict<Completeness> {
  const claimed = explanationFromJson(explanation)
  if (claimed === undefined) return wrong('this is no explanation')
  const operations = readOperations(suite, claimed)
  if (!Array.isArray(operations)) return operations as ReturnType<typeof refuse>
  const identity = options.identity ?? identityReader(suite)
  const world = new World(claimed.server)
  const judged = new Set(
    claimed.steps.filter(({ claim }) => claim[0] === 'signed').map(step => step.subjects[0])
  )
  for (const op of operations as Op[]) {
    world.place(op)
    if (!world.isInPlace(op)) return wrong(`${op.id} is out of place`)
    if (judged.has(op.id) && !judge(world, { suite, identity }, op))
      return wrong(`${op.id} was not permitted by its past`)
  }
  return compare(world, claimed)
}

/** The signed operations, in an order that respects pasts. */
function readOperations(suite: Suite, claimed: Explanation): readonly Op[] | ReturnType<typeof refuse> {
  const out: Op[] = []
  for (const bytes of claimed.proof) {
    const op = readOp(suite, bytes)
    if (op === undefined) return wrong('an operation is not as it was signed')
    if (op.server !== claimed.server) return wrong("an operation is another server's")
    if (out.length > 0 && (out.at(-1) as Op).id >= op.id) return wrong('the operations are not in order')
    out.push(op)
  }
  return out.sort((a, b) => a.lam - b.lam || (a.id < b.id ? -1 : 1))
}

function compare(world: World, claimed: Explanation): Verdict<Completeness> {
  const { frontier, question } = claimed
  const set = world.closure(frontier)
  if (frontier.some((id, at) => at > 0 && (frontier[at - 1] as string) >= id))
    return wrong('the frontier is not in order')
  if ([...world.facts.values()].some(each => (set & world.bit(each)) === 0n))
    return wrong('an operation is outside the frontier')
  const reader = new Reader(world, world.resolve(set))
  const out = new Derivation()
  out.add('AU8', ['frontier'], frontier, [])
  out.operations(world, reader.at)
  const past = pastOf(world, claimed)
  const answer = answerOf(reader, past, out, claimed)
  if (answer === undefined) return wrong('there is no answer to this question here')
  if (answer.allowed !== claimed.allowed || answer.code !== claimed.code)
    return wrong(`the answer is ${answer.code}`)
  const at = differs(out.steps, claimed.steps)
  if (at !== undefined) return wrong(`step ${at + 1} does not follow`)
  const completeness = completenessOf(world, frontier)
  const { kind, judged, links } = claimed.completeness
  if (kind !== completeness.kind || judged !== completeness.judged || links !== completeness.links)
    return wrong('the proof does not go as far as it says')
  if (kind === 'slice' && !isMinimal(world, [reader, past], frontier, messageEnds(claimed)))
    return wrong(`the proof of this ${question.kind} holds what it does not need`)
  return accept(completeness)
}

/** What a message cites, with its channel's creation (AU34). */
function messageEnds({ question, server }: Explanation): readonly string[] {
  if (question.kind !== 'message') return []
  const { auth, channel } = question
  return channel.slice(1) === server.slice(1) ? auth : [...auth, idAs('o', channel as never)]
}

function pastOf(world: World, claimed: Explanation): Reader {
  return new Reader(world, world.resolve(world.closure(messageEnds(claimed))))
}

function answerOf(
  reader: Reader,
  past: Reader,
  out: Derivation,
  { question }: Explanation
): Answer | undefined {
  switch (question.kind) {
    case 'permission':
      return bitOf(question.permission) === undefined ? undefined : answerPermission(reader, out, question)
    case 'operation':
      return answerOperation(reader, out, question)
    case 'message':
      return question.needs.some(name => bitOf(name) === undefined) || (past.at.mask & ~reader.at.mask) !== 0n
        ? undefined
        : answerMessage(reader, past, out, question)
  }
}

/** Index of the first step that is not as derived. */
function differs(derived: readonly Step[], claimed: readonly Step[]): number | undefined {
  const text = ({ rule, claim, subjects, because }: Step): string =>
    JSON.stringify([rule, claim, subjects, because])
  const longest = Math.max(derived.length, claimed.length)
  for (let at = 0; at < longest; at++) {
    const [a, b] = [derived[at], claimed[at]]
    if (a === undefined || b === undefined || text(a) !== text(b)) return at
  }
  return undefined
}

function completenessOf(world: World, frontier: readonly string[]): Completeness {
  const [judged, links] = [world.facts.size, world.ops.size - world.facts.size]
  const here = (ids: readonly string[]): boolean => ids.every(id => world.facts.has(id))
  const closed = here(frontier) && [...world.facts.values()].every(each => here(each.op.cites))
  return { kind: closed ? 'closure' : 'slice', judged, links }
}

/** Whether every operation is read, rests under or strikes what is, or connects two that do. */
function isMinimal(
  world: World,
  readers: readonly Reader[],
  frontier: readonly string[],
  ends: readonly string[]
): boolean {
  const needed = new Set<Fact>()
  const queue = readers.flatMap(each => [...each.read])
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (needed.has(next)) continue
    needed.add(next)
    const { supp, limited } = next.known
    const joins = limited === undefined ? [] : (world.joins.get(limited.invite) ?? [])
    queue.push(
      ...(world.reads.get(next) ?? []),
      ...supp.flatMap(id => world.facts.get(id) ?? []),
      ...strikersOf(world, (readers[0] as Reader).at, next),
      ...(limited !== undefined && joins.length > limited.uses ? joins : [])
    )
  }
  const reached = new Set<string>()
  const open = [...frontier, ...ends, ...world.facts.keys()]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (reached.has(id)) continue
    reached.add(id)
    open.push(...(world.ops.get(id)?.cites ?? []))
  }
  return needed.size === world.facts.size && [...world.ops.keys()].every(id => reached.has(id))
}
