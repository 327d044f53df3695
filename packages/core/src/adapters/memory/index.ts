/** Memory: the contracts without disk or network, for tests and simulation. */
export * from './memory-store.ts'
export {
  createMemoryNetwork,
  type Arrival,
  type MemoryFaults,
  type MemoryNetwork,
  type MemoryNetworkInit
} from './memory-network.ts'
export type { GossipFate, GossipMouth, GossipTold } from './memory-gossip.ts'
export { createMemoryTransport, type MemoryTransportInit } from './memory-transport.ts'
export { createMemoryMedia, type MemoryMedia, type MemoryMediaInit } from './memory-media.ts'
export { createMemoryKeychain, type MemoryKeychain } from './memory-keychain.ts'
