import { figure, percentile, ratioAtMost } from '../harness/figure.mjs'
import { openFloorPair, openMemberPair } from '../harness/pair.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const ROUNDS = 5
const PER_SECOND = 50
const COUNT = 200
const WARM = 100

async function paced(pair, count, settle) {
  const { sender, receiver } = pair
  await receiver.call('receive')
  const before = await Promise.all([sender.call('usage'), receiver.call('usage')])
  await sender.call('pace', { perSecond: PER_SECOND, count })
  const ages = await settle(pair, count)
  const after = await Promise.all([sender.call('usage'), receiver.call('usage')])
  const [senderCpu, receiverCpu] = after.map(({ cpu }, side) => (cpu - before[side].cpu) / count)
  return { p50: percentile(ages, 0.5), p99: percentile(ages, 0.99), senderCpu, receiverCpu }
}

/** The last messages may still be under way. */
async function settled({ receiver }, count) {
  const ages = []
  const end = performance.now() + 10_000
  while (ages.length < count) {
    ages.push(...(await receiver.call('ages')))
    if (performance.now() > end) throw new Error(`${count - ages.length} of ${count} messages did not arrive`)
  }
  return ages
}

export const latency = {
  name: 'latency',
  title: `Latency at ${PER_SECOND} messages a second`,
  what: `${PER_SECOND} messages a second at an even pace, whatever comes back, from one process to another: from before \`send\` is called to the receiver's \`message:create\`, so both commits to disk are in it. ${ROUNDS} rounds of ${COUNT} messages each in turns with the floor. CPU by message is dearer than under load, for the floor too: at this pace every wake-up finds the machine's caches full of something else.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const floor = await openFloorPair()
      const member = await openMemberPair(folder).catch(async error => {
        await floor.stop()
        throw error
      })
      try {
        await paced(floor, WARM, settled)
        await paced(member, WARM, settled)
        const found = await interleave(
          ROUNDS,
          { floor: () => paced(floor, COUNT, settled), member: () => paced(member, COUNT, settled) },
          note
        )
        const both = pick => ({ samples: column(found.member, pick), floor: column(found.floor, pick) })
        return [
          figure({ name: 'p50', unit: 'ms', ...both(each => each.p50), target: ratioAtMost(2, 1.3) }),
          figure({ name: 'p99', unit: 'ms', ...both(each => each.p99), target: ratioAtMost(3) }),
          figure({ name: 'sender CPU', unit: 'µs/msg', ...both(each => each.senderCpu) }),
          figure({ name: 'receiver CPU', unit: 'µs/msg', ...both(each => each.receiverCpu) })
        ]
      } finally {
        await Promise.all([floor.stop(), member.stop()])
      }
    })
}
