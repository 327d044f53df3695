/** What is told of peers: who came, who turned out to be a member, whose path changed, who went. */
import type { DeviceId } from '../../base/index.ts'
import type { LiveEvent, PeerReport } from '../contract.ts'

const same = (one: PeerReport, other: PeerReport): boolean =>
  one.kind === other.kind && one.path === other.path && one.servers.join() === other.servers.join()

/** Compares what is now with what was told last, so that connections that come and go in between tell nothing. */
export class PeerNews {
  readonly #now: () => readonly PeerReport[]
  readonly #tell: (event: LiveEvent) => void
  #told: ReadonlyMap<DeviceId, PeerReport> = new Map()

  constructor(now: () => readonly PeerReport[], tell: (event: LiveEvent) => void) {
    this.#now = now
    this.#tell = tell
  }

  /** Looks again; gives everyone connected. */
  look(): readonly PeerReport[] {
    const peers = this.#now()
    const before = this.#told
    this.#told = new Map(peers.map(each => [each.device, each]))
    for (const peer of peers) {
      const told = before.get(peer.device)
      if (told === undefined || !same(told, peer))
        this.#tell({ type: 'connection:update', peer, connected: true })
    }
    for (const [device, peer] of before)
      if (!this.#told.has(device)) this.#tell({ type: 'connection:update', peer, connected: false })
    return peers
  }
}
