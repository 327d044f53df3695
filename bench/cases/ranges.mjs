import { atMost, figure } from '../harness/figure.mjs'
import { withPeers } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'

const SIZES = [1_000, 10_000, 100_000, 1_000_000]
const ROUNDS = 3

export const ranges = {
  name: 'ranges',
  title: 'Fingerprints of ranges',
  what: 'The tree that knows sums of ranges (SY6), alone in one process: fingerprints of random ranges among random entries, and entries added at random places. The floor adds up the entries of the same ranges one by one.',
  run: async ({ note }) =>
    await withPeers([{ name: 'spans' }], async peer => {
      const figures = []
      for (const count of SIZES) {
        await peer.call('grow', { count })
        const { tree } = await interleave(ROUNDS, { tree: () => peer.call('measure') }, note)
        const name = `among ${count.toLocaleString('en')}`
        figures.push(
          figure({
            name,
            unit: 'µs',
            samples: column(tree, each => each.micros),
            floor: column(tree, each => each.flatMicros),
            ...(count === SIZES.at(-1) ? { target: atMost(50) } : {})
          }),
          figure({ name: '… one added', unit: 'µs', samples: column(tree, each => each.addMicros) })
        )
      }
      return figures
    })
}
