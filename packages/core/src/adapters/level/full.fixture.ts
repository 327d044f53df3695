/**
 * Writes through the level adapter under a limit on file sizes until a write fails, asks for the limit to be
 * lifted, and writes on. Tells on stdout what was acknowledged. Run by level-full.test.ts.
 */
import { isXcordError } from '../../base/index.ts'
import { openLevelStore } from './index.ts'

const [, , path = ''] = process.argv
const store = await openLevelStore(path)
const told: string[] = []

async function write(n: number): Promise<boolean> {
  try {
    await store.write([
      { key: Uint8Array.of(n >> 8, n & 255), value: new Uint8Array(5_000 + n * 7).fill(n & 255) }
    ])
    told.push(String(n))
    return true
  } catch (error) {
    if (!isXcordError(error)) throw error
    process.stdout.write(`${error.code}\n`)
    return false
  }
}

let n = 0
while (n < 400 && (await write(n))) n++
const readable = (
  await store.getMany(told.map(each => Uint8Array.of(Number(each) >> 8, Number(each) & 255)))
).every(value => value !== undefined)
process.stdout.write(`readable ${readable}\nlift\n`)
await new Promise(resolve => process.stdin.once('data', resolve))
for (let more = 1_000; more < 1_030; more++) await write(more)
await store.close()
process.stdout.write(`acknowledged ${told.join(' ')}\n`)
process.exit(0)
