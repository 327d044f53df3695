/**
 * The test kit for applications: a network and a store in memory, with faults on demand. Peers over it run the
 * whole real core; a seed for `random` and own clock and timers make a run repeat.
 */
export {
  createMemoryMedia,
  createMemoryNetwork,
  createMemoryStore,
  createMemoryTransport,
  type MemoryFaults,
  type MemoryMedia,
  type MemoryMediaInit,
  type MemoryNetwork,
  type MemoryNetworkInit,
  type MemoryTransportInit
} from '../adapters/memory/index.ts'
