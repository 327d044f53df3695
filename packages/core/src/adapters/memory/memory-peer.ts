/** What peers of a memory network know of each other. */
import type { DeviceId, Timers } from '../../base/index.ts'
import type { FrameStream, HandlerBounds, ProtocolName } from '../../net/index.ts'
import type { MemoryGossip } from './memory-gossip.ts'
import type { MemoryLink } from './memory-link.ts'

/** A protocol as it was registered. */
export interface MemoryHandler {
  readonly bounds: HandlerBounds
  run(stream: FrameStream): Promise<void>
}

/** One peer, from inside the network. */
export interface MemoryPeer {
  readonly device: DeviceId
  readonly gossip: MemoryGossip
  readonly timers: Timers
  /** Takes connections: started, and built to listen. */
  isListening(): boolean
  /** Relays for others, and has their reservations while they are linked. */
  isRelay(): boolean
  links(): readonly MemoryLink[]
  linked(link: MemoryLink): void
  unlinked(link: MemoryLink): void
  /** A stream of this peer's as whoever simulates wants the others to see it. */
  tampered(stream: FrameStream): FrameStream
  handlerOf(protocol: ProtocolName): MemoryHandler | undefined
  /** The other end of a link joined or left a topic. */
  toldSubscription(link: MemoryLink, topic: string, subscribed: boolean): void
}
