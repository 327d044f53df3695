/** ID8: digits that two people compare to know that they see each other's true identity. */
import { compareIds, idToBytes, type UserId } from '../base/index.ts'
import { labelledHash, type Suite } from '../crypto/index.ts'

const GROUPS = 6
const GROUP_BYTES = 5
const GROUP_MODULUS = 100_000
const GROUP_DIGITS = 5

/** Six groups of five digits of one user. */
function groupsOf(suite: Suite, user: UserId): string[] {
  const digest = labelledHash(suite, 'safety', idToBytes(user))
  return Array.from({ length: GROUPS }, (_, group) => {
    let value = 0
    for (const byte of digest.subarray(group * GROUP_BYTES, (group + 1) * GROUP_BYTES))
      value = value * 256 + byte
    return String(value % GROUP_MODULUS).padStart(GROUP_DIGITS, '0')
  })
}

/** Twelve groups, the lower user id first: the same on both sides. */
export function safetyNumber(suite: Suite, a: UserId, b: UserId): string {
  const [first, second] = compareIds(a, b) <= 0 ? [a, b] : [b, a]
  return [...groupsOf(suite, first), ...groupsOf(suite, second)].join(' ')
}
