/**
 * The test kit for applications: worlds of peers that run the whole real core, in which one seed moves clocks, network,
 * disks and scheduling; and the network and store in memory that they are made of, with faults on demand.
 */
export {
  type Arrival,
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
export { FORGERIES, type Forgery } from './simulator/forge.ts'
export { GOSSIP_LIES, type GossipLie, type GossipLiar } from './simulator/gossip-liar.ts'
export { type Lie, Liar, LIES } from './simulator/liar.ts'
export type { DiskFaults, SimulatedPeer } from './simulator/peer.ts'
export { Seeded } from './simulator/seeded.ts'
export { shrink } from './simulator/shrink.ts'
export { simulate, type SimulateInit, type SimulateReport } from './simulator/simulate.ts'
export { createSimulation, type Simulation, type SimulationInit } from './simulator/simulation.ts'
export { FAULT_KINDS, type FaultKind, type StepKind } from './simulator/storm.ts'
export { type RunOptions, VirtualTime } from './simulator/virtual-time.ts'
