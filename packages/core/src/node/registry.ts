/** The servers a profile holds: loaded, founded, joined, come back to. */
import { type ServerId, type Timers, XcordError } from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import { createReplicaState, loadReplica } from './replica/load-replica.ts'
import { serverRow } from './replica/membership.ts'
import { LiveReplica, type ReplicaHooks } from './replica/replica.ts'
import type { ReplicaDeps, ReplicaState } from './replica/replica-state.ts'
import { operationTable, serverTable } from './replica/tables.ts'
import { noteOperation } from './intake/take-operations.ts'

/** What a replica is being joined with. */
export interface JoinStart {
  readonly server: ServerId
  readonly genesis: Operation
  /** null for a server founded here. */
  readonly secret: Uint8Array | null
  readonly topicSecret: Uint8Array | null
  readonly addresses: readonly string[]
}

export class ReplicaRegistry {
  readonly replicas = new Map<ServerId, LiveReplica>()
  readonly #deps: ReplicaDeps
  readonly #timers: Timers
  readonly #hooks: ReplicaHooks

  constructor(deps: ReplicaDeps, timers: Timers, hooks: ReplicaHooks) {
    this.#deps = deps
    this.#timers = timers
    this.#hooks = hooks
  }

  /** Every server the profile is in, or was becoming a member of. */
  async loadAll(): Promise<void> {
    for await (const { value } of this.#deps.database.table(serverTable).scan()) {
      if (value.status !== 'left') this.#adopt(await loadReplica(this.#deps, value))
    }
  }

  /** A new replica from its genesis, kept before anything else happens with it. */
  async found(start: JoinStart): Promise<LiveReplica> {
    const { genesis, server } = start
    const state = createReplicaState(this.#deps, {
      server,
      genesis,
      status: 'joining',
      inviteSecret: start.secret
    })
    state.packageSecret = start.topicSecret
    state.addresses = start.addresses
    noteOperation(state, genesis)
    state.nextOperation = 1
    const replica = this.#adopt(state)
    await replica.do(work => {
      work.turn.batch.put(operationTable, [server, 0], { version: 1, bytes: genesis.bytes })
      work.turn.batch.put(serverTable, [server], serverRow(work.state))
    })
    return replica
  }

  /** A replica to join with: made anew, or the one we hold from before. */
  async prepare(start: JoinStart): Promise<LiveReplica> {
    const { server } = start
    const held = this.replicas.get(server) ?? (await this.recall(server))
    if (held === undefined) return await this.found(start)
    await held.do(work => {
      work.state.status = 'joining'
      work.state.inviteSecret = start.secret
      work.state.packageSecret = start.topicSecret
      work.state.addresses = start.addresses
      work.turn.batch.put(serverTable, [server], serverRow(work.state))
    })
    return held
  }

  /** A server that lies in the store and is not open: left, or just written there. Its status stays. */
  async recall(server: ServerId): Promise<LiveReplica | undefined> {
    const row = await this.#deps.database.table(serverTable).get([server])
    return row === undefined ? undefined : this.#adopt(await loadReplica(this.#deps, row))
  }

  #adopt(state: ReplicaState): LiveReplica {
    const { server } = state
    const replica = new LiveReplica(this.#deps, this.#timers, this.#hooks, state, async all => {
      const row = await this.#deps.database.table(serverTable).get([server])
      if (row === undefined)
        throw new XcordError('XCORD_STORE_CORRUPT', 'A server vanished from the profile.', {
          table: 'servers',
          reason: 'missing row'
        })
      return await loadReplica(this.#deps, row, { all })
    })
    this.replicas.set(server, replica)
    return replica
  }
}
