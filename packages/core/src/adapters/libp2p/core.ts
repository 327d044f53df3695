/**
 * What every libp2p profile shares: connections, dialling, protocols, records, rendezvous, DHT, liveness.
 * Gossip and relay are the profiles' own.
 */
import type { Connection as P2pConnection, Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { type Clock, type DeviceId, type Random, XcordError } from '../../base/index.ts'
import type { SigningKey, Suite } from '../../crypto/index.ts'
import {
  createRendezvousClient, type Dht, encodePeerRecord, type HandlerBounds, openPeerRecord, pathOfAddress, type PathKind, type PeerRecords,
  type ProtocolName, type FrameStream, type Transport, withDevice
} from '../../net/index.ts'
import type { Components } from './components.ts'
import { createConnectionBook, OUTBOUND_STREAMS_MAX, serveStream, type WrappedConnection } from './connection.ts'
import { createDialler } from './dialler.ts'
import { createEventHub, type EventHub } from './events.ts'
import { messageOf } from './frame-stream.ts'
import type { HeardBook } from './heard.ts'
import { deviceOfPeer, peerOfDevice } from './identity.ts'
import { CHECK_BOUNDS, CHECK_PROTOCOL, createLiveness, serveCheck } from './liveness.ts'

/** NT23: a circuit outlives the direct path's arrival by this, ms, so that nothing on it is cut short. */
const CIRCUIT_REST_MS = 30_000
/** Ranks for records: what helps strangers most comes first. */
const RECORD_RANK: Readonly<Record<PathKind, number>> = { tcp: 0, wss: 1, relayed: 2, lan: 3, webrtc: 4, memory: 5 }

/** The platform's clock. */
export const SYSTEM_CLOCK: Clock = { now: () => Date.now() }
/** The platform's randomness. */
export const SYSTEM_RANDOM: Random = { bytes: length => globalThis.crypto.getRandomValues(new Uint8Array(length)) }

/** What the core is made of. */
export interface CoreDeps {
  readonly libp2p: Libp2p
  readonly components: Components
  readonly suite: Suite
  readonly key: SigningKey
  readonly device: DeviceId
  readonly clock: Clock
  readonly random: Random
  readonly heard: HeardBook
  readonly announce: readonly string[]
  readonly webrtc: boolean
  readonly dht: boolean
}

/** A transport without gossip, and the inner sides that profiles need. */
export interface Core {
  readonly transport: Omit<Transport, 'gossip' | 'setStanding'>
  readonly events: EventHub
  /** libp2p's connections to a device, best first. */
  rawConnections(device: DeviceId): readonly P2pConnection[]
}

/** Makes the core of a profile. */
export function createCore(deps: CoreDeps): Core {
  const { libp2p, clock, device, suite, random } = deps
  const events = createEventHub()
  const book = createConnectionBook()
  const liveness = createLiveness({ clock, random, heard: deps.heard })
  let started = false

  const rawConnections = (peer: DeviceId): readonly P2pConnection[] =>
    sortConnections(libp2p.getConnections(peerOfDevice(peer)).filter(each => each.status === 'open'))
  const connections = (peer?: DeviceId): readonly WrappedConnection[] =>
    (peer === undefined ? sortConnections(libp2p.getConnections().filter(each => each.status === 'open')) : rawConnections(peer))
      .map(each => book.wrap(each)).filter(each => each !== undefined)

  const dialler = createDialler({
    clock, random, self: device, connections,
    refuses: address => refusalOf(deps.components, address),
    dialOne: async (address, signal) => {
      const connection = book.wrap(await deps.components.transportManager.dial(multiaddr(address), { signal }))
      if (connection === undefined) throw new Error('the peer has no acceptable key')
      return connection
    }
  })
  const addresses = (): readonly string[] => ownAddresses(deps)
  const records = createRecords(deps, addresses)
  let told = ''
  const tellAddresses = (): void => {
    const now = addresses()
    if (now.join() === told) return
    told = now.join()
    events.emit('addresses:change', { addresses: now })
  }
  const onOpen = (event: CustomEvent<P2pConnection>): void => {
    const connection = book.wrap(event.detail)
    if (connection === undefined) return
    liveness.opened(connection)
    dialler.opened(connection)
    if (connection.limits === undefined) restCircuits(connection.device)
    if (dialler.isKept(connection.device)) protect(libp2p, connection.device, true)
    events.emit('connection:open', { connection })
  }
  const onClose = (event: CustomEvent<P2pConnection>): void => {
    const connection = book.wrap(event.detail)
    if (connection === undefined) return
    liveness.closed(event.detail)
    dialler.closed(connection.device)
    events.emit('connection:close', { connection })
  }
  const restCircuits = (peer: DeviceId): void => {
    setTimeout(() => {
      const open = connections(peer)
      if (!open.some(each => each.limits === undefined)) return
      for (const circuit of open) if (circuit.limits !== undefined) void circuit.close()
    }, CIRCUIT_REST_MS).unref()
  }
  const handle = (protocol: ProtocolName, bounds: HandlerBounds, run: (stream: FrameStream) => Promise<void>): void => {
    void libp2p.handle(protocol, (stream, raw) => {
      const connection = book.wrap(raw)
      if (connection === undefined) return stream.abort(new Error('no acceptable key'))
      void serveStream(stream, connection, protocol, bounds, run, () => undefined)
    }, { maxInboundStreams: bounds.inboundStreamsMax, maxOutboundStreams: OUTBOUND_STREAMS_MAX, runOnLimitedConnection: bounds.onLimited, force: true })
  }

  return {
    events,
    rawConnections,
    transport: {
      device,
      records,
      rendezvous: createRendezvousClient({ records, connectionTo: peer => connections(peer)[0] }),
      dht: deps.dht ? createDht(libp2p) : undefined,
      start: async () => {
        if (started) return
        libp2p.addEventListener('connection:open', onOpen)
        libp2p.addEventListener('connection:close', onClose)
        for (const event of ['self:peer:update', 'transport:listening', 'transport:close'] as const) libp2p.addEventListener(event, tellAddresses)
        handle(CHECK_PROTOCOL, CHECK_BOUNDS, serveCheck)
        await startListening(libp2p)
        started = true
        tellAddresses()
      },
      stop: async () => {
        dialler.stop()
        liveness.stop()
        await libp2p.stop()
        libp2p.removeEventListener('connection:open', onOpen)
        libp2p.removeEventListener('connection:close', onClose)
        for (const event of ['self:peer:update', 'transport:listening', 'transport:close'] as const) libp2p.removeEventListener(event, tellAddresses)
        events.clear()
      },
      addresses,
      connections,
      dial: (list, options) => dialler.dial(list, options),
      handle,
      unhandle: protocol => void libp2p.unhandle(protocol),
      keep: (peer, list) => {
        protect(libp2p, peer, true)
        dialler.keep(peer, list)
      },
      unkeep: peer => {
        protect(libp2p, peer, false)
        dialler.unkeep(peer)
      },
      attempts: peer => dialler.attempts(peer),
      refresh: () => {
        dialler.refresh()
        liveness.hurry()
      },
      on: events.on
    }
  }
}

/** Direct before relayed, then the oldest: both sides tend to choose the same one. */
function sortConnections(list: readonly P2pConnection[]): P2pConnection[] {
  return [...list].sort((a, b) => Number(a.limits !== undefined) - Number(b.limits !== undefined) || a.timeline.open - b.timeline.open)
}

function refusalOf(components: Components, address: string): string | undefined {
  try {
    return components.transportManager.dialTransportForMultiaddr(multiaddr(address)) === undefined
      ? 'no transport here can dial it'
      : undefined
  } catch {
    return 'not an address of a peer'
  }
}

function ownAddresses(deps: CoreDeps): readonly string[] {
  const listening = deps.components.transportManager.getAddrs().map(each => each.toString()).filter(each => !each.startsWith('/ip6/fe80'))
  const relayed = listening.filter(each => each.includes('/p2p-circuit') || each.includes('/webrtc'))
  const own = deps.announce.length > 0 ? [...deps.announce, ...relayed] : listening
  return [...new Set(own.map(each => withDevice(each, deps.device)))]
}

function createRecords(deps: CoreDeps, addresses: () => readonly string[]): PeerRecords {
  let last: { readonly key: string; readonly bytes: Uint8Array } | undefined
  let seq = 0
  return {
    own: async () => {
      const rank = (each: string): number => RECORD_RANK[pathOfAddress(each) ?? 'memory']
      const list = addresses().filter(each => pathOfAddress(each) !== undefined).sort((a, b) => rank(a) - rank(b))
      const key = list.join()
      if (last?.key !== key) {
        seq = Math.max(seq + 1, deps.clock.now())
        last = { key, bytes: encodePeerRecord(deps.suite, deps.key, { addresses: list, seq }) }
      }
      return last.bytes
    },
    open: async bytes => openPeerRecord(deps.suite, bytes)
  }
}

function createDht(libp2p: Libp2p): Dht {
  const RAW = 0x55
  const SHA2_256 = 0x12
  const cidOf = (key: Uint8Array): CID => CID.createV1(RAW, createDigest(SHA2_256, key))
  return {
    provide: async (key, options) => {
      await libp2p.contentRouting.provide(cidOf(key), options)
    },
    find: async (key, options) => {
      const found = []
      for await (const provider of libp2p.contentRouting.findProviders(cidOf(key), options)) {
        const device = deviceOfPeer(provider.id)
        if (device === undefined || provider.id.equals(libp2p.peerId)) continue
        found.push({ device, seq: 0, addresses: provider.multiaddrs.map(each => withDevice(each.toString(), device)) })
      }
      return found
    }
  }
}

/**
 * Addresses that were configured, before libp2p sees them.
 *
 * @throws XCORD_ADDRESS_INVALID for the first that is no multiaddr.
 */
export function assertAddresses(addresses: readonly string[]): void {
  for (const address of addresses) {
    try {
      multiaddr(address)
    } catch (error) {
      throw new XcordError('XCORD_ADDRESS_INVALID', `"${address}" is not an address: ${messageOf(error)}.`, { address }, { cause: error })
    }
  }
}

/** A kept peer is the last that libp2p prunes. */
function protect(libp2p: Libp2p, device: DeviceId, on: boolean): void {
  void libp2p.peerStore.merge(peerOfDevice(device), { tags: { 'xcord-kept': on ? { value: 100 } : undefined } }).catch(() => undefined)
}

async function startListening(libp2p: Libp2p): Promise<void> {
  try {
    await libp2p.start()
  } catch (error) {
    await Promise.resolve(libp2p.stop()).catch(() => undefined)
    throw listenError(error)
  }
}

function listenError(error: unknown): unknown {
  const text = messageOf(error)
  const busy = /(\/[^\s:]+): [^\n]*EADDRINUSE/.exec(text)
  if (text.includes('EADDRINUSE')) {
    const address = busy?.[1] ?? ''
    return new XcordError('XCORD_PORT_IN_USE', `Another program already listens on ${address === '' ? 'the port' : address}.`, { address }, { cause: error })
  }
  const other = /\n\s*(\/[^\s]+): ([^\n]*)/.exec(text)
  if (other !== null) {
    return new XcordError('XCORD_ADDRESS_INVALID', `Cannot listen on ${other[1]}: ${other[2]}.`, { address: other[1] ?? '' }, { cause: error })
  }
  return error
}
