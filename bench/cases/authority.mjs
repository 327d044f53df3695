import { atMost, figure, percentile } from '../harness/figure.mjs'
import { withPeers } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'

const SIZES = [100, 1_000, 10_000]
const ROUNDS = 3
const APPLY = 400
const MB = 2 ** 20

export const authority = {
  name: 'authority',
  title: 'Authority: operations and permissions',
  what: `A server's operation log alone, in one process; times are CPU time of its thread, except for single operations, which its clock is too coarse for. A third of the operations are joins by invite, the rest role assignments and channel edits by the owner. Opening decodes stored bytes without signatures, places, resolves and asks the state once; one operation at the heads of ${SIZES.at(-1).toLocaleString('en')} is decoded, verified, added, and the state asked (its floor: one verification by node:crypto). Certificates are stand-ins. The curve over sizes shows the cost by operation.`,
  run: async ({ note }) =>
    await withPeers([{ name: 'ledger', flags: ['--expose-gc'] }], async peer => {
      await peer.call('start')
      const figures = []
      for (const count of SIZES) {
        await peer.call('grow', { count })
        const { open } = await interleave(ROUNDS, { open: () => peer.call('open') }, note)
        const size = count.toLocaleString('en')
        figures.push(
          figure({ name: `open ${size} operations`, unit: 'ms', samples: column(open, each => each.ms) }),
          figure({
            name: `… by operation`,
            unit: 'µs',
            samples: column(open, each => (each.ms * 1_000) / count)
          }),
          figure({ name: `… memory`, unit: 'MB', samples: column(open, each => Math.max(0, each.heap / MB)) })
        )
      }
      await peer.call('apply', { count: APPLY })
      const found = await interleave(
        ROUNDS,
        {
          verify: () => peer.call('verify'),
          apply: () => peer.call('apply', { count: APPLY }),
          permissions: () => peer.call('permissions', { rounds: 100 })
        },
        note
      )
      const applied = share => column(found.apply, times => percentile(times, share) / 1_000)
      const floor = column(found.verify, each => each / 1_000)
      return [
        ...figures,
        figure({ name: 'one operation at the heads, p50', unit: 'ms', samples: applied(0.5), floor }),
        figure({
          name: 'one operation at the heads, p99',
          unit: 'ms',
          samples: applied(0.99),
          floor,
          target: atMost(2, 0.5)
        }),
        figure({
          name: 'effective permission, warm',
          unit: 'µs',
          samples: found.permissions,
          target: atMost(2, 0.5)
        })
      ]
    })
}
