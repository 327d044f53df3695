/**
 * Finding members (NT9–NT15): nodes introduce us by rendezvous, the local network by itself, members by
 * exchange, memory by what worked last. Discovery proposes, the dialler decides.
 */
import { type Clock, type DeviceId, idToBytes, type ServerId, type Timers } from '../../base/index.ts'
import { kdf, type Suite } from '../../crypto/index.ts'
import { uintBytes } from '../../encoding/index.ts'
import { type Connection, deviceOfAddress, type PeerRecord, type Transport } from '../../net/index.ts'
import type { AddressBook } from './address-book.ts'
import type { LiveReplica } from '../replica/replica.ts'

const DAY_MS = 86_400_000
/** NT10: a node keeps a record ten minutes. */
const REGISTER_MS = 240_000
/** While fewer members than wanted are connected. */
const SEEK_MS = 15_000
/** NT15: members per server we hold connections to. */
const WANTED_MEMBERS = 8
/** Topics a server's members are found under, the current one and retired ones (docs/adr/0100). */
const TOPICS_FOUND_UNDER = 4
/** Invites whose rendezvous we keep, so that links work while any member is online. */
const INVITES_MAX = 8
const KEEP_MS = 2_000

export interface DiscoveryInit {
  readonly suite: Suite
  readonly transport: Transport
  readonly clock: Clock
  readonly timers: Timers
  readonly book: AddressBook
  readonly bootstrap: readonly string[]
  replicas(): readonly LiveReplica[]
  readonly fault: (error: unknown) => void
}

export interface Discovery {
  start(): void
  stop(): void
  /** Something changed (new server, new topic, fresh invite): register and look again now. */
  refresh(): void
  /** Devices of nodes that answer rendezvous. */
  nodes(): ReadonlySet<DeviceId>
}

/** NT10: two nodes cannot link the keys they are shown. */
export function rendezvousKey(suite: Suite, secret: Uint8Array, node: DeviceId, at: number): Uint8Array {
  return kdf(suite, secret, 'rendezvous', [idToBytes(node), uintBytes(Math.floor(at / DAY_MS), 4)], 16)
}

/** Starts looking for members of all replicas. */
export function createDiscovery(init: DiscoveryInit): Discovery {
  return new Seeker(init)
}

/**
 * Where the link led that we came by: all that is known where the connection was lost before we were introduced. Nobody else
 * knows of us then, so nobody would dial us either.
 */
function linkedPlaces({ current }: LiveReplica): readonly Pick<PeerRecord, 'device' | 'addresses'>[] {
  const places = new Map<DeviceId, string[]>()
  for (const address of current.addresses) {
    const device = deviceOfAddress(address)
    if (device !== undefined) places.set(device, [...(places.get(device) ?? []), address])
  }
  return [...places].map(([device, addresses]) => ({ device, addresses }))
}

class Seeker implements Discovery {
  readonly #init: DiscoveryInit
  readonly #nodes = new Set<DeviceId>()
  readonly #dialling = new Set<DeviceId>()
  readonly #offs: (() => void)[] = []
  #cancel: (() => void) | undefined
  #registeredAt = 0
  #rounds = 0
  #stopped = true
  #soon: (() => void) | undefined

  constructor(init: DiscoveryInit) {
    this.#init = init
  }

  nodes(): ReadonlySet<DeviceId> {
    return this.#nodes
  }

  start(): void {
    this.#stopped = false
    const { transport } = this.#init
    this.#offs.push(
      transport.on('peer:found', ({ device, addresses }) => this.#propose({ device, addresses, seq: 0 })),
      transport.on('connection:open', ({ connection }) => this.#connected(connection)),
      transport.on('addresses:change', () => this.refresh())
    )
    this.#dialNodes()
    this.#dialKnown()
    this.#loop()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#soon?.()
    for (const off of this.#offs) off()
  }

  refresh(): void {
    this.#registeredAt = 0
    // Changes come in bursts: one look for all of them.
    this.#soon ??= this.#init.timers.after(100, () => {
      this.#soon = undefined
      this.#round()
    })
  }

  #loop(): void {
    this.#cancel = this.#init.timers.after(SEEK_MS, () => {
      this.#dialKnown()
      this.#round()
      this.#loop()
    })
  }

  #dialNodes(): void {
    for (const address of this.#init.bootstrap) {
      this.#init.transport
        .dial([address])
        .then(
          connection => this.#init.transport.keep(connection.device, [address]),
          // An unreachable node is no failure: others, the local network and known members remain. Tried again.
          () => {
            if (!this.#stopped) this.#init.timers.after(SEEK_MS, () => this.#redial(address))
          }
        )
        .catch(this.#init.fault)
    }
  }

  #redial(address: string): void {
    if (this.#stopped) return
    this.#init.transport
      .dial([address], { patient: true })
      .then(
        connection => this.#init.transport.keep(connection.device, [address]),
        () => {
          this.#init.timers.after(SEEK_MS * 2, () => this.#redial(address))
        }
      )
      .catch(this.#init.fault)
  }

  #connected(connection: Connection): void {
    if (this.#stopped || this.#isMember(connection.device)) return
    // Not a member: perhaps a node. It answers rendezvous, or refuses the protocol once.
    this.#visit(connection.device, true)
  }

  #round(): void {
    if (this.#stopped) return
    const now = this.#init.clock.now()
    this.#rounds++
    const register = now - this.#registeredAt >= REGISTER_MS
    if (register) this.#registeredAt = now
    for (const node of this.#nodes) this.#visit(node, register)
  }

  #visit(node: DeviceId, register: boolean): void {
    this.#visitNode(node, register)
      .then(
        () => this.#nodes.add(node),
        () => this.#nodes.delete(node)
      )
      .catch(this.#init.fault)
  }

  async #visitNode(node: DeviceId, register: boolean): Promise<void> {
    const { transport, suite, clock } = this.#init
    const at = clock.now()
    const secrets = this.#init.replicas().flatMap(replica => this.#secretsOf(replica))
    if (register) {
      const keys = secrets.map(secret => rendezvousKey(suite, secret, node, at))
      if (keys.length > 0) await transport.rendezvous.register(node, keys)
      // Nothing to register yet: a question shows whether it is a node at all.
      else await transport.rendezvous.query(node, rendezvousKey(suite, idToBytes(transport.device), node, at))
    }
    for (const replica of this.#init.replicas()) {
      if (this.#membersConnected(replica) >= WANTED_MEMBERS) continue
      for (const secret of this.#sought(replica)) {
        const records = await transport.rendezvous.query(node, rendezvousKey(suite, secret, node, at))
        for (const record of records) this.#propose(record, replica.server)
      }
    }
  }

  /** Each round the current topic and one older: whoever was away, or parted from us, may know only that one. */
  #sought(replica: LiveReplica): readonly Uint8Array[] {
    const [current, ...older] = replica.current.ring.topicSecrets().known.slice(0, TOPICS_FOUND_UNDER)
    const next = older[this.#rounds % Math.max(1, older.length)]
    return [current, next].filter(each => each !== undefined)
  }

  /** What members are found under: topics, and open invites for those who hold only a link. */
  #secretsOf(replica: LiveReplica): readonly Uint8Array[] {
    const { current } = replica
    const topics = current.ring.topicSecrets().known.slice(0, TOPICS_FOUND_UNDER)
    if (current.status !== 'member') return topics
    const invites = current.log
      .state()
      .invites()
      .filter(each => each.open)
      .slice(-INVITES_MAX)
      .map(each => each.signPublicKey)
    return [...topics, ...invites]
  }

  #isMember(device: DeviceId): boolean {
    return this.#init.replicas().some(each => each.current.devices.has(device))
  }

  #membersConnected(replica: LiveReplica): number {
    const devices = new Set(this.#init.transport.connections().map(each => each.device))
    return [...devices].filter(device => replica.current.devices.has(device)).length
  }

  #dialKnown(): void {
    for (const replica of this.#init.replicas()) {
      if (this.#membersConnected(replica) >= WANTED_MEMBERS) continue
      for (const { device, addresses } of [...this.#init.book.of(replica.server), ...linkedPlaces(replica)])
        this.#propose({ device, addresses, seq: 0 }, replica.server)
    }
  }

  /** Dials what was proposed, unless connected, being dialled, or nobody we look for. */
  #propose(record: PeerRecord, server?: ServerId): void {
    const { transport } = this.#init
    const { device, addresses } = record
    if (this.#stopped || device === transport.device || addresses.length === 0 || this.#dialling.has(device))
      return
    if (transport.connections(device).some(each => each.limits === undefined)) return
    this.#dialling.add(device)
    transport
      .dial(addresses, { patient: true })
      .then(
        connection => {
          if (server !== undefined) transport.keep(connection.device, addresses)
        },
        () => undefined
      )
      .finally(() => {
        this.#init.timers.after(KEEP_MS, () => this.#dialling.delete(device))
      })
      .catch(this.#init.fault)
  }
}
