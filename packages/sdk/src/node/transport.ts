/** Transports for Node: which address to listen on, and how. */
import { createServer } from 'node:net'
import type { DeviceId } from '@xcord/core'
import { createMemoryNetwork, createMemoryTransport } from '@xcord/core/adapters/memory'
import { systemClock, systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import type { Suite } from '@xcord/core/crypto'
import type { DeviceSecret } from '@xcord/core/identity'
import type { Transport } from '@xcord/core/net'
import type { ClientInit } from '../types.ts'

/** Ports a profile may call its own: above the registered services, below what systems hand out. */
const PORT_FROM = 20_000
const PORTS = 12_000
const ANY_PORT = /\/tcp\/0(?=\/|$)/

/**
 * Port 0 means the profile's own port (one for TCP, one for WebSockets) where it is free, so that members find it again after a restart; any
 * other where it is not.
 */
async function listenAddresses(listen: readonly string[], device: DeviceId): Promise<readonly string[]> {
  if (!listen.some(each => ANY_PORT.test(each))) return listen
  const first = Number.parseInt(device.slice(1, 7), 32)
  const own = await Promise.all(
    // WebSockets beside TCP: two servers, so two ports.
    [first, first + 1].map(async each => {
      const port = PORT_FROM + (each % PORTS)
      return (await isFree(port)) ? port : 0
    })
  )
  return listen.map(each => each.replace(ANY_PORT, `/tcp/${each.endsWith('/ws') ? own[1] : own[0]}`))
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '0.0.0.0', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

const LISTEN_DEFAULT = ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0']

/** The network of a client: libp2p, or none. */
export async function transportOf(
  network: NonNullable<ClientInit['network']>,
  suite: Suite,
  { device, signSeed: seed }: Pick<DeviceSecret, 'device' | 'signSeed'>,
  iceServers: NonNullable<ClientInit['iceServers']> = []
): Promise<Transport> {
  if (network === false) {
    // A network of its own, in which nobody else is.
    const alone = createMemoryNetwork({ clock: systemClock, timers: systemTimers, random: systemRandom })
    return createMemoryTransport({ network: alone, suite, seed, listen: false })
  }
  const { createLibp2pTransport } = await import('@xcord/core/adapters/libp2p')
  const listen = await listenAddresses(network.listen ?? LISTEN_DEFAULT, device)
  return await createLibp2pTransport({
    suite,
    seed,
    listen,
    announce: network.announce,
    mdns: network.mdns ?? true,
    webrtc: network.webrtc ?? false,
    iceServers: iceServers.flatMap(({ urls, ...rest }) => urls.map(each => ({ urls: each, ...rest })))
  })
}
