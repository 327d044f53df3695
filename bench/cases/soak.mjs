import { enterAll, withCallers } from '../harness/callers.mjs'
import { atMost, figure, median } from '../harness/figure.mjs'

const PEERS = 4
const MINUTES = Number(process.env.XCORD_SOAK_MINUTES ?? 30)
const SAMPLE_MS = 10_000
/** What is held is looked at seldom: collecting everything is not what a call does. */
const SAMPLES_BY_LIVE = 6
/** A pair of which nothing was heard for so long is dead. */
const DEAD_MS = 5_000
const MB = 2 ** 20

const wait = ms => new Promise(resolve => setTimeout(resolve, ms))

/** Pairs of which nothing came lately. */
async function deadPairs(callers) {
  const now = performance.timeOrigin + performance.now()
  const heard = await Promise.all(callers.map(each => each.call('heard')))
  return callers.flatMap((ear, at) =>
    callers
      .filter(each => each !== ear && now - (heard[at][each.name]?.last ?? 0) > DEAD_MS)
      .map(each => `${each.name} to ${ear.name}`)
  )
}

/** Growth between the second quarter of the time, when all is warm, and the last. */
function growth(samples) {
  const quarter = Math.max(1, Math.floor(samples.length / 4))
  return median(samples.slice(-quarter)) - median(samples.slice(quarter, 2 * quarter))
}

export const soak = {
  name: 'soak',
  title: 'Voice: a long call',
  /** Half an hour: measured where it is named. */
  named: true,
  what: `${PEERS} whole peers in one call on loopback, everybody sending a tone to everybody, for ${MINUTES} minutes (XCORD_SOAK_MINUTES). Memory is looked at every ${SAMPLE_MS / 1_000} s, of the worst process, and once a minute what a peer really holds after everything else is collected; growth is from the second quarter of the time, when all is warm, to the last. A pair is dead while nothing of the other was heard for ${DEAD_MS / 1_000} s.`,
  run: async ({ note }) =>
    await withCallers(PEERS, async callers => {
      await enterAll(callers)
      const sides = {
        peer: callers.map(() => []),
        engine: callers.map(() => []),
        live: callers.map(() => [])
      }
      const dead = []
      const points = { peer: [], engine: [], live: [] }
      const began = performance.now()
      const minutes = () => (performance.now() - began) / 60_000
      while (minutes() < MINUTES) {
        await wait(SAMPLE_MS)
        note(Math.floor(minutes()), 'minutes')
        const found = await Promise.all(callers.map(each => each.call('memory')))
        for (const side of ['peer', 'engine']) {
          found.forEach((each, at) => sides[side][at].push(each[side] / MB))
          points[side].push([minutes(), Math.max(...found.map(each => each[side] / MB))])
        }
        if (dead.length % SAMPLES_BY_LIVE === 0) {
          const live = await Promise.all(callers.map(each => each.call('live')))
          live.forEach((bytes, at) => sides.live[at].push(bytes / MB))
          points.live.push([minutes(), Math.max(...live) / MB])
        }
        dead.push((await deadPairs(callers)).length)
      }
      const worst = side => Math.max(...sides[side].map(growth))
      const figures = [
        figure({ name: 'lasted', unit: 'min', samples: [minutes()] }),
        figure({
          name: 'dead pairs, most at once',
          unit: 'pairs',
          samples: [Math.max(...dead)],
          target: atMost(0)
        }),
        figure({
          name: 'growth of what a peer holds',
          unit: 'MB',
          samples: [worst('live')],
          target: atMost(2)
        }),
        figure({ name: 'growth of a peer (RSS)', unit: 'MB', samples: [worst('peer')] }),
        figure({
          name: 'growth of an engine (RSS)',
          unit: 'MB',
          samples: [worst('engine')],
          target: atMost(10)
        })
      ]
      const curve = {
        title: 'Memory during a call of four, of the largest process',
        xName: 'minutes',
        yName: 'MB',
        lines: [
          { name: 'peer', points: points.peer },
          { name: 'what a peer holds', points: points.live },
          { name: 'engine', points: points.engine }
        ]
      }
      return Object.assign(figures, { curve })
    })
}
