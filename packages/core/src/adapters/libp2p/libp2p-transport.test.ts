import { createHash } from 'node:crypto'
import { peerIdText } from '../../net/index.ts'
import { transportContract } from '../../net/transport.contract.ts'
import { createNodeSuite } from '../crypto-node/index.ts'
import { createLibp2pNode, createLibp2pTransport } from './index.ts'

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
let made = 0
/** A seed a peer, never used twice in one run. */
const seed = (): Uint8Array => new Uint8Array(createHash('sha256').update(`peer ${made++}`).digest())

transportContract({
  name: 'libp2p',
  deadAddress: device => `/ip4/127.0.0.1/tcp/1/p2p/${peerIdText(device)}`,
  create: async wishes => {
    const suite = await createNodeSuite()
    const node = await createLibp2pNode({ suite, seed: seed(), listen: LOOPBACK })
    const peers = await Promise.all(
      wishes.map(wish => createLibp2pTransport({ suite, seed: seed(), listen: wish.listen ? LOOPBACK : [] }))
    )
    await Promise.all([node, ...peers].map(each => each.start()))
    return {
      peers,
      node,
      destroy: async () => void (await Promise.all([...peers, node].map(each => each.stop())))
    }
  }
})
