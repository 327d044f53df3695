/** Orders of delivery that respect pasts. */
import type { OperationId } from '../../src/base/index.ts'
import type { Operation } from '../../src/graph/index.ts'
import { Dice } from './histories/dice.ts'

type Order = readonly Operation[]

/** Up to this many operations every order is tried, however many there are. */
export const ALL_ORDERS_MAX = 8

const citesOf = (op: Operation): readonly OperationId[] => [
  ...op.parents,
  ...op.refs,
  ...(op.prev === null ? [] : [op.prev])
]

/** For each operation, which of the others have to come first. */
function needs(operations: Order): Map<Operation, readonly OperationId[]> {
  const ids = new Set(operations.map(op => op.id))
  return new Map(operations.map(op => [op, citesOf(op).filter(id => ids.has(id))]))
}

/** Every order that respects pasts. */
export function* everyOrder(operations: Order): Iterable<Order> {
  if (new Set(operations.map(op => op.id)).size < operations.length)
    throw new RangeError('an operation twice')
  const first = needs(operations)
  const done = new Set<OperationId>()
  const order: Operation[] = []
  yield* extend()
  function* extend(): Iterable<Order> {
    if (order.length === operations.length) {
      yield [...order]
      return
    }
    for (const op of operations) {
      if (done.has(op.id) || !(first.get(op) ?? []).every(id => done.has(id))) continue
      done.add(op.id)
      order.push(op)
      yield* extend()
      order.pop()
      done.delete(op.id)
    }
  }
}

/** Random orders that respect pasts. */
export function* randomOrders(operations: Order, count: number, seed = 1): Iterable<Order> {
  const first = needs(operations)
  const dice = new Dice(seed)
  for (let run = 0; run < count; run++) {
    const done = new Set<OperationId>()
    const order: Operation[] = []
    const left = [...operations]
    while (left.length > 0) {
      const ready = left.filter(op => (first.get(op) ?? []).every(id => done.has(id)))
      const next = dice.pick(ready)
      left.splice(left.indexOf(next), 1)
      done.add(next.id)
      order.push(next)
    }
    yield order
  }
}

/** Every order of up to eight operations, or of more where there are no more than `limit`; else `limit` random ones. */
export function orders(operations: Order, limit = 2_000, seed = 1): Iterable<Order> {
  if (operations.length <= ALL_ORDERS_MAX) return everyOrder(operations)
  let count = 0
  for (const _order of everyOrder(operations))
    if (++count > limit) return randomOrders(operations, limit, seed)
  return everyOrder(operations)
}
