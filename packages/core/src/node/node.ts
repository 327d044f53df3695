/** The node: one profile's replicas, network and events, put together. Decides nothing itself. */
import {
  type DeviceId,
  FUTURE_MS_MAX,
  isXcordError,
  type ServerId,
  type UserId,
  XcordError
} from '../base/index.ts'
import { draftChannelCreate, positionBetween, signGenesis } from '../authority/index.ts'
import { safetyNumber } from '../identity/index.ts'
import type { Connection } from '../net/index.ts'
import { type Database, openDatabase } from '../store/index.ts'
import { createSync, type ServerView } from '../sync/index.ts'
import { type AddressBook, openAddressBook } from './address-book.ts'
import type { DoctorFinding, LiveEvent, Node, NodeInit, PeerReport } from './contract.ts'
import { createDiscovery, type Discovery } from './discovery.ts'
import { examine } from './doctor.ts'
import { createDuties, type Duties } from './duties.ts'
import { type EventLog, type LoggedEvent, openEventLog } from './event-log.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { createGossipHost, type GossipHost } from './gossip-host.ts'
import { serveInvites } from './invite-service.ts'
import { joinByLink } from './join.ts'
import { findInvite, linkAddresses } from './link-addresses.ts'
import { operate } from './operate.ts'
import { publishProfile } from './own-profile.ts'
import { mentionsUs, reportPeers } from './peers.ts'
import { type JoinStart, ReplicaRegistry } from './registry.ts'
import type { LiveReplica, ReplicaHooks } from './replica.ts'
import { createSyncHost, type SyncHost, type SyncNews } from './sync-host.ts'
import { DATABASE_SCHEMA, nodeTables, settingTable } from './tables.ts'
import { createTimelineStore, TIMELINE_TABLES } from './timeline-store.ts'
import type { Turn } from './turn.ts'
import { createWaiters } from './waiters.ts'
import { withDeadline } from './with-deadline.ts'

/** EK11(4), AU6: age and held operations are looked at this often. */
const MAINTENANCE_MS = 60_000

/** Opens the profile's database, loads its servers and goes online. */
export async function createNode(init: NodeInit): Promise<Node> {
  const database = await openDatabase({
    store: init.store,
    suite: init.suite,
    masterKey: init.masterKey,
    random: init.random,
    schema: DATABASE_SCHEMA,
    tables: [...nodeTables, ...TIMELINE_TABLES]
  })
  try {
    const node = new LiveNode(init, database, await openEventLog(database))
    await node.start()
    return node
  } catch (error) {
    await init.transport.stop().catch(() => undefined)
    await database.close()
    throw error
  }
}

class LiveNode implements Node {
  readonly #init: NodeInit
  readonly #database: Database
  readonly #events: EventLog
  readonly #views = new Map<ServerId, ServerView>()
  readonly #liveListeners = new Set<(event: LiveEvent) => void>()
  readonly #waiters = createWaiters()
  /** Members we have told our record over the connection there is, by server. */
  readonly #introduced = new Set<string>()

  readonly #offs: (() => void)[] = []
  #registry!: ReplicaRegistry
  #book!: AddressBook
  #sync!: SyncHost
  #gossip!: GossipHost
  #exchange!: Exchange
  #discovery!: Discovery
  #duties!: Duties
  #closed: Promise<void> | undefined

  constructor(init: NodeInit, database: Database, events: EventLog) {
    this.#init = init
    this.#database = database
    this.#events = events
  }

  get user(): UserId {
    return this.#init.account.user
  }

  get device(): DeviceId {
    return this.#init.account.device.device
  }

  get name(): string {
    return this.#init.name
  }

  get safetyNumber(): string {
    // ID8 compares two people; one's own half is the first six groups.
    return safetyNumber(this.#init.suite, this.user, this.user).split(' ').slice(0, 6).join(' ')
  }

  get cursor(): number {
    return this.#events.latest
  }

  get cursorFloor(): number {
    return this.#events.floor
  }

  async start(): Promise<void> {
    const init = this.#init
    const timeline = await createTimelineStore({
      database: this.#database,
      self: this.user,
      isMentioned: message => mentionsUs(this.#registry.replicas.values(), this.user, message)
    })
    this.#registry = new ReplicaRegistry(
      {
        suite: init.suite,
        clock: init.clock,
        random: init.random,
        database: this.#database,
        events: this.#events,
        timeline,
        account: init.account
      },
      init.timers,
      this.#hooks()
    )
    this.#duties = createDuties(init.random, () => init.clock.now())
    this.#gossip = createGossipHost({
      suite: init.suite,
      transport: init.transport,
      now: () => init.clock.now(),
      fault: error => this.#fault(error)
    })
    await this.#registry.loadAll()
    this.#book = await openAddressBook(this.#database, [...this.#registry.replicas.keys()])
    this.#exchange = createExchange({
      transport: init.transport,
      isMember: (server, device) => this.#views.get(server)?.standing(device) === 'member',
      learnt: (server, record) => {
        this.#book
          .note(server, record.device, record.addresses, init.clock.now())
          .catch(error => this.#fault(error))
      }
    })
    serveInvites({
      suite: init.suite,
      random: init.random,
      transport: init.transport,
      now: () => init.clock.now(),
      find: key => findInvite(this.replicas(), key),
      addresses: state => this.#linkAddresses(state.server)
    })
    this.#sync = createSyncHost({
      machine: createSync({
        suite: init.suite,
        random: init.random,
        device: this.device,
        signer: init.account.device.signingKey,
        views: this.#views
      }),
      transport: init.transport,
      clock: init.clock,
      timers: init.timers,
      self: this.device,
      port: server => this.#registry.replicas.get(server),
      gossips: device => this.#gossip.neighbours(device),
      fault: error => this.#fault(error)
    })
    this.#discovery = createDiscovery({
      suite: init.suite,
      transport: init.transport,
      clock: init.clock,
      timers: init.timers,
      book: this.#book,
      bootstrap: init.bootstrap,
      replicas: () => [...this.#registry.replicas.values()],
      fault: error => this.#fault(error)
    })
    await init.transport.start()
    this.#offs.push(
      init.transport.on('connection:open', ({ connection }) => this.#connectionChanged(connection, true)),
      init.transport.on('connection:close', ({ connection }) => this.#connectionChanged(connection, false))
    )
    for (const replica of this.#registry.replicas.values()) this.#online(replica)
    this.#discovery.start()
    this.#maintain()
  }

  // Servers.

  replica(server: ServerId): LiveReplica | undefined {
    const found = this.#registry.replicas.get(server)
    return found?.current.status === 'member' ? found : undefined
  }

  replicas(): readonly LiveReplica[] {
    return [...this.#registry.replicas.values()].filter(each => each.current.status === 'member')
  }

  async createServer(init: {
    readonly name: string
    readonly channels: readonly string[]
  }): Promise<ServerId> {
    const { suite, random, clock, account } = this.#init
    const userKey = account.userKeys.at(-1)
    if (userKey === undefined) throw new RangeError('an account without user key')
    const genesis = signGenesis(suite, account.device.signingKey, this.device, {
      name: init.name,
      credential: account.credential,
      userKey: { generation: userKey.generation, boxPublicKey: userKey.boxPublicKey },
      nonce: random.bytes(16),
      at: clock.now()
    })
    const replica = await this.#registry.found({
      server: genesis.server,
      genesis,
      secret: null,
      topicSecret: null,
      addresses: []
    })
    this.#online(replica)
    await replica.do(work => {
      let last = new Uint8Array(0)
      for (const name of init.channels) {
        last = (positionBetween(last, null, random.bytes(1)[0] as number) ?? last) as Uint8Array<ArrayBuffer>
        operate(work, draftChannelCreate({ kind: 'text', name, position: last }))
      }
      publishProfile(work, this.#init.name)
    })
    return replica.server
  }

  async join(
    link: string,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined }
  ): Promise<ServerId> {
    const { suite, clock, random, account, name, transport, bootstrap, timers } = this.#init
    const host = {
      suite,
      clock,
      random,
      account,
      name,
      transport,
      bootstrap,
      prepare: async (start: JoinStart) => {
        const replica = await this.#registry.prepare(start)
        this.#online(replica)
        return replica
      },
      replica: (server: ServerId) => this.#registry.replicas.get(server),
      changed: async (server: ServerId, signal: AbortSignal) => await this.#waiters.changed(server, signal)
    }
    return await withDeadline(
      timers,
      'join',
      options,
      async signal => await joinByLink(host, link, signal),
      () => this.#clockSkew()
    )
  }

  /** AU6: where the past of a server that we join lies in our future, it is our clock that keeps us waiting. */
  #clockSkew(): XcordError | undefined {
    const joining = [...this.#registry.replicas.values()].filter(each => each.current.status === 'joining')
    const skewMs =
      Math.max(...joining.flatMap(each => [...each.current.held.values()])) +
      FUTURE_MS_MAX -
      this.#init.clock.now()
    if (skewMs <= FUTURE_MS_MAX) return undefined
    return new XcordError(
      'XCORD_CLOCK_SKEW',
      `This machine's clock is at least ${Math.round(skewMs / 60_000)} min behind the server's members. Set it, then join again.`,
      { skewMs }
    )
  }

  /** Shows a replica to sync, gossip and discovery. */
  #online(replica: LiveReplica): void {
    this.#views.set(replica.server, replica.view)
    this.#subscribe(replica)
    this.#sync.feed({ type: 'server', server: replica.server })
    this.#discovery.refresh()
    this.#judgePeers(replica)
    if (replica.current.isMember()) {
      replica.do(work => publishProfile(work, this.#init.name)).catch((error: unknown) => this.#fault(error))
      this.#duties.consider(replica)
    }
  }

  /** Gossip listens to the topics of now; sync learns who is reached by it, and pushes to all others. */
  #subscribe(replica: LiveReplica): void {
    this.#gossip.refresh(replica)
    this.#sync.relink()
  }

  #offline(replica: LiveReplica): void {
    this.#sync.feed({ type: 'leave', server: replica.server })
    this.#views.delete(replica.server)
    this.#gossip.forget(replica)
    this.#duties.forget(replica)
    this.#registry.replicas.delete(replica.server)
  }

  // What replicas tell.

  #hooks(): ReplicaHooks {
    return {
      feed: event => this.#sync.feed(event),
      publish: (replica, envelopes) => this.#gossip.publish(replica, envelopes),
      changed: (replica, turn) => this.#turnDone(replica, turn),
      news: (replica, news) => this.#syncNews(replica, news),
      online: () => new Set(this.#init.transport.connections().map(each => each.device)),
      linkAddresses: server => this.#linkAddresses(server),
      fault: error => this.#fault(error)
    }
  }

  #turnDone(replica: LiveReplica, turn: Turn): void {
    this.#waiters.wake(replica.server)
    if (
      turn.topicChanged ||
      turn.membershipChanged ||
      turn.events.some(each => each.type.startsWith('invite:'))
    ) {
      this.#subscribe(replica)
      this.#sync.feed({ type: 'server', server: replica.server })
      this.#discovery.refresh()
    }
    if (turn.authorityChanged) this.#judgePeers(replica)
    if (turn.authorityChanged || turn.received.size > 0) this.#duties.consider(replica, turn.accepted)
    // Our goodbye has to leave first: what was published goes out before the server is forgotten here.
    if (turn.membershipChanged && replica.current.status === 'left')
      this.#init.timers.after(2_000, () => this.#offline(replica))
    if (turn.authorityChanged || turn.viewChanged)
      this.#emitLive({ type: 'view:update', server: replica.server })
  }

  #syncNews(replica: LiveReplica, news: SyncNews): void {
    switch (news.type) {
      case 'matched':
        this.#judgePeers(replica)
        return
      case 'progress':
        this.#emitLive({
          type: 'sync:progress',
          server: replica.server,
          received: news.received,
          expected: news.received + news.missing,
          done: news.missing === 0
        })
        return
      case 'offered':
        replica.confirm(news.device, news.ids)
        return
      case 'caught-up':
        replica.current.caughtUp = true
        this.#waiters.wake(replica.server)
        return
      default:
        this.#waiters.wake(replica.server)
    }
  }

  /** NT27: gossip's opinion of neighbours follows authority. Members are introduced to each other (NT13). */
  #judgePeers(replica: LiveReplica): void {
    const authority = replica.state()
    for (const connection of this.#init.transport.connections()) {
      const { device } = connection
      const user = authority.device(device)?.user
      if (user === undefined) continue
      const status = authority.member(user)?.status
      this.#init.transport.setStanding(
        device,
        status === 'in' ? 'member' : status === 'banned' ? 'banned' : 'unknown'
      )
      if (status === 'in' && replica.current.isMember()) this.#introduce(replica, connection)
    }
  }

  #introduce(replica: LiveReplica, connection: Connection): void {
    const name = `${replica.server}/${connection.device}`
    if (this.#introduced.has(name)) return
    this.#introduced.add(name)
    if (connection.direction === 'outbound') this.#note(replica, connection.device, [connection.address])
    // Both sides try; a member that does not answer yet is asked at the next change.
    this.#exchange.with(connection, replica.server).catch(() => this.#introduced.delete(name))
  }

  #note(replica: LiveReplica, device: DeviceId, addresses: readonly string[]): void {
    this.#book
      .note(replica.server, device, addresses, this.#init.clock.now())
      .catch(error => this.#fault(error))
  }

  #connectionChanged(connection: Connection, connected: boolean): void {
    for (const replica of this.#registry.replicas.values()) {
      if (!replica.current.devices.has(connection.device)) continue
      if (!connected) this.#introduced.delete(`${replica.server}/${connection.device}`)
      this.#judgePeers(replica)
      this.#emitLive({ type: 'view:update', server: replica.server })
    }
    this.#init.transport.gossip.setOnline(this.peers().filter(each => each.kind === 'member').length)
    this.#emitLive({ type: 'connection:update', device: connection.device, connected })
  }

  #linkAddresses(server: ServerId): readonly string[] {
    return linkAddresses(this.#init.transport.addresses(), this.#init.bootstrap, this.#book.of(server))
  }

  // Events.

  async eventsAfter(cursor: number, limit: number): Promise<readonly LoggedEvent[]> {
    return await this.#events.read(cursor, limit)
  }

  onEvent(listener: (event: LoggedEvent) => void): () => void {
    return this.#events.listen(listener)
  }

  onLive(listener: (event: LiveEvent) => void): () => void {
    this.#liveListeners.add(listener)
    return () => this.#liveListeners.delete(listener)
  }

  #emitLive(event: LiveEvent): void {
    for (const listener of [...this.#liveListeners]) listener(event)
  }

  // Network.

  async connect(address: string, signal?: AbortSignal): Promise<void> {
    await this.#init.transport.dial([address], signal === undefined ? {} : { signal })
  }

  addresses(): readonly string[] {
    return this.#init.transport.addresses()
  }

  devices(): ReturnType<Node['devices']> {
    const { account } = this.#init
    return account.log
      .state()
      .devices.filter(each => each.active)
      .map(each => ({
        device: each.device,
        name: each.device === this.device ? 'this device' : each.device.slice(0, 9),
        addedAt: account.created
      }))
  }

  peers(): readonly PeerReport[] {
    return reportPeers(this.#init.transport, this.replicas(), this.#discovery.nodes())
  }

  async doctor(): Promise<readonly DoctorFinding[]> {
    const storeWorks = await this.#database
      .table(settingTable)
      .get(['doctor'])
      .then(
        () => true,
        () => false
      )
    return [
      { check: 'identity', ok: true, detail: `${this.name}, ${this.user}` },
      ...examine({
        addresses: this.addresses(),
        bootstrap: this.#init.bootstrap,
        peers: this.peers(),
        replicas: this.replicas(),
        storeWorks
      })
    ]
  }

  // The end.

  async close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    await this.#closed
  }

  async #shutDown(): Promise<void> {
    for (const off of this.#offs) off()
    this.#discovery.stop()
    for (const replica of this.#registry.replicas.values()) this.#duties.forget(replica)
    await this.#sync.close()
    for (const replica of this.#registry.replicas.values()) await replica.close()
    await this.#init.transport.stop()
    await this.#database.close()
  }

  #maintain(): void {
    const run = (): void => {
      for (const replica of this.#registry.replicas.values()) {
        this.#duties.consider(replica)
        this.#subscribe(replica)
      }
      this.#events.prune().catch((error: unknown) => this.#fault(error))
      this.#offs.push(this.#init.timers.after(MAINTENANCE_MS, run))
    }
    this.#offs.push(this.#init.timers.after(MAINTENANCE_MS, run))
  }

  #fault(error: unknown): void {
    // Work that was under way when we closed comes too late: nobody's fault.
    if (this.#closed !== undefined && isXcordError(error, 'XCORD_CLOSED')) return
    this.#init.onFault?.(error)
  }
}
