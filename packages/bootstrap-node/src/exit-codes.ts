/** How the process ends, by error code: the same numbers as `xcord`. */
import type { ErrorCode } from '@xcord/core/base'

const CODES: Partial<Readonly<Record<ErrorCode, number>>> = {
  XCORD_ABORTED: 130,
  XCORD_USAGE: 2,
  XCORD_CONFIG_INVALID: 2,
  XCORD_ADDRESS_INVALID: 2,
  XCORD_PORT_IN_USE: 8,
  XCORD_KEYSTORE_INVALID: 9,
  XCORD_NEWER_VERSION: 9
}

/** Exit code of a failure; 1 where it has none of its own. */
export function exitCodeOf(code: ErrorCode): number {
  return CODES[code] ?? 1
}
