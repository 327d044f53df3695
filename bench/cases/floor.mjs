import { figure } from '../harness/figure.mjs'
import { floodPair, openFloorPair } from '../harness/pair.mjs'
import { withPeers } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const ROUNDS = 5
const MS = 1_500
const IN_FLIGHT = 64

/** What waiting for the disk costs here. */
async function syncedWrites() {
  return await withFolder(
    async folder =>
      await withPeers(['rows'], async peer => {
        const found = []
        for (let round = 0; round < ROUNDS; round++)
          found.push(await peer.call('syncedWrites', { folder, count: 100 }))
        return found
      })
  )
}

export const floor = {
  name: 'floor',
  title: 'The floor itself',
  what: `Raw @libp2p/gossipsub between two processes, unsigned and not stored, ${IN_FLIGHT} messages of 200 bytes in flight. It says how fast this machine is today; every ratio below uses the floor of its own rounds, not this one. Beside it, what the disk costs: one small write to the store, synced.`,
  run: async ({ note }) => {
    const disk = await syncedWrites()
    const pair = await openFloorPair()
    try {
      await floodPair(pair, { ms: 1_000, size: IN_FLIGHT })
      const { floor: found } = await interleave(
        ROUNDS,
        { floor: () => floodPair(pair, { ms: MS, size: IN_FLIGHT }) },
        note
      )
      return [
        figure({ name: 'delivered', unit: 'msg/s', samples: column(found, each => each.perSecond) }),
        figure({ name: 'sender CPU', unit: 'µs/msg', samples: column(found, each => each.senderCpu) }),
        figure({ name: 'receiver CPU', unit: 'µs/msg', samples: column(found, each => each.receiverCpu) }),
        figure({ name: 'one synced write', unit: 'ms', samples: disk })
      ]
    } finally {
      await pair.stop()
    }
  }
}
