/** What an operation's place must fulfil (AU1, AU5): everything that needs its neighbours but no state. */
import { type OperationId, refuse, type Refusal } from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import { isSpine } from './kinds/table.ts'

/** The operations around a new one. */
export interface Surroundings {
  /** Any accepted operation. */
  operation(id: OperationId): Operation | undefined
  /** Whether `a` is `b` or in its past. */
  isCovered(a: OperationId, b: OperationId): boolean
  /** Whether the past of `op` holds an operation of its device that is neither its prev nor in prev's past (AU5). */
  hasOwnOutsideChain(op: Operation): boolean
}

/** Ids that an operation cites. */
export function citedBy(op: Operation): OperationId[] {
  const out = [...op.parents, ...op.refs]
  if (op.prev !== null) out.push(op.prev)
  return out
}

/** Checks AU1's fields 4–9 and AU5 against known neighbours; all cited operations must be known. */
export function placeFault(op: Operation, around: Surroundings): Refusal | undefined {
  let lamport = 0
  let at = 0
  for (const id of citedBy(op)) {
    const cited = around.operation(id) as Operation
    lamport = Math.max(lamport, cited.lamport + 1)
    at = Math.max(at, cited.at)
  }
  if (op.lamport !== lamport) return refuse('AU1', `lam is ${op.lamport}, not ${lamport}`)
  if (op.at < at) return refuse('AU1', 'ts is before that of something it cites')
  const prev = op.prev === null ? undefined : (around.operation(op.prev) as Operation)
  if (prev !== undefined && (prev.device !== op.device || prev.seq + 1 !== op.seq))
    return refuse('AU1', "prev is not the device's previous operation")
  return (
    citesFault(op, around) ??
    spineFault(op, prev, around) ??
    (around.hasOwnOutsideChain(op)
      ? refuse('AU5', "the past holds another branch of the author's own fork")
      : undefined)
  )
}

function citesFault(op: Operation, around: Surroundings): Refusal | undefined {
  const kindOf = (id: OperationId): number => (around.operation(id) as Operation).kind
  if (!op.parents.every(id => isSpine(kindOf(id)))) return refuse('AU1', 'par cites a leaf')
  if (op.refs.some(id => isSpine(kindOf(id)))) return refuse('AU1', 'refs cites a spine operation')
  for (const a of op.parents) {
    if (op.parents.some(b => a !== b && around.isCovered(a, b))) return refuse('AU1', 'par is no antichain')
  }
  return undefined
}

/** par names the heads of all spine operations in the past: none may come in behind it by prev or refs (AU-S39). */
function spineFault(op: Operation, prev: Operation | undefined, around: Surroundings): Refusal | undefined {
  const behind = new Set<OperationId>()
  const add = (cited: Operation): void => {
    if (isSpine(cited.kind)) behind.add(cited.id)
    else for (const parent of cited.parents) behind.add(parent)
  }
  if (prev !== undefined) add(prev)
  for (const ref of op.refs) add(around.operation(ref) as Operation)
  for (const id of behind) {
    if (!op.parents.some(parent => around.isCovered(id, parent)))
      return refuse('AU5', 'par is older than what prev or refs bring into the past')
  }
  return undefined
}
