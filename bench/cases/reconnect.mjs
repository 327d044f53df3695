import { ENVELOPE_HEADER_BYTES, ENVELOPE_SIGNATURE_BYTES } from '@xcord/core/graph'
import { atMost, figure } from '../harness/figure.mjs'
import { AS_DAEMON, startPeer } from '../harness/peer.mjs'
import { openProxy } from '../harness/proxy.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const COUNT = Number(process.env.XCORD_BENCH_RECONNECT ?? 100_000)
const MISSED = 20
const ROUNDS = 3
/** EN2, EN7: header, 512 bytes of padded payload, tag, signature. */
const ENVELOPE_BYTES = ENVELOPE_HEADER_BYTES + 512 + 16 + ENVELOPE_SIGNATURE_BYTES
const FILL_MS_MAX = 900_000

async function reader(run) {
  const peer = startPeer('member', AS_DAEMON)
  try {
    return await run(peer)
  } finally {
    await peer.stop()
  }
}

export const reconnect = {
  name: 'reconnect',
  title: `Reconnect where ${MISSED} of ${COUNT.toLocaleString('en')} messages differ`,
  what: `A member (a process and a folder store of its own) that holds ${COUNT.toLocaleString('en')} messages of 200 bytes of one author comes back after missing ${MISSED}; measured from its connection until all are verified, decrypted, stored and announced. Bytes of sync are those of its own stream, and its round trips are counted on it, from the hello to the last message; on the wire are also the connection's handshakes, identify, gossip's topics, and what noise and yamux add. Round trips of large servers are counted in the tests of sync.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const proxy = await openProxy()
      const author = startPeer('member')
      try {
        await author.call('start', {
          folder: `${folder}/author`,
          name: 'Author',
          behind: { target: proxy.target, port: proxy.port }
        })
        const link = await author.call('found')
        await author.call('fill', { count: COUNT, atOnce: 256 }, FILL_MS_MAX)
        await reader(async peer => {
          await peer.call('start', { folder: `${folder}/reader`, name: 'Reader' })
          await peer.call('catchUp', { link, count: COUNT }, FILL_MS_MAX)
        })
        const again = async () => {
          await author.call('fill', { count: MISSED, atOnce: 1 })
          const before = proxy.counts.towards + proxy.counts.from
          const found = await reader(
            async peer => await peer.call('reconnect', { folder: `${folder}/reader`, count: MISSED })
          )
          return { ...found, wire: proxy.counts.towards + proxy.counts.from - before }
        }
        const { reader: found } = await interleave(ROUNDS, { reader: again }, note)
        return [
          figure({
            name: 'all there after the connection',
            unit: 'ms',
            samples: column(found, each => each.ms),
            target: atMost(150)
          }),
          figure({
            name: 'since the profile was opened',
            unit: 'ms',
            samples: column(found, each => each.sinceOpenMs)
          }),
          figure({
            name: 'round trips of sync',
            unit: '',
            samples: column(found, each => each.roundTrips),
            target: atMost(3, 2)
          }),
          figure({
            name: 'bytes of sync',
            unit: 'kB',
            samples: column(found, each => each.bytes / 1_000),
            target: atMost(16, 8),
            note: `${(MISSED * ENVELOPE_BYTES) / 1_000} kB of it are the envelopes`
          }),
          figure({
            name: 'bytes on the wire',
            unit: 'kB',
            samples: column(found, each => each.wire / 1_000),
            note: "the connection included, until the reader's process ended"
          })
        ]
      } finally {
        await author.stop()
        proxy.close()
      }
    })
}
