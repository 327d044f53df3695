/** The contract's transport on a memory network. */
import { toString } from 'uint8arrays'
import { CHECK_BYTES, type DeviceId, idFromBytes, XcordError } from '../../base/index.ts'
import { concatBytes, utf8 } from '../../encoding/index.ts'
import type { SecretKey, Suite } from '../../crypto/index.ts'
import {
  type Connection, createRendezvousClient, createRendezvousRegistry, createRendezvousServer, deviceOfAddress, deviceOfPeerIdText, type DialAttempt,
  type DialOptions, encodePeerRecord, openPeerRecord, pathOfAddress, peerIdText, RENDEZVOUS_FRAME_BYTES_MAX, RENDEZVOUS_IDLE_MS_MAX,
  RENDEZVOUS_PROTOCOL, type Transport, type TransportEvents
} from '../../net/index.ts'
import { createMemoryGossip } from './memory-gossip.ts'
import { type MemoryLink, openLink } from './memory-link.ts'
import { type MemoryNetwork, openLane } from './memory-network.ts'
import type { MemoryHandler, MemoryPeer } from './memory-peer.ts'

/** Bytes a relayed link carries, as PF9's default. */
const CIRCUIT_BYTES_MAX = 131_072
/** A kept peer is redialled after this, ms. */
const REDIAL_MS = 1_000

/** What a transport is made of. */
export interface MemoryTransportInit {
  readonly network: MemoryNetwork
  readonly suite: Suite
  /** The device's 32-byte seed. */
  readonly seed: SecretKey
  /** Takes direct connections; default yes. Without, it is reached through relays only. */
  readonly listen?: boolean | undefined
  /** A node: relays for others and answers the rendezvous. */
  readonly node?: boolean | undefined
}

/** Makes a transport; `start` joins the network. */
export function createMemoryTransport(init: MemoryTransportInit): Transport {
  const { network, suite } = init
  const { inner, clock, timers } = network
  const key = suite.signingKey(init.seed)
  const device = idFromBytes('d', key.publicKey)
  const links = new Map<string, MemoryLink>()
  const handlers = new Map<string, MemoryHandler>()
  const standings = new Map<DeviceId, string>()
  const kept = new Map<DeviceId, readonly string[]>()
  const tried = new Map<DeviceId, readonly DialAttempt[]>()
  const listeners = new Map<string, Set<(data: never) => void>>()
  let state: 'new' | 'started' | 'stopped' = 'new'

  const emit = <E extends keyof TransportEvents>(event: E, data: TransportEvents[E]): void => {
    for (const listener of [...(listeners.get(event) ?? [])]) listener(data as never)
  }
  const direct = (): MemoryLink[] => [...links.values()].filter(each => each.relay === undefined)
  const far = (link: MemoryLink): DeviceId => (link.devices[0] === device ? link.devices[1] : link.devices[0])
  const peerOf = (link: MemoryLink): MemoryPeer => inner.peers.get(far(link)) as MemoryPeer
  const tellSubscription = (to: MemoryLink, topic: string, subscribed: boolean): void => {
    const other = to.connectionOf(device).device
    inner.post(to.lane(other), () => {
      if (to.isOpen() && gossip.isSubscribed(topic)) emit('gossip:change', { topic, device: other, subscribed })
    })
  }
  const gossip = createMemoryGossip({
    idOf: (topic, data) => toString(suite.sha256(concatBytes([utf8(topic), data])).subarray(0, 20), 'base64'),
    isStarted: () => state === 'started',
    isBanned: each => standings.get(each) === 'banned',
    neighbours: () => [...new Map(direct().map(each => [far(each), peerOf(each)])).values()],
    pass: (to, topic, data) => {
      const link = direct().find(each => far(each) === to.device)
      if (link === undefined || inner.losesGossip()) return
      inner.post(link.lane(device), () => {
        if (link.isOpen()) to.gossip.receive(topic, data, device)
      })
    },
    subscriptionChanged: (topic, subscribed) => {
      for (const link of direct()) {
        const other = peerOf(link)
        inner.post(link.lane(device), () => other.toldSubscription(link, topic, subscribed))
        if (subscribed && other.gossip.isSubscribed(topic)) tellSubscription(link, topic, true)
      }
    }
  })
  const peer: MemoryPeer = {
    device, gossip, timers,
    isListening: () => state === 'started' && init.listen !== false,
    isRelay: () => state === 'started' && init.node === true,
    links: () => [...links.values()],
    handlerOf: protocol => handlers.get(protocol),
    toldSubscription: (link, topic, subscribed) => {
      if (link.isOpen() && gossip.isSubscribed(topic)) emit('gossip:change', { topic, device: far(link), subscribed })
    },
    linked: link => {
      links.set(link.id, link)
      queueMicrotask(() => {
        if (link.isOpen()) emit('connection:open', { connection: link.connectionOf(device) })
        if (link.relay === undefined) for (const topic of peerOf(link)?.gossip.topics() ?? []) tellSubscription(link, topic, true)
        if (peerOf(link)?.isRelay() === true) emit('addresses:change', { addresses: addresses() })
      })
    },
    unlinked: link => {
      if (!links.delete(link.id)) return
      queueMicrotask(() => {
        emit('connection:close', { connection: link.connectionOf(device) })
        if (kept.has(far(link))) timers.after(REDIAL_MS / 4, () => redial(far(link)))
      })
    }
  }
  const addresses = (): readonly string[] => {
    const own = peerIdText(device)
    if (state !== 'started') return []
    const relays = direct().filter(each => inner.peers.get(far(each))?.isRelay() === true).map(far)
    return [
      ...(init.listen === false ? [] : [`/memory/${own}/p2p/${own}`]),
      ...relays.map(relay => `/memory/${peerIdText(relay)}/p2p/${peerIdText(relay)}/p2p-circuit/p2p/${own}`)
    ]
  }
  const connections = (other?: DeviceId): readonly Connection[] =>
    [...links.values()].filter(each => each.isOpen() && (other === undefined || far(each) === other))
      .sort((a, b) => Number(a.relay !== undefined) - Number(b.relay !== undefined)).map(each => each.connectionOf(device))

  const dialOne = (address: string, target: DeviceId): MemoryLink | string => {
    const other = inner.peers.get(target)
    const relay = relayOf(address)
    if (other === undefined || state !== 'started') return 'no such peer'
    if (relay === undefined) {
      if (!other.isListening() || inner.blocked(device, target)) return 'no answer'
      return openLink({ network: inner, now: clock.now(), dialler: peer, listener: other, address })
    }
    const middle = inner.peers.get(relay)
    if (middle?.isRelay() !== true || inner.blocked(device, relay) || inner.blocked(relay, target)) return 'the relay does not answer'
    if (!other.links().some(each => each.relay === undefined && each.devices.includes(relay))) return 'no reservation at the relay'
    return openLink({ network: inner, now: clock.now(), dialler: peer, listener: other, address, relay, bytesMax: CIRCUIT_BYTES_MAX })
  }
  const dial = async (list: readonly string[], options?: DialOptions): Promise<Connection> => {
    const targets = list.map(each => (pathOfAddress(each) === 'memory' || relayOf(each) !== undefined ? deviceOfAddress(each) : undefined))
    const target = targets.find(each => each !== undefined)
    const odd = targets.findIndex(each => each !== undefined && (each !== target || each === device))
    if (target === undefined || odd >= 0) {
      const address = list[Math.max(odd, 0)] ?? ''
      throw new XcordError('XCORD_ADDRESS_INVALID', `"${address}" cannot be dialled.`, { address })
    }
    if (state === 'stopped') throw new XcordError('XCORD_CLOSED', 'The network is stopped.', { what: 'transport' })
    const open = connections(target)[0]
    if (open !== undefined) return open
    await pass(options?.signal)
    const met = connections(target)[0]
    if (met !== undefined) return met
    const attempts: DialAttempt[] = []
    for (const address of [...list].sort((a, b) => Number(relayOf(a) !== undefined) - Number(relayOf(b) !== undefined))) {
      const link = deviceOfAddress(address) === target ? dialOne(address, target) : 'not an address of a peer'
      const path = relayOf(address) === undefined ? 'memory' : 'relayed'
      attempts.push({ address, path, startedAt: clock.now(), ms: 0, ...(typeof link === 'string' ? { error: link } : {}) })
      tried.set(target, attempts)
      if (typeof link !== 'string') return link.connectionOf(device)
    }
    const details = { tried: attempts.map(each => ({ address: each.address, error: each.error ?? '' })) }
    throw new XcordError('XCORD_NO_PEER', `The peer cannot be reached (${details.tried.map(each => each.error).join('; ')}).`, details)
  }
  /** A dial takes the network's time both ways. */
  const pass = async (signal: AbortSignal | undefined): Promise<void> => {
    const aborted = (): XcordError => new XcordError('XCORD_ABORTED', 'Given up on request.', {}, { cause: signal?.reason })
    if (signal?.aborted === true) throw aborted()
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(aborted()), { once: true })
      inner.post(openLane(), () => inner.post(openLane(), resolve))
    })
  }
  const redial = (other: DeviceId): void => {
    const list = kept.get(other)
    if (list === undefined || state !== 'started' || connections(other).length > 0 || list.length === 0) return
    dial(list, { patient: true }).catch(() => timers.after(REDIAL_MS, () => redial(other)))
  }
  const records: Transport['records'] = {
    own: async () => encodePeerRecord(suite, key, { addresses: addresses(), seq: clock.now() }),
    open: async bytes => openPeerRecord(suite, bytes)
  }
  const handle: Transport['handle'] = (protocol, bounds, run) => void handlers.set(protocol, { bounds, run })
  handle('/xcord/check/1', { frameBytesMax: CHECK_BYTES, inboundStreamsMax: 4, onLimited: true, idleMsMax: 15_000 }, async stream => {
    for await (const frame of stream.frames()) await stream.send(frame)
  })
  if (init.node === true) {
    const serve = createRendezvousServer({ registry: createRendezvousRegistry(), records, clock, random: network.random })
    handle(RENDEZVOUS_PROTOCOL, {
      frameBytesMax: RENDEZVOUS_FRAME_BYTES_MAX, inboundStreamsMax: 4, onLimited: false, idleMsMax: RENDEZVOUS_IDLE_MS_MAX
    }, serve)
  }

  return {
    device, gossip, records, addresses, connections, dial, handle,
    rendezvous: createRendezvousClient({ records, connectionTo: other => connections(other)[0] }),
    start: async () => {
      state = 'started'
      inner.peers.set(device, peer)
      for (const other of kept.keys()) redial(other)
    },
    stop: async () => {
      state = 'stopped'
      for (const link of [...links.values()]) link.close('the peer stopped')
      inner.peers.delete(device)
    },
    unhandle: protocol => void handlers.delete(protocol),
    setStanding: (other, standing) => void standings.set(other, standing),
    keep: (other, list) => {
      kept.set(other, list.filter(each => deviceOfAddress(each) === other))
      redial(other)
    },
    unkeep: other => void kept.delete(other),
    attempts: other => tried.get(other) ?? [],
    refresh: () => {
      for (const other of kept.keys()) redial(other)
    },
    on: (event, listener) => {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set)
      set.add(listener)
      return () => set.delete(listener)
    }
  }
}

/** The relay an address goes through. */
function relayOf(address: string): DeviceId | undefined {
  const parts = address.split('/')
  const at = parts.indexOf('p2p-circuit')
  return at < 2 ? undefined : deviceOfPeerIdText(parts[at - 1] ?? '')
}
