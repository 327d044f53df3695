import { withPeers, startPeer } from '../harness/peer.mjs'
import { atMost, figure, percentile } from '../harness/figure.mjs'
import { withFolder } from '../harness/temporary.mjs'

const SIZES = (process.env.XCORD_BENCH_SIZES ?? '100,1000,10000,100000').split(',').map(Number)
const ROUNDS = 3
const APPLY = 400
const MB = 2 ** 20
const GROW_MS_MAX = 900_000

/** Opens in a process of its own: nothing of another opening is warm, and its memory is that of one server. */
async function thaw(file) {
  const peer = startPeer('frozen', { flags: ['--max-semi-space-size=2'] })
  try {
    const { rss } = await peer.call('load')
    const found = await peer.call('thaw', { file })
    return { ...found, before: rss }
  } finally {
    await peer.stop()
  }
}

async function measure(count, folder, note) {
  return await withPeers([{ name: 'frozen', flags: ['--expose-gc'] }], async peer => {
    const file = `${folder}/${count}`
    await peer.call('load')
    const frozen = await peer.call('freeze', { count, file }, GROW_MS_MAX)
    const opened = []
    const replayed = []
    for (let round = 0; round < ROUNDS; round++) {
      note(round, `${count} operations`)
      opened.push(await thaw(file))
      replayed.push(await peer.call('replay', {}, GROW_MS_MAX))
    }
    await peer.call('apply', { count: APPLY })
    const applied = []
    for (let round = 0; round < ROUNDS; round++) applied.push(await peer.call('apply', { count: APPLY }))
    const hostile =
      count < 10_000
        ? undefined
        : await peer.call('hostile', { falls: Math.min(900, count / 20) }, GROW_MS_MAX)
    return { count, frozen, opened, replayed, applied, hostile }
  })
}

const size = count => count.toLocaleString('en')

function rows({ count, frozen, opened, replayed, applied, hostile }) {
  const largest = count === 100_000
  const named = text => `${size(count)}: ${text}`
  const target = value => (largest ? { target: value } : {})
  return [
    figure({
      name: named('open from the snapshot'),
      unit: 'ms',
      samples: opened.map(each => each.ms),
      floor: replayed.map(each => each.ms),
      ...target(atMost(200, 50))
    }),
    figure({
      name: named('… memory it takes (RSS)'),
      unit: 'MB',
      samples: opened.map(each => Math.max(0.1, (each.rss - each.before) / MB)),
      ...target(atMost(80)),
      note: `the process had ${number(opened[0].before / MB)} MB before`
    }),
    figure({ name: named('full replay'), unit: 'ms', samples: replayed.map(each => each.ms) }),
    figure({
      name: named('… memory'),
      unit: 'MB',
      samples: replayed.map(each => Math.max(0.1, each.heap / MB))
    }),
    ...[0.5, 0.99].map(share =>
      figure({
        name: named(`one operation at the heads, p${share * 100}`),
        unit: 'ms',
        samples: applied.map(times => percentile(times, share) / 1_000),
        ...(share === 0.99 ? target(atMost(2, 0.5)) : {})
      })
    ),
    figure({
      name: named('snapshot and what came after it'),
      unit: 'MB',
      samples: [(frozen.bytes + frozen.restBytes) / MB],
      ...target(atMost(2)),
      note: `${size(frozen.members)} members; ${size(frozen.chunks)} chunks; all operations are ${number(frozen.historyBytes / MB)} MB`
    }),
    figure({ name: named('taking the snapshot'), unit: 'ms', samples: [frozen.ms] }),
    ...(hostile === undefined
      ? []
      : [
          [`a denial that ${size(hostile.falls)} others fall with`, hostile.flips],
          ['an operation that has seen only the beginning', hostile.concurrent],
          ['an operation that cites 16 branches', hostile.cites]
        ].map(([name, ms]) =>
          figure({
            name: named(name),
            unit: 'ms',
            samples: [ms],
            ...(largest ? { target: atMost(100) } : {})
          })
        ))
  ]
}

const number = value => value.toFixed(value < 10 ? 1 : 0)
const middle = list => [...list].sort((a, b) => a - b)[list.length >> 1]

export const snapshot = {
  name: 'snapshot',
  title: 'Authority: snapshots, and cost against the number of operations',
  what: `Servers of ${SIZES.map(size).join(', ')} operations: a tenth are joins, every fiftieth gives a role, the rest are channel edits by the owner. "Open from the snapshot" reads its chunks in a fresh process, adds the 500 newest operations, which are kept outside, and asks for a permission; its floor is the replay of all operations. Times are CPU time of the thread, except for single operations. Certificates are stand-ins; storage is not part of it.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const found = []
      for (const count of SIZES) found.push(await measure(count, folder, note))
      const line = (name, pick) => ({
        name,
        points: found.map(each => [each.count, Math.max(0.01, pick(each))])
      })
      const curve = {
        title: 'Cost against the number of operations',
        xName: 'operations',
        yName: 'ms (CPU), MB',
        lines: [
          line('full replay, ms', each => middle(each.replayed.map(one => one.ms))),
          line('open from snapshot, ms', each => middle(each.opened.map(one => one.ms))),
          line('one operation, p99, ms', each =>
            middle(each.applied.map(one => percentile(one, 0.99) / 1_000))
          ),
          line('log in memory, MB', each => middle(each.replayed.map(one => one.heap / MB))),
          line('snapshot, MB', each => each.frozen.bytes / MB)
        ]
      }
      return Object.assign(found.flatMap(rows), { curve })
    })
}
