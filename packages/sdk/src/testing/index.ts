/** Clients in a simulated world: an application's own logic under loss, partitions and power cuts, by one seed. */
import { XcordError } from '@xcord/core'
import { createSimulation, type Simulation, type SimulationInit } from '@xcord/core/testing'
import { createClientOver } from '../client.ts'
import type { Client } from '../types.ts'

/** Clients over one simulated world. */
export interface ClientSimulation {
  /** Time, network and peers: run time here, cut the power of `world.peers`, change `world.network`. */
  readonly world: Simulation
  /**
   * Opens the profile of this name, which is made the first time, and goes online. Call it outside `world.do`. After
   * `crash` or `stop` of its peer, open it again: the client before is as dead as the process would be.
   */
  open(name: string): Promise<Client>
  /** Closes everybody. */
  end(): Promise<void>
}

/**
 * Makes an empty world with one bootstrap node. Everything in it repeats with the seed, as long as the application asks no
 * real clock, timer, network or disk in between.
 *
 * @throws RangeError for a seed that is no whole number from 0 to 4294967295.
 */
export async function createClientSimulation(init: SimulationInit): Promise<ClientSimulation> {
  const world = await createSimulation(init)
  return {
    world,
    open: async name => {
      const peer = world.peers.find(each => each.name === name) ?? world.add(name)
      return await world.do(async () => {
        await peer.start()
        return createClientOver(peer.node, {
          changePassword: () =>
            Promise.reject(
              new XcordError('XCORD_USAGE', 'A simulated peer has no password.', { argument: 'password' })
            ),
          close: async () => await peer.stop()
        })
      })
    },
    end: async () => await world.end()
  }
}

export type { SimulatedPeer, Simulation, SimulationInit } from '@xcord/core/testing'
export { type KeptSeed, runSeeds, type RunSeedsInit } from './seeds.ts'
