import { atMost, figure } from '../harness/figure.mjs'
import { withPeers } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { removalsInWorker } from '../harness/worker.mjs'

const MEMBERS = 10_000
const ROUNDS = 7
const GROW_MS_MAX = 300_000

export const keys = {
  name: 'keys',
  title: `Keys in a server of ${MEMBERS.toLocaleString('en')}`,
  what: `The real authority log with ${MEMBERS.toLocaleString('en')} members of @everyone, and the owner's key ring: a member is put out, and the keys that calls for are planned, signed and taken in (EK5, EK9); one message of 150 letters is sealed and signed, or read, verified and opened; a page of 50 of one author is read, verified by its last signature (EN5) and opened. CPU time of the thread. Unlocking is a key store opened at the default cost of its password (KS3), wall time. The removal in a worker of Chromium is wall time, over a small authority with as many members.`,
  run: async ({ note }) =>
    await withPeers(['keys'], async peer => {
      await peer.call('start')
      await peer.call('grow', { members: MEMBERS }, GROW_MS_MAX)
      const message = side => () => peer.call('message', { side, ms: 150 })
      let index = 100
      const found = await interleave(
        ROUNDS,
        {
          seal: message('seal'),
          open: message('open'),
          page: message('page'),
          unlock: () => peer.call('unlock'),
          remove: () => peer.call('remove', { index: index++ })
        },
        note
      )
      const one = (side, pick = each => each) => column(found[side], pick)
      const inBrowser = await removalsInWorker(MEMBERS, ROUNDS)
      return [
        figure({
          name: 'removal: CPU',
          unit: 'ms',
          samples: one('remove', each => each.ms),
          target: atMost(50)
        }),
        figure({
          name: 'removal: bytes published',
          unit: 'kB',
          samples: one('remove', each => each.bytes / 1_000),
          target: atMost(16)
        }),
        figure({
          name: 'removal in a worker of Chromium',
          unit: 'ms',
          samples: inBrowser,
          target: atMost(1_000)
        }),
        figure({ name: 'seal and sign', unit: 'µs', samples: one('seal'), target: atMost(150) }),
        figure({ name: 'verify and open', unit: 'µs', samples: one('open'), target: atMost(250) }),
        figure({
          name: 'a page of 50, one signature',
          unit: 'ms',
          samples: one('page', each => each / 1_000),
          target: atMost(5)
        }),
        figure({ name: 'unlock', unit: 'ms', samples: one('unlock'), target: atMost(600) })
      ]
    })
}
