import type { Random } from '../base/index.ts'

/** A whole number below `bound`, from the random stream; bias below 2^-24 is nothing to a shuffle. */
export function randomBelow(random: Random, bound: number): number {
  const [a, b, c, d] = random.bytes(4) as unknown as [number, number, number, number]
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) % bound
}
