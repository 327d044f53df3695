import { figure, ratioAtLeast } from '../harness/figure.mjs'
import { column } from '../harness/rounds.mjs'
import { compareDelivery } from './live.mjs'

const AUTHORS = 8

export const authors = {
  name: 'authors',
  title: 'Live delivery, many authors',
  what: `As "live", but from ${AUTHORS} authors in turns with one message each in flight, so that nothing can be bundled. All authors share one process (a peer each), and so do the floor's nodes; every peer is connected to every other, receives what all send, and passes it on, so this is a crowd of ${AUTHORS + 1} rather than a pair.`,
  run: async ({ note }) => {
    const { floor, member } = await compareDelivery({ authors: AUTHORS, size: AUTHORS, note })
    const both = pick => ({ samples: column(member, pick), floor: column(floor, pick) })
    return [
      figure({
        name: 'delivered',
        unit: 'msg/s',
        ...both(each => each.perSecond),
        target: ratioAtLeast(0.2, 0.3)
      }),
      figure({
        name: 'receiver CPU',
        unit: 'µs/msg',
        ...both(each => each.receiverCpu)
      })
    ]
  }
}
