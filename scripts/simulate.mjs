/**
 * `npm run simulate -- --seed 1 --peers 8 --minutes 3`: runs seeds of the simulator and prints what did not hold, with
 * the command that shows the same again. Exit code 1 where something did not.
 */
import { parseArgs } from 'node:util'
import { availableParallelism } from 'node:os'
import { FAULT_KINDS } from '@xcord/core/testing'
import { inWorldThreads } from './simulate-threads.mjs'

/** Peers of one world, unless told: with more, the collector of garbage takes an ever larger share. */
const WORLD_PEERS_MAX = 64
/** Keeps the seeds of a seed's worlds apart from those of the next seeds. */
const WORLD_STRIDE = 1_000_003
/** Steps a minute among all peers of a large world, unless a pace is told. */
const STEPS_A_MINUTE_MAX = 288

const USAGE = `npm run simulate -- [options]

  --seed <n>          the first seed (default: 1)
  --seeds <n>         how many (default: 1)
  --jobs <n>          worlds at once, each in a thread of its own (default: 1; as many as cores where a seed has several)
  --peers <n>         peers in all, 2 to 1000 (default: 8)
  --worlds <n>        worlds that the peers are parted into; servers meet nowhere but at the bootstrap node, of which
                      each world has one (default: one for each ${WORLD_PEERS_MAX} peers)
  --minutes <n>       virtual minutes of storm (default: 3)
  --community <n>     members of one server (default: 12)
  --pace <n>          steps a minute for each peer (default: 12; above 24 peers, 288 among all)
  --faults <list>     kinds of fault, by commas, or "none": ${FAULT_KINDS.join(', ')}
  --only <list>       of the storm only the steps with these numbers
  --signatures <how>  real, or quick: a hash in their place (default)
  --shrink            looks for the fewest steps that still fail
  --verbose           tells every step
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    jobs: { type: 'string' },
    peers: { type: 'string', default: '8' },
    worlds: { type: 'string' },
    minutes: { type: 'string', default: '3' },
    community: { type: 'string' },
    pace: { type: 'string' },
    faults: { type: 'string' },
    only: { type: 'string' },
    signatures: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})

const listOf = text => (text === 'none' || text === '' ? [] : text.split(','))

const peersOf = () => Number(values.peers)
const worldsOf = () => Number(values.worlds ?? Math.max(1, Math.ceil(peersOf() / WORLD_PEERS_MAX)))

/** The worlds of one seed: each is one by itself, with a command of its own. */
function worldsOfSeed(seed) {
  const count = worldsOf()
  if (!Number.isInteger(count) || count < 1 || count > peersOf() / 2)
    throw new RangeError(`${values.peers} peers are not parted into ${count} worlds of two or more`)
  if (count === 1) return [initOf(seed, peersOf(), values.pace)]
  const pace = values.pace ?? Math.min(12, STEPS_A_MINUTE_MAX / peersOf())
  return Array.from({ length: count }, (_, at) => {
    const peers = Math.floor(peersOf() / count) + (at < peersOf() % count ? 1 : 0)
    return initOf((seed + at * WORLD_STRIDE) % 2 ** 32, peers, pace)
  })
}

function initOf(seed, peers, pace) {
  const { minutes, community, faults, only, signatures } = values
  return {
    seed,
    peers,
    minutes: Number(minutes),
    ...(community === undefined ? {} : { community: Number(community) }),
    ...(pace === undefined ? {} : { pace: Number(pace) }),
    ...(faults === undefined ? {} : { faults: listOf(faults) }),
    ...(only === undefined ? {} : { only: listOf(only).map(Number) }),
    ...(signatures === undefined ? {} : { signatures })
  }
}

function print(report, seconds) {
  const { seed, trace, events, virtualMs, stored, failures, command, steps, lies } = report
  const rate = Math.round(events / seconds).toLocaleString('en')
  console.log(
    `seed ${seed}: ${failures.length === 0 ? 'all held' : 'FAILED'}; trace ${trace}; ${events.toLocaleString('en')} events in ${seconds.toFixed(1)} s (${rate}/s), ${Math.round(virtualMs / 1_000)} virtual s, ${stored} messages stored`
  )
  if (values.verbose) console.log(steps, lies)
  if (failures.length === 0) return
  for (const failure of failures) console.log(`  ${failure}`)
  console.log(`  again: ${command}`)
}

/** How far a world is: only of large ones, or where nobody would know for minutes whether it goes on. */
function tellProgress({ seed, peers }, began, line) {
  if (peersOf() <= 24) return
  const seconds = ((performance.now() - began) / 1_000).toFixed(0)
  console.error(`  ${seconds} s: seed ${seed} (${peers} peers): ${line}`)
}

async function run(init, thread, began) {
  const { report, ...cost } = await thread.run(
    { init, verbose: values.verbose, shrinks: values.shrink },
    ({ line, left, progress }) => {
      if (line !== undefined) console.log(line)
      if (left !== undefined) console.error(`${left} steps left`)
      if (progress !== undefined) tellProgress(init, began, progress)
    }
  )
  print(report, cost.seconds)
  return { ...cost, events: report.events, good: report.failures.length === 0 }
}

async function main() {
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const began = performance.now()
  const worlds = Array.from({ length: Number(values.seeds) }, (_, at) =>
    worldsOfSeed(Number(values.seed) + at)
  ).flat()
  const done = []
  const jobs = Number(values.jobs ?? (worldsOf() > 1 ? availableParallelism() : 1))
  await inWorldThreads(worlds, jobs, async (init, thread) => {
    done.push(await run(init, thread, began))
  })
  if (worldsOf() > 1) sumUp(done, (performance.now() - began) / 1_000)
  return done.every(each => each.good) ? 0 : 1
}

function sumUp(done, seconds) {
  const sum = of => done.reduce((total, each) => total + of(each), 0)
  const memory = Math.max(...done.map(each => each.memory)) / 1e6
  console.log(
    `${done.length} worlds, ${values.peers} peers each seed, ${values.minutes} virtual minutes: ${sum(each => each.events).toLocaleString('en')} events in ${seconds.toFixed(1)} s, ${sum(each => each.cpuSeconds).toFixed(1)} CPU s, ${memory.toFixed(0)} MB`
  )
}

process.exitCode = await main().catch(error => {
  if (error instanceof RangeError || error instanceof TypeError) console.error(`${error.message}\n\n${USAGE}`)
  else console.error(error)
  return 2
})
