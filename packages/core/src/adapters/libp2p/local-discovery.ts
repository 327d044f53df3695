/**
 * mDNS (NT12), run as a plain service rather than as libp2p's discovery: libp2p dials whatever its discoveries
 * find while it looks for relays, and here discovery only proposes (PF22).
 */
import type { PeerInfo } from '@libp2p/interface'
import type { mdns } from '@libp2p/mdns'
import type { DeviceId } from '../../base/index.ts'
import { withDevice } from '../../net/index.ts'
import { deviceOfPeer } from './identity.ts'

/** A peer that announced itself on the local network. */
interface LocalPeer {
  readonly device: DeviceId
  readonly addresses: readonly string[]
}

type MdnsComponents = Parameters<ReturnType<typeof mdns>>[0]

/** The service for libp2p, and the place to listen. */
export interface LocalDiscovery {
  readonly service: (components: MdnsComponents) => ReturnType<ReturnType<typeof mdns>>
  onFound(run: (peer: LocalPeer) => void): void
}

/** Makes the discovery of one transport. */
export async function localDiscovery(): Promise<LocalDiscovery> {
  const { mdns } = await import('@libp2p/mdns')
  let found: ((peer: LocalPeer) => void) | undefined
  return {
    onFound: run => {
      found = run
    },
    service: components => {
      const discovery = mdns({ serviceTag: '_xcord._udp.local' })(components)
      discovery.addEventListener('peer', (event: CustomEvent<PeerInfo>) => {
        const device = deviceOfPeer(event.detail.id)
        if (device === undefined) return
        found?.({
          device,
          addresses: event.detail.multiaddrs.map(each => withDevice(each.toString(), device))
        })
      })
      return discovery
    }
  }
}
