import { figure, ratioAtLeast, atMost } from '../harness/figure.mjs'
import { floodPair, openFloorPair, openMemberPair } from '../harness/pair.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const ROUNDS = 5
const MS = 2_000
const SINGLE_MS = 1_000
const WARM_MS = 1_000
const IN_FLIGHT = 64

/** Floods floor and XCord in turns. Also used with many authors. */
export async function compareDelivery({ authors, size, single = false, note }) {
  return await withFolder(async folder => {
    const floor = await openFloorPair({ authors })
    try {
      const member = await openMemberPair(folder, { authors })
      try {
        await floodPair(floor, { ms: WARM_MS, size, authors })
        await floodPair(member, { ms: WARM_MS, size, authors })
        return await interleave(
          ROUNDS,
          {
            floor: () => floodPair(floor, { ms: MS, size, authors }),
            member: () => floodPair(member, { ms: MS, size, authors }),
            ...(single && {
              floorSingle: () => floodPair(floor, { ms: SINGLE_MS, size: 1 }),
              memberSingle: () => floodPair(member, { ms: SINGLE_MS, size: 1 })
            })
          },
          note
        )
      } finally {
        await member.stop()
      }
    } finally {
      await floor.stop()
    }
  })
}

export const live = {
  name: 'live',
  title: 'Live delivery, one author',
  what: `Two processes on loopback, a 200-byte message each, ${IN_FLIGHT} in flight from one author: sent and not yet seen by the receiver's application. XCord signs, seals and stores on both sides (synced to disk) through the SDK over folder stores; the floor is raw gossipsub, unsigned and not stored. ${ROUNDS} rounds of ${MS / 1_000} s in turns. The same with one message in flight, which cannot be bundled. CPU is each process's own, by message.`,
  run: async ({ note }) => {
    const found = await compareDelivery({ authors: 1, size: IN_FLIGHT, single: true, note })
    const both = pick => ({ samples: column(found.member, pick), floor: column(found.floor, pick) })
    const single = pick => ({
      samples: column(found.memberSingle, pick),
      floor: column(found.floorSingle, pick)
    })
    return [
      figure({
        name: 'delivered',
        unit: 'msg/s',
        ...both(each => each.perSecond),
        target: ratioAtLeast(0.5, 0.8)
      }),
      figure({ name: 'sender CPU', unit: 'µs/msg', ...both(each => each.senderCpu), target: atMost(90, 60) }),
      figure({
        name: 'receiver CPU',
        unit: 'µs/msg',
        ...both(each => each.receiverCpu),
        target: atMost(80, 50)
      }),
      figure({ name: 'one in flight: delivered', unit: 'msg/s', ...single(each => each.perSecond) }),
      figure({
        name: 'one in flight: sender CPU',
        unit: 'µs/msg',
        ...single(each => each.senderCpu),
        target: atMost(160, 130)
      }),
      figure({
        name: 'one in flight: receiver CPU',
        unit: 'µs/msg',
        ...single(each => each.receiverCpu),
        target: atMost(260, 210)
      })
    ]
  }
}
