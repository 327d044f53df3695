/** The client: a profile's peer as live objects. */
import { type ChannelId, type ServerId, XcordError } from '@xcord/core'
import type { LiveEvent, LoggedEvent, Node } from '@xcord/core/node'
import { conversationCollection, safetyCollection } from './live/conversations.ts'
import { deviceCollection } from './live/devices.ts'
import { describeIdentity, describePeer, describePeers, runDoctor } from './live/describe.ts'
import type { ClientContext } from './live/context.ts'
import { cursorText, hydrate, type LiveEventData } from './live/hydrate.ts'
import { streamEvents } from './live/event-stream.ts'
import { findNamed } from './live/find.ts'
import { toCopied, toImported } from './live/import.ts'
import { LiveServer } from './live/server.ts'
import { presenceControl } from './live/presence.ts'
import { profileControl } from './live/profile.ts'
import { progressJson, syncControl } from './live/sync.ts'
import { createView } from './live/view.ts'
import type { KeychainControl } from './keychain-types.ts'
import type { EventJson } from './shapes.ts'
import type { Client, ClientEventName, ClientEvents, Server } from './types.ts'

type Listener = (data: never) => void | Promise<void>

const JOIN_MS = 30_000

/** Wraps a running node. The platform's `createClient` opens the profile first. */
export function createClientOver(node: Node, place: ClientPlace): Client {
  return new LiveClient(node, place)
}

/** The profile under a client. */
export interface ClientPlace {
  readonly keychain?: KeychainControl | undefined
  changePassword(old: string | undefined, next: string): Promise<void>
  close(): Promise<void>
}

class LiveClient implements Client, ClientContext {
  readonly node: Node
  readonly #place: ClientPlace
  readonly #servers = new Map<ServerId, LiveServer>()
  readonly #listeners = new Map<ClientEventName, Set<Listener>>()
  readonly #delivery = new Map<string, Set<() => void>>()
  readonly #view = createView<readonly Server[]>([])
  readonly #offs: (() => void)[] = []
  #waiting: LoggedEvent[] = []
  /** Events are handed out one after the other, in order, each after its look-up. */
  #turn: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  readonly keychain: Client['keychain']
  readonly devices: Client['devices']
  readonly conversations: Client['conversations']
  readonly safety: Client['safety']
  readonly sync: Client['sync']
  readonly presence: Client['presence']
  readonly profile: Client['profile']
  readonly servers: Client['servers']
  readonly view: Client['view']

  constructor(node: Node, place: ClientPlace) {
    this.node = node
    this.#place = place
    this.keychain = place.keychain
    this.devices = deviceCollection(node)
    this.conversations = conversationCollection(node)
    this.safety = safetyCollection(node)
    this.sync = syncControl(node)
    this.presence = presenceControl(node)
    this.profile = profileControl(node)
    this.servers = this.#serverCollection()
    this.view = { subscribe: this.#view.subscribe, getSnapshot: this.#view.getSnapshot }
    this.#view.set(this.#all())
    this.#offs.push(
      node.onEvent(event => this.#receive(event)),
      node.onLive(event => this.#receiveLive(event))
    )
  }

  get identity(): Client['identity'] {
    return { id: this.node.user, device: this.node.device, name: this.node.name }
  }

  get cursor(): string {
    return cursorText(this.node.cursor)
  }

  server(id: ServerId): LiveServer | undefined {
    const replica = this.node.replica(id)
    if (replica === undefined) return undefined
    let live = this.#servers.get(id)
    if (live?.replica !== replica) {
      live = new LiveServer(this, replica)
      this.#servers.set(id, live)
    }
    return live
  }

  on<E extends ClientEventName>(
    event: E,
    listener: (data: ClientEvents[E] & { readonly cursor: string }) => void | Promise<void>
  ): () => void {
    let set = this.#listeners.get(event)
    if (set === undefined) {
      set = new Set()
      this.#listeners.set(event, set)
    }
    const added = listener as Listener
    set.add(added)
    return () => {
      set.delete(added)
    }
  }

  onDelivery(message: string, listener: () => void): () => void {
    let set = this.#delivery.get(message)
    if (set === undefined) {
      set = new Set()
      this.#delivery.set(message, set)
    }
    set.add(listener)
    return () => {
      set.delete(listener)
      if (set.size === 0) this.#delivery.delete(message)
    }
  }

  events(options: Parameters<Client['events']>[0] = {}): AsyncIterable<EventJson> {
    return streamEvents(this, options)
  }

  describe(): ReturnType<Client['describe']> {
    return describeIdentity(this.node)
  }

  peers(): ReturnType<Client['peers']> {
    return describePeers(this.node)
  }

  async doctor(): ReturnType<Client['doctor']> {
    return await runDoctor(
      this.node,
      this.keychain?.enabled === true ? await this.keychain.status() : undefined
    )
  }

  async connect(address: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.node.connect(address, options.signal)
  }

  addresses(): readonly string[] {
    return this.node.addresses()
  }

  backup(): AsyncIterable<Uint8Array> {
    return this.node.backup()
  }

  async changePassword(old: string | undefined, next: string): Promise<void> {
    await this.#place.changePassword(old, next)
  }

  async close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    await this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #shutDown(): Promise<void> {
    for (const off of this.#offs) off()
    await this.#turn
    await this.#place.close()
  }

  #all(): readonly LiveServer[] {
    return this.node.replicas().flatMap(replica => this.server(replica.server) ?? [])
  }

  #serverCollection(): Client['servers'] {
    const all = (): readonly LiveServer[] => this.#all()
    return {
      get all() {
        return all()
      },
      get: idOrName => findNamed<Server>(all(), idOrName, ''),
      create: async init =>
        this.#require(
          await this.node.createServer({ name: init.name, channels: init.channels ?? ['general'] })
        ),
      join: async (link, options = {}) =>
        this.#require(
          await this.node.join(link, {
            timeoutMs: options.timeoutMs ?? JOIN_MS,
            signal: options.signal,
            ...(options.message === undefined ? {} : { words: options.message })
          })
        ),
      import: async (source, options = {}) => {
        const report = await this.node.importServer(source, { enrol: options.enrol ?? false })
        return toImported(this.#require(report.server), report)
      },
      copy: async (source, options = {}) => {
        const report = await this.node.foundCopy(source, options)
        return toCopied(this.#require(report.server), report)
      }
    }
  }

  #require(id: ServerId): LiveServer {
    const server = this.server(id)
    if (server === undefined)
      throw new XcordError('XCORD_SERVER_NOT_FOUND', 'The server is no longer held here.', { server: id })
    return server
  }

  #receive(event: LoggedEvent): void {
    if (event.type === 'delivery:update')
      for (const wake of [...(this.#delivery.get(event.refs[1] ?? '') ?? [])]) wake()
    if (event.type.startsWith('server:')) this.#view.set([...this.#all()])
    if (!this.#wanted(event)) return
    this.#waiting.push(event)
    if (this.#waiting.length === 1) this.#turn = this.#turn.then(async () => await this.#handOut())
  }

  /** What came meanwhile is handed out in the same go. */
  async #handOut(): Promise<void> {
    for (let events = this.#waiting; events.length > 0; events = this.#waiting) {
      this.#waiting = []
      for (const event of events) {
        try {
          const found = hydrate(this, event)
          const live = found instanceof Promise ? await found : found
          if (live !== undefined) this.#deliver(event.cursor, live)
        } catch (error) {
          this.fault(error)
        }
      }
    }
  }

  /** Nobody listens and no view shows the channel: no look-up. */
  #wanted(event: LoggedEvent): boolean {
    if ((this.#listeners.get(event.type as ClientEventName)?.size ?? 0) > 0) return true
    const touches =
      event.type.startsWith('message:') ||
      event.type.startsWith('reaction:') ||
      event.type === 'delivery:update'
    return touches && (this.server(event.server as ServerId)?.watches(event.refs[0] ?? '') ?? false)
  }

  #deliver(cursor: number, event: LiveEventData): void {
    if ('message' in event.data && typeof event.data.message === 'object' && 'server' in event.data.message) {
      const { message } = event.data
      this.server(message.server.id)?.liveChannel(message.channel.id).absorb(message)
    }
    this.#call(event.type, { ...event.data, cursor: cursorText(cursor) })
  }

  #receiveLive(event: LiveEvent): void {
    if (event.type === 'sync:progress') {
      if (event.channel !== undefined) this.#reread(event.server, event.channel)
      this.#call('sync:progress', { ...progressJson(event), cursor: this.cursor })
    } else if (event.type === 'message:withdraw') {
      const { type, ...data } = event
      this.#reread(event.server, event.channel)
      this.#call(type, { ...data, cursor: this.cursor })
    } else if (event.type === 'connection:update') {
      const peer = describePeer(this.node, event.peer)
      this.#call('connection:update', { peer, connected: event.connected, cursor: this.cursor })
    } else if (event.type === 'presence:update') {
      const member = this.server(event.server)?.liveMember(event.user)
      if (member !== undefined)
        this.#call('presence:update', { member, presence: member.presence, cursor: this.cursor })
    } else if (event.type === 'voice:update') {
      const channel = this.server(event.server)?.liveChannel(event.channel)
      if (channel !== undefined && (this.#listeners.get('voice:update')?.size ?? 0) > 0)
        this.#call('voice:update', { channel, occupants: channel.voice.occupants, cursor: this.cursor })
    } else {
      this.#view.set([...this.#all()])
    }
  }

  /** A view of this channel shows what there is now. */
  #reread(server: ServerId, channel: ChannelId): void {
    this.server(server)
      ?.liveChannel(channel)
      .refresh()
      .catch((error: unknown) => this.fault(error))
  }

  #call(event: ClientEventName, data: unknown): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        const result = listener(data as never)
        if (result instanceof Promise) result.catch((error: unknown) => this.fault(error))
      } catch (error) {
        this.fault(error)
      }
    }
  }

  /** Rejections of listeners and faults in the background reach `error`, never the floor. */
  fault(error: unknown): void {
    const listeners = this.#listeners.get('error')
    if (listeners === undefined || listeners.size === 0) {
      console.error('xcord:', error)
      return
    }
    for (const listener of [...listeners])
      void (listener as (data: { error: unknown; cursor: string }) => void)({ error, cursor: this.cursor })
  }
}
