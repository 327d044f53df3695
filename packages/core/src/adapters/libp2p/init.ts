/** What a libp2p transport is built of. Addresses are text and keys are bytes: no libp2p type passes this door. */
import type { Clock, Random } from '../../base/index.ts'
import type { SecretKey, Suite } from '../../crypto/index.ts'

/** Profile of a desktop or command-line peer (NT4), with what may be switched. */
export interface Libp2pTransportInit {
  readonly suite: Suite
  /** The device's 32-byte Ed25519 seed: the PeerId is its public key (NT2, ID3). */
  readonly seed: SecretKey
  /** Listen addresses without /p2p/; default any interface, any TCP port. Empty: dial only. */
  readonly listen?: readonly string[] | undefined
  /** Said to others instead of what we listen on, for forwarded ports and proxies. */
  readonly announce?: readonly string[] | undefined
  /** Relay reservations to hold (NT19), 0 to 4; default 2. */
  readonly reservations?: number | undefined
  /** Find peers on the local network (NT12); default off. */
  readonly mdns?: boolean | undefined
  /** Client of the DHT (NT11); default off. */
  readonly dht?: boolean | undefined
  /** WebRTC: loaded only when asked for, since it costs 32 MB and keeps some processes from ending (PF5). */
  readonly webrtc?: boolean | undefined
  /** STUN and TURN for WebRTC; none unless named, so that no third party is asked (PF16). */
  readonly iceServers?:
    readonly { readonly urls: string; readonly username?: string; readonly credential?: string }[] | undefined
  /** Connections at most; default 100 (NT4). */
  readonly maxConnections?: number | undefined
  /** How long a circuit outlives a direct path's arrival, ms; default 30 s (NT23). */
  readonly circuitRestMs?: number | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}
