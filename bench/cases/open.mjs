import { atMost, figure, number } from '../harness/figure.mjs'
import { AS_DAEMON, startPeer } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const COUNT = Number(process.env.XCORD_BENCH_MESSAGES ?? 100_000)
const LIMIT = 50
const ROUNDS = 5
const REWRAPS = 3
const MB = 2 ** 20
const FILL_MS_MAX = 300_000

async function once(name, method, argument) {
  const peer = startPeer(name, AS_DAEMON)
  try {
    // Loading the program is "start to ready"'s; here it is loaded.
    await peer.call('load')
    const found = await peer.call(method, argument)
    return { ...found, rss: found.rss / MB }
  } finally {
    await peer.stop()
  }
}

/** Writes as one member, catches up as another: stores of an author and of a reader. */
async function fill(folder) {
  const author = startPeer('member')
  const reader = startPeer('member')
  try {
    await author.call('start', { folder: `${folder}/author`, name: 'Author' })
    const link = await author.call('found')
    const filled = await author.call('fill', { count: COUNT, atOnce: 256 }, FILL_MS_MAX)
    await reader.call('start', { folder: `${folder}/reader`, name: 'Reader' })
    await reader.call('catchUp', { link, count: COUNT }, FILL_MS_MAX)
    return filled
  } finally {
    await reader.stop()
    await author.stop()
  }
}

export const open = {
  name: 'open',
  title: `Opening ${COUNT.toLocaleString('en')} messages, showing the last ${LIMIT}`,
  what: `Folder stores with ${COUNT.toLocaleString('en')} messages of 200 bytes in one channel: of the member who wrote them through the SDK (with 256 sends at once: that rate is the first figure), and of one who caught up. A fresh process with its code loaded opens a profile without a network by its key file, and asks for the newest page of ${LIMIT}; Node runs as the daemon starts it. The floor opens the reader's database with the store's adapter alone, and reads as many raw rows. Last, the reader's profile gets another password, and is opened by it: argon2id at its default cost is in both.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const filled = await fill(folder)
      const found = await interleave(
        ROUNDS,
        {
          floor: () => once('rows', 'show', { folder: `${folder}/reader`, limit: LIMIT }),
          reader: () => once('member', 'show', { folder: `${folder}/reader`, limit: LIMIT }),
          author: () => once('member', 'show', { folder: `${folder}/author`, limit: LIMIT })
        },
        note
      )
      const rewraps = []
      let old
      for (let round = 0; round < REWRAPS; round++) {
        const next = `password ${round}`
        rewraps.push(await once('member', 'rewrap', { folder: `${folder}/reader`, old, next }))
        old = next
      }
      const argument = { folder: `${folder}/reader`, limit: LIMIT, password: old }
      const { unlocked } = await interleave(
        REWRAPS,
        { unlocked: () => once('member', 'show', argument) },
        note
      )
      const short = [...found.reader, ...found.author, ...unlocked].find(each => each.shown !== LIMIT)
      if (short !== undefined) throw new Error(`showed ${short.shown} messages, not ${LIMIT}`)
      const beside = (side, pick) => ({
        samples: column(found[side], pick),
        floor: column(found.floor, pick)
      })
      return [
        figure({
          name: 'written',
          unit: 'msg/s',
          samples: [filled.perSecond],
          note: `${number(filled.cpu)} µs of CPU each`
        }),
        figure({
          name: 'reader: open and show',
          unit: 'ms',
          ...beside('reader', each => each.ms),
          target: atMost(100, 40)
        }),
        figure({
          name: 'reader: memory (RSS)',
          unit: 'MB',
          ...beside('reader', each => each.rss),
          target: atMost(110)
        }),
        figure({
          name: 'author: open and show',
          unit: 'ms',
          ...beside('author', each => each.ms),
          target: atMost(100, 40)
        }),
        figure({
          name: 'author: memory (RSS)',
          unit: 'MB',
          ...beside('author', each => each.rss),
          target: atMost(110)
        }),
        figure({
          name: 'another password',
          unit: 'ms',
          samples: column(rewraps, each => each.ms),
          note: `${number(Math.max(...column(rewraps, each => each.written)))} files of the database were written by it (KS4)`
        }),
        figure({
          name: 'reader: open by it and show',
          unit: 'ms',
          samples: column(unlocked, each => each.ms)
        })
      ]
    })
}
