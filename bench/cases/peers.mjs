import { figure } from '../harness/figure.mjs'
import { openCrowd, send } from '../harness/crowd.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const SIZES = [1, 2, 4, 8]
const COUNT = 1_000
const ROUNDS = 3

const middle = (found, pick) => column(found, pick).sort((a, b) => a - b)[found.length >> 1]

async function measure(size, note) {
  return await withFolder(async folder => {
    const crowd = await openCrowd(folder, size)
    try {
      await send(crowd, COUNT)
      const { send: found } = await interleave(ROUNDS, { send: () => send(crowd, COUNT) }, note)
      return { size, found }
    } finally {
      await crowd.stop()
    }
  })
}

const LINES = [
  ['until all have them', 'ms', each => each.allMs],
  ["author's CPU", 'µs/msg', each => each.authorCpu],
  ["a receiver's CPU", 'µs/msg', each => each.receiverCpu]
]

export const peers = {
  name: 'peers',
  title: 'Cost against the number of peers',
  what: `One author sends ${COUNT.toLocaleString('en')} messages of 200 bytes at once to ${SIZES.join(', ')} receivers, a process and a folder store each, until all their applications saw all of them. All processes share this machine's processors, so that time grows with what all of them compute. ${ROUNDS} rounds each, after one that is not counted.`,
  run: async ({ note }) => {
    const all = []
    for (const size of SIZES) all.push(await measure(size, note))
    const figures = all.flatMap(({ size, found }) =>
      LINES.map(([name, unit, pick]) =>
        figure({ name: `${size}: ${name}`, unit, samples: column(found, pick) })
      )
    )
    const curve = {
      title: 'Cost of 1,000 messages against the number of receivers',
      xName: 'receivers',
      yName: 'ms, µs',
      lines: LINES.map(([name, unit, pick]) => ({
        name: `${name}, ${unit}`,
        points: all.map(({ size, found }) => [size, middle(found, pick)])
      }))
    }
    return Object.assign(figures, { curve })
  }
}
