/** libp2p behind net's contract: its only home. */
export { createLibp2pTransport } from './transport.ts'
export type { Libp2pTransportInit } from './init.ts'
export { createLibp2pNode } from './node.ts'
export {
  NODE_LIMITS,
  type Libp2pNodeInit,
  type NodeCounters,
  type NodeLimits,
  type NodeTransport
} from './node-init.ts'
