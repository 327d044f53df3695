/**
 * Errors of the world: stable codes that applications match on. A peer's bad bytes never become one
 * (they get a `Verdict`); a caller's mistake is a TypeError or RangeError.
 */
import type { RuleId } from './verdict.ts'

/** What each code tells in `details`. Codes are only added; a meaning never changes within a major. */
export interface ErrorDetails {
  XCORD_ABORTED: Record<never, never>
  XCORD_ADDRESS_INVALID: { address: string }
  XCORD_BACKUP_INVALID: { path?: string }
  XCORD_CHANNEL_NOT_FOUND: { channel: string }
  XCORD_CLOCK_SKEW: { skewMs: number }
  XCORD_CLOSED: { what: string }
  XCORD_CONFLICT: { operation: string; rule: RuleId }
  XCORD_CONFIG_INVALID: { key: string; allowed?: string }
  XCORD_CURSOR_EXPIRED: { cursor: string }
  XCORD_DAEMON_REFUSED: { status: number }
  XCORD_DAEMON_UNREACHABLE: { socket: string }
  XCORD_DEADLINE: { what: string; timeoutMs: number }
  XCORD_DISK_FULL: { path?: string }
  XCORD_INVITE_EXPIRED: { expiredAt: number }
  XCORD_INVITE_INVALID: { reason: string }
  XCORD_INVITE_REVOKED: Record<never, never>
  XCORD_INVITE_USED: { maxUses: number }
  XCORD_KEYSTORE_INVALID: { rule: RuleId; reason: string }
  XCORD_KEYSTORE_LOCKED: Record<never, never>
  XCORD_KEYSTORE_REFUSED: { path?: string }
  XCORD_LIMIT: { what: string; limit: number; actual: number }
  XCORD_MEMBER_NOT_FOUND: { member: string }
  XCORD_MESSAGE_NOT_FOUND: { message: string }
  XCORD_MESSAGE_TOO_LONG: { bytes: number; limit: number }
  XCORD_NEWER_VERSION: { what: string; found: number; supported: number }
  XCORD_NO_PEER: { tried: readonly { address: string; error: string }[] }
  XCORD_NO_PROFILE: { profile: string; path?: string }
  XCORD_NOT_A_MEMBER: { server: string }
  XCORD_PERMISSION_DENIED: { permission?: string; rule: RuleId; action: string }
  XCORD_PHRASE_INVALID: { reason: string }
  XCORD_PORT_IN_USE: { address: string }
  XCORD_PROFILE_EXISTS: { profile: string; path?: string }
  XCORD_PROFILE_IN_USE: { path: string; pid?: number }
  XCORD_ROLE_NOT_FOUND: { role: string }
  XCORD_SERVER_NOT_FOUND: { server: string }
  XCORD_STORE_CORRUPT: { table: string; reason: string }
  XCORD_STORE_FAILED: { operation: string }
  XCORD_USAGE: { argument: string }
}

/** Stable code of an `XcordError`. */
export type ErrorCode = keyof ErrorDetails

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
export function isXcordError<C extends ErrorCode = ErrorCode>(error: unknown, code?: C): error is XcordError<C> {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false
  return code === undefined ? error.code.startsWith('XCORD_') : error.code === code
}
