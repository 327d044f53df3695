/**
 * `npm run simulate -- --seed 1 --peers 8 --minutes 3`: runs seeds of the simulator and prints what did not hold, with
 * the command that shows the same again. Exit code 1 where something did not.
 */
import { parseArgs } from 'node:util'
import { FAULT_KINDS, shrink, simulate } from '@xcord/core/testing'

const USAGE = `npm run simulate -- [options]

  --seed <n>          the first seed (default: 1)
  --seeds <n>         how many, one after the other (default: 1)
  --peers <n>         peers in all, 2 to 1000 (default: 8)
  --minutes <n>       virtual minutes of storm (default: 3)
  --community <n>     members of one server (default: 12)
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
    peers: { type: 'string', default: '8' },
    minutes: { type: 'string', default: '3' },
    community: { type: 'string' },
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
  const { peers, minutes, community, faults, only, signatures, verbose } = values
  return {
    seed,
    peers: Number(peers),
    minutes: Number(minutes),
    ...(community === undefined ? {} : { community: Number(community) }),
    ...(faults === undefined ? {} : { faults: listOf(faults) }),
    ...(only === undefined ? {} : { only: listOf(only).map(Number) }),
    ...(signatures === undefined ? {} : { signatures }),
    ...(verbose ? { onStep: line => console.log(line) } : {})
  }
}

function print(report, seconds) {
  const { seed, trace, events, virtualMs, stored, failures, command, steps } = report
  const rate = Math.round(events / seconds).toLocaleString('en')
  console.log(
    `seed ${seed}: ${failures.length === 0 ? 'all held' : 'FAILED'}; trace ${trace}; ${events.toLocaleString('en')} events in ${seconds.toFixed(1)} s (${rate}/s), ${Math.round(virtualMs / 1_000)} virtual s, ${stored} messages stored`
  )
  if (values.verbose) console.log(steps)
  if (failures.length === 0) return
  for (const failure of failures) console.log(`  ${failure}`)
  console.log(`  again: ${command}`)
}

async function run(seed) {
  const began = performance.now()
  const report = values.shrink
    ? (await shrink(initOf(seed), left => console.error(`${left} steps left`))).report
    : await simulate(initOf(seed))
  print(report, (performance.now() - began) / 1_000)
  return report.failures.length === 0
}

async function main() {
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  let good = true
  for (let at = 0; at < Number(values.seeds); at++) good = (await run(Number(values.seed) + at)) && good
  return good ? 0 : 1
}

process.exitCode = await main().catch(error => {
  if (error instanceof RangeError || error instanceof TypeError) console.error(`${error.message}\n\n${USAGE}`)
  else console.error(error)
  return 2
})
