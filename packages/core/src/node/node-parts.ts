/** What a node is made of: its replicas, and what carries them over the network, built in order and joined up. */
import type { DeviceId, ServerId, UserId } from '../base/index.ts'
import type { Database } from '../store/index.ts'
import { createSync, type ServerView } from '../sync/index.ts'
import { type AddressBook, openAddressBook } from './exchange/address-book.ts'
import type { NodeInit } from './contract.ts'
import { openProfiles, type ProfileHost } from './people/profile-host.ts'
import { type LiveConversations, openConversations } from './conversations/conversations.ts'
import { answerApplicant } from './joining/ask-service.ts'
import { Blobs, type BlobsInit } from './files/blobs.ts'
import { createDiscovery, type Discovery } from './exchange/discovery.ts'
import { createDuties, type Duties } from './duties.ts'
import type { EventLog } from './event-log.ts'
import { createEphemeralDoor } from './exchange/ephemeral-door.ts'
import { createExchange } from './exchange/exchange.ts'
import { createGossipHost, type GossipHost } from './exchange/gossip-host.ts'
import { createIntroductions, type Introductions } from './exchange/introductions.ts'
import { serveInvites } from './joining/invite-service.ts'
import { findInvite } from './accounts/link-addresses.ts'
import { mentionsUs } from './exchange/peers.ts'
import { openPresence, type PresenceHost } from './people/presence-host.ts'
import { sealPresence } from './people/seal-presence.ts'
import { ReplicaRegistry } from './registry.ts'
import type { LiveReplica, ReplicaHooks } from './replica/replica.ts'
import { createFirstPages, type FirstPages } from './snapshots/first-page.ts'
import { servePages } from './snapshots/page-service.ts'
import { serveSnapshots, type SnapshotServiceInit } from './snapshots/snapshot-service.ts'
import { type MeteredLine, openMeteredLine } from './exchange/metered-line.ts'
import { createSyncHost, type SyncHost } from './exchange/sync-host.ts'
import { createTimelineStore } from './timeline/timeline-store.ts'
import { VoiceHost } from './voice/voice-host.ts'

export interface NodeParts {
  /** Servers that sync shows to peers. */
  readonly views: Map<ServerId, ServerView>
  readonly registry: ReplicaRegistry
  readonly book: AddressBook
  readonly duties: Duties
  readonly gossip: GossipHost
  readonly introductions: Introductions
  readonly sync: SyncHost
  readonly discovery: Discovery
  readonly voice: VoiceHost
  readonly presence: PresenceHost
  readonly profiles: ProfileHost
  readonly pages: FirstPages
  readonly conversations: LiveConversations
  readonly line: MeteredLine
}

/** Servers that people see: those we are a member of or enter (ND26), and those read from a file (SX11). */
export function shown(registry: ReplicaRegistry): readonly LiveReplica[] {
  return [...registry.replicas.values()].filter(each => isShown(each))
}

export function isShown(replica: LiveReplica): boolean {
  const { status, preview } = replica.current
  return status === 'member' || status === 'imported' || (status === 'joining' && preview !== undefined)
}

/** Servers we are a member of. */
export function joined(registry: ReplicaRegistry): readonly LiveReplica[] {
  return [...registry.replicas.values()].filter(each => each.current.status === 'member')
}

/** Loads the profile's servers and connects them to the transport, which is not started yet. */
export async function createParts(
  init: NodeInit,
  database: Database,
  events: EventLog,
  told: Omit<ReplicaHooks, 'blobs' | 'looked'>
): Promise<NodeParts> {
  const { suite, clock, random, timers, transport, account } = init
  const fault = (error: unknown): void => told.fault(error)
  const views = new Map<ServerId, ServerView>()
  const line = await openLine(init, database, told)
  const blobs = createBlobs(init, database, { views, line }, told, (server, blob) => {
    const replica = registry.replicas.get(server)
    return replica === undefined ? undefined : profiles.shelfIn(replica, blob)
  })
  const pages = createFirstPages({
    suite,
    account,
    transport,
    timers,
    emit: event => told.live(event),
    fault
  })
  const hooks: ReplicaHooks = {
    ...told,
    blobs,
    looked: (replica, channel) => pages.looked(replica, channel),
    changed: (replica, turn) => {
      pages.turnDone(replica, turn)
      blobs.turnDone(replica.server, turn)
      profiles.turnDone(replica, turn)
      told.changed(replica, turn)
    }
  }
  const registry = await loadServers(init, database, events, hooks)
  const people = { ...init, database, blobs, line, fault, now: () => clock.now() }
  const profiles = await openProfiles({ ...people, replicas: () => shown(registry) }, init.name)
  const book = await openAddressBook(database, [...registry.replicas.keys()])
  const gossip = createGossipHost({
    suite,
    transport,
    now: () => clock.now(),
    ephemeral: createEphemeralDoor(suite, clock, (...heard) =>
      (heard[2].payload.body.kind === 'presence' ? presence : voice).take(...heard)
    ),
    fault
  })
  const introductions = meetMembers(init, registry, views, book, hooks)
  const voice = createVoice(init, registry, { book, gossip, introductions }, hooks)
  const presence = await tellPresence(init, database, registry, gossip, hooks)
  const sync = startSync(init, { views, line, registry, gossip }, fault)
  const discovery = findPeers(init, registry, book, fault)
  const duties = createDuties(random, () => clock.now())
  const conversations = await talkWithPeople(init, database, events, registry, book, hooks)
  return {
    views,
    registry,
    book,
    duties,
    gossip,
    introductions,
    sync,
    discovery,
    voice,
    presence,
    profiles,
    pages,
    conversations,
    line
  }
}

async function openLine(
  { clock, syncBudget: budget }: NodeInit,
  database: Database,
  told: Pick<ReplicaHooks, 'feed' | 'fault'>
): Promise<MeteredLine> {
  const fault = (error: unknown): void => told.fault(error)
  return await openMeteredLine({ database, clock, budget, feed: event => told.feed(event), fault })
}

function createBlobs(
  { suite, random, timers, transport, clock }: NodeInit,
  database: Database,
  { views, line }: Pick<NodeParts, 'views' | 'line'>,
  { fault }: Pick<ReplicaHooks, 'fault'>,
  shelfOf: BlobsInit['shelfOf']
): Blobs {
  return new Blobs({
    suite,
    random,
    timers,
    transport,
    database,
    now: () => clock.now(),
    line,
    isMember: (server, device) => views.get(server)?.standing(device) === 'member',
    shelfOf,
    fault: error => fault(error)
  })
}

function startSync(
  { suite, random, account, transport, clock, timers }: NodeInit,
  { views, line, registry, gossip }: Pick<NodeParts, 'views' | 'line' | 'registry' | 'gossip'>,
  fault: (error: unknown) => void
): SyncHost {
  const { device, signingKey: signer } = account.device
  return createSyncHost({
    machine: createSync({ suite, random, device, signer, budget: line.budget, views }),
    transport,
    clock,
    timers,
    self: device,
    port: server => registry.replicas.get(server),
    gossips: peer => gossip.neighbours(peer),
    spent: () => line.spent(),
    fault
  })
}

/** Ends what carries and holds the servers, in the order in which one needs the other. */
export async function closeParts({
  registry,
  duties,
  voice,
  presence,
  profiles,
  sync,
  conversations,
  line
}: NodeParts): Promise<void> {
  profiles.close()
  for (const replica of registry.replicas.values()) duties.forget(replica)
  await conversations.stop()
  await voice.close()
  await presence.close()
  await sync.close()
  await line.stop()
}

/** Conversations outside servers (DM): with people of the servers we are in, and those we talked with before. */
async function talkWithPeople(
  init: NodeInit,
  database: Database,
  events: EventLog,
  registry: ReplicaRegistry,
  book: AddressBook,
  hooks: ReplicaHooks
): Promise<LiveConversations> {
  const userIn = (replica: LiveReplica, device: DeviceId): UserId | undefined => {
    const authority = replica.state()
    const known = authority.device(device)
    return known?.on === true && authority.member(known.user)?.status === 'in' ? known.user : undefined
  }
  return await openConversations({
    node: init,
    account: init.account,
    database,
    events,
    transport: init.transport,
    timers: init.timers,
    isMember: user => joined(registry).some(each => each.state().member(user)?.status === 'in'),
    memberOf: device => {
      for (const replica of joined(registry)) {
        const user = userIn(replica, device)
        if (user !== undefined) return user
      }
      return undefined
    },
    placesOf: user => {
      const entries = joined(registry).flatMap(replica =>
        book.of(replica.server).filter(({ device }) => userIn(replica, device) === user)
      )
      return new Map(entries.map(({ device, addresses }) => [device, addresses]))
    },
    fault: error => hooks.fault(error)
  })
}

function createVoice(
  init: NodeInit,
  registry: ReplicaRegistry,
  {
    book,
    gossip,
    introductions
  }: {
    readonly book: AddressBook
    readonly gossip: GossipHost
    readonly introductions: Introductions
  },
  hooks: ReplicaHooks
): VoiceHost {
  const { suite, random, timers, clock, transport, account, media, iceServers = [] } = init
  return new VoiceHost({
    suite,
    random,
    timers,
    clock,
    transport,
    account,
    media,
    iceServers,
    book,
    replica: server => {
      const found = registry.replicas.get(server)
      return found?.current.isMember() === true ? found : undefined
    },
    seek: server => introductions.seek(server),
    publish: (replica, envelopes) => gossip.publish(replica, envelopes),
    emit: event => hooks.live(event),
    fault: error => hooks.fault(error)
  })
}

function findPeers(
  { suite, transport, clock, timers, bootstrap }: NodeInit,
  registry: ReplicaRegistry,
  book: AddressBook,
  fault: (error: unknown) => void
): Discovery {
  return createDiscovery({
    suite,
    transport,
    clock,
    timers,
    book,
    bootstrap,
    replicas: () => [...registry.replicas.values()].filter(each => each.current.status !== 'imported'),
    fault
  })
}

async function tellPresence(
  { timers, clock, random, transport, account, presence = false }: NodeInit,
  database: Database,
  registry: ReplicaRegistry,
  gossip: GossipHost,
  hooks: ReplicaHooks
): Promise<PresenceHost> {
  return await openPresence({
    timers,
    clock,
    random,
    transport,
    account,
    on: presence,
    database,
    joined: () => joined(registry),
    publish: async (replica, ...said) => {
      const envelope = await sealPresence(replica, ...said)
      if (envelope !== undefined) gossip.publish(replica, [envelope])
      return envelope !== undefined
    },
    emit: event => hooks.live(event),
    fault: error => hooks.fault(error)
  })
}

async function loadServers(
  { suite, clock, random, timers, account, snapshots }: NodeInit,
  database: Database,
  events: EventLog,
  hooks: ReplicaHooks
): Promise<ReplicaRegistry> {
  const timeline = await createTimelineStore({
    database,
    self: account.user,
    isMentioned: message => mentionsUs(registry.replicas.values(), account.user, message)
  })
  const registry = new ReplicaRegistry(
    { suite, clock, random, database, events, timeline, account, snapshots },
    timers,
    hooks
  )
  await hooks.blobs.tidy(async message => {
    const channel = await timeline.locate(message)
    return channel !== undefined && (await timeline.message(channel, message))?.status === 'deleted'
  })
  await registry.loadAll()
  return registry
}

/** What members and those who hold an invite ask us beside sync and gossip (ND7, ND8, ND26). */
function meetMembers(
  { suite, clock, random, transport }: NodeInit,
  registry: ReplicaRegistry,
  views: ReadonlyMap<ServerId, ServerView>,
  book: AddressBook,
  hooks: ReplicaHooks
): Introductions {
  serveInvites({
    suite,
    random,
    transport,
    now: () => clock.now(),
    find: key => findInvite(joined(registry), key),
    addresses: state => hooks.linkAddresses(state.server),
    applicant: async (key, frame, asking) =>
      await answerApplicant(
        { suite, now: () => clock.now(), replica: server => registry.replicas.get(server) },
        findInvite(joined(registry), key),
        frame,
        asking
      )
  })
  const entered: SnapshotServiceInit = { suite, transport, replica: server => registry.replicas.get(server) }
  serveSnapshots(entered)
  servePages(entered)
  const exchange = createExchange({
    transport,
    isMember: (server, device) => views.get(server)?.standing(device) === 'member',
    learnt: (server, record) => introductions.note(server, record.device, record.addresses)
  })
  const introductions = createIntroductions({
    transport,
    clock,
    exchange,
    book,
    fault: error => hooks.fault(error)
  })
  return introductions
}
