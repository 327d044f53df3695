/** Places among roles as bytes on the wire (AU11). */
import { describe, expect, it } from 'vitest'
import type { RoleId } from '../../base/index.ts'
import { comparePositions, positionBetween } from '../../authority/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { rolePosition } from './positions.ts'

/** As much of a replica as places want: roles from the strongest to `@everyone`, and randomness that says one byte. */
function standing(salt: number, ...positions: readonly Uint8Array[]): ReplicaState {
  const roles = positions.map((position, i) => ({ id: `r${i}`, position }))
  return {
    deps: { random: { bytes: (length: number) => new Uint8Array(length).fill(salt) } },
    log: { state: () => ({ roles: () => roles }) }
  } as unknown as ReplicaState
}

const BOTTOM = new Uint8Array(0)

describe('places among roles', () => {
  it.each([0, 1, 7, 254, 255])(
    '[AU11] a role moved to where it stands is written anew, whatever byte is drawn: %i',
    salt => {
      const own = positionBetween(BOTTOM, null, salt) as Uint8Array
      const state = standing(salt, own, BOTTOM)
      const moved = rolePosition(state, 'r0' as RoleId, 1)
      expect(comparePositions(moved, own)).not.toBe(0)
      expect(comparePositions(moved, BOTTOM)).toBeGreaterThan(0)
    }
  )

  it('[AU11] a role goes between its new neighbours', () => {
    const [low, middle, high] = [1, 2, 3].map(byte => Uint8Array.of(byte * 16)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array
    ]
    const state = standing(9, high, middle, low, BOTTOM)
    const moved = rolePosition(state, 'r0' as RoleId, 2)
    expect(comparePositions(moved, low)).toBeGreaterThan(0)
    expect(comparePositions(moved, middle)).toBeLessThan(0)
    expect(() => rolePosition(state, 'r0' as RoleId, 0)).toThrow(RangeError)
  })
})
