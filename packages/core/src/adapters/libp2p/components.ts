/** libp2p's inner parts that only services may see: how the dialler dials one address with one deadline (NT14). */
import type { Connection, Startable } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** The parts used. */
export interface Components {
  readonly transportManager: {
    dial(address: Multiaddr, options: { signal: AbortSignal }): Promise<Connection>
    dialTransportForMultiaddr(address: Multiaddr): unknown
    /** Every address listened on, also those that libp2p holds back until others confirm them (PF6). */
    getAddrs(): Multiaddr[]
  }
}

/** A service that does nothing but see the components. */
export function captureComponents(): {
  service: (components: Components) => Startable
  components: () => Components
} {
  let seen: Components | undefined
  return {
    service: components => {
      seen = components
      return { start: () => undefined, stop: () => undefined }
    },
    components: () => {
      if (seen === undefined) throw new Error('libp2p made no services')
      return seen
    }
  }
}
