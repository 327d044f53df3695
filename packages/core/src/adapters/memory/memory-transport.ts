/** The contract's transport on a memory network. */
import { CHECK_BYTES, type DeviceId, idFromBytes, type Timers, XcordError } from '../../base/index.ts'
import type { SecretKey, Suite } from '../../crypto/index.ts'
import {
  type Connection,
  createRendezvousClient,
  createRendezvousRegistry,
  createRendezvousServer,
  deviceOfAddress,
  type DialAttempt,
  type DialOptions,
  encodePeerRecord,
  type FrameStream,
  type HandlerBounds,
  openPeerRecord,
  peerIdText,
  type PeerRecords,
  type ProtocolName,
  type Rendezvous,
  RENDEZVOUS_FRAME_BYTES_MAX,
  RENDEZVOUS_IDLE_MS_MAX,
  RENDEZVOUS_PROTOCOL,
  type Transport,
  type TransportEvents
} from '../../net/index.ts'
import { relayOf, targetOf } from './memory-addresses.ts'
import { createMemoryGossip, type GossipMouth, idOfGossip, type MemoryGossip } from './memory-gossip.ts'
import { type MemoryLink, openLink } from './memory-link.ts'
import { type Lane, type MemoryNetwork, openLane } from './memory-network.ts'
import type { MemoryHandler, MemoryPeer } from './memory-peer.ts'

const CHECK_BOUNDS: HandlerBounds = {
  frameBytesMax: CHECK_BYTES,
  inboundStreamsMax: 4,
  onLimited: true,
  idleMsMax: 15_000
}
const RENDEZVOUS_BOUNDS: HandlerBounds = {
  frameBytesMax: RENDEZVOUS_FRAME_BYTES_MAX,
  inboundStreamsMax: 4,
  onLimited: false,
  idleMsMax: RENDEZVOUS_IDLE_MS_MAX
}
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
  /** Changes streams of this peer's, both those it opens and those it answers: for peers that lie. */
  readonly tamper?: ((stream: FrameStream) => FrameStream) | undefined
  /** The same for what this peer gossips. */
  readonly mouth?: GossipMouth | undefined
}

/** Makes a transport; `start` joins the network. */
export function createMemoryTransport(init: MemoryTransportInit): Transport {
  return new MemoryTransport(init)
}

class MemoryTransport implements Transport, MemoryPeer {
  readonly device: DeviceId
  readonly timers: Timers
  readonly gossip: MemoryGossip
  readonly records: PeerRecords
  readonly rendezvous: Rendezvous
  readonly #network: MemoryNetwork
  readonly #init: MemoryTransportInit
  /** The peer id as text: base 58 is dear, and asked for often. */
  readonly #name: string
  readonly #links = new Map<string, MemoryLink>()
  /** The same by who is at the other end: a node has a thousand, and each frame asks for one. */
  readonly #byDevice = new Map<DeviceId, MemoryLink[]>()
  readonly #handlers = new Map<string, MemoryHandler>()
  readonly #standings = new Map<DeviceId, string>()
  readonly #kept = new Map<DeviceId, readonly string[]>()
  readonly #tried = new Map<DeviceId, readonly DialAttempt[]>()
  readonly #listeners = new Map<string, Set<(data: never) => void>>()
  #state: 'new' | 'started' | 'stopped' = 'new'

  constructor(init: MemoryTransportInit) {
    const { network, suite } = init
    const key = suite.signingKey(init.seed)
    this.#init = init
    this.#network = network
    this.timers = network.timers
    this.device = idFromBytes('d', key.publicKey)
    this.#name = peerIdText(this.device)
    this.gossip = this.#createGossip()
    this.records = {
      own: async () =>
        encodePeerRecord(suite, key, { addresses: this.addresses(), seq: network.clock.now() }),
      open: async bytes => openPeerRecord(suite, bytes)
    }
    this.rendezvous = createRendezvousClient({
      records: this.records,
      connectionTo: other => this.connections(other)[0]
    })
    this.handle('/xcord/check/1', CHECK_BOUNDS, async stream => {
      for await (const frame of stream.frames()) await stream.send(frame)
    })
    if (init.node !== true) return
    this.handle(
      RENDEZVOUS_PROTOCOL,
      RENDEZVOUS_BOUNDS,
      createRendezvousServer({
        registry: createRendezvousRegistry(),
        records: this.records,
        clock: network.clock,
        random: network.random
      })
    )
  }

  async start(): Promise<void> {
    this.#state = 'started'
    this.#network.inner.peers.set(this.device, this)
    for (const other of this.#kept.keys()) this.#redial(other)
  }

  async stop(): Promise<void> {
    this.#state = 'stopped'
    for (const link of [...this.#links.values()]) link.close('the peer stopped')
    // A copy of this device may have taken its place.
    const { peers } = this.#network.inner
    if (peers.get(this.device) === this) peers.delete(this.device)
  }

  addresses(): readonly string[] {
    if (this.#state !== 'started') return []
    const own = this.#name
    const relays = this.#direct()
      .filter(each => each.farOf(this.device).isRelay())
      .map(each => peerIdText(this.#far(each)))
    return [
      ...(this.#init.listen === false ? [] : [`/memory/${own}/p2p/${own}`]),
      ...relays.map(relay => `/memory/${relay}/p2p/${relay}/p2p-circuit/p2p/${own}`)
    ]
  }

  connections(device?: DeviceId): readonly Connection[] {
    const links = device === undefined ? [...this.#links.values()] : this.#linksTo(device)
    return links
      .filter(each => each.isOpen())
      .sort((a, b) => Number(a.relay !== undefined) - Number(b.relay !== undefined))
      .map(each => each.connectionOf(this.device))
  }

  async dial(addresses: readonly string[], options?: DialOptions): Promise<Connection> {
    const target = targetOf(addresses, this.device)
    if (this.#state !== 'started') {
      throw new XcordError('XCORD_CLOSED', 'The network is not running.', { what: 'transport' })
    }
    const open = this.connections(target)[0]
    if (open !== undefined) return open
    await this.#pass(target, options?.signal)
    const met = this.connections(target)[0]
    if (met !== undefined) return met
    const attempts: DialAttempt[] = []
    this.#tried.set(target, attempts)
    for (const address of [...addresses].sort(
      (a, b) => Number(relayOf(a) !== undefined) - Number(relayOf(b) !== undefined)
    )) {
      const link =
        deviceOfAddress(address) === target ? this.#dialOne(address, target) : 'not an address of a peer'
      const path = relayOf(address) === undefined ? 'memory' : 'relayed'
      attempts.push({
        address,
        path,
        startedAt: this.#network.clock.now(),
        ms: 0,
        ...(typeof link === 'string' ? { error: link } : {})
      })
      if (typeof link !== 'string') return link.connectionOf(this.device)
    }
    const details = { tried: attempts.map(each => ({ address: each.address, error: each.error ?? '' })) }
    throw new XcordError(
      'XCORD_NO_PEER',
      `The peer cannot be reached (${details.tried.map(each => each.error).join('; ')}).`,
      details
    )
  }

  handle(protocol: ProtocolName, bounds: HandlerBounds, run: (stream: FrameStream) => Promise<void>): void {
    this.#handlers.set(protocol, { bounds, run })
  }

  unhandle(protocol: ProtocolName): void {
    this.#handlers.delete(protocol)
  }

  setStanding(device: DeviceId, standing: 'member' | 'unknown' | 'banned'): void {
    this.#standings.set(device, standing)
  }

  keep(device: DeviceId, addresses: readonly string[]): void {
    this.#kept.set(
      device,
      addresses.filter(each => deviceOfAddress(each) === device)
    )
    this.#redial(device)
  }

  unkeep(device: DeviceId): void {
    this.#kept.delete(device)
  }

  attempts(device: DeviceId): readonly DialAttempt[] {
    return this.#tried.get(device) ?? []
  }

  refresh(): void {
    for (const other of this.#kept.keys()) this.#redial(other)
  }

  on<E extends keyof TransportEvents>(event: E, listener: (data: TransportEvents[E]) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, set)
    set.add(listener)
    return () => set.delete(listener)
  }

  isListening(): boolean {
    return this.#state === 'started' && this.#init.listen !== false
  }

  isRelay(): boolean {
    return this.#state === 'started' && this.#init.node === true
  }

  links(): readonly MemoryLink[] {
    return [...this.#links.values()]
  }

  tampered(stream: FrameStream): FrameStream {
    return this.#init.tamper?.(stream) ?? stream
  }

  handlerOf(protocol: ProtocolName): MemoryHandler | undefined {
    return this.#handlers.get(protocol)
  }

  toldSubscription(link: MemoryLink, topic: string, subscribed: boolean): void {
    if (link.isOpen() && this.gossip.isSubscribed(topic))
      this.#emit('gossip:change', { topic, device: this.#far(link), subscribed })
  }

  linked(link: MemoryLink): void {
    this.#links.set(link.id, link)
    this.#byDevice.set(this.#far(link), [...this.#linksTo(this.#far(link)), link])
    queueMicrotask(() => {
      const other = link.farOf(this.device)
      if (link.isOpen()) this.#emit('connection:open', { connection: link.connectionOf(this.device) })
      if (link.relay === undefined)
        for (const topic of other.gossip.topics()) this.#hearSubscription(link, topic)
      if (other.isRelay()) this.#emit('addresses:change', { addresses: this.addresses() })
    })
  }

  unlinked(link: MemoryLink): void {
    if (!this.#links.delete(link.id)) return
    const other = this.#far(link)
    this.#byDevice.set(
      other,
      this.#linksTo(other).filter(each => each !== link)
    )
    queueMicrotask(() => {
      this.#emit('connection:close', { connection: link.connectionOf(this.device) })
      if (this.#kept.has(other)) this.timers.after(REDIAL_MS / 4, () => this.#redial(other))
    })
  }

  #emit<E extends keyof TransportEvents>(event: E, data: TransportEvents[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(data as never)
  }

  #linksTo(device: DeviceId): readonly MemoryLink[] {
    return this.#byDevice.get(device) ?? []
  }

  #direct(): MemoryLink[] {
    return [...this.#links.values()].filter(each => each.relay === undefined)
  }

  #far(link: MemoryLink): DeviceId {
    return link.devices[0] === this.device ? link.devices[1] : link.devices[0]
  }

  /** Later, as the network carries it: the other end is in this topic. */
  #hearSubscription(link: MemoryLink, topic: string): void {
    this.#network.inner.post(link.lane(this.#far(link)), () => this.toldSubscription(link, topic, true))
  }

  #createGossip(): MemoryGossip {
    const { inner } = this.#network
    return createMemoryGossip({
      idOf: (topic, data) => idOfGossip(inner.gossipIds, this.#init.suite, topic, data),
      isStarted: () => this.#state === 'started',
      isBanned: each => this.#standings.get(each) === 'banned',
      neighbours: () => [...new Set(this.#direct().map(each => each.farOf(this.device)))],
      mouth: this.#init.mouth,
      pass: (to, told, judged) => {
        const link = this.#linksTo(to.device).find(each => each.relay === undefined)
        if (link === undefined) return
        const arrive = (): void => {
          if (link.isOpen()) to.gossip.receive(told, this.device, judged)
        }
        inner.postGossip(link.lane(this.device), arrive, told.data)
      },
      subscriptionChanged: (topic, subscribed) => {
        for (const link of this.#direct()) {
          const other = link.farOf(this.device)
          inner.post(link.lane(this.device), () => other.toldSubscription(link, topic, subscribed))
          if (subscribed && other.gossip.isSubscribed(topic)) this.#hearSubscription(link, topic)
        }
      }
    })
  }

  #dialOne(address: string, target: DeviceId): MemoryLink | string {
    const { inner, clock } = this.#network
    const other = inner.peers.get(target)
    const relay = relayOf(address)
    if (other === undefined || this.#state !== 'started') return 'no such peer'
    if (relay === undefined) {
      if (!other.isListening() || inner.blocked(this.device, target)) return 'no answer'
      return openLink({ network: inner, now: clock.now(), dialler: this, listener: other, address })
    }
    if (
      inner.peers.get(relay)?.isRelay() !== true ||
      inner.blocked(this.device, relay) ||
      inner.blocked(relay, target)
    )
      return 'the relay does not answer'
    if (!other.links().some(each => each.relay === undefined && each.devices.includes(relay)))
      return 'no reservation at the relay'
    return openLink({
      network: inner,
      now: clock.now(),
      dialler: this,
      listener: other,
      address,
      relay,
      bytesMax: CIRCUIT_BYTES_MAX
    })
  }

  /** A dial takes the network's time both ways. */
  async #pass(target: DeviceId, signal: AbortSignal | undefined): Promise<void> {
    const { inner } = this.#network
    const aborted = (): XcordError =>
      new XcordError('XCORD_ABORTED', 'Given up on request.', {}, { cause: signal?.reason })
    if (signal?.aborted === true) throw aborted()
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(aborted()), { once: true })
      // A SYN that gets no answer ends by itself; whether somebody is there, is seen afterwards.
      const lane = (): Lane => openLane(this.device, this.device)
      inner.post(lane(), () => inner.post(lane(), resolve))
    })
  }

  #redial(device: DeviceId): void {
    const addresses = this.#kept.get(device)
    if (
      addresses === undefined ||
      this.#state !== 'started' ||
      this.connections(device).length > 0 ||
      addresses.length === 0
    )
      return
    this.dial(addresses, { patient: true }).catch(() =>
      this.timers.after(REDIAL_MS, () => this.#redial(device))
    )
  }
}
