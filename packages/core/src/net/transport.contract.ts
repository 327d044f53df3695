/**
 * The suite that every transport passes (NT1): dialling, streams, frames, gossip, relays, rendezvous. Called from
 * the adapters' tests; cases wait for conditions, never for time.
 */
import { describe } from 'vitest'
import { diallingContract } from './transport-dialling.contract.ts'
import { gossipContract } from './transport-gossip.contract.ts'
import { streamsContract } from './transport-streams.contract.ts'
import { throughNodeContract } from './transport-through-node.contract.ts'
import { createWorlds, type TransportContractInit } from './transport-world.contract.ts'

export { until } from './transport-world.contract.ts'

/** Runs the suite. */
export function transportContract(init: TransportContractInit): void {
  describe(`[NT1] transport: ${init.name}`, () => {
    const worlds = createWorlds(init)
    diallingContract(worlds)
    streamsContract(worlds)
    gossipContract(worlds)
    throughNodeContract(worlds)
  })
}
