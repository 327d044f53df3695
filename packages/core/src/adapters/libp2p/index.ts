/** libp2p behind net's contract: its only home. */
export { createLibp2pTransport } from './transport.ts'
export type { Libp2pTransportInit } from './init.ts'
