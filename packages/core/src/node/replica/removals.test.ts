import { describe, expect, it } from 'vitest'
import { KINDS } from '../../authority/index.ts'
import { type DeviceId, idFromBytes, type OperationId, type UserId } from '../../base/index.ts'
import { allRemovals, removalsOf } from './removals.ts'
import type { ReplicaState } from './replica-state.ts'

const bytes = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const operation = (n: number): OperationId => idFromBytes('o', bytes(n))
const user = (n: number): UserId => idFromBytes('u', bytes(n))
const device = (n: number): DeviceId => idFromBytes('d', bytes(n))

/** A log of leaves, each by the device of a number; `read` counts how often one was looked at. */
function createLog() {
  const operations: { id: OperationId; kind: number; device: DeviceId; body: Uint8Array }[] = []
  const users = new Map<DeviceId, UserId>()
  const voided = new Set<OperationId>()
  const seen = { read: 0 }
  const log = {
    operations: () => operations,
    count: () => operations.length,
    standing: (id: OperationId) => ({ standing: voided.has(id) ? 'void' : 'effective' }),
    state: () => ({
      device: (id: DeviceId) => {
        seen.read++
        const found = users.get(id)
        return found && { user: found }
      }
    })
  }
  const leave = (n: number, by: number): void => {
    operations.push({ id: operation(n), kind: KINDS.leave[0], device: device(by), body: bytes(0) })
  }
  return { state: { log, settled: undefined } as unknown as ReplicaState, leave, users, voided, seen }
}

describe('[SY3] who is no member any more', () => {
  it('[SY3] is told the newest four operations that stand, by present standing', () => {
    const { state, leave, users, voided } = createLog()
    users.set(device(1), user(1)).set(device(2), user(2))
    for (const n of [1, 2, 3, 4, 5]) leave(n, 1)
    leave(6, 2)
    expect(removalsOf(state, user(1))).toEqual([2, 3, 4, 5].map(operation))
    voided.add(operation(4))
    expect(removalsOf(state, user(1))).toEqual([1, 2, 3, 5].map(operation))
    expect(allRemovals(state).get(user(2))).toEqual([operation(6)])
    expect(removalsOf(state, user(3))).toEqual([])
  })

  it('[SY3] is found without reading again what was read, however long the log is', () => {
    const { state, leave, users, seen } = createLog()
    users.set(device(1), user(1))
    for (let n = 1; n <= 200; n++) leave(n, 1)
    removalsOf(state, user(1))
    const before = seen.read
    leave(201, 1)
    expect(removalsOf(state, user(1)).at(-1)).toEqual(operation(201))
    expect(seen.read - before).toBeLessThan(5)
  })

  it('[SY3] counts also where the device became known only later', () => {
    const { state, leave, users } = createLog()
    leave(1, 1)
    expect(removalsOf(state, user(1))).toEqual([])
    users.set(device(1), user(1))
    leave(2, 1)
    expect(removalsOf(state, user(1))).toEqual([operation(1), operation(2)])
  })
})
