import { atLeast, atMost, figure, number } from '../harness/figure.mjs'
import { startPeer } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const COUNT = Number(process.env.XCORD_BENCH_CATCH_UP ?? 20_000)
const ROUNDS = 3
const MB = 2 ** 20

async function newcomer(folder, link) {
  const peer = startPeer('member')
  try {
    await peer.call('start', { folder, name: 'Newcomer' })
    const found = await peer.call('catchUp', { link, count: COUNT })
    if (found.held !== COUNT) throw new Error(`${found.held} of ${COUNT} messages are held`)
    const { peakRss } = await peer.call('usage')
    return { ...found, perSecond: (COUNT * 1_000) / found.ms, cpu: found.cpu / COUNT, peakRss: peakRss / MB }
  } finally {
    await peer.stop()
  }
}

export const catchUp = {
  name: 'catch-up',
  title: `Catch-up of ${COUNT.toLocaleString('en')} messages`,
  what: `A newcomer (a process and an empty folder store of its own) joins by link a server whose only member online holds ${COUNT.toLocaleString('en')} messages of 200 bytes in one channel; measured from calling \`join\` until all of them are verified, decrypted, stored and announced. ${ROUNDS} newcomers, one after another.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const author = startPeer('member')
      try {
        await author.call('start', { folder: `${folder}/author`, name: 'Author' })
        const link = await author.call('found')
        await author.call('fill', { count: COUNT, atOnce: 256 })
        const { newcomer: found } = await interleave(
          ROUNDS,
          { newcomer: round => newcomer(`${folder}/newcomer-${round}`, link) },
          note
        )
        return [
          figure({
            name: 'caught up',
            unit: 'msg/s',
            samples: column(found, each => each.perSecond),
            target: atLeast(12_000, 30_000)
          }),
          figure({
            name: 'newest page',
            unit: 'ms',
            samples: column(found, each => each.pageMs),
            note: `joined after ${number(found[0].joinedMs)} ms`
          }),
          figure({ name: 'newcomer CPU', unit: 'µs/msg', samples: column(found, each => each.cpu) }),
          figure({
            name: 'newcomer peak memory (RSS)',
            unit: 'MB',
            samples: column(found, each => each.peakRss),
            target: atMost(200)
          })
        ]
      } finally {
        await author.stop()
      }
    })
}
