/** The floor: libp2p with gossipsub and nothing else. Nothing is signed, sealed or stored. */
import { gossipsub, StrictNoSign } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { serve } from './serve.mjs'
import { ageOf, flood, openTally, pace, stampedText } from './window.mjs'

const TOPIC = 'floor'
const began = performance.now()
/** One node, or several for the cases with many authors. */
const nodes = []
let tally
let ages

async function openNode() {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { abortConnectionOnPingFailure: false },
    connectionManager: { inboundConnectionThreshold: 1_000 },
    services: {
      identify: identify(),
      pubsub: gossipsub({
        globalSignaturePolicy: StrictNoSign,
        allowPublishToZeroTopicPeers: true,
        floodPublish: true
      })
    }
  })
  nodes.push(node)
  node.services.pubsub.subscribe(TOPIC)
}

const publish = (node, index) =>
  node.services.pubsub.publish(TOPIC, Buffer.from(stampedText(200, `${nodes.indexOf(node)}.${index}`)))

serve({
  start: async ({ count = 1 }) => {
    for (let each = 0; each < count; each++) await openNode()
    return { readyMs: performance.now() - began }
  },
  addresses: () => nodes[0].getMultiaddrs().map(String),
  connect: async ({ addresses }) => {
    for (const node of nodes) await node.dial(addresses.map(each => multiaddr(each)))
  },
  /** Neighbours in the mesh, so that the runner can wait for it. */
  neighbours: () => Math.min(...nodes.map(node => node.services.pubsub.getMeshPeers(TOPIC).length)),
  receive: async () => {
    tally ??= await openTally()
    if (ages === undefined) {
      nodes[0].services.pubsub.addEventListener('message', ({ detail }) => {
        ages?.push(ageOf(Buffer.from(detail.data.subarray(0, 40)).toString('latin1')))
        tally.add()
      })
    }
    ages = []
    return tally.port
  },
  ages: () => ages.splice(0),
  flood: ({ port, size, ms, authors = 1 }) => {
    let turn = 0
    return flood({ port, size, ms, publish: index => publish(nodes[turn++ % authors], index) })
  },
  pace: ({ perSecond, count }) => pace({ perSecond, count, publish: index => publish(nodes[0], index) }),
  stop: () => Promise.all(nodes.map(node => node.stop()))
})
