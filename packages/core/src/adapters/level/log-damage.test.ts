import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLevelStore } from './level-store.ts'
import { damageIn } from './log-damage.ts'

let path: string
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'xcord-log-'))
})
afterEach(async () => {
  await rm(path, { recursive: true, force: true })
})

/** Writes one row a record, and gives the log they lie in. */
async function writeLog(
  rows: number,
  bytes: number
): Promise<{ readonly file: string; readonly log: Buffer }> {
  const store = await openLevelStore(path)
  for (let row = 0; row < rows; row++)
    await store.write([{ key: Uint8Array.of(1, row), value: new Uint8Array(bytes).fill(row + 1) }], {
      sync: false
    })
  await store.close()
  const file = join(path, (await readdir(path)).find(name => name.endsWith('.log')) as string)
  return { file, log: await readFile(file) }
}

describe("damage in the engine's log", () => {
  it('[DB2] is refused before the engine drops what it hit, and nothing is rewritten', async () => {
    const { file, log } = await writeLog(40, 3_000)
    expect(damageIn(log)).toBeUndefined()
    for (const part of [0.01, 0.2, 0.5, 0.9]) {
      const altered = Buffer.from(log)
      const at = Math.floor(log.length * part)
      altered[at] = (altered[at] as number) ^ 0x10
      expect(damageIn(altered)).toBeLessThanOrEqual(at)
      await writeFile(file, altered)
      await expect(openLevelStore(path)).rejects.toMatchObject({ code: 'XCORD_STORE_CORRUPT' })
      expect(await readFile(file)).toEqual(altered)
    }
    await writeFile(file, log)
    await (await openLevelStore(path)).close()
  })

  it('[DB2] is found in headers and lengths too, in records of many blocks', async () => {
    const { log } = await writeLog(6, 100_000)
    for (let at = 0; at < log.length - 110_000; at += 32_768) {
      for (const field of [0, 4, 6]) {
        const altered = Buffer.from(log)
        altered[at + field] = (altered[at + field] as number) ^ 0x7f
        expect(damageIn(altered)).toBeDefined()
      }
    }
  })

  it('[DB2] is not what a lost power leaves: a log cut anywhere, or with sectors that were never written', async () => {
    const { file, log } = await writeLog(40, 3_000)
    for (let length = 0; length < log.length; length += 997)
      expect(damageIn(log.subarray(0, length))).toBeUndefined()
    const hole = Buffer.from(log)
    hole.fill(0, 90_112, 94_208)
    expect(damageIn(hole)).toBeUndefined()
    await writeFile(file, hole)
    await (await openLevelStore(path)).close()
  })
})
