/** The DHT as a service of libp2p (NT11), loaded only where it is used. */
import type { Libp2pOptions } from 'libp2p'

/** Name of the DHT protocol (NT2, NT11). */
const DHT_PROTOCOL = '/xcord/kad/1.0.0'

type Service = NonNullable<NonNullable<Libp2pOptions['services']>[string]>

/** PF23: without a mapper private addresses vanish; without validators puts are refused, as NT11 wants. */
export async function dhtService(clientMode: boolean): Promise<Service> {
  const { kadDHT, passthroughMapper } = await import('@libp2p/kad-dht')
  return kadDHT({
    protocol: DHT_PROTOCOL,
    clientMode,
    peerInfoMapper: passthroughMapper,
    validators: {},
    selectors: {}
  }) as unknown as Service
}
