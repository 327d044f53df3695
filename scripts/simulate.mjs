/**
 * `npm run simulate -- --seed 1 --peers 8 --minutes 3`: runs seeds of the simulator and prints what did not hold, with
 * the command that shows the same again. Exit code 1 where something did not.
 */
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { FAULT_KINDS } from '@xcord/core/testing'

/** Most of what a world allocates is gone at once: with more room for the young, less of it is copied. */
const YOUNG_MB = 64

const USAGE = `npm run simulate -- [options]

  --seed <n>          the first seed (default: 1)
  --seeds <n>         how many (default: 1)
  --jobs <n>          how many at once, each in a thread of its own (default: 1)
  --peers <n>         peers in all, 2 to 1000 (default: 8)
  --minutes <n>       virtual minutes of storm (default: 3)
  --community <n>     members of one server (default: 12)
  --pace <n>          steps a minute for each peer (default: 12)
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
    jobs: { type: 'string', default: '1' },
    peers: { type: 'string', default: '8' },
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

function initOf(seed) {
  const { peers, minutes, community, pace, faults, only, signatures } = values
  return {
    seed,
    peers: Number(peers),
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

async function run(seed) {
  const worker = new Worker(new URL('simulate-world.mjs', import.meta.url), {
    workerData: { init: initOf(seed), verbose: values.verbose, shrinks: values.shrink },
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB }
  })
  return await new Promise((resolve, reject) => {
    worker.on('message', ({ line, left, report, seconds }) => {
      if (line !== undefined) console.log(line)
      if (left !== undefined) console.error(`${left} steps left`)
      if (report === undefined) return
      print(report, seconds)
      resolve(report.failures.length === 0)
    })
    worker.on('error', reject)
    worker.on('exit', code =>
      reject(new Error(`seed ${seed}: its thread ended with ${code} and said nothing`))
    )
  })
}

async function main() {
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  let good = true
  let next = 0
  const job = async () => {
    while (next < Number(values.seeds)) good = (await run(Number(values.seed) + next++)) && good
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, job))
  return good ? 0 : 1
}

process.exitCode = await main().catch(error => {
  if (error instanceof RangeError || error instanceof TypeError) console.error(`${error.message}\n\n${USAGE}`)
  else console.error(error)
  return 2
})
