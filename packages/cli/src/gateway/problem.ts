/** Errors as `application/problem+json`, and back. */
import { errorFromJson, errorJson, outcomeOf } from '../errors/outcome.ts'

export const PROBLEM_TYPE = 'application/problem+json'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly details: unknown
}

/** Fastify's own refusals: what did not pass a schema, was too large, or is no JSON. */
function ofFastify(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number')
    return undefined
  if (error.statusCode < 400 || error.statusCode > 499) return undefined
  const limit = error.statusCode === 413
  return {
    type: `docs/errors.md#${limit ? 'xcord_limit' : 'xcord_usage'}`,
    title: error.message,
    status: error.statusCode,
    code: limit ? 'XCORD_LIMIT' : 'XCORD_USAGE',
    details: limit
      ? { what: 'request body' }
      : { argument: 'validationContext' in error ? String(error.validationContext) : 'request' }
  }
}

/** Anything thrown as a problem; `fault` says that it is ours and belongs into the log. */
export function problemOf(error: unknown): { readonly problem: Problem; readonly fault: boolean } {
  const refusal =
    error instanceof Error && 'code' in error && String(error.code).startsWith('XCORD_')
      ? undefined
      : ofFastify(error)
  if (refusal !== undefined) return { problem: refusal, fault: false }
  const { code, message, details, docs } = errorJson(error)
  const asked = code === 'XCORD_DAEMON_REFUSED' ? (details as { status?: number }).status : undefined
  const status = asked ?? outcomeOf(code).status
  return { problem: { type: docs, title: message, status, code, details }, fault: code === 'XCORD_INTERNAL' }
}

/** The error a problem stands for. */
export function errorOfProblem(problem: Problem): Error {
  return errorFromJson({ code: problem.code, message: problem.title, details: problem.details })
}

/** Whether an answer's body is a problem. */
export function isProblem(body: unknown): body is Problem {
  return (
    typeof body === 'object' &&
    body !== null &&
    'code' in body &&
    'title' in body &&
    typeof body.code === 'string'
  )
}
