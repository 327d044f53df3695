import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createLibp2pNode } from '@xcord/core/adapters/libp2p'
import { systemRandom } from '@xcord/core/adapters/runtime-node'

/** A community node for tests: rendezvous and relay on a loopback port. */
export async function startNode(): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const node = await createLibp2pNode({
    suite: await createNodeSuite(),
    seed: systemRandom.bytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0']
  })
  await node.start()
  const [address] = node.addresses()
  if (address === undefined) throw new Error('the node listens nowhere')
  return { address, stop: async () => await node.stop() }
}
