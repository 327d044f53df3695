/** The one class of failures that come from the world. */
import type { ErrorCode, ErrorDetails } from './errors.ts'

/**
 * A failure that comes from the world (disk, network, another owner) or a missing permission.
 *
 * Match `code`, not the class: two copies of the library may meet in one process.
 */
export class XcordError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C
  readonly details: ErrorDetails[C]
  /** Where the code is explained. */
  readonly docs: string

  constructor(code: C, message: string, details: ErrorDetails[C], options?: { cause?: unknown }) {
    super(message, options)
    this.name = code === 'XCORD_ABORTED' ? 'AbortError' : 'XcordError'
    this.code = code
    this.details = details
    this.docs = `docs/errors.md#${code.toLowerCase()}`
  }
}

/** Whether something thrown is XCord's error, and if a code is given, that one. */
export function isXcordError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: C
): error is XcordError<C> {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false
  return code === undefined ? error.code.startsWith('XCORD_') : error.code === code
}
