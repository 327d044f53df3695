/**
 * Peers whose clock, store or network misbehave as told: whole nodes over the memory network, or folders whose
 * writes fail. Beside them a look inside: chains and replicas as the node holds them.
 */
import { XcordError } from '@xcord/core'
import type { Clock, Timers } from '@xcord/core/base'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import {
  createMemoryNetwork,
  createMemoryStore,
  createMemoryTransport,
  type CrashOptions,
  type MemoryNetwork,
  type MemoryStore,
  type MemoryWrite
} from '@xcord/core/adapters/memory'
import { systemClock, systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import { type Account, createAccount } from '@xcord/core/identity'
import { createNode, type NodeInit } from '@xcord/core/node'
import type { Connection, FrameStream, Transport } from '@xcord/core/net'
import type { Store } from '@xcord/core/store'
import type { MediaPort } from '@xcord/core/voice'
import type { Client, Server } from '@xcord/sdk'
import { folder } from '@xcord/sdk/node'
import { createClientOver } from '../../src/client.ts'
import type { OpenableStore } from '../../src/profile-store.ts'
// Tests of faults look behind the doors: what a hostile member does, no public function offers.
import type { LiveReplica } from '../../../core/src/node/replica/replica.ts'

export { snapshotTable } from '../../../core/src/node/replica/tables.ts'

// What a client does that keeps no rule, and what its neighbours think of it.
export { mayForward } from '../../../core/src/node/intake/arrival-rules.ts'
export { publishContent, publishEphemeral } from '../../../core/src/node/replica/publish.ts'
export { sealableBy } from '../../../core/src/node/keys/seal-duties.ts'
export type { LiveReplica }

/** The replica behind a server object. */
export function replicaOf(server: Server): LiveReplica {
  return (server as unknown as { readonly replica: LiveReplica }).replica
}

/** How this peer holds one device's chain: whether it is whole, and its newest place. */
export function chainOf(
  server: Server,
  device: string
): { readonly tip: number; readonly gaps: number; readonly forks: readonly number[] } {
  const { chain } = replicaOf(server).current.author(device as never)
  return { tip: chain.tip()?.seq ?? 0, gaps: chain.gaps().length, forks: chain.forks() }
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What a failing store does with one write: pass it, refuse it, or refuse it and let it appear later all the same. */
export type WriteFate = 'ok' | 'full' | 'failed'

/** A store whose writes fail as `fate` says, whole or not at all. */
export function failing(store: Store, fate: () => WriteFate): Store {
  return {
    get: async key => await store.get(key),
    getMany: async keys => await store.getMany(keys),
    scan: range => store.scan(range),
    write: async (batch, options) => {
      const told = fate()
      if (told === 'full')
        throw new XcordError(
          'XCORD_DISK_FULL',
          'The disk is full: nothing of this change was stored. Free some space and try again.',
          { path: 'test' }
        )
      if (told === 'failed')
        throw new XcordError('XCORD_STORE_FAILED', 'The store failed to write.', { operation: 'write' })
      await store.write(batch, options)
    },
    close: async () => await store.close()
  }
}

/** A folder whose database fails as told; the key store beside it does not. */
export function failingFolder(path: string, fate: () => WriteFate): OpenableStore {
  const inner = folder(path) as OpenableStore
  return {
    kind: 'folder',
    exists: async () => await inner.exists(),
    open: async init => {
      const profile = await inner.open(init)
      return { ...profile, store: failing(profile.store, fate) }
    }
  }
}

/** Of every profile in a world. */
export const MASTER_KEY = new Uint8Array(32).fill(7)

/** Peers over a memory network; the profile of a name outlives its client. */
export interface World {
  readonly network: MemoryNetwork
  open(
    name: string,
    options?: {
      readonly clock?: Clock
      readonly timers?: Timers
      readonly wrap?: (transport: Transport) => Transport
      readonly hostile?: boolean
      readonly snapshots?: NodeInit['snapshots']
      /** The disk as this peer meets it. */
      readonly disk?: (store: Store) => Store
      /** Carries audio. */
      readonly media?: MediaPort
      /** Says and hears presence. */
      readonly presence?: boolean
    }
  ): Promise<Client>
  /** What lies on the disk of a name. */
  storeOf(name: string): MemoryStore
  /** Power cut: the peer of that name is gone without a word; what its disk kept is opened next. */
  crash(name: string, options: CrashOptions): void
  /** The transport a name was last opened with. */
  transportOf(name: string): Transport
  /** Background faults so far. */
  readonly faults: unknown[]
  end(): Promise<void>
}

interface Profile {
  readonly account: Account
  readonly store: MemoryStore
}

/** Passes a frame on, or does something else with it. */
export type FrameFate = (frame: Uint8Array) => readonly Uint8Array[]

/** A transport whose streams send what `fate` makes of each frame, and whose gossip says what it makes of each message. */
export function corrupting(
  transport: Transport,
  fate: FrameFate,
  hears: (frame: Uint8Array) => void = () => undefined
): Transport {
  const stream = (inner: FrameStream): FrameStream => ({
    connection: inner.connection,
    protocol: inner.protocol,
    send: async frame => {
      for (const each of fate(frame)) await inner.send(each)
    },
    frames: async function* () {
      for await (const frame of inner.frames()) {
        hears(frame)
        yield frame
      }
    },
    close: async () => await inner.close(),
    abort: reason => inner.abort(reason)
  })
  const connection = (inner: Connection): Connection =>
    new Proxy(inner, {
      get: (target, name) => {
        if (name === 'openStream')
          return async (...args: Parameters<Connection['openStream']>) =>
            stream(await target.openStream(...args))
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
      }
    })
  const replaced: Partial<Transport> = {
    handle: (protocol, bounds, run) =>
      transport.handle(protocol, bounds, async each => await run(stream(each))),
    dial: async (...args) => connection(await transport.dial(...args)),
    connections: device => transport.connections(device).map(connection),
    on: (event, listener) =>
      transport.on(event, data =>
        listener(('connection' in data ? { connection: connection(data.connection) } : data) as typeof data)
      ),
    gossip: new Proxy(transport.gossip, {
      get: (target, name) => {
        if (name === 'publish')
          return async (topic: string, bytes: Uint8Array) =>
            (await Promise.all(fate(bytes).map(async each => await target.publish(topic, each))))[0] ?? 0
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
      }
    })
  }
  return new Proxy(transport, {
    get: (target, name) => {
      if (Object.hasOwn(replaced, name)) return replaced[name as keyof Transport]
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    }
  })
}

/** Makes an empty world. `beforeWrite`: told of each write to somebody's disk, before it happens. */
export async function createWorld(
  beforeWrite: (name: string, write: MemoryWrite) => void = () => undefined
): Promise<World> {
  const suite = await createNodeSuite()
  const network = createMemoryNetwork({ clock: systemClock, timers: systemTimers, random: systemRandom })
  const profiles = new Map<string, Profile>()
  const transports = new Map<string, Transport>()
  const clients = new Map<string, Client>()
  const faults: unknown[] = []
  return {
    network,
    storeOf: name => (profiles.get(name) as Profile).store,
    crash: (name, options) => {
      const { account, store } = profiles.get(name) as Profile
      store.crash(options)
      profiles.set(name, { account, store: store.reopen() })
      clients.delete(name)
      // Not waited for: what serves its streams waits for a disk that never answers.
      transports
        .get(name)
        ?.stop()
        .catch(() => undefined)
    },
    transportOf: name => transports.get(name) as Transport,
    faults,
    open: async (
      name,
      {
        clock = systemClock,
        timers = systemTimers,
        wrap = (each: Transport) => each,
        hostile = false,
        snapshots,
        disk = (each: Store) => each,
        media,
        presence = false
      } = {}
    ) => {
      const profile = profiles.get(name) ?? {
        account: createAccount(suite, systemRandom, clock.now()),
        store: createMemoryStore({
          beforeWrite: write => {
            beforeWrite(name, write)
            return undefined
          }
        })
      }
      profiles.set(name, profile)
      const transport = wrap(createMemoryTransport({ network, suite, seed: profile.account.device.signSeed }))
      transports.set(name, transport)
      const { store } = profile
      // What a hostile peer brings upon itself is its own affair.
      const note = (error: unknown): void => {
        if (!hostile) faults.push(error)
      }
      const node = await createNode({
        suite,
        clock,
        random: systemRandom,
        timers,
        account: profile.account,
        name,
        transport,
        bootstrap: [],
        presence,
        ...(media === undefined ? {} : { media }),
        // The memory store ends with its close; a profile that is opened again keeps its rows.
        store: disk({
          get: key => store.get(key),
          getMany: keys => store.getMany(keys),
          scan: range => store.scan(range),
          write: (batch, options) => store.write(batch, options),
          close: async () => undefined
        }),
        masterKey: MASTER_KEY,
        onFault: error => note(error),
        ...(snapshots === undefined ? {} : { snapshots })
      })
      const client = createClientOver(node, {
        changePassword: () => Promise.resolve(),
        close: async () => await node.close()
      })
      client.on('error', ({ error }) => note(error))
      clients.set(name, client)
      return client
    },
    end: async () => {
      await Promise.all([...clients.values()].map(async client => await client.close()))
      if (faults.length > 0)
        throw new AggregateError(faults, `background faults: ${faults.map(String).join('; ')}`)
    }
  }
}
