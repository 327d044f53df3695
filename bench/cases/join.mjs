import { atMost, figure } from '../harness/figure.mjs'
import { AS_DAEMON, startPeer } from '../harness/peer.mjs'
import { openProxy } from '../harness/proxy.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const MEMBERS = Number(process.env.XCORD_BENCH_MEMBERS ?? 10_000)
const MESSAGES = Number(process.env.XCORD_BENCH_MESSAGES ?? 100_000)
const ROUNDS = 3
const FILL_MS_MAX = 3_600_000
/** 10 Mbit/s, and 50 ms there and back. */
const LINE = { bytesPerSecond: 1_250_000, delayMs: 25 }

async function newcomer(folder, link) {
  const peer = startPeer('member', AS_DAEMON)
  try {
    await peer.call('start', { folder, name: 'Newcomer' })
    return await peer.call('firstPage', { link })
  } finally {
    await peer.stop()
  }
}

export const join = {
  name: 'join',
  title: `Joining ${MEMBERS.toLocaleString('en')} members and ${MESSAGES.toLocaleString('en')} messages over a slow line`,
  what: `A newcomer with an empty folder joins by link a server of ${MEMBERS.toLocaleString('en')} members (accounts of their own; one in five has a role) and ${MESSAGES.toLocaleString('en')} messages of 200 bytes, of which one peer is online, behind a line of 10 Mbit/s with 50 ms there and back; measured from calling \`join\` until the newest 50 messages of the channel are shown, while the rest comes behind.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const proxy = await openProxy(LINE)
      const author = startPeer('member', AS_DAEMON)
      try {
        const behind = { target: proxy.target, port: proxy.port }
        await author.call('start', { folder: `${folder}/author`, name: 'Author', behind })
        const link = await author.call('found')
        await author.call(
          'operate',
          { count: Math.ceil(MEMBERS * 1.2), atOnce: 64, joinEvery: 1 },
          FILL_MS_MAX
        )
        await author.call('fill', { count: MESSAGES, atOnce: 256 }, FILL_MS_MAX)
        const { newcomer: found } = await interleave(
          ROUNDS,
          { newcomer: round => newcomer(`${folder}/newcomer-${round}`, link) },
          note
        )
        return [
          figure({
            name: 'first page',
            unit: 'ms',
            samples: column(found, each => each.pageMs),
            target: atMost(3_000)
          }),
          figure({ name: 'joined', unit: 'ms', samples: column(found, each => each.joinedMs) }),
          figure({
            name: 'bytes until then',
            unit: 'kB',
            samples: column(found, each => each.wire / 1_000),
            note: 'both directions, all of the line'
          })
        ]
      } finally {
        await author.stop()
        proxy.close()
      }
    })
}
