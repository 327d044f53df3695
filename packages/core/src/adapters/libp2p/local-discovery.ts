/**
 * mDNS (NT12), run as a plain service rather than as libp2p's discovery: libp2p dials whatever its discoveries
 * find while it looks for relays, and here discovery only proposes (PF22).
 */
import type { PeerInfo } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import type { DeviceId } from '../../base/index.ts'
import { withDevice } from '../../net/index.ts'
import { deviceOfPeer } from './identity.ts'

/** A peer that announced itself on the local network. */
export interface LocalPeer {
  readonly device: DeviceId
  readonly addresses: readonly string[]
}

type MdnsComponents = Parameters<ReturnType<typeof mdns>>[0]

/** Makes the service and the place to listen. */
export function localDiscovery(): {
  service: (components: MdnsComponents) => ReturnType<ReturnType<typeof mdns>>
  onFound: (run: (peer: LocalPeer) => void) => void
} {
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
        found?.({ device, addresses: event.detail.multiaddrs.map(each => withDevice(each.toString(), device)) })
      })
      return discovery
    }
  }
}
