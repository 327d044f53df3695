import { figure } from '../harness/figure.mjs'
import { AS_DAEMON, startPeer } from '../harness/peer.mjs'
import { withFolder } from '../harness/temporary.mjs'

const SIZES = (process.env.XCORD_BENCH_HISTORY ?? '1000,10000,100000').split(',').map(Number)
const MISSED = 20
const FILL_MS_MAX = 900_000

async function reader(run) {
  const peer = startPeer('member', AS_DAEMON)
  try {
    return await run(peer)
  } finally {
    await peer.stop()
  }
}

/** A newcomer with the whole history, then the same one without the newest, and its profile opened without a network. */
async function measure(author, folder, count) {
  const link = await author.call('invite')
  const caught = await reader(async peer => {
    await peer.call('start', { folder, name: 'Reader' })
    return await peer.call('catchUp', { link, count }, FILL_MS_MAX)
  })
  await author.call('fill', { count: MISSED, atOnce: 1 })
  const again = await reader(async peer => await peer.call('reconnect', { folder, count: MISSED }))
  const shown = await reader(async peer => await peer.call('show', { folder, limit: 50 }))
  return { count, caught, again, shown }
}

const LINES = [
  ['newest page of a newcomer', 'ms', each => each.caught.pageMs],
  ['catch-up', 'ms', each => each.caught.ms],
  ['reconnect', 'ms', each => each.again.ms],
  ['reconnect: bytes of sync', 'kB', each => each.again.bytes / 1_000],
  ['open and show', 'ms', each => each.shown.ms]
]

export const history = {
  name: 'history',
  title: 'Cost against the length of the history',
  what: `A channel of ${SIZES.map(each => each.toLocaleString('en')).join(', ')} messages of 200 bytes by one author. At each length a newcomer joins and catches up; comes back when it has missed ${MISSED}; and is opened without a network to show the newest 50. One round: what counts is how it grows.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const author = startPeer('member')
      try {
        await author.call('start', { folder: `${folder}/author`, name: 'Author' })
        await author.call('found')
        const found = []
        let held = 0
        for (const [round, count] of SIZES.entries()) {
          await author.call('fill', { count: count - held, atOnce: 256 }, FILL_MS_MAX)
          found.push(await measure(author, `${folder}/reader-${round}`, count))
          held = count + MISSED
          note(round, 'history')
        }
        const figures = found.flatMap(each =>
          LINES.map(([name, unit, pick]) =>
            figure({ name: `${each.count.toLocaleString('en')}: ${name}`, unit, samples: [pick(each)] })
          )
        )
        const curve = {
          title: 'Cost against the length of the history',
          xName: 'messages',
          yName: 'ms, kB',
          lines: LINES.map(([name, unit, pick]) => ({
            name: `${name}, ${unit}`,
            points: found.map(each => [each.count, pick(each)])
          }))
        }
        return Object.assign(figures, { curve })
      } finally {
        await author.stop()
      }
    })
}
