import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createLibp2pNode } from '@xcord/core/adapters/libp2p'
import { systemRandom } from '@xcord/core/adapters/runtime-node'

/** A community node for tests: rendezvous and relay on a loopback port, and on another for WebSockets. */
export async function startNode(): Promise<{
  readonly address: string
  readonly wsAddress: string
  stop(): Promise<void>
}> {
  const node = await createLibp2pNode({
    suite: await createNodeSuite(),
    seed: systemRandom.bytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
  })
  await node.start()
  const [address, wsAddress] = [false, true].map(ws =>
    node.addresses().find(each => each.includes('/ws/') === ws)
  )
  if (address === undefined || wsAddress === undefined) throw new Error('the node listens nowhere')
  return { address, wsAddress, stop: async () => await node.stop() }
}
