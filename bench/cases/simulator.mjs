import { Seeded, simulate, VirtualTime } from '@xcord/core/testing'
import { atLeast, atMost, figure } from '../harness/figure.mjs'

const ROUNDS = 3
const KERNEL_EVENTS = 300_000
const PEERS = 24

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Empty events, each of which waits for a promise and asks for the next. */
async function kernel(seed) {
  const time = new VirtualTime(0, new Seeded(seed))
  const tick = async () => {
    await undefined
    time.after(10, () => void tick())
  }
  for (let at = 0; at < 1_000; at++) void tick()
  const began = cpuSeconds()
  await time.run({ ms: Infinity, until: () => time.events >= KERNEL_EVENTS })
  return time.events / (cpuSeconds() - began)
}

async function world(seed, minutes) {
  const began = cpuSeconds()
  const { events, failures, command } = await simulate({ seed, peers: PEERS, minutes })
  if (failures.length > 0) throw new Error(`${failures[0]}; again: ${command}`)
  return { events, seconds: cpuSeconds() - began }
}

export const simulator = {
  name: 'simulator',
  title: 'Simulator',
  what: `CPU time of this process. The kernel alone: events that do nothing but wait for a promise. With the real core: a storm over ${PEERS} peers in two servers, signatures replaced by hashes. What 1,000 peers would take for ten minutes is reckoned from it, by peers and minutes, and was not run.`,
  run: async ({ note }) => {
    const found = { kernel: [], core: [], thousand: [] }
    for (let round = 0; round < ROUNDS; round++) {
      note(round, 'kernel')
      found.kernel.push(await kernel(round + 1))
      note(round, 'worlds')
      const short = await world(round + 1, 0.1)
      const long = await world(round + 1, 1.1)
      found.core.push((short.events + long.events) / (short.seconds + long.seconds))
      const minute = Math.max(0, long.seconds - short.seconds)
      found.thousand.push(((short.seconds + 9.9 * minute) * 1_000) / PEERS)
    }
    return [
      figure({ name: 'kernel alone', unit: 'events/s', samples: found.kernel }),
      figure({
        name: 'with the real core',
        unit: 'events/s',
        samples: found.core,
        target: atLeast(100_000, 400_000)
      }),
      figure({
        name: '1,000 peers for 10 virtual minutes, reckoned',
        unit: 's',
        samples: found.thousand,
        target: atMost(60)
      })
    ]
  }
}
