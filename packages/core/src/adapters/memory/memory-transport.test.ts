import { createHash } from 'node:crypto'
import { peerIdText } from '../../net/index.ts'
import { transportContract } from '../../net/transport.contract.ts'
import { createNodeSuite } from '../crypto-node/index.ts'
import { systemClock, systemRandom, systemTimers } from '../runtime-node/index.ts'
import { createMemoryNetwork, createMemoryTransport } from './index.ts'

let made = 0
const seed = (): Uint8Array => new Uint8Array(createHash('sha256').update(`peer ${made++}`).digest())

transportContract({
  name: 'memory',
  deadAddress: device => `/memory/nobody/p2p/${peerIdText(device)}`,
  create: async wishes => {
    const suite = await createNodeSuite()
    const network = createMemoryNetwork({
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      faults: { delayMs: 1, jitterMs: 3 }
    })
    const node = createMemoryTransport({ network, suite, seed: seed(), node: true })
    const peers = wishes.map(wish =>
      createMemoryTransport({ network, suite, seed: seed(), listen: wish.listen })
    )
    await Promise.all([node, ...peers].map(each => each.start()))
    return {
      peers,
      node,
      destroy: async () => void (await Promise.all([...peers, node].map(each => each.stop())))
    }
  }
})
