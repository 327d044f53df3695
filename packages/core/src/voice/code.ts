/** A number to compare aloud (VX11): who hears the same number is in a call with the same devices and links. */
import { type DeviceId, readIdBytes } from '../base/index.ts'
import { labelledHash, type Suite } from '../crypto/index.ts'
import { concatBytes } from '../encoding/index.ts'

/** One device of a call, and the key that it signed its descriptions with. */
export interface CodeMember {
  readonly device: DeviceId
  readonly callKey: Uint8Array
}

const GROUPS = 4
const GROUP_BYTES = 5

/** Four groups of five digits over the members, whatever order they are given in. */
export function callCode(suite: Suite, members: readonly CodeMember[]): string {
  const sorted = [...members].sort((a, b) => (a.device < b.device ? -1 : a.device > b.device ? 1 : 0))
  const parts = sorted.flatMap(({ device, callKey }) => [readIdBytes(device), callKey])
  const digest = labelledHash(suite, 'call-code', concatBytes(parts))
  const groups: string[] = []
  for (let group = 0; group < GROUPS; group++) {
    let number = 0
    for (let at = 0; at < GROUP_BYTES; at++)
      number = number * 256 + (digest[group * GROUP_BYTES + at] as number)
    groups.push(String(number % 100_000).padStart(5, '0'))
  }
  return groups.join(' ')
}
