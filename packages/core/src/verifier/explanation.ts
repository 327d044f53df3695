/**
 * What an explanation is made of (AU49): the question, the answer, the steps that lead there, and the signed
 * operations they speak of. Plain values, the same for whoever writes, tells or verifies one.
 */
import { parseId, type RuleId } from '../base/index.ts'
import { fromBase64url, toBase64url } from '../encoding/index.ts'

/** May this member do this here, at this moment? */
export interface PermissionQuestion {
  readonly kind: 'permission'
  readonly user: string
  /** Flag name (AU33). */
  readonly permission: string
  /** null for the server as a whole. */
  readonly channel: string | null
  /** Milliseconds; for timeouts. */
  readonly at: number
}

/** Does this operation stand, and if not, what struck it? */
export interface OperationQuestion {
  readonly kind: 'operation'
  readonly operation: string
}

/** Is a message visible? Its fields are sealed: they are stated by who opened it. */
export interface MessageQuestion {
  readonly kind: 'message'
  readonly message: string
  readonly device: string
  /** Place in its author's chain. */
  readonly seq: number
  readonly channel: string
  /** The frontier it cites (AU34). */
  readonly auth: readonly string[]
  readonly at: number
  /** Permissions its act needs beside ViewChannel. */
  readonly needs: readonly string[]
}

export type Question = PermissionQuestion | OperationQuestion | MessageQuestion

/** Every answer there is. */
export const ANSWER_CODES = [
  'owner',
  'administrator',
  'granted',
  'not-member',
  'no-channel',
  'not-granted',
  'masked',
  'effective',
  'void',
  'visible',
  'hidden',
  'rejected',
  'waiting',
  'refused',
  'unaudited',
  'unknown'
] as const
export type AnswerCode = (typeof ANSWER_CODES)[number]

/** One step: by this rule, this is so of these, because of those steps. */
export interface Step {
  readonly rule: RuleId
  /** A verb and its arguments, such as `['accepted', user, strength]`. */
  readonly claim: readonly string[]
  /** Ids the claim is about, an operation first where it is about one. */
  readonly subjects: readonly string[]
  /** Indices of earlier steps. */
  readonly because: readonly number[]
}

/** How far the proof goes. */
export interface Completeness {
  /**
   * `closure`: every operation of the frontier's past is here and judged. `slice`: only what was read, what that rests
   * on and what strikes it; one operation that is not here could refute it.
   */
  readonly kind: 'closure' | 'slice'
  /** Operations that have steps of their own. */
  readonly judged: number
  /** Operations that only show which of the others came first. */
  readonly links: number
}

/** An answer with all that led to it. */
export interface Explanation {
  readonly server: string
  readonly question: Question
  readonly allowed: boolean
  readonly code: AnswerCode
  /** The operations whose past the answer speaks of, ascending. */
  readonly frontier: readonly string[]
  readonly steps: readonly Step[]
  /** Signed operations in wire form (AU1), by ascending id. */
  readonly proof: readonly Uint8Array[]
  readonly completeness: Completeness
}

/** Longest file that is read: whatever is longer was not made by us. */
export const EXPLANATION_BYTES_MAX = 64 * 1_048_576

/** The JSON form: keys in this order, operations as base64url. */
export function explanationToJson(explanation: Explanation): Record<string, unknown> {
  const { server, question, allowed, code, frontier, steps, proof, completeness } = explanation
  return {
    version: 1,
    server,
    question: questionToJson(question),
    allowed,
    code,
    frontier,
    steps: steps.map(({ rule, claim, subjects, because }) => ({ rule, claim, subjects, because })),
    proof: proof.map(toBase64url),
    completeness: { kind: completeness.kind, judged: completeness.judged, links: completeness.links }
  }
}

function questionToJson(question: Question): Record<string, unknown> {
  switch (question.kind) {
    case 'permission': {
      const { kind, user, permission, channel, at } = question
      return { kind, user, permission, channel, at }
    }
    case 'operation':
      return { kind: question.kind, operation: question.operation }
    case 'message': {
      const { kind, message, device, seq, channel, auth, at, needs } = question
      return { kind, message, device, seq, channel, auth, at, needs }
    }
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)
const hasKeys = (value: unknown, ...keys: string[]): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.keys(value).join() === keys.join()
const isId = (letter: Parameters<typeof parseId>[0], value: unknown): boolean =>
  isText(value) && parseId(letter, value) !== undefined

function isQuestion(value: unknown): value is Question {
  if (hasKeys(value, 'kind', 'operation'))
    return value['kind'] === 'operation' && isId('o', value['operation'])
  if (hasKeys(value, 'kind', 'user', 'permission', 'channel', 'at')) {
    const { kind, user, permission, channel, at } = value
    return (
      kind === 'permission' &&
      isId('u', user) &&
      isText(permission) &&
      isCount(at) &&
      (channel === null || isId('c', channel))
    )
  }
  if (!hasKeys(value, 'kind', 'message', 'device', 'seq', 'channel', 'auth', 'at', 'needs')) return false
  const { kind, message, device, seq, channel, auth, at, needs } = value
  if (kind !== 'message' || !isCount(seq) || !isCount(at) || !isTexts(auth) || !isTexts(needs)) return false
  return isId('m', message) && isId('d', device) && isId('c', channel) && auth.every(each => isId('o', each))
}

function isStep(value: unknown, index: number): value is Step {
  if (!hasKeys(value, 'rule', 'claim', 'subjects', 'because')) return false
  const { rule, claim, subjects, because } = value
  return (
    isText(rule) &&
    isTexts(claim) &&
    isTexts(subjects) &&
    Array.isArray(because) &&
    because.every(each => isCount(each) && each < index)
  )
}

/** Reads the JSON form; undefined for anything else. */
export function explanationFromJson(json: unknown): Explanation | undefined {
  const keys = [
    'version',
    'server',
    'question',
    'allowed',
    'code',
    'frontier',
    'steps',
    'proof',
    'completeness'
  ]
  if (!hasKeys(json, ...keys) || json['version'] !== 1) return undefined
  const { server, question, allowed, code, frontier, steps, proof, completeness } = json
  if (!isId('s', server) || !isQuestion(question) || typeof allowed !== 'boolean') return undefined
  if (!ANSWER_CODES.includes(code as AnswerCode)) return undefined
  if (!isTexts(frontier) || !frontier.every(each => isId('o', each))) return undefined
  if (!Array.isArray(steps) || !steps.every(isStep) || !isTexts(proof)) return undefined
  if (!hasKeys(completeness, 'kind', 'judged', 'links')) return undefined
  const { kind, judged, links } = completeness
  if ((kind !== 'closure' && kind !== 'slice') || !isCount(judged) || !isCount(links)) return undefined
  const bytes = proof.map(fromBase64url)
  if (bytes.some(each => each === undefined)) return undefined
  return {
    server: server as string,
    question,
    allowed,
    code: code as AnswerCode,
    frontier,
    steps: steps,
    proof: bytes as Uint8Array[],
    completeness: { kind, judged, links }
  }
}
