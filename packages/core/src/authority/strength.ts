/**
 * Strength (AU13): self (−1) < role positions (`@everyone` 0) < owner (∞ + generation).
 *
 * Kept as text whose order is the order of strength, since it is compared far more often than read.
 */
import type { CborValue } from '../encoding/index.ts'

declare const brand: unique symbol
/** Comparable with `<` and `>`. */
export type Strength = string & { readonly [brand]: 'strength' }

/** −1: self-regarding operations. */
export const SELF_STRENGTH = '0' as Strength
/** 0: what `@everyone` gives. */
export const EVERYONE_STRENGTH = '1' as Strength

/** Strength of a role position. */
export function positionStrength(position: Uint8Array): Strength {
  let text = '1'
  for (const byte of position) text += byte.toString(16).padStart(2, '0')
  return text as Strength
}

/** ∞ + generation. */
export function ownerStrength(generation: number): Strength {
  return `2${generation.toString(16).padStart(14, '0')}` as Strength
}

/** The weaker of two. */
export function weaker(a: Strength, b: Strength): Strength {
  return a < b ? a : b
}

/** As snapshots write it (AU58): 0 for self, a position, `[generation]`. */
export function writeStrength(strength: Strength): CborValue {
  const row = strengthRow(strength) as readonly CborValue[]
  return row[0] === 0 ? 0 : row[0] === 1 ? (row[1] as Uint8Array) : [row[1] as number]
}

/** Reads what `writeStrength` wrote; of anything else the least. */
export function readStrength(value: CborValue): Strength {
  if (value instanceof Uint8Array) return positionStrength(value)
  return Array.isArray(value) && typeof value[0] === 'number' ? ownerStrength(value[0]) : SELF_STRENGTH
}

/** Row of AU41: `[0]` self, `[1, position]`, `[2, generation]`. */
export function strengthRow(strength: Strength): CborValue {
  if (strength[0] === '0') return [0]
  if (strength[0] === '2') return [2, Number.parseInt(strength.slice(1), 16)]
  const hex = strength.slice(1)
  return [
    1,
    Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
  ]
}
