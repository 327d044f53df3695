/**
 * Belief: which operation strikes which (AU19–AU22), and the one order in which fates are decided (AU23).
 *
 * Both are facts about pairs, fixed by what validation found and by the causal past: no clock, hash or order of
 * arrival decides who has power.
 */
import { compareIds, type RuleId } from '../base/index.ts'
import type { Judged } from './reader.ts'

/**
 * How the second of two operations stands to the first: in its past, or made without reckoning with it, being
 * concurrent or having seen it void.
 */
export type Relation = 'unreckoned' | 'past'

function isTransfer(judged: Judged): boolean {
  return judged.body.name === 'transfer'
}

/** (lam, id): ascending. */
export function compareAge(a: Judged, b: Judged): number {
  return a.op.lamport - b.op.lamport || compareIds(a.op.id, b.op.id)
}

/**
 * AU23: the genesis, then transfers by generation, then descending strength, among equals device.revoke first, then (lam, id).
 * Whatever an operation's fate depends on comes before it.
 */
export function compareFate(a: Judged, b: Judged): number {
  const founding = Number(b.body.name === 'genesis') - Number(a.body.name === 'genesis')
  if (founding !== 0) return founding
  const transfers = Number(isTransfer(b)) - Number(isTransfer(a))
  if (transfers !== 0) return transfers
  if (isTransfer(a))
    return (a.known.generation as number) - (b.known.generation as number) || compareAge(a, b)
  if (a.known.strength !== b.known.strength) return a.known.strength > b.known.strength ? -1 : 1
  const revokes = Number(b.known.revokes !== undefined) - Number(a.known.revokes !== undefined)
  return revokes !== 0 ? revokes : compareAge(a, b)
}

/**
 * Whether `attacker` strikes `target`, by which rule.
 *
 * @param relation - How the target stands to the attacker; a target that saw the attacker stand is never struck.
 * @param isCovered - Whether one operation is another or in its past.
 */
export function attackRule(
  attacker: Judged,
  target: Judged,
  relation: Relation,
  isCovered: (a: Judged, b: Judged['op']['id']) => boolean
): RuleId | undefined {
  if (target.body.name === 'genesis') return undefined
  if (isTransfer(attacker)) return transferRule(attacker, target, relation)
  if (isTransfer(target)) return undefined
  if (attacker.known.revokes !== undefined) return revocationRule(attacker, target, relation)
  if (attacker.known.strength <= target.known.strength) return undefined
  if (!strikesCell(attacker, target)) return undefined
  if (relation === 'unreckoned') return attacker.known.until === undefined ? 'AU19' : 'AU20'
  return isBeyondCut(attacker, target, isCovered) ? 'AU19' : undefined
}

/** AU21. */
function transferRule(attacker: Judged, target: Judged, relation: Relation): RuleId | undefined {
  if (relation !== 'unreckoned' || attacker.known.generation !== target.known.generation) return undefined
  if (isTransfer(target)) return compareAge(attacker, target) < 0 ? 'AU21' : undefined
  return attacker.known.user === target.known.user ? 'AU21' : undefined
}

/** AU22. */
function revocationRule(attacker: Judged, target: Judged, relation: Relation): RuleId | undefined {
  if (relation !== 'unreckoned' || target.known.revokes !== undefined) return undefined
  if (attacker.known.revokes?.includes(target.op.device) !== true) return undefined
  return target.known.strength <= attacker.known.strength ? 'AU22' : undefined
}

/** A denial on a cell the target relies on; a timeout only on what claims an earlier time (AU20). */
function strikesCell(attacker: Judged, target: Judged): boolean {
  if (attacker.known.until !== undefined && target.op.at >= attacker.known.until) return false
  return attacker.known.writes.some(write => write.denial && target.known.cells.includes(write.cell))
}

/** AU19: an operation in the attacker's past, by its target, that its explicit cut leaves out. */
function isBeyondCut(
  attacker: Judged,
  target: Judged,
  isCovered: (a: Judged, b: Judged['op']['id']) => boolean
): boolean {
  if (attacker.op.cut === null || attacker.known.target !== target.known.user) return false
  const row = attacker.op.cut.find(each => each.device === target.op.device)
  if (row === undefined) return false
  return row.operation === null || !isCovered(target, row.operation)
}
