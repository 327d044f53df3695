/** The node: one profile's replicas, network and events, put together. Decides nothing itself. */
import { type DeviceId, isXcordError, type ServerId, type UserId } from '../base/index.ts'
import { safetyNumber } from '../identity/index.ts'
import type { Connection } from '../net/index.ts'
import type { Database } from '../store/index.ts'
import { type AccountDevices, createAccountDevices } from './accounts/account-devices.ts'
import { backUp } from './backup/back-up.ts'
import { clockSkew } from './clock-skew.ts'
import type { Conversations } from './conversations/conversation-contract.ts'
import type {
  CopyReport,
  DoctorFinding,
  ImportReport,
  LiveEvent,
  Node,
  NodeInit,
  PeerReport,
  SyncLine
} from './contract.ts'
import { examine, storeWorks } from './doctor.ts'
import { type EventLog, type LoggedEvent, openEventLog } from './event-log.ts'
import { partIfLate } from './joining/farewell.ts'
import { foundCopy } from './joining/found-copy.ts'
import { foundServer, type FoundServerInit } from './joining/found-server.ts'
import { enrolRestored, type ImportHost, importServer } from './joining/import-server.ts'
import { joinByLink } from './joining/join.ts'
import { createJoinHost } from './joining/join-host.ts'
import { linkAddresses } from './accounts/link-addresses.ts'
import { closeParts, createParts, isShown, joined, type NodeParts, shown } from './node-parts.ts'
import type { Presence } from './people/presence-contract.ts'
import type { Profiles } from './people/profile-contract.ts'
import { PeerNews } from './exchange/peer-news.ts'
import { reportPeers } from './exchange/peers.ts'
import type { LiveReplica, ReplicaHooks } from './replica/replica.ts'
import { hearSync } from './exchange/sync-news.ts'
import { openProfile } from './profile-tables.ts'
import type { Turn } from './replica/turn.ts'
import type { Voice } from './voice/voice-contract.ts'
import { createWaiters } from './waiters.ts'
import { approvalPending, withDeadline } from './with-deadline.ts'

/** EK11(4), AU6: age and held operations are looked at this often. */
const MAINTENANCE_MS = 60_000

/** Opens the profile's database, loads its servers and goes online. */
export async function createNode(init: NodeInit): Promise<Node> {
  const database = await openProfile(init)
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
  readonly #liveListeners = new Set<(event: LiveEvent) => void>()
  readonly #waiters = createWaiters()
  readonly #offs: (() => void)[] = []
  readonly #news = new PeerNews(
    () => this.peers(),
    event => this.#emitLive(event)
  )
  readonly own: AccountDevices
  #parts!: NodeParts
  #closed: Promise<void> | undefined

  constructor(init: NodeInit, database: Database, events: EventLog) {
    this.own = createAccountDevices(init, database, {
      registry: () => this.#parts.registry,
      addresses: server => this.#linkAddresses(server),
      import: async pieces => (await this.importServer(pieces, { enrol: true })).server,
      name: () => this.name,
      fault: error => this.#fault(error)
    })
    this.#init = { ...init, account: this.own.account }
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
    return this.#parts.profiles.name
  }

  get safetyNumber(): string {
    return safetyNumber(this.#init.suite, this.user, this.user).split(' ').slice(0, 6).join(' ')
  }

  get cursor(): number {
    return this.#events.latest
  }

  get cursorFloor(): number {
    return this.#events.floor
  }

  async start(): Promise<void> {
    const { transport } = this.#init
    this.#parts = await createParts(this.#init, this.#database, this.#events, this.#hooks())
    await transport.start()
    this.#offs.push(
      transport.on('connection:open', ({ connection }) => this.#connectionChanged(connection, true)),
      transport.on('connection:close', ({ connection }) => this.#connectionChanged(connection, false))
    )
    for (const replica of this.#parts.registry.replicas.values()) this.#online(replica)
    this.#parts.discovery.start()
    await enrolRestored(this.#importHost(), this.#init.returnTo ?? [])
    this.own.start()
    this.#parts.conversations.start()
    this.#offs.push(this.own.onChange(() => this.#parts.conversations.identityChanged()))
    this.#offs.push(this.#parts.profiles.start(() => this.own.renamed()))
    this.#maintain()
  }

  get conversations(): Conversations {
    return this.#parts.conversations
  }

  get line(): SyncLine {
    return this.#parts.line
  }

  get presence(): Presence {
    return this.#parts.presence
  }

  get profiles(): Profiles {
    return this.#parts.profiles
  }

  get voice(): Voice {
    return this.#parts.voice
  }

  replica(server: ServerId): LiveReplica | undefined {
    const found = this.#parts.registry.replicas.get(server)
    return found !== undefined && isShown(found) ? found : undefined
  }

  replicas(): readonly LiveReplica[] {
    return shown(this.#parts.registry)
  }

  async createServer(...[init]: Parameters<Node['createServer']>): Promise<ServerId> {
    return await foundServer(this.#founding(), init)
  }

  async foundCopy(...[source, options]: Parameters<Node['foundCopy']>): Promise<CopyReport> {
    return await foundCopy(this.#founding(), source, options)
  }

  #founding(): FoundServerInit {
    return { ...this.#parts, deps: this.#init, online: replica => this.#online(replica) }
  }

  async join(...[link, options]: Parameters<Node['join']>): Promise<ServerId> {
    let asked: ServerId | undefined
    const { clock, timers } = this.#init
    const host = createJoinHost(
      this.#init,
      {
        parts: this.#parts,
        online: replica => this.#online(replica),
        changed: async (server, signal) => await this.#waiters.changed(server, signal),
        asked: server => void (asked = server)
      },
      options.words ?? ''
    )
    return await withDeadline(
      timers,
      'join',
      options,
      async signal => await joinByLink(host, link, signal),
      () =>
        asked === undefined
          ? clockSkew(this.#parts.registry.replicas.values(), clock.now())
          : approvalPending(asked)
    )
  }

  async importServer(...[source, options]: Parameters<Node['importServer']>): Promise<ImportReport> {
    return await importServer(this.#importHost(), source, options)
  }

  #importHost(): ImportHost {
    const { account, suite } = this.#init
    return { account, suite, database: this.#database, ...this.#founding() }
  }

  /** Shows a replica to sync, gossip and discovery. What was only read from a file stays out of the network (SX11). */
  #online(replica: LiveReplica): void {
    if (replica.current.status === 'imported') return
    this.#parts.views.set(replica.server, replica.view)
    this.#subscribe(replica)
    this.#parts.sync.feed({ type: 'server', server: replica.server })
    // Coming back, a server may be shared already: what the others are to us is judged anew.
    this.#parts.sync.feed({ type: 'standing', server: replica.server })
    this.#parts.discovery.refresh()
    this.#parts.introductions.judge(replica)
    if (replica.current.isMember()) {
      this.#parts.profiles.look(replica)
      this.own.joined(replica)
      this.#parts.duties.begin(replica)
    }
  }

  /** Gossip listens to the topics of now; sync learns who is reached by it, and pushes to all others. */
  #subscribe(replica: LiveReplica): void {
    this.#parts.gossip.refresh(replica)
    this.#parts.sync.relink()
  }

  #offline(replica: LiveReplica): void {
    if (replica.current.status !== 'left') return
    this.#parts.sync.feed({ type: 'leave', server: replica.server })
    this.#parts.views.delete(replica.server)
    this.#parts.gossip.forget(replica)
    this.#parts.duties.forget(replica)
    this.#parts.registry.replicas.delete(replica.server)
    this.#parts.line.forget(replica.server)
  }

  // What replicas tell.

  #hooks(): Omit<ReplicaHooks, 'blobs' | 'looked'> {
    return {
      feed: event => this.#parts.sync.feed(event),
      publish: (replica, envelopes) => this.#parts.gossip.publish(replica, envelopes),
      changed: (replica, turn) => this.#turnDone(replica, turn),
      news: (replica, news) =>
        hearSync(
          {
            line: this.#parts.line,
            judge: each => this.#parts.introductions.judge(each),
            emit: event => this.#emitLive(event),
            wake: server => this.#waiters.wake(server),
            fault: error => this.#fault(error)
          },
          replica,
          news
        ),
      online: () => new Set(this.#init.transport.connections().map(each => each.device)),
      live: event => this.#emitLive(event),
      linkAddresses: server => this.#linkAddresses(server),
      fault: error => this.#fault(error)
    }
  }

  #turnDone(replica: LiveReplica, turn: Turn): void {
    this.#waiters.wake(replica.server)
    this.#parts.line.arrived(replica.server, turn.events)
    if (turn.authorityChanged || turn.viewChanged)
      this.#emitLive({ type: 'view:update', server: replica.server })
    if (replica.imported) return
    if (
      turn.topicChanged ||
      turn.membershipChanged ||
      turn.events.some(each => each.type.startsWith('invite:'))
    ) {
      this.#subscribe(replica)
      this.#parts.sync.feed({ type: 'server', server: replica.server })
      this.#parts.discovery.refresh()
    }
    if (turn.authorityChanged) {
      this.#parts.voice.authorityChanged(replica)
      this.#parts.presence.authorityChanged(replica)
      this.#parts.introductions.judge(replica)
      // Which of the keys at hand names the topic is the operations' matter, too.
      this.#subscribe(replica)
      this.#news.look()
    }
    if (turn.authorityChanged || turn.received.size > 0) this.#parts.duties.consider(replica, turn.accepted)
    this.own.heard(replica, turn.accepted)
    // What was published goes out first; whoever came back by a link meanwhile stays.
    if (turn.membershipChanged && replica.current.status === 'left')
      this.#init.timers.after(2_000, () => this.#offline(replica))
  }

  #connectionChanged(connection: Connection, connected: boolean): void {
    for (const replica of this.#parts.registry.replicas.values()) {
      if (!replica.current.devices.has(connection.device)) continue
      if (!connected) this.#parts.introductions.gone(replica.server, connection.device)
      this.#parts.introductions.judge(replica)
      this.#emitLive({ type: 'view:update', server: replica.server })
    }
    if (connected) {
      this.own.meet(connection)
      this.#parts.conversations.meet(connection)
    }
    this.#init.transport.gossip.setOnline(this.#news.look().filter(each => each.kind === 'member').length)
  }

  #linkAddresses(server: ServerId): readonly string[] {
    return linkAddresses(this.#init.transport.addresses(), this.#init.bootstrap, this.#parts.book.of(server))
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

  peers(): readonly PeerReport[] {
    return reportPeers(this.#init.transport, joined(this.#parts.registry), this.#parts.discovery.nodes())
  }

  async doctor(): Promise<readonly DoctorFinding[]> {
    return examine({
      who: `${this.name}, ${this.user}`,
      addresses: this.addresses(),
      bootstrap: this.#init.bootstrap,
      peers: this.peers(),
      replicas: shown(this.#parts.registry).filter(each => !each.imported),
      storeWorks: await storeWorks(this.#database),
      olderKeyStore: this.own.olderKeyStore,
      budget: this.line.report()
    })
  }

  backup(): AsyncIterable<Uint8Array> {
    return backUp(this.#init, this.own.backup())
  }

  // The end.

  async close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    await this.#closed
  }

  async #shutDown(): Promise<void> {
    for (const off of this.#offs) off()
    this.#parts.discovery.stop()
    await this.own.stop()
    await closeParts(this.#parts)
    await this.#init.media?.stop()
    for (const replica of this.#parts.registry.replicas.values()) await replica.close()
    await this.#init.transport.stop()
    await this.#database.close()
  }

  #maintain(): void {
    this.#offs.push(
      this.#init.timers.after(MAINTENANCE_MS, () => {
        for (const replica of this.#parts.registry.replicas.values()) {
          this.#parts.duties.consider(replica)
          this.#subscribe(replica)
          this.own.joined(replica)
          partIfLate(replica, this.#init.clock.now(), error => this.#fault(error))
        }
        this.own.maintain().catch((error: unknown) => this.#fault(error))
        this.#events.prune().catch((error: unknown) => this.#fault(error))
        this.#maintain()
      })
    )
  }

  #fault(error: unknown): void {
    // Work that was under way when we closed comes too late: nobody's fault.
    if (this.#closed !== undefined && isXcordError(error, 'XCORD_CLOSED')) return
    this.#init.onFault?.(error)
  }
}
