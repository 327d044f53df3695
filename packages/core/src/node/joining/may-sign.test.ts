import { describe, expect, it } from 'vitest'
import type { InviteId } from '../../base/index.ts'
import { maySign } from './may-sign.ts'

const invite = 'i1' as InviteId

/** A replica that joins, as far as it is looked at. */
function joining(held: { invite?: boolean; keys?: boolean; operations?: boolean; all?: boolean }): boolean {
  const state = {
    log: { state: () => ({ invite: () => (held.invite === true ? {} : undefined) }) },
    ring: { currentTopic: () => (held.keys === true ? {} : undefined) },
    operationsTold: held.operations === true,
    caughtUp: held.all === true
  }
  return maySign(state as unknown as Parameters<typeof maySign>[0], invite)
}

describe('[SY12] signing a join', () => {
  it('[SY12] waits for all operations that a peer had, though keys and the invite are there', () => {
    expect(joining({ invite: true, keys: true })).toBe(false)
    expect(joining({ invite: true, keys: true, operations: true })).toBe(true)
  })

  it('[SY12] waits for the invite, and for keys unless there is nothing more to come', () => {
    expect(joining({ keys: true, operations: true, all: true })).toBe(false)
    expect(joining({ invite: true, operations: true })).toBe(false)
    expect(joining({ invite: true, operations: true, all: true })).toBe(true)
  })
})
