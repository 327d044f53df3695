import { Seeded, VirtualTime } from '@xcord/core/testing'
import { atLeast, atMost, figure } from '../harness/figure.mjs'
import { inWorldThreads, startWorldThread } from '../../scripts/simulate-threads.mjs'

const ROUNDS = 3
const KERNEL_EVENTS = 300_000
const STORM_PEERS = 24
/** Peers of one world, for the curve. */
const SIZES = [12, 48, 192]
const MINUTES = 10
/** What a thousand peers are made of, as by `npm run simulate`: worlds, of which one runs on each core. */
const PEERS = 1_000
const WORLDS = 16
const WORLDS_AT_ONCE = 2
/** Steps a minute for each peer: 288 among all thousand. */
const CALM_PACE = 0.288

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

/** One world; CPU seconds of its thread. */
async function world(thread, init) {
  const { report, cpuSeconds } = await thread.run({ init })
  if (report.failures.length > 0) throw new Error(`${report.failures[0]}; again: ${report.command}`)
  return { events: report.events, seconds: cpuSeconds }
}

/** @returns Wall seconds, starting the threads included. */
async function thousand(seed) {
  const began = performance.now()
  const worlds = Array.from({ length: WORLDS }, (_, at) => ({
    seed: seed + at,
    peers: Math.floor(PEERS / WORLDS) + (at < PEERS % WORLDS ? 1 : 0),
    minutes: MINUTES,
    pace: CALM_PACE
  }))
  await inWorldThreads(worlds, WORLDS_AT_ONCE, async (init, thread) => {
    await world(thread, init)
  })
  return (performance.now() - began) / 1_000
}

export const simulator = {
  name: 'simulator',
  title: 'Simulator',
  what: `An event is an input that a peer takes: a frame or a gossip message, a timer, a disk write that ended, something its user does. The kernel alone: events that do nothing but wait for a promise; CPU time. The others run the real core, cryptography replaced by hashes, in a thread that has run another world before; CPU time of that thread. A storm: ${STORM_PEERS} peers in two servers, twelve steps a minute for each peer, of which a third are faults; the rate is that of the minutes in between, without the founding. What 1,000 peers would take for ten minutes of it is reckoned, by peers and minutes, and was not run. At 288 steps a minute among all it is run as \`npm run simulate -- --peers 1000 --minutes 10\` runs it: ${WORLDS} worlds in servers of 12, ${WORLDS_AT_ONCE} at once, wall time, starting, founding and comparing included, once. The curve: one world for ten virtual minutes at that pace.`,
  run: async ({ note }) => {
    const thread = startWorldThread()
    const found = { kernel: [], core: [], storm: [] }
    for (let round = 0; round < ROUNDS; round++) {
      note(round, 'kernel')
      found.kernel.push(await kernel(round + 1))
      note(round, 'storm')
      const short = await world(thread, { seed: round + 1, peers: STORM_PEERS, minutes: 0.1 })
      const long = await world(thread, { seed: round + 1, peers: STORM_PEERS, minutes: 4.1 })
      const seconds = long.seconds - short.seconds
      found.core.push((long.events - short.events) / seconds)
      found.storm.push(((short.seconds + (9.9 / 4) * seconds) * 1_000) / STORM_PEERS)
    }
    const points = []
    for (const peers of SIZES) {
      note(points.length, `curve: ${peers}`)
      const { seconds } = await world(thread, { seed: 1, peers, minutes: MINUTES, pace: CALM_PACE })
      points.push([peers, seconds])
    }
    await thread.end()
    note(0, 'a thousand')
    const calm = await thousand(1)
    const figures = [
      figure({ name: 'kernel alone', unit: 'events/s', samples: found.kernel }),
      figure({
        name: 'with the real core',
        unit: 'events/s',
        samples: found.core,
        target: atLeast(100_000, 400_000)
      }),
      figure({
        name: '1,000 peers for 10 virtual minutes, in a storm, reckoned',
        unit: 's',
        samples: found.storm,
        target: atMost(60)
      }),
      figure({
        name: '1,000 peers for 10 virtual minutes, 288 steps a minute among all, on two cores',
        unit: 's',
        samples: [calm],
        target: atMost(60)
      })
    ]
    const curve = {
      title: 'CPU of a world for ten virtual minutes',
      xName: 'peers, in servers of 12',
      yName: 's',
      lines: [{ name: `${CALM_PACE} steps a minute each`, points }]
    }
    return Object.assign(figures, { curve })
  }
}
