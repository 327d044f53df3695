/** Cells, strengths and the merge of writes (AU12, AU13, AU24), written from the page. */
import { type CborValue, compareBytes } from '../encoding/index.ts'
import type { Op } from './operation.ts'

/** Comparable with `<` (AU13): self, positions, owners by generation. */
export type Strength = string
export const SELF: Strength = '0'
export const EVERYONE: Strength = '1'
/** Above every writer: what rests on nothing. */
export const TOP: Strength = '3'
export const ofPosition = (position: Uint8Array): Strength => `1${hex(position)}`
export const ofOwner = (generation: number): Strength => `2${generation.toString(16).padStart(14, '0')}`
export const weaker = (a: Strength, b: Strength): Strength => (a < b ? a : b)

function hex(bytes: Uint8Array): string {
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')
}

/** A strength as claims have it. */
export function strengthText(strength: Strength): string {
  if (strength === SELF) return 'self'
  return strength.startsWith('2')
    ? `owner:${Number.parseInt(strength.slice(1), 16)}`
    : `position:${strength.slice(1)}`
}

export interface Write {
  readonly cell: string
  readonly value: CborValue
  readonly denial: boolean
}

/** What an operation's past made of it, for ever (AU14–AU18). */
export interface Known {
  readonly user: string
  readonly strength: Strength
  /** Ids, ascending. */
  readonly supp: readonly string[]
  readonly cells: ReadonlySet<string>
  readonly writes: readonly Write[]
  /** Signed by ownership of this generation, or a transfer of it. */
  readonly generation?: number
  readonly owner?: { readonly user: string; readonly generation: number }
  readonly target?: string
  readonly revokes?: readonly string[]
  readonly carries?: readonly string[]
  readonly limited?: { readonly invite: string; readonly uses: number }
  readonly until?: number
}

/** An operation that its past permits. */
export interface Fact {
  readonly op: Op
  readonly known: Known
  /** Place in bit sets. */
  readonly index: number
}

export interface Winner {
  readonly value: CborValue
  readonly by: Fact
}

const compare = <T extends string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

/** (lam, id), ascending. */
export function compareAge(a: { readonly op: Op }, b: { readonly op: Op }): number {
  return a.op.lam - b.op.lam || compare(a.op.id, b.op.id)
}

/** AU23's order, the genesis and transfers first: all that a fate depends on comes before it. */
export function compareFate(a: Fact, b: Fact): number {
  const is = (fact: Fact, name: string): number => Number(fact.op.what.name === name)
  const first = is(b, 'genesis') - is(a, 'genesis') || is(b, 'transfer') - is(a, 'transfer')
  if (first !== 0) return first
  if (is(a, 'transfer') === 1)
    return (a.known.generation ?? 0) - (b.known.generation ?? 0) || compareAge(a, b)
  const revokes = Number(b.known.revokes !== undefined) - Number(a.known.revokes !== undefined)
  return compare(b.known.strength, a.known.strength) || revokes || compareAge(a, b)
}

/** Families where the higher value is the more restrictive, and those where the lower is (AU24). */
const HIGHER = /^(member|ow|timeout|proto|voice|id)\||^proto$|^ch\|.*\|(locked|archived)$/
const LOWER = /^(asg|tm|dev|cut)\||^invite\|[^|]*$|^role\|[^|]*\|(exists|pos|bit\|\d+)$|^ch\|[^|]*\|exists$/

/** Positive if `a` restricts more. */
function compareRestriction(cell: string, a: CborValue, b: CborValue): number {
  const sign = HIGHER.test(cell) ? 1 : LOWER.test(cell) ? -1 : 0
  const [x, y] = [a, b].map(each => (Array.isArray(each) ? (each[0] as CborValue) : each))
  if (sign !== 0 && x instanceof Uint8Array && y instanceof Uint8Array) return sign * compareBytes(x, y)
  return typeof x === 'number' && typeof y === 'number' ? sign * (x - y) : 0
}

export const writeTo = (fact: Fact, cell: string): Write | undefined =>
  fact.known.writes.find(each => each.cell === cell)

/** AU24: of undominated effective writes, the one that counts. */
export function merge(cell: string, writers: readonly Fact[]): Winner | undefined {
  const all = writers.map(by => ({ ...(writeTo(by, cell) as Write), by }))
  const best = (list: typeof all, restrictionFirst: boolean): (typeof all)[number] | undefined =>
    [...list].sort((a, b) => {
      const strength = compare(b.by.known.strength, a.by.known.strength)
      const restriction = compareRestriction(cell, b.value, a.value)
      return (
        (restrictionFirst ? restriction || strength : strength || restriction) ||
        b.by.op.lam - a.by.op.lam ||
        compare(a.by.op.id, b.by.op.id)
      )
    })[0]
  const grant = best(
    all.filter(each => !each.denial),
    false
  )
  const denials = all.filter(
    each => each.denial && (grant === undefined || each.by.known.strength >= grant.by.known.strength)
  )
  return best(denials, true) ?? grant
}

/** Whether one fact strikes another, and by which rule (AU19–AU22). `seen`: the target holds the attacker in its past, standing. */
export function attackRule(
  from: Fact,
  to: Fact,
  place: { readonly seen: boolean; readonly before: boolean; readonly kept: boolean }
): string | undefined {
  if (place.seen || to.op.what.name === 'genesis') return undefined
  const [attacker, target] = [from.known, to.known]
  const later = !place.before
  if (from.op.what.name === 'transfer') {
    if (!later || attacker.generation !== target.generation) return undefined
    if (to.op.what.name === 'transfer') return compareAge(from, to) < 0 ? 'AU21' : undefined
    return attacker.user === target.user ? 'AU21' : undefined
  }
  if (to.op.what.name === 'transfer') return undefined
  if (attacker.revokes !== undefined) {
    const struck = later && target.revokes === undefined && attacker.revokes.includes(to.op.device)
    return struck && target.strength <= attacker.strength ? 'AU22' : undefined
  }
  if (attacker.strength <= target.strength) return undefined
  if (attacker.until !== undefined && to.op.ts >= attacker.until) return undefined
  if (!attacker.writes.some(write => write.denial && target.cells.has(write.cell))) return undefined
  if (later) return attacker.until === undefined ? 'AU19' : 'AU20'
  const row =
    attacker.target === target.user ? from.op.cut?.find(each => each.device === to.op.device) : undefined
  return row !== undefined && !place.kept ? 'AU19' : undefined
}
