import { ENVELOPE_HEADER_BYTES, ENVELOPE_SIGNATURE_BYTES } from '@xcord/core/graph'
import { atLeast, atMost, figure, number, ratioAtMost } from '../harness/figure.mjs'
import { AS_DAEMON, startPeer } from '../harness/peer.mjs'
import { openProxy } from '../harness/proxy.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const COUNT = Number(process.env.XCORD_BENCH_CATCH_UP ?? 20_000)
const ROUNDS = 3
const MB = 2 ** 20
/** EN1, EN7: header, 512 bytes of padded payload, tag, signature. */
const ENVELOPE_BYTES = ENVELOPE_HEADER_BYTES + 512 + 16 + ENVELOPE_SIGNATURE_BYTES

async function newcomer(folder, link) {
  const peer = startPeer('member', AS_DAEMON)
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

/** Bytes on the wire by message: the author starts again behind a counting relay, in a round that is not timed. */
async function countBytes(folder) {
  const proxy = await openProxy()
  const author = startPeer('member')
  try {
    await author.call('start', {
      folder: `${folder}/author`,
      name: 'Author',
      behind: { target: proxy.target, port: proxy.port }
    })
    await newcomer(`${folder}/counted`, await author.call('invite'))
    return (proxy.counts.towards + proxy.counts.from) / COUNT
  } finally {
    await author.stop()
    proxy.close()
  }
}

export const catchUp = {
  name: 'catch-up',
  title: `Catch-up of ${COUNT.toLocaleString('en')} messages`,
  what: `A newcomer (a process and an empty folder store of its own) joins by link a server whose only member online holds ${COUNT.toLocaleString('en')} messages of 200 bytes in one channel; measured from calling \`join\` until all of them are verified, decrypted, stored and announced. Node runs as the daemon starts it, with a small young generation. ${ROUNDS} newcomers, one after another.`,
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
        await author.stop()
        const bytes = await countBytes(folder)
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
          figure({
            name: 'bytes on the wire',
            unit: 'B/msg',
            samples: [bytes],
            floor: [ENVELOPE_BYTES],
            target: ratioAtMost(1.3),
            note: 'the floor is one envelope; both directions, noise and framing included'
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
