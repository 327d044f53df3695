/**
 * `npm run bench [-- name… --write --list --profile]`: measures, prints a table, keeps the results as JSON.
 *
 * Figures are medians over rounds; where a floor exists it is measured in the same rounds, and the ratio counts.
 * Nothing here is a test: a missed target is printed, not an error. `--write` renews docs/benchmarks.md;
 * `--profile` prints where the time goes instead, and keeps nothing.
 */
import { calls } from './cases/calls.mjs'
import { catchUp } from './cases/catch-up.mjs'
import { authority } from './cases/authority.mjs'
import { authors } from './cases/authors.mjs'
import { browser } from './cases/browser.mjs'
import { burst } from './cases/burst.mjs'
import { crypto } from './cases/crypto.mjs'
import { enter } from './cases/enter.mjs'
import { floor } from './cases/floor.mjs'
import { history } from './cases/history.mjs'
import { join } from './cases/join.mjs'
import { keys } from './cases/keys.mjs'
import { latency } from './cases/latency.mjs'
import { live } from './cases/live.mjs'
import { open } from './cases/open.mjs'
import { peers } from './cases/peers.mjs'
import { ranges } from './cases/ranges.mjs'
import { reconnect } from './cases/reconnect.mjs'
import { snapshot } from './cases/snapshot.mjs'
import { soak } from './cases/soak.mjs'
import { simulator } from './cases/simulator.mjs'
import { start } from './cases/start.mjs'
import { voice } from './cases/voice.mjs'
import { describeMachine } from './harness/machine.mjs'
import { printHot, profileFolder } from './harness/hot.mjs'
import { profilePeers } from './harness/peer.mjs'
import { printCase } from './harness/print.mjs'
import { keepResults } from './harness/results.mjs'
import { writePage } from './harness/page.mjs'

const CASES = [
  floor,
  live,
  authors,
  latency,
  burst,
  catchUp,
  reconnect,
  history,
  peers,
  ranges,
  open,
  start,
  authority,
  snapshot,
  enter,
  join,
  crypto,
  keys,
  voice,
  calls,
  soak,
  browser,
  simulator
]

const flags = process.argv.slice(2).filter(each => each.startsWith('--'))
const names = process.argv.slice(2).filter(each => !each.startsWith('--'))
const unknown = [
  ...names.filter(name => !CASES.some(each => each.name === name)),
  ...flags.filter(flag => !['--write', '--list', '--profile'].includes(flag))
]

/** Runs one case; its failure is printed and kept, and the others still run. */
async function measure({ name, title, what, run }) {
  process.stdout.write(`\n${name}: ${title}\n`)
  const began = performance.now()
  const note = (round, side) =>
    process.stdout.write(process.stdout.isTTY ? `  round ${round + 1}, ${side}…   \r` : '')
  try {
    const figures = await run({ note })
    const seconds = Math.round((performance.now() - began) / 1_000)
    const { curve } = figures
    const found = {
      name,
      title,
      what,
      seconds,
      figures: [...figures],
      ...(curve === undefined ? {} : { curve })
    }
    printCase(found)
    return found
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    process.stdout.write(`  FAILED: ${failure}\n`)
    return { name, title, what, failure: failure.split('\n')[0], figures: [] }
  }
}

/** Profiled figures are too high to keep. */
async function profile(chosen) {
  for (const each of chosen) {
    const { folder, flags: profiled } = profileFolder()
    profilePeers(profiled)
    await measure(each)
    printHot(folder)
  }
  return 0
}

async function main() {
  if (unknown.length > 0) {
    console.error(
      `unknown: ${unknown.join(', ')}. Benchmarks: ${CASES.map(each => each.name).join(', ')}; flags: --write, --list, --profile`
    )
    return 2
  }
  if (flags.includes('--list')) {
    for (const { name, title } of CASES) console.log(`${name.padEnd(10)} ${title}`)
    return 0
  }
  const machine = describeMachine()
  console.log(
    `Node ${machine.node}, ${machine.processor}, ${machine.cores} cores, load ${machine.loadBefore}, commit ${machine.commit}${machine.changed ? ' with changes' : ''}`
  )
  const chosen = CASES.filter(({ name, named }) =>
    names.length === 0 ? named !== true : names.includes(name)
  )
  if (flags.includes('--profile')) return await profile(chosen)
  const cases = []
  for (const each of chosen) cases.push(await measure(each))
  const latest = keepResults({ at: new Date().toISOString(), machine, cases })
  if (flags.includes('--write'))
    writePage(
      latest,
      CASES.map(({ name }) => name)
    )
  const missed = cases.flatMap(each => each.figures).filter(each => each.target?.met === false).length
  const failed = cases.filter(each => each.failure !== undefined).length
  console.log(`\n${missed} targets missed, ${failed} benchmarks failed. Kept in bench/results/latest.json`)
  return failed === 0 ? 0 : 1
}

process.exitCode = await main()
