/** A scenario of an application's own, run with seed after seed; one that fails is kept and told with its command. */
import { randomInt } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

const SEEDS = 10
const SEEDS_END = 2 ** 32
/** Names the one seed to run, in place of all. */
const SEED_VARIABLE = 'XCORD_SEED'

/** A seed that failed once. */
export interface KeptSeed {
  readonly seed: number
  /** The first line of what it failed with. */
  readonly why: string
}

/** What to run. */
export interface RunSeedsInit {
  /** Runs one world from beginning to end; throws where something does not hold. */
  readonly scenario: (seed: number) => Promise<void>
  /**
   * A JSON file of seeds that failed: they run first, each time, and a new one is added to them. Keep it beside the test,
   * in version control. Made with the first seed that fails.
   */
  readonly kept: string | URL
  /** New seeds after those; 10 unless told. */
  readonly seeds?: number
  /** The first of the new ones, which then follow each other; each is drawn unless told. */
  readonly from?: number
  /** The command that runs one seed again; `XCORD_SEED=<seed> npm test` unless told. */
  readonly command?: (seed: number) => string
}

/**
 * Runs kept seeds, then new ones, and stops at the first that fails. With `XCORD_SEED` in the environment only that one.
 *
 * @returns The seeds that ran.
 * @throws Error that names the seed and the command that runs it again, with what failed as its cause; RangeError for a seed
 *   that is no whole number from 0 to 4294967295; SyntaxError where the file is not what `runSeeds` wrote.
 */
export async function runSeeds(init: RunSeedsInit): Promise<readonly number[]> {
  const { scenario, command = seed => `${SEED_VARIABLE}=${seed} npm test` } = init
  const kept = readKept(init.kept)
  const ran: number[] = []
  for (const seed of seedsOf(init, kept)) {
    try {
      await scenario(seed)
    } catch (error) {
      const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] as string
      if (!kept.some(each => each.seed === seed))
        writeFileSync(init.kept, `${JSON.stringify([...kept, { seed, why }], null, 2)}\n`)
      throw new Error(`seed ${seed}: ${why}\nagain: ${command(seed)}`, { cause: error })
    }
    ran.push(seed)
  }
  return ran
}

function seedsOf({ seeds = SEEDS, from }: RunSeedsInit, kept: readonly KeptSeed[]): readonly number[] {
  const only = process.env[SEED_VARIABLE]
  const all =
    only === undefined
      ? [
          ...kept.map(each => each.seed),
          ...Array.from({ length: seeds }, (_, at) => (from === undefined ? randomInt(SEEDS_END) : from + at))
        ]
      : [only.trim() === '' ? NaN : Number(only)]
  const odd = all.find(each => !Number.isInteger(each) || each < 0 || each >= SEEDS_END)
  if (odd !== undefined)
    throw new RangeError(`a seed is a whole number from 0 to 4294967295, not ${only ?? odd}`)
  return all
}

function readKept(file: string | URL): readonly KeptSeed[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return []
    throw error
  }
  const read: unknown = JSON.parse(text)
  if (!Array.isArray(read) || read.some(each => typeof (each as KeptSeed | null)?.seed !== 'number'))
    throw new SyntaxError(`${String(file)} is not a list of seeds`)
  return read as readonly KeptSeed[]
}
