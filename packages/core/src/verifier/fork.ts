/** Proof that a device signed two operations for one place (AU39): the two, and nothing else. */
import { accept, refuse, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { readOp } from './operation.ts'

/** What two branches prove. */
export interface ProvenFork {
  readonly server: string
  readonly device: string
  readonly seq: number
  /** Ids, ascending. */
  readonly branches: readonly [string, string]
}

/**
 * Verifies two operations in wire form as the branches of a fork. Whether either was permitted does not matter: both
 * were signed for one place.
 *
 * @returns What they prove, or why they prove nothing (AU39).
 */
export function verifyFork(suite: Suite, first: Uint8Array, second: Uint8Array): Verdict<ProvenFork> {
  const [a, b] = [readOp(suite, first), readOp(suite, second)]
  if (a === undefined || b === undefined) return refuse('AU39', 'a branch is not as it was signed')
  if (a.id === b.id) return refuse('AU39', 'one operation is no fork')
  if (a.server !== b.server) return refuse('AU39', 'the branches are of two servers')
  if (a.device !== b.device) return refuse('AU39', 'the branches are by two devices')
  if (a.seq !== b.seq) return refuse('AU39', 'the branches stand at two places')
  const branches = a.id < b.id ? ([a.id, b.id] as const) : ([b.id, a.id] as const)
  return accept({ server: a.server, device: a.device, seq: a.seq, branches })
}
