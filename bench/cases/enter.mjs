import { atMost, figure } from '../harness/figure.mjs'
import { AS_DAEMON, startPeer } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const COUNT = Number(process.env.XCORD_BENCH_OPERATIONS ?? 20_000)
const ROUNDS = 3
const MB = 2 ** 20
const FILL_MS_MAX = 1_800_000

async function once(method, argument, started) {
  const peer = startPeer('member', AS_DAEMON)
  try {
    await peer.call('load')
    const before = await peer.call('usage')
    if (started !== undefined) await peer.call('start', started)
    const found = await peer.call(method, argument, FILL_MS_MAX)
    return { ...found, rss: found.rss / MB, taken: (found.rss - before.rss) / MB }
  } finally {
    await peer.stop()
  }
}

export const enter = {
  name: 'enter',
  title: `A server of ${COUNT.toLocaleString('en')} operations, as a peer opens and enters it`,
  what: `A member holds ${COUNT.toLocaleString('en')} operations, on disk and published: edits of a channel, one in fifty a join by an account of its own, some of whom get a role; and published a snapshot. "Opened" is a fresh process with its code loaded that opens the member's profile without a network, from the peer's own snapshot. "Entered" is a newcomer with an empty folder, from calling \`join\` until the server is shown by the member's snapshot and the join is signed; "verified" until all operations were replayed. What authority alone costs with 10,000 members, and the bytes of such a snapshot, \`snapshot\` measures. Three questions are asked, whatever the size (ND7, ND26); a test counts them.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const author = startPeer('member', AS_DAEMON)
      try {
        await author.call('start', { folder: `${folder}/author`, name: 'Author' })
        const link = await author.call('found')
        const { members } = await author.call('operate', { count: COUNT, atOnce: 64 }, FILL_MS_MAX)
        const { newcomer } = await interleave(
          ROUNDS,
          {
            newcomer: round =>
              once('enter', { link }, { folder: `${folder}/newcomer-${round}`, name: 'Newcomer' })
          },
          note
        )
        await author.stop()
        const { opened } = await interleave(
          ROUNDS,
          { opened: () => once('show', { folder: `${folder}/author`, limit: 1 }) },
          note
        )
        const shown = newcomer.filter(each => each.verifying).length
        return [
          figure({
            name: 'opened',
            unit: 'ms',
            samples: column(opened, each => each.openMs),
            target: atMost(200)
          }),
          figure({ name: 'opened: memory (RSS)', unit: 'MB', samples: column(opened, each => each.rss) }),
          figure({
            name: 'opened: … beyond the bare process',
            unit: 'MB',
            samples: column(opened, each => each.taken),
            target: atMost(80),
            note: `${members.toLocaleString('en')} members`
          }),
          figure({
            name: 'entered',
            unit: 'ms',
            samples: column(newcomer, each => each.enteredMs),
            note: `${shown} of ${ROUNDS} by the snapshot, before the replay was through`
          }),
          figure({
            name: 'entered: bytes on the wire',
            unit: 'MB',
            samples: column(newcomer, each => each.wire / MB),
            target: atMost(2),
            note: 'both directions, from the first connection on; the replay that runs beside it included'
          }),
          figure({ name: 'verified', unit: 'ms', samples: column(newcomer, each => each.verifiedMs) })
        ]
      } finally {
        await author.stop()
      }
    })
}
