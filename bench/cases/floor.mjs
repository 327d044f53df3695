import { figure } from '../harness/figure.mjs'
import { floodPair, openFloorPair } from '../harness/pair.mjs'
import { column, interleave } from '../harness/rounds.mjs'

const ROUNDS = 5
const MS = 1_500
const IN_FLIGHT = 64

export const floor = {
  name: 'floor',
  title: 'The floor itself',
  what: `Raw @libp2p/gossipsub between two processes, unsigned and not stored, ${IN_FLIGHT} messages of 200 bytes in flight. It says how fast this machine is today; every ratio below uses the floor of its own rounds, not this one.`,
  run: async ({ note }) => {
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
        figure({ name: 'receiver CPU', unit: 'µs/msg', samples: column(found, each => each.receiverCpu) })
      ]
    } finally {
      await pair.stop()
    }
  }
}
