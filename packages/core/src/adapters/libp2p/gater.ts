/** Who may connect (NT2, NT3): Ed25519 keys that CR5 accepts, within the number of connections. */
import type { ConnectionGater } from '@libp2p/interface'
import type { Suite } from '../../crypto/index.ts'
import { isAcceptablePeer } from './identity.ts'

/** What the gater asks. */
export interface GaterDeps {
  readonly suite: Pick<Suite, 'isEnrollable'>
  readonly maxConnections: number
  connectionCount(): number
}

/**
 * libp2p's own limit is soft (PF28), so inbound connections are refused here too. /dnsaddr is never followed: it
 * would be resolved by third parties, and nothing of ours needs it.
 */
export function createGater(deps: GaterDeps): ConnectionGater {
  const isDnsaddr = (address: { toString(): string }): boolean => address.toString().startsWith('/dnsaddr')
  return {
    denyDialMultiaddr: isDnsaddr,
    filterMultiaddrForPeer: (_peer, address) => !isDnsaddr(address),
    denyInboundConnection: () => deps.connectionCount() >= deps.maxConnections,
    denyInboundEncryptedConnection: peer => !isAcceptablePeer(deps.suite, peer),
    denyOutboundEncryptedConnection: peer => !isAcceptablePeer(deps.suite, peer)
  }
}
