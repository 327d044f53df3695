/** The contract's transport over libp2p: desktop and command-line profile (NT4). */
import { dcutr } from '@libp2p/dcutr'
import { tcp } from '@libp2p/tcp'
import type { Transport } from '../../net/index.ts'
import { dhtService } from './dht-service.ts'
import type { Libp2pTransportInit } from './init.ts'
import { localDiscovery } from './local-discovery.ts'
import { createPeerTransport } from './peer-transport.ts'

/** NT4: any interface, any port. */
const LISTEN_DEFAULT = ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0']
/** NT4. */
const CONNECTIONS_MAX = 100

/** As `createPeerTransport`, with TCP, and what a machine of one's own may have: mDNS and the DHT. */
export async function createLibp2pTransport(init: Libp2pTransportInit): Promise<Transport> {
  const mdns = init.mdns === true ? await localDiscovery() : undefined
  return await createPeerTransport(init, {
    listen: LISTEN_DEFAULT,
    connectionsMax: CONNECTIONS_MAX,
    transports: [tcp()],
    mdns,
    dht: init.dht === true,
    webrtc: init.webrtc === true,
    services: {
      dcutr: dcutr(),
      ...(mdns === undefined ? {} : { mdns: mdns.service }),
      ...(init.dht === true ? { dht: await dhtService(true) } : {})
    }
  })
}
