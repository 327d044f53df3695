import { atMost, figure } from '../harness/figure.mjs'
import { openCrowd, send } from '../harness/crowd.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const COUNT = Number(process.env.XCORD_BENCH_BURST ?? 5_000)
const RECEIVERS = 3
const ROUNDS = 3
/** A receiver's thread stands still for so much of each period, ms. */
const SLOW = { stillMs: 60, everyMs: 100 }

export const burst = {
  name: 'burst',
  title: `Burst of ${COUNT.toLocaleString('en')} messages to slow receivers`,
  what: `One author gives ${COUNT.toLocaleString('en')} messages of 200 bytes to its peer at once, while the threads of ${RECEIVERS} receivers (a process and a folder store each) stand still for ${SLOW.stillMs} of every ${SLOW.everyMs} ms, during the burst and after it. The burst ends when the author has its last message on disk. What gossip drops, sync brings. ${ROUNDS} bursts.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      const crowd = await openCrowd(folder, RECEIVERS)
      try {
        await Promise.all(crowd.receivers.map(each => each.call('slow', SLOW)))
        let sent = 1
        const { burst: found } = await interleave(
          ROUNDS,
          {
            burst: async () => {
              const one = await send(crowd, COUNT)
              sent += COUNT
              const held = await Promise.all(
                crowd.receivers.map(each => each.call('held', undefined, 600_000))
              )
              return { ...one, lost: Math.max(...held.map(each => sent - each)) }
            }
          },
          note
        )
        return [
          figure({
            name: 'sent',
            unit: 'msg/s',
            samples: column(found, each => (COUNT * 1_000) / each.sentMs)
          }),
          figure({
            name: "all there after the burst's end",
            unit: 'ms',
            samples: column(found, each => each.allMs - each.sentMs),
            target: atMost(5_000)
          }),
          figure({ name: 'lost', unit: '', samples: column(found, each => each.lost), target: atMost(0) })
        ]
      } finally {
        await crowd.stop()
      }
    })
}
