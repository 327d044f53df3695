/** What a node is made of: its replicas, and what carries them over the network, built in order and joined up. */
import type { ServerId } from '../base/index.ts'
import type { Database } from '../store/index.ts'
import { createSync, type ServerView } from '../sync/index.ts'
import { type AddressBook, openAddressBook } from './address-book.ts'
import type { NodeInit } from './contract.ts'
import { answerApplicant } from './ask-service.ts'
import { createDiscovery, type Discovery } from './discovery.ts'
import { createDuties, type Duties } from './duties.ts'
import type { EventLog } from './event-log.ts'
import { createExchange } from './exchange.ts'
import { createGossipHost, type GossipHost } from './gossip-host.ts'
import { createIntroductions, type Introductions } from './introductions.ts'
import { serveInvites } from './invite-service.ts'
import { findInvite } from './link-addresses.ts'
import { mentionsUs } from './peers.ts'
import { ReplicaRegistry } from './registry.ts'
import type { LiveReplica, ReplicaHooks } from './replica.ts'
import { createSyncHost, type SyncHost } from './sync-host.ts'
import { createTimelineStore } from './timeline-store.ts'
import { VoiceHost } from './voice-host.ts'

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
}

/** Servers that people see: those we are a member of, and those read from a file (SX11). */
export function shown(registry: ReplicaRegistry): readonly LiveReplica[] {
  return [...registry.replicas.values()].filter(each => isShown(each))
}

export function isShown(replica: LiveReplica): boolean {
  return replica.current.status === 'member' || replica.current.status === 'imported'
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
  hooks: ReplicaHooks
): Promise<NodeParts> {
  const { suite, clock, random, timers, transport, account, bootstrap } = init
  const fault = (error: unknown): void => hooks.fault(error)
  const views = new Map<ServerId, ServerView>()
  const registry = await loadServers(init, database, events, hooks)
  const book = await openAddressBook(database, [...registry.replicas.keys()])
  const gossip = createGossipHost({
    suite,
    transport,
    now: () => clock.now(),
    ephemeral: (replica, bundle) => voice.judge(replica, bundle),
    fault
  })
  const voice = createVoice(init, registry, book, gossip, hooks)
  const introductions = meetMembers(init, registry, views, book, hooks)
  const sync = createSyncHost({
    machine: createSync({
      suite,
      random,
      device: account.device.device,
      signer: account.device.signingKey,
      views
    }),
    transport,
    clock,
    timers,
    self: account.device.device,
    port: server => registry.replicas.get(server),
    gossips: device => gossip.neighbours(device),
    fault
  })
  const discovery = createDiscovery({
    suite,
    transport,
    clock,
    timers,
    book,
    bootstrap,
    replicas: () => [...registry.replicas.values()].filter(each => each.current.status !== 'imported'),
    fault
  })
  const duties = createDuties(random, () => clock.now())
  return { views, registry, book, duties, gossip, introductions, sync, discovery, voice }
}

function createVoice(
  init: NodeInit,
  registry: ReplicaRegistry,
  book: AddressBook,
  gossip: GossipHost,
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
    publish: (replica, envelopes) => gossip.publish(replica, envelopes),
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
  await registry.loadAll()
  return registry
}

/** What members and those who hold an invite ask us beside sync and gossip (ND7, ND8). */
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
