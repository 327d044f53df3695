import { beforeEach, expect, it } from 'vitest'
import { createNodeSuite } from '../../adapters/crypto-node/index.ts'
import { createMemoryStore } from '../../adapters/memory/index.ts'
import { systemRandom } from '../../adapters/runtime-node/index.ts'
import { type Database, openDatabase } from '../../store/index.ts'
import { PROFILE_TABLES } from '../profile-tables.ts'
import { KeyStoreWatch } from './key-store-epoch.ts'

let database: Database
beforeEach(async () => {
  database = await openDatabase({
    store: createMemoryStore(),
    suite: await createNodeSuite(),
    masterKey: new Uint8Array(32),
    random: systemRandom,
    schema: 1,
    tables: PROFILE_TABLES
  })
})

/** A profile opened by a writing of a key store. */
async function opened(file: number, epoch: number): Promise<KeyStoreWatch> {
  const watch = new KeyStoreWatch(database, () => ({ id: new Uint8Array(16).fill(file), epoch }))
  await watch.note()
  return watch
}

it('[KS9] the same epoch and later ones are as they should be; a lower one is not, however often it is opened', async () => {
  for (const epoch of [1, 1, 4, 5]) expect((await opened(1, epoch)).older).toBeUndefined()
  for (let n = 0; n < 2; n++) expect((await opened(1, 4)).older).toEqual({ epoch: 4, seen: 5 })
  expect((await opened(1, 5)).older).toBeUndefined()
})

it('[KS9] an older copy that is written anew stays an older one, at the next opening, too', async () => {
  await opened(1, 5)
  let epoch = 3
  const watch = new KeyStoreWatch(database, () => ({ id: new Uint8Array(16).fill(1), epoch }))
  await watch.note()
  for (epoch = 4; epoch <= 6; epoch++) await watch.note()
  epoch = 6
  expect(watch.older).toEqual({ epoch: 6, seen: 7 })
  const again = await opened(1, 6)
  expect(again.older).toEqual({ epoch: 6, seen: 7 })
  await again.note(true)
  expect((await opened(1, 6)).older).toBeUndefined()
})

it('[KS9] a new file with its own count comes after all others, and none of them may come back', async () => {
  await opened(1, 7)
  expect((await opened(2, 1)).older).toBeUndefined()
  expect((await opened(1, 7)).older).toEqual({ epoch: 7, seen: 7 })
  expect((await opened(1, 9)).older).toEqual({ epoch: 9, seen: 7 })
  expect((await opened(2, 2)).older).toBeUndefined()
})

it('[KS9] what its owner means is the newest from then on; many files are not kept for ever', async () => {
  await opened(1, 7)
  const watch = await opened(1, 3)
  await watch.note(true)
  expect(watch.older).toBeUndefined()
  expect((await opened(1, 3)).older).toBeUndefined()
  for (let file = 2; file < 40; file++) expect((await opened(file, 1)).older).toBeUndefined()
  expect((await opened(39, 1)).older).toBeUndefined()
  expect((await opened(30, 1)).older).toEqual({ epoch: 1, seen: 1 })
})
