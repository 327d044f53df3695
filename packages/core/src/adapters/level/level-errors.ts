/** LevelDB's failures in XCord's codes: one clear sentence each, the original kept as cause. */
import { isXcordError, XcordError } from '../../base/index.ts'

const FULL = /no space left on device|disk quota exceeded|ENOSPC|EDQUOT|QuotaExceeded/i
const LOCKED = /LEVEL_LOCKED/
const CORRUPT = /LEVEL_CORRUPTION|corruption:|checksum mismatch|not an sstable|CURRENT file/i
const CLOSED = /LEVEL_DATABASE_NOT_OPEN|LEVEL_ITERATOR_NOT_OPEN/

/** Codes and messages of an error and of its causes, outermost first. */
function describe(error: unknown): string {
  const parts: string[] = []
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    parts.push(`${'code' in at ? String(at.code) : ''} ${at.message}`)
  }
  return parts.length === 0 ? String(error) : parts.join('; ')
}

/**
 * The XCord error for something Level threw.
 *
 * @param operation - What was tried: `open`, `read`, `write`, `close`.
 */
export function levelError(
  error: unknown,
  operation: 'open' | 'read' | 'write' | 'close',
  path: string
): XcordError {
  if (isXcordError(error)) return error
  const told = describe(error)
  const options = { cause: error }
  if (FULL.test(told)) {
    return new XcordError(
      'XCORD_DISK_FULL',
      'The disk is full: nothing of this change was stored. Free some space and try again.',
      { path },
      options
    )
  }
  if (LOCKED.test(told)) {
    return new XcordError(
      'XCORD_PROFILE_IN_USE',
      `Another process has the store at ${path} open. Close it, or use another profile.`,
      { path },
      options
    )
  }
  if (CORRUPT.test(told)) {
    return new XcordError(
      'XCORD_STORE_CORRUPT',
      `The store at ${path} is damaged and cannot be read. Restore a backup of it.`,
      { table: 'level', reason: 'LevelDB found a damaged file' },
      options
    )
  }
  if (operation !== 'open' && CLOSED.test(told)) {
    return new XcordError('XCORD_CLOSED', 'The store is closed.', { what: 'store' }, options)
  }
  return new XcordError(
    'XCORD_STORE_FAILED',
    `The store at ${path} failed to ${operation}.`,
    { operation },
    options
  )
}
