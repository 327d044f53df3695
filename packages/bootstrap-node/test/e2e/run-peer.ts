/** A peer as a process of its own: obeys its parent over IPC. Speaks only what every peer speaks below the SDK. */
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createLibp2pTransport } from '@xcord/core/adapters/libp2p'
import type { ProtocolName, Transport } from '@xcord/core/net'
import type { PeerAnswer, PeerOrder } from './processes.ts'

const TOPIC = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const ECHO: ProtocolName = '/xcord/sync/1'
const heard: string[] = []
let transport: Transport | undefined

async function obey(order: PeerOrder): Promise<unknown> {
  if (order.kind === 'start') {
    transport = await createLibp2pTransport({
      suite: await createNodeSuite(),
      seed: Buffer.from(order.seed, 'hex'),
      listen: order.listen
    })
    transport.gossip.validate(async message => {
      heard.push(Buffer.from(message.data).toString())
      return 'accept'
    })
    transport.handle(ECHO, { frameBytesMax: 70_000, inboundStreamsMax: 4, onLimited: true }, async stream => {
      for await (const frame of stream.frames()) await stream.send(frame)
    })
    await transport.start()
    transport.gossip.subscribe(TOPIC)
    return transport.device
  }
  if (transport === undefined) throw new Error('not started')
  const self = transport
  switch (order.kind) {
    case 'node': {
      const connection = await self.dial(order.addresses)
      self.keep(connection.device, order.addresses)
      return connection.device
    }
    case 'register':
      return await self.rendezvous.register(order.node, [Buffer.from(order.key, 'hex')])
    case 'meet': {
      const found = await self.rendezvous.query(order.node, Buffer.from(order.key, 'hex'))
      await Promise.all(
        found.map(each => self.dial(each.addresses, { patient: true }).catch(() => undefined))
      )
      return self.connections().map(each => ({ device: each.device, path: each.path }))
    }
    case 'dial':
      return (await self.dial(order.addresses)).path
    case 'addresses':
      return self.addresses()
    case 'connections':
      return self.connections().map(each => ({ device: each.device, path: each.path }))
    case 'subscribers':
      return self.gossip.subscribers(TOPIC)
    case 'publish':
      return await self.gossip.publish(TOPIC, Buffer.from(order.text))
    case 'heard':
      return heard
    case 'echo': {
      const connection = self.connections(order.device)[0]
      if (connection === undefined) throw new Error('not connected')
      const stream = await connection.openStream(ECHO)
      await stream.send(Buffer.from(order.text))
      for await (const frame of stream.frames()) return Buffer.from(frame).toString()
      return undefined
    }
    case 'memory':
      return process.memoryUsage.rss()
  }
}

process.on('message', (message: { id: number; order: PeerOrder }) => {
  void obey(message.order).then(
    value => process.send?.({ id: message.id, value } satisfies PeerAnswer),
    (error: unknown) => process.send?.({ id: message.id, error: String(error) } satisfies PeerAnswer)
  )
})
process.on('disconnect', () => process.exit(0))
