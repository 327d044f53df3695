/**
 * ID5: which entries of an identity log stand, given a set of entries that are each valid in their own past.
 *
 * The answer depends on the set alone, so every peer that holds it agrees. An entry of a device needs one of
 * the entries that enrolled the device to stand (its supports) and no revocation of the device to stand that
 * it is concurrent with or later than (its attackers). Where revocations attack each other in a circle, the
 * most senior one stands: shortest path from the root, then lowest device id, lamport, entry id.
 */
import { compareIds, type DeviceId, idFromBytes } from '../base/index.ts'
import { equalBytes } from '../encoding/index.ts'
import { CAPABILITY_MANAGE, type IdentityEntry } from './contract.ts'

/** One accepted entry with what never changes about it. Indexes are local: order of arrival. */
export interface LogNode {
  readonly index: number
  readonly entry: IdentityEntry
  readonly byRoot: boolean
  readonly signer: DeviceId
  /** Bit i: node i is in its past. */
  readonly past: bigint
  /** Nodes whose addDevice made its signer a managing device; all in its past. */
  readonly supports: readonly number[]
  /** Revocations of its signer that it does not precede; grows as revocations arrive. */
  readonly attackers: number[]
}

/** A node's own bit. */
export function bit(index: number): bigint {
  return 1n << BigInt(index)
}

/** Whether node `a` is in the past of `b`. */
export function isBefore(a: LogNode, b: LogNode): boolean {
  return (b.past & bit(a.index)) !== 0n
}

function isRevocation(node: LogNode): boolean {
  return node.entry.body.kind === 'revokeDevice' || node.entry.body.kind === 'revokeAll'
}

/** Whether revocation `r`, standing, voids `e`. */
function attacks(r: LogNode, e: LogNode): boolean {
  if (e.byRoot || r === e || isBefore(e, r)) return false
  if (r.entry.body.kind === 'revokeDevice') return r.entry.body.device === e.signer
  // What knows of a revokeAll was signed by a device enrolled after it, else its own past refused it.
  return r.entry.body.kind === 'revokeAll' && !isBefore(r, e)
}

/** Builds the node of an entry and tells those already there of it. */
export function createNode(
  nodes: readonly LogNode[],
  entry: IdentityEntry,
  past: bigint,
  rootPublicKey: Uint8Array
): LogNode {
  const byRoot = equalBytes(entry.signer, rootPublicKey)
  const signer = idFromBytes('d', entry.signer)
  const supports = byRoot
    ? []
    : nodes.flatMap(({ index, entry: { body } }) =>
        (past & bit(index)) !== 0n &&
        body.kind === 'addDevice' &&
        body.device === signer &&
        (body.caps & CAPABILITY_MANAGE) !== 0
          ? [index]
          : []
      )
  const node: LogNode = { index: nodes.length, entry, byRoot, signer, past, supports, attackers: [] }
  for (const other of nodes) {
    if (isRevocation(other) && attacks(other, node)) node.attackers.push(other.index)
    if (isRevocation(node) && attacks(node, other)) other.attackers.push(node.index)
  }
  return node
}

/** Steps from the root to each device, over all enrolments of the set. */
export function deviceDepths(nodes: readonly LogNode[]): Map<DeviceId, number> {
  const depths = new Map<DeviceId, number>()
  for (let changed = true; changed;) {
    changed = false
    for (const {
      entry: { body },
      byRoot,
      signer
    } of nodes) {
      if (body.kind !== 'addDevice') continue
      const above = byRoot ? 0 : depths.get(signer)
      if (above !== undefined && above + 1 < (depths.get(body.device) ?? Infinity)) {
        depths.set(body.device, above + 1)
        changed = true
      }
    }
  }
  return depths
}

/** Root first, then by the signer's depth and id, then lamport and entry id: ascending means more senior. */
export function compareSeniority(depths: ReadonlyMap<DeviceId, number>): (a: LogNode, b: LogNode) => number {
  const depth = (node: LogNode): number => (node.byRoot ? 0 : (depths.get(node.signer) ?? Infinity))
  return (a, b) =>
    depth(a) - depth(b) ||
    (a.byRoot && b.byRoot ? 0 : compareIds(a.signer, b.signer)) ||
    a.entry.lamport - b.entry.lamport ||
    compareIds(a.entry.id, b.entry.id)
}

/** Local indexes of the entries that stand, among `nodes` (a set closed under pasts). */
export function resolveStanding(nodes: readonly LogNode[]): ReadonlySet<number> {
  const undecided = new Map(nodes.map(node => [node.index, node]))
  const present = new Set(undecided.keys())
  const standing = new Set<number>()
  const senior = compareSeniority(deviceDepths(nodes))
  const supported = (node: LogNode): boolean =>
    node.byRoot || node.supports.some(index => standing.has(index))
  const settle = (node: LogNode, stands: boolean): void => {
    undecided.delete(node.index)
    if (stands) standing.add(node.index)
  }
  while (undecided.size > 0) {
    let progress = false
    for (const node of undecided.values()) {
      const attackers = node.attackers.filter(index => present.has(index))
      const unsupported =
        !node.byRoot && !node.supports.some(index => standing.has(index) || undecided.has(index))
      if (unsupported || attackers.some(index => standing.has(index))) settle(node, false)
      else if (supported(node) && !attackers.some(index => undecided.has(index))) settle(node, true)
      else continue
      progress = true
    }
    if (progress) continue
    // A circle. The undecided entry of lowest lamport is supported, so there is a candidate.
    const candidates = [...undecided.values()].filter(supported)
    const revocations = candidates.filter(isRevocation)
    const [first] = (revocations.length > 0 ? revocations : candidates).sort(senior)
    settle(first as LogNode, true)
  }
  return standing
}
