/** Where somebody in a random history stands, and what is drawn for whatever they try there. */
import type { RoleId, UserId } from '../../../src/base/index.ts'
import type { AuthorityState } from '../../../src/authority/index.ts'
import type { CutRow, Operation } from '../../../src/graph/index.ts'
import type { Person } from '../cast.ts'
import type { Dice } from './dice.ts'
import type { Maker } from './maker.ts'

/** Who acts, and what they claim to know. */
export interface Scene {
  readonly maker: Maker
  readonly who: Person
  readonly state: AuthorityState
  readonly frontier: readonly Operation[]
}

/** A scene with what was picked from it. */
export interface Picked extends Scene {
  readonly dice: Dice
  readonly user: UserId
  readonly role: RoleId
  readonly cut: { readonly cut: readonly CutRow[] | null }
}

/** Bits that roles get. */
export const BITS = [0, 1, 2, 3, 4, 5, 10, 11, 20, 22, 23, 26, 27, 28, 29, 30, 33, 34, 35, 36, 38, 40, 43, 44]

/** Bits, each with a chance. */
export function bitsOf(dice: Dice, from: readonly number[], chance: number): bigint {
  let bits = 0n
  for (const bit of from) if (dice.chance(chance)) bits |= 1n << BigInt(bit)
  return bits
}

export function positionOf(dice: Dice): Uint8Array {
  return dice.chance(0.3)
    ? Uint8Array.of(1 + dice.below(9), 1 + dice.below(250))
    : Uint8Array.of(1 + dice.below(9))
}
