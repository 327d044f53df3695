import { atMost, figure, number } from '../harness/figure.mjs'
import { startPeer } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const COUNT = Number(process.env.XCORD_BENCH_MESSAGES ?? 100_000)
const LIMIT = 50
const ROUNDS = 5
const MB = 2 ** 20

async function once(name, method, argument) {
  const peer = startPeer(name)
  try {
    // Loading the program is "start to ready"'s; here it is loaded.
    await peer.call('load')
    const found = await peer.call(method, argument)
    return { ...found, rss: found.rss / MB }
  } finally {
    await peer.stop()
  }
}

async function fill(folder) {
  const peer = startPeer('member')
  try {
    await peer.call('start', { folder, name: 'Writer', offline: true })
    await peer.call('found')
    return await peer.call('fill', { count: COUNT, atOnce: 256 })
  } finally {
    await peer.stop()
  }
}

export const open = {
  name: 'open',
  title: `Opening ${COUNT.toLocaleString('en')} messages, showing the last ${LIMIT}`,
  what: `A folder store with ${COUNT.toLocaleString('en')} messages of 200 bytes in one channel, written through the SDK (with 256 sends at once: that rate is the first figure). Then a fresh process with its code loaded opens the profile offline by its key file, and asks for the newest page of ${LIMIT}. The floor opens the same database with the store's adapter alone, and reads as many raw rows.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const path = `${folder}/full`
      const filled = await fill(path)
      const found = await interleave(
        ROUNDS,
        {
          floor: () => once('rows', 'show', { folder: path, limit: LIMIT }),
          member: () => once('member', 'show', { folder: path, limit: LIMIT })
        },
        note
      )
      const short = found.member.find(each => each.shown !== LIMIT)
      if (short !== undefined) throw new Error(`showed ${short.shown} messages, not ${LIMIT}`)
      const both = pick => ({ samples: column(found.member, pick), floor: column(found.floor, pick) })
      return [
        figure({
          name: 'written',
          unit: 'msg/s',
          samples: [filled.perSecond],
          note: `${number(filled.cpu)} µs CPU each`
        }),
        figure({ name: 'open and show', unit: 'ms', ...both(each => each.ms), target: atMost(100, 40) }),
        figure({ name: 'memory (RSS)', unit: 'MB', ...both(each => each.rss), target: atMost(110) })
      ]
    })
}
