import { atMost, figure, percentile } from '../harness/figure.mjs'
import { withPeers } from '../harness/peer.mjs'

const ROUNDS = 3
const JOINS = 10
const EDGES = 20
const WATCH_MS = 4_000
const SETTLE_MS = 2_000
const SIZES = [2, 3, 4, 5, 6]
const MB = 2 ** 20

const wait = ms => new Promise(resolve => setTimeout(resolve, ms))
const mean = list => list.reduce((sum, each) => sum + each, 0) / list.length

/** A mesh of that many, all talking: what one engine costs, in percent of a core and MB. */
async function meshOf(peer, count) {
  await peer.call('start', { count })
  const idle = await peer.call('cost')
  await peer.call('mesh')
  await wait(SETTLE_MS)
  const before = await peer.call('cost')
  const since = performance.now()
  await wait(WATCH_MS)
  const after = await peer.call('cost')
  const ms = performance.now() - since
  await peer.call('stop')
  return {
    cpu: mean(after.map((each, at) => ((each.cpuMs - before[at].cpuMs) / ms) * 100)),
    idleRss: mean(idle.map(each => each.rss)) / MB,
    linkRss: mean(after.map((each, at) => each.rss - idle[at].rss)) / MB / (count - 1)
  }
}

export const voice = {
  name: 'voice',
  title: 'Voice: the media engine',
  what: `Engines as every peer has one, each in its own process, linked over loopback, without the call's signalling. Joining is from opening a link to hearing the other's tone (${JOINS} links a round). Latency is from giving away the first frame of a tone to receiving it (${EDGES} tones a round): packing, pacing, Opus, network, jitter buffer and two process borders are in it. In a mesh everybody sends a tone to everybody all the time; CPU is in percent of a core, of one engine's process, over ${WATCH_MS / 1_000} s. ${ROUNDS} rounds.`,
  run: async ({ note }) =>
    await withPeers(['voice'], async peer => {
      const joins = []
      const edges = []
      const meshes = SIZES.map(() => [])
      for (let round = 0; round < ROUNDS; round++) {
        note(round, 'links')
        await peer.call('start', { count: 2 })
        const took = []
        for (let each = 0; each < JOINS; each++) took.push(await peer.call('join'))
        joins.push(percentile(took, 0.95))
        const found = await peer.call('edges', { count: EDGES })
        edges.push({ p50: percentile(found, 0.5), p95: percentile(found, 0.95) })
        await peer.call('stop')
        for (const [at, count] of SIZES.entries()) {
          note(round, `mesh of ${count}`)
          meshes[at].push(await meshOf(peer, count))
        }
      }
      const largest = meshes.at(-1)
      const of = (list, pick) => list.map(pick)
      const figures = [
        figure({ name: 'link to first audio, p95', unit: 'ms', samples: joins, target: atMost(1_500, 700) }),
        figure({ name: 'tone to tone, p50', unit: 'ms', samples: of(edges, each => each.p50) }),
        figure({
          name: 'tone to tone, p95',
          unit: 'ms',
          samples: of(edges, each => each.p95),
          target: atMost(150, 80)
        }),
        ...SIZES.map((count, at) =>
          figure({
            name: `CPU of one in a mesh of ${count}`,
            unit: '%',
            samples: of(meshes[at], each => each.cpu),
            ...(count === 6 ? { target: atMost(100) } : {})
          })
        ),
        figure({
          name: 'CPU by stream each way, of 5',
          unit: '%',
          samples: of(largest, each => each.cpu / (SIZES.at(-1) - 1))
        }),
        figure({ name: 'engine memory, idle', unit: 'MB', samples: of(largest, each => each.idleRss) }),
        figure({ name: '… by link', unit: 'MB', samples: of(largest, each => each.linkRss) })
      ]
      const points = SIZES.map((count, at) => [count, mean(of(meshes[at], each => each.cpu))])
      const curve = {
        title: 'CPU of one engine in a mesh, everybody talking',
        xName: 'peers in the mesh',
        yName: '% of a core',
        lines: [{ name: 'one engine', points }]
      }
      return Object.assign(figures, { curve })
    })
}
