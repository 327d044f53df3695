import { expect, it } from 'vitest'
import type { StoredSeed } from '../../e2ee/index.ts'
import type { Work } from '../replica/work.ts'
import { seedTable } from '../replica/tables.ts'
import { unlock } from './unlock.ts'

it('[KS6] what an invite opens of records that are here already is stored in the same turn, and told', () => {
  const seed = {
    keyId: 'e1hdg9o7b9os0mft70abec0ofak',
    scope: { kind: 'epoch', channel: 'c00000000000000000000000000000000000000000000000000g0' },
    seed: new Uint8Array(32).fill(1)
  } as unknown as StoredSeed
  const kept: (readonly unknown[])[] = []
  const told: unknown[] = []
  let opened = false
  const ring = {
    unlock: () => {
      opened = true
      return [seed]
    },
    currentTopic: () => (opened ? { keyId: seed.keyId } : undefined)
  }
  const turn = {
    topicChanged: false,
    batch: { put: (table: unknown, key: readonly unknown[]) => kept.push([table, ...key]) }
  }
  const work = {
    state: { server: 'server', ring },
    turn,
    openedKeys: (keys: readonly unknown[]) => told.push(...keys)
  } as unknown as Work
  unlock(work, { invites: [] })
  expect(kept).toEqual([[seedTable, 'server', seed.keyId]])
  expect(told).toEqual([seed.keyId])
  expect(turn.topicChanged).toBe(true)
})
