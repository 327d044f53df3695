import { expect, it } from 'vitest'
import { idFromBytes } from '../../base/index.ts'
import type { AddOptions, AddResult } from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { addOperation, createNews } from './take-operations.ts'
import type { Turn } from '../replica/turn.ts'

it('[AU9] an operation that waits counts against the peer that passed it on, whichever device signed it', () => {
  const device = (byte: number): Operation['device'] => idFromBytes('d', new Uint8Array(32).fill(byte))
  const operation = { id: idFromBytes('o', new Uint8Array(32)), device: device(1) } as Operation
  const asked: (AddOptions | undefined)[] = []
  const add = (_operation: Operation, _now: number, options?: AddOptions): AddResult => {
    asked.push(options)
    return { kind: 'orphan', operation: operation.id, missing: [] }
  }
  const state = { log: { add } } as unknown as ReplicaState
  const turn = { at: 1 } as Turn
  expect(addOperation(state, turn, createNews(), operation, device(2))).toEqual({
    kind: 'waiting',
    operation: operation.id
  })
  addOperation(state, turn, createNews(), operation, undefined)
  expect(asked).toEqual([{ peer: device(2) }, {}])
})
