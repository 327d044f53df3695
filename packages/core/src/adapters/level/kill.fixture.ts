/**
 * Commits numbered records in two tables as fast as it can and says on stdout which commits resolved, until it
 * is killed. Run by level-kill.test.ts in a process of its own.
 */
import { writeSync } from 'node:fs'
import { codec, uint } from '../../encoding/index.ts'
import { defineTable, openDatabase, sortNumber } from '../../store/index.ts'
import { createNodeSuite } from '../crypto-node/index.ts'
import { systemRandom } from '../runtime-node/index.ts'
import { openLevelStore } from './index.ts'

const value = codec(uint(), { rule: 'DB3' })
export const left = defineTable({ name: 'left', schema: 1, key: [sortNumber()] as const, value })
export const right = defineTable({ name: 'right', schema: 1, key: [sortNumber()] as const, value })

/** Opens the fixture's database in a directory. */
export async function openFixture(path: string) {
  return openDatabase({
    store: await openLevelStore(path),
    suite: await createNodeSuite(),
    masterKey: new Uint8Array(32).fill(3),
    random: systemRandom,
    schema: 1,
    tables: [left, right]
  })
}

const [, script, path, first] = process.argv
if (script === import.meta.filename && path !== undefined) {
  const database = await openFixture(path)
  let next = Number(first)
  const writer = async (): Promise<void> => {
    for (;;) {
      const n = next++
      await database
        .batch()
        .put(left, [n], n)
        .put(right, [n], n * 2)
        .commit()
      writeSync(1, `${n}\n`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, writer))
}
