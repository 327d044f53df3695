/**
 * A client without network, disk or cryptography, for tests of the command line only. It keeps the SDK's
 * interfaces: ids of the right form, durable cursors, views with stable snapshots, the SDK's errors.
 */
import { createHash } from 'node:crypto'
import { idFromBytes, type IdLetter, type MessageId, type UserId, XcordError } from '@xcord/core'
import type {
  Channel,
  ChannelJson,
  Client,
  Delivery,
  DeliveryState,
  DeviceJson,
  EventJson,
  EventName,
  EventShapes,
  Invite,
  InviteJson,
  Member,
  MemberJson,
  Message,
  MessageJson,
  Occupant,
  OccupantJson,
  PeerJson,
  PresenceJson,
  Role,
  RoleJson,
  Server,
  ServerJson,
  SyncBudget,
  Written
} from '@xcord/sdk'

const LEVELS: readonly DeliveryState[] = ['local', 'sent', 'stored', 'delivered', 'seen']
const MESSAGE_BYTES = 8_000

export interface FakeInit {
  readonly name?: string
  readonly now?: () => number
  /** Events kept; older cursors give a gap. */
  readonly retention?: number
}

const NOTHING = { all: [], get: () => undefined }

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
interface FakeChannel {
  json: Mutable<ChannelJson>
  messages: Mutable<MessageJson>[]
  readTo: number
}
interface FakeServer {
  json: Mutable<ServerJson>
  channels: FakeChannel[]
  roles: Mutable<RoleJson>[]
  members: Mutable<MemberJson>[]
  invites: Mutable<InviteJson>[]
  denied: Set<string>
}

let serial = 0
export function fakeId<L extends IdLetter>(letter: L, seed: string = `n${(serial += 1)}`) {
  const bytes = createHash('sha256')
    .update(letter + seed)
    .digest()
  return idFromBytes(letter, letter === 'e' ? bytes.subarray(0, 16) : new Uint8Array(bytes))
}

/** The fake, and what only a test may do with it. */
const SIGNS = ['Dog', 'Cat', 'Lion', 'Horse', 'Pig', 'Key'].map(each => ({ sign: '*', name: each }))

export interface FakeClient extends Client {
  readonly fake: {
    /** A message of somebody else arrives. */
    receive(channel: string, author: string, content: string): MessageJson
    join(server: string, name: string): MemberJson
    deliver(message: string, state: DeliveryState, holders: number): void
    setOnline(name: string, online: boolean): void
    /** A member looks different; null: offline. */
    setPresence(name: string, presence: PresenceJson | null): void
    /** Shows somebody in a voice channel. */
    talks(name: string, channel: string, change?: Partial<OccupantJson>): void
    /** Refuses this action from now on, as a missing permission. */
    deny(action: string): void
    emit<E extends EventName>(type: E, data: EventShapes[E]): string
    readonly events: readonly EventJson[]
    /** Link that `servers.join` accepts. */
    readonly link: string
    closed: boolean
  }
}

export function createFakeClient(init: FakeInit = {}): FakeClient {
  const now = init.now ?? (() => Date.UTC(2026, 10, 23, 10, 0, 0) + serial * 1000)
  const name = init.name ?? 'Ada'
  const me = fakeId('u', name)
  const thisDevice: DeviceJson = {
    device: fakeId('d', name),
    name: 'this machine',
    addedAt: '2026-11-23T10:00:00.000Z',
    manage: true,
    active: true,
    current: true
  }
  let phone: DeviceJson = {
    ...thisDevice,
    device: fakeId('d', 'phone'),
    name: 'phone',
    addedAt: null,
    current: false
  }
  const servers: FakeServer[] = []
  const present: Occupant[] = []
  const log: EventJson[] = []
  const waiters = new Set<() => void>()
  const listeners = new Map<string, Set<(data: never) => unknown>>()
  const viewers = new Set<() => void>()
  const denied = new Set<string>()
  const online = new Set<string>([name])
  const link = 'xcord://join/FAKE#SECRETSECRET'
  let closed = false
  let serverSnapshot: readonly Server[] = []
  let next = 0
  const iso = () => new Date(now()).toISOString()
  const retention = init.retention ?? 100_000

  function emit<E extends EventName>(type: E, data: EventShapes[E]): string {
    next += 1
    const cursor = String(next).padStart(12, '0')
    log.push({ cursor, type, data: structuredClone(data) } as EventJson)
    if (log.length > retention) log.splice(0, log.length - retention)
    serverSnapshot = servers.map(liveServer)
    for (const wake of waiters) wake()
    for (const wake of viewers) wake()
    for (const listener of listeners.get(type) ?? []) listener({ ...data, cursor } as never)
    return cursor
  }

  const permit = (action: string) => {
    if (denied.has(action)) {
      throw new XcordError('XCORD_PERMISSION_DENIED', `your roles here do not permit to ${action}`, {
        permission: action,
        rule: 'AU29',
        action
      })
    }
  }
  const written = (): Written => {
    const json = {
      operation: fakeId('o'),
      standing: 'effective' as const,
      delivery: { state: 'local' as const, holders: 0 }
    }
    return { ...json, toJSON: () => json }
  }
  const by = (all: readonly { json?: unknown; id?: string; name?: string }[], text: string) =>
    all.find(each => each.id === text || each.name === text)

  function liveMessage(server: FakeServer, channel: FakeChannel, stored: Mutable<MessageJson>): Message {
    const json = structuredClone(stored)
    const current = () => channel.messages.find(each => each.id === stored.id) ?? stored
    const change = (type: 'message:update' | 'message:delete') => emit(type, { message: current() })
    return {
      id: json.id as MessageId,
      server: liveServer(server),
      channel: liveChannel(server, channel),
      author: { id: json.author as UserId, name: json.authorName },
      content: json.content,
      at: new Date(json.at),
      editedAt: json.editedAt === undefined ? null : new Date(json.editedAt),
      deleted: json.deleted === true,
      replyTo: (json.replyTo ?? null) as MessageId | null,
      mentions: json.mentions,
      attachments: [],
      reactions: json.reactions.map(each => ({ emoji: each.emoji, users: each.users as UserId[] })),
      standing: json.standing,
      unverified: json.unverified === true,
      delivery: json.delivery,
      reply: content => liveChannel(server, channel).send({ content, replyTo: json.id as MessageId }),
      edit: async content => {
        permit('edit')
        if (json.author !== me)
          throw new XcordError('XCORD_PERMISSION_DENIED', 'only its author may edit a message', {
            rule: 'TL1',
            action: 'edit'
          })
        Object.assign(current(), { content, editedAt: iso() })
        change('message:update')
        return liveMessage(server, channel, current())
      },
      delete: async () => {
        permit('delete')
        Object.assign(current(), { content: '', deleted: true })
        change('message:delete')
      },
      react: async emoji => {
        permit('react')
        const kept = current()
        const rest = kept.reactions.filter(each => each.emoji !== emoji)
        const users = new Set(kept.reactions.find(each => each.emoji === emoji)?.users ?? []).add(me)
        kept.reactions = [...rest, { emoji, users: [...users] }]
        emit('reaction:add', { message: kept, emoji, user: me })
      },
      unreact: async emoji => {
        const kept = current()
        kept.reactions = kept.reactions.filter(each => each.emoji !== emoji)
        emit('reaction:remove', { message: kept, emoji, user: me })
      },
      readmit: async () => {
        permit('readmit')
        return written()
      },
      startThread: (options, rest) => liveChannel(server, channel).threads.create(options, rest),
      reached: (state, options) =>
        new Promise<Delivery>((resolve, reject) => {
          const finish = (run: () => void) => {
            waiters.delete(look)
            options?.signal?.removeEventListener('abort', abort)
            run()
          }
          const look = () => {
            const delivery = current().delivery
            if (LEVELS.indexOf(delivery.state) >= LEVELS.indexOf(state))
              finish(() => resolve(structuredClone(delivery)))
          }
          const abort = () => finish(() => reject(new XcordError('XCORD_ABORTED', 'the wait was ended', {})))
          if (options?.signal?.aborted === true) return abort()
          options?.signal?.addEventListener('abort', abort)
          waiters.add(look)
          look()
        }),
      toJSON: () => structuredClone(json)
    }
  }

  function push(
    server: FakeServer,
    channel: FakeChannel,
    author: string,
    authorName: string,
    content: string,
    replyTo?: string
  ): Mutable<MessageJson> {
    const json: Mutable<MessageJson> = {
      id: fakeId('m'),
      server: server.json.id,
      channel: channel.json.id,
      author,
      authorName,
      content,
      at: iso(),
      mentions: [],
      attachments: [],
      reactions: [],
      standing: 'effective',
      delivery: { state: 'local', holders: 0 },
      ...(replyTo === undefined ? {} : { replyTo })
    }
    channel.messages.push(json)
    if (author === me) channel.readTo = channel.messages.length
    channel.json.unread = channel.messages.length - channel.readTo
    server.json.unread = server.channels.reduce((sum, each) => sum + each.json.unread, 0)
    emit('message:create', { message: json })
    return json
  }

  function liveChannel(server: FakeServer, channel: FakeChannel): Channel {
    const json = channel.json
    const live = (stored: Mutable<MessageJson>) => liveMessage(server, channel, stored)
    const index = (id: string) => {
      const at = channel.messages.findIndex(each => each.id === id)
      if (at < 0)
        throw new XcordError('XCORD_MESSAGE_NOT_FOUND', `no message has the id "${id}"`, { message: id })
      return at
    }
    return {
      id: json.id as Channel['id'],
      get server() {
        return liveServer(server)
      },
      name: json.name,
      kind: json.kind,
      topic: json.topic,
      parent: json.parent as Channel['parent'],
      position: json.position,
      slowmodeSeconds: json.slowmodeSeconds,
      nsfw: json.nsfw,
      userLimit: json.userLimit ?? null,
      bitrateKbps: json.bitrateKbps ?? null,
      synced: json.synced,
      overwrites: json.overwrites,
      unread: json.unread,
      // What threads show is tested against the real thing, in thread-commands.test.ts.
      threads: { ...NOTHING, create: async () => Promise.reject(new Error('the fake has no threads')) },
      messages: {
        subscribe: listener => {
          viewers.add(listener)
          return () => viewers.delete(listener)
        },
        getSnapshot: () => channel.messages.map(live)
      },
      send: async message => {
        permit('send')
        const draft = typeof message === 'string' ? { content: message } : message
        const bytes = Buffer.byteLength(draft.content)
        if (bytes > MESSAGE_BYTES)
          throw new XcordError(
            'XCORD_MESSAGE_TOO_LONG',
            `the message has ${bytes} bytes; at most ${MESSAGE_BYTES}`,
            { bytes, limit: MESSAGE_BYTES }
          )
        const replyTo =
          draft.replyTo === undefined
            ? undefined
            : typeof draft.replyTo === 'string'
              ? draft.replyTo
              : draft.replyTo.id
        return live(push(server, channel, me, name, draft.content, replyTo))
      },
      async *history(options) {
        const end = options?.before === undefined ? channel.messages.length : index(options.before)
        for (const stored of channel.messages.slice(0, end).reverse()) yield live(stored)
      },
      page: async options => {
        const limit = options?.limit ?? 50
        if (!(limit >= 1 && limit <= 100)) throw new RangeError(`a page has 1 to 100 messages, not ${limit}`)
        const all = channel.messages
        if (options?.after !== undefined) {
          const from = index(options.after) + 1
          return all.slice(from, from + limit).map(live)
        }
        if (options?.around !== undefined) {
          const from = Math.max(0, index(options.around) - Math.floor(limit / 2))
          return all.slice(from, from + limit).map(live)
        }
        const end = options?.before === undefined ? all.length : index(options.before)
        return all.slice(Math.max(0, end - limit), end).map(live)
      },
      message: async id => live(channel.messages[index(id)] as Mutable<MessageJson>),
      markRead: async message => {
        channel.readTo = message === undefined ? channel.messages.length : index(message) + 1
        json.unread = channel.messages.length - channel.readTo
        server.json.unread = server.channels.reduce((sum, each) => sum + each.json.unread, 0)
        emit('channel:update', { channel: json })
      },
      edit: async changes => {
        permit('edit channel')
        Object.assign(json, changes)
        emit('channel:update', { channel: json })
        return written()
      },
      move: async place => {
        permit('move channel')
        Object.assign(json, { position: place.position ?? json.position })
        emit('channel:update', { channel: json })
        return written()
      },
      permit: async () => {
        permit('manage roles')
        return written()
      },
      sync: async on => {
        permit('manage roles')
        json.synced = on
        return written()
      },
      delete: async () => {
        permit('delete channel')
        server.channels = server.channels.filter(each => each !== channel)
        server.json.channels = server.channels.length
        emit('channel:delete', { channel: { id: json.id, server: json.server } })
        return written()
      },
      permits: permission => !denied.has(permission),
      voice: {
        occupants: present.filter(each => each.toJSON().channel === json.id),
        join: async () => {
          throw new XcordError('XCORD_VOICE_UNAVAILABLE', 'The fake has no audio.', { reason: 'a fake' })
        }
      },
      toJSON: () => structuredClone(json)
    }
  }

  function liveRole(server: FakeServer, json: Mutable<RoleJson>): Role {
    const assign = (id: string, on: boolean) => {
      permit('manage roles')
      const member = server.members.find(each => each.id === id) as Mutable<MemberJson>
      member.roles = on
        ? [...new Set([...member.roles, json.id])]
        : member.roles.filter(each => each !== json.id)
      emit('member:update', { member })
      return written()
    }
    return {
      ...(structuredClone(json) as object as Pick<
        Role,
        'id' | 'name' | 'color' | 'position' | 'permissions' | 'hoist' | 'mentionable'
      >),
      get members() {
        return server.members
          .filter(each => each.roles.includes(json.id))
          .map(each => liveMember(server, each))
      },
      edit: async ({ allow: _allow, deny: _deny, ...changes }) => {
        permit('manage roles')
        Object.assign(json, changes)
        return written()
      },
      move: async position => {
        permit('manage roles')
        json.position = position
        return written()
      },
      delete: async () => {
        permit('manage roles')
        server.roles = server.roles.filter(each => each !== json)
        return written()
      },
      server: liveServer(server),
      grant: async member => assign(typeof member === 'string' ? member : member.id, true),
      revoke: async member => assign(typeof member === 'string' ? member : member.id, false),
      toJSON: () => structuredClone(json)
    }
  }

  function liveMember(server: FakeServer, json: Mutable<MemberJson>): Member {
    const remove = (type: 'member:kick' | 'member:ban', reason: string | undefined) => {
      permit(type === 'member:kick' ? 'kick' : 'ban')
      server.members = server.members.filter(each => each !== json)
      server.json.members = server.members.length
      emit(type, { member: json, by: me, reason: reason ?? null })
      return written()
    }
    return {
      id: json.id as Member['id'],
      server: liveServer(server),
      name: json.nick ?? json.name,
      nick: json.nick,
      get roles() {
        return server.roles.filter(each => json.roles.includes(each.id)).map(each => liveRole(server, each))
      },
      joinedAt: new Date(json.joinedAt),
      owner: json.owner,
      online: online.has(json.name),
      presence: json.presence ?? { status: online.has(json.name) ? 'online' : 'offline', text: null },
      avatar: () => Promise.resolve(undefined),
      timeoutUntil: json.timeoutUntil === undefined ? null : new Date(json.timeoutUntil),
      muted: json.muted === true,
      deafened: json.deafened === true,
      moveTo: () => permit('move'),
      setVoice: async () => {
        permit('mute')
        return written()
      },
      timeout: async () => {
        permit('timeout')
        return written()
      },
      setNick: async nick => {
        permit('nick')
        json.nick = nick
        return written()
      },
      kick: async options => remove('member:kick', options?.reason),
      ban: async options => remove('member:ban', options?.reason),
      toJSON: () => ({
        ...structuredClone(json),
        online: online.has(json.name),
        ...(online.has(json.name) ? { presence: json.presence ?? { status: 'online', text: null } } : {})
      })
    }
  }

  function liveInvite(server: FakeServer, json: Mutable<InviteJson>): Invite {
    return {
      id: json.id as Invite['id'],
      server: liveServer(server),
      link: json.link,
      mode: json.mode,
      expiresAt: json.expiresAt === null ? null : new Date(json.expiresAt),
      uses: json.uses,
      maxUses: json.maxUses,
      open: json.open,
      revoke: async () => {
        permit('revoke invite')
        json.open = false
        emit('invite:revoke', { invite: json })
        return written()
      },
      toJSON: () => structuredClone(json)
    }
  }

  function liveServer(server: FakeServer): Server {
    const { json } = server
    return {
      id: json.id as Server['id'],
      name: json.name,
      description: json.description,
      owner: json.owner as UserId,
      stateHash: json.stateHash,
      imported: false,
      requests: { all: [], get: () => undefined },
      verification: null,
      falseSnapshots: [],
      unopened: () => [],
      async *export() {
        yield Buffer.from(`export of ${json.id}`)
      },
      get me() {
        return liveMember(server, server.members.find(each => each.id === me) as Mutable<MemberJson>)
      },
      channels: {
        get all() {
          return server.channels.map(each => liveChannel(server, each))
        },
        get: text => {
          const found = by(
            server.channels.map(each => each.json),
            text.replace(/^#/, '')
          )
          const at = server.channels.find(each => each.json === found)
          return at === undefined ? undefined : liveChannel(server, at)
        },
        create: async options => {
          permit('create channel')
          const channel = addChannel(server, options.name, options.kind ?? 'text', options.topic ?? null)
          emit('channel:create', { channel: channel.json })
          return liveChannel(server, channel)
        }
      },
      threads: NOTHING,
      roles: {
        get all() {
          return server.roles.map(each => liveRole(server, each))
        },
        get: text => {
          const found = server.roles.find(each => each.id === text || each.name === text)
          return found === undefined ? undefined : liveRole(server, found)
        },
        create: async options => {
          permit('manage roles')
          const role: Mutable<RoleJson> = {
            id: fakeId('r'),
            server: json.id,
            name: options.name,
            color: options.color ?? null,
            position: server.roles.length,
            permissions: [...(options.permissions ?? [])],
            hoist: false,
            mentionable: false,
            members: 0
          }
          server.roles.push(role)
          emit('role:create', { role })
          return liveRole(server, role)
        }
      },
      members: {
        get all() {
          return server.members.map(each => liveMember(server, each))
        },
        get: text => {
          const found = server.members.find(each => each.id === text || each.name === text.replace(/^@/, ''))
          return found === undefined ? undefined : liveMember(server, found)
        }
      },
      invites: {
        get all() {
          return server.invites.map(each => liveInvite(server, each))
        },
        get: text => {
          const found = server.invites.find(each => each.id === text || each.link === text)
          return found === undefined ? undefined : liveInvite(server, found)
        },
        create: async options => {
          permit('create invite')
          const id = fakeId('i')
          const invite: Mutable<InviteJson> = {
            id,
            server: json.id,
            link: `xcord://join/${id}#SECRET`,
            mode: 'open',
            author: me,
            uses: 0,
            maxUses: options?.maxUses ?? null,
            open: true,
            expiresAt:
              options?.expiresInMs === null
                ? null
                : new Date(now() + (options?.expiresInMs ?? 604_800_000)).toISOString()
          }
          server.invites.push(invite)
          emit('invite:create', { invite })
          return liveInvite(server, invite)
        }
      },
      // What moderation shows is tested against the real thing, in moderation-commands.test.ts.
      bans: { list: async () => [], create: async () => written(), remove: async () => written() },
      automod: {
        all: [],
        get: () => undefined,
        create: async () => {
          throw new Error('the fake has no automod')
        }
      },
      expressions: { ...NOTHING, create: async () => Promise.reject(new Error('the fake has no emojis')) },
      schedule: { ...NOTHING, create: async () => Promise.reject(new Error('the fake has no events')) },
      voice: null,
      nodes: [],
      afk: null,
      policy: { invites: 'open', transferNeedsPhrase: true },
      setPolicy: async () => {
        permit('policy')
        return written()
      },
      revokeDevice: async () => written(),
      audit: async () => ({ items: [], next: null }),
      explain: async () => Promise.reject(new Error('the fake explains nothing')),
      heads: () => ({
        server: json.id,
        heads: [],
        leaves: [],
        operations: 1,
        stateHash: json.stateHash,
        forks: []
      }),
      edit: async changes => {
        permit('edit server')
        Object.assign(json, changes)
        emit('server:update', { server: json })
        return written()
      },
      consent: () => 'xcord-consent-fake',
      transfer: async () => {
        permit('transfer')
        return written()
      },
      channel: text => {
        const found = server.channels.find(
          each => each.json.id === text || each.json.name === text.replace(/^#/, '')
        )
        if (found === undefined)
          throw new XcordError('XCORD_CHANNEL_NOT_FOUND', `no channel is called "${text}"`, { channel: text })
        return liveChannel(server, found)
      },
      leave: async () => {
        servers.splice(servers.indexOf(server), 1)
        emit('server:leave', { server: { id: json.id, name: json.name, cause: 'left' } })
        return written()
      },
      toJSON: () => structuredClone(json)
    }
  }

  function addChannel(
    server: FakeServer,
    channelName: string,
    kind: ChannelJson['kind'] = 'text',
    topic: string | null = null
  ): FakeChannel {
    const channel: FakeChannel = {
      json: {
        id: fakeId('c'),
        server: server.json.id,
        name: channelName,
        kind,
        parent: null,
        position: server.channels.length,
        topic,
        history: 'all',
        slowmodeSeconds: 0,
        nsfw: false,
        synced: false,
        overwrites: [],
        unread: 0
      },
      messages: [],
      readTo: 0
    }
    server.channels.push(channel)
    server.json.channels = server.channels.length
    return channel
  }

  function addMember(server: FakeServer, memberName: string, owner = false): Mutable<MemberJson> {
    const member: Mutable<MemberJson> = {
      id: fakeId('u', memberName),
      server: server.json.id,
      name: memberName,
      nick: null,
      roles: [],
      joinedAt: iso(),
      owner,
      online: online.has(memberName)
    }
    server.members.push(member)
    server.json.members = server.members.length
    return member
  }

  function addServer(serverName: string, ownerName: string, channelNames: readonly string[]): FakeServer {
    const id = fakeId('s')
    const server: FakeServer = {
      json: {
        id,
        name: serverName,
        description: null,
        owner: fakeId('u', ownerName),
        members: 0,
        channels: 0,
        stateHash: 'ab'.repeat(32),
        unread: 0
      },
      channels: [],
      roles: [],
      members: [],
      invites: [],
      denied: new Set()
    }
    server.roles.push({
      id: `r${id.slice(1)}`,
      server: id,
      name: '@everyone',
      color: null,
      position: 0,
      permissions: ['ViewChannel', 'SendMessages'],
      hoist: false,
      mentionable: false,
      members: 0
    })
    for (const each of channelNames) addChannel(server, each)
    addMember(server, ownerName, true)
    if (ownerName !== name) addMember(server, name)
    servers.push(server)
    return server
  }

  const channelOf = (text: string): [FakeServer, FakeChannel] => {
    for (const server of servers)
      for (const channel of server.channels)
        if (channel.json.id === text || channel.json.name === text) return [server, channel]
    throw new Error(`no channel ${text}`)
  }
  const peers = (): PeerJson[] =>
    [...online]
      .filter(each => each !== name)
      .map(each => ({
        peer: fakeId('d', each),
        name: each,
        kind: 'member',
        path: 'tcp',
        address: '/ip4/127.0.0.1/tcp/4001',
        rttMs: 1.5,
        servers: servers.map(server => server.json.id)
      }))

  function showPresence(memberName: string, presence: PresenceJson | null): void {
    if (presence === null) online.delete(memberName)
    else online.add(memberName)
    for (const server of servers)
      for (const member of server.members)
        if (member.name === memberName) {
          if (presence === null) delete member.presence
          else member.presence = presence
          const json = liveMember(server, member).toJSON()
          emit('presence:update', { member: json, presence: presence ?? { status: 'offline', text: null } })
        }
  }

  async function* events(
    options: { since?: string; types?: readonly EventName[]; signal?: AbortSignal } = {}
  ): AsyncGenerator<EventJson> {
    let since = options.since ?? log[log.length - 1]?.cursor ?? ''
    if (since !== '' && !/^\d{12}$/.test(since))
      throw new XcordError('XCORD_CURSOR_EXPIRED', 'that is no cursor of this profile', { cursor: since })
    const oldest = log[0]?.cursor
    if (oldest !== undefined && Number(since === '' ? 0 : since) < Number(oldest) - 1) {
      const to = String(Number(oldest) - 1).padStart(12, '0')
      yield { cursor: to, type: 'gap', data: { reason: 'older events are no longer kept', from: since, to } }
      since = to
    }
    for (;;) {
      if (options.signal?.aborted === true) return
      // Cursors count from one, and the log is a window of them.
      const first = Number(log[0]?.cursor ?? 1)
      const event = log[Number(since === '' ? 0 : since) + 1 - first]
      if (event !== undefined) {
        since = event.cursor
        if (options.types === undefined || options.types.includes(event.type)) yield structuredClone(event)
        continue
      }
      await new Promise<void>(resolve => {
        const wake = () => {
          waiters.delete(wake)
          options.signal?.removeEventListener('abort', wake)
          resolve()
        }
        waiters.add(wake)
        options.signal?.addEventListener('abort', wake)
      })
    }
  }

  const devices: Client['devices'] = {
    get all() {
      return [thisDevice, phone]
    },
    returning: [],
    revoke: async text => {
      if (text !== phone.name && text !== phone.device)
        throw new XcordError('XCORD_DEVICE_NOT_FOUND', `no device ${text}`, { device: text })
      phone = { ...phone, active: false }
      return phone
    },
    link: async (code, { compare }) => {
      if (!code.startsWith('xcord-link-'))
        throw new XcordError('XCORD_LINK_INVALID', 'no code', { reason: 'no code' })
      if (await compare(SIGNS)) return { ...phone, name: 'tablet' }
      throw new XcordError('XCORD_LINK_REFUSED', 'the signs differ', { rule: 'ID10', reason: 'they differ' })
    }
  }
  const close = async () => {
    closed = true
    for (const wake of waiters) wake()
  }
  return {
    identity: { id: me, device: fakeId('d', name), name },
    devices,
    conversations: { all: [], get: () => undefined, blocked: [] } as unknown as Client['conversations'],
    safety: { verified: [] } as unknown as Client['safety'],
    sync: fakeSync(),
    presence: fakePresence(shown => showPresence(name, shown)),
    profile: fakeProfile(me, name),
    changePassword: () => Promise.resolve(),
    keychain: undefined,
    async *backup() {
      yield new Uint8Array(1)
    },
    servers: {
      get all() {
        return servers.map(liveServer)
      },
      get: text => {
        const found = servers.find(each => each.json.id === text || each.json.name === text)
        return found === undefined ? undefined : liveServer(found)
      },
      create: async options => {
        const server = addServer(options.name, name, options.channels ?? ['general'])
        emit('server:join', { server: server.json })
        return liveServer(server)
      },
      join: async text => {
        if (text !== link)
          throw new XcordError('XCORD_INVITE_INVALID', 'this is not an invite link', { reason: 'malformed' })
        const server = addServer('Analytical Engine', 'Grace', ['general', 'random'])
        emit('server:join', { server: server.json })
        return liveServer(server)
      },
      copy: () =>
        Promise.reject(new XcordError('XCORD_USAGE', 'the fake reads no files', { argument: 'file' })),
      import: async () => {
        throw new XcordError('XCORD_EXPORT_INVALID', 'the fake reads no exports', {
          rule: 'SX1',
          reason: 'fake'
        })
      }
    },
    view: {
      subscribe: listener => {
        viewers.add(listener)
        return () => viewers.delete(listener)
      },
      getSnapshot: () => serverSnapshot
    },
    on: (event, listener) => {
      const all = listeners.get(event) ?? new Set()
      listeners.set(event, all.add(listener))
      return () => void all.delete(listener)
    },
    events,
    get cursor() {
      return log[log.length - 1]?.cursor ?? '000000000000'
    },
    describe: () => ({
      identity: me,
      name,
      device: fakeId('d', name),
      devices: [thisDevice],
      safetyNumber: '12345 67890 12345 67890 12345 67890'
    }),
    peers,
    doctor: async () => ({
      ok: false,
      addresses: ['/ip4/127.0.0.1/tcp/4001'],
      checks: [
        { check: 'store', ok: true, detail: 'opened' },
        {
          check: 'bootstrap',
          ok: false,
          detail: 'no node answers',
          cause: 'connection refused',
          remedy: 'check the address'
        }
      ],
      peers: peers()
    }),
    connect: async address => {
      if (!address.startsWith('/'))
        throw new XcordError('XCORD_ADDRESS_INVALID', `"${address}" is no address`, { address })
    },
    addresses: () => ['/ip4/127.0.0.1/tcp/4001'],
    close,
    [Symbol.asyncDispose]: close,
    fake: {
      receive: (channelName, author, content) => {
        const [server, channel] = channelOf(channelName)
        if (!server.members.some(each => each.name === author)) addMember(server, author)
        return push(server, channel, fakeId('u', author), author, content)
      },
      join: (serverName, memberName) => {
        const server = servers.find(
          each => each.json.name === serverName || each.json.id === serverName
        ) as FakeServer
        const member = addMember(server, memberName)
        emit('member:join', { member })
        return member
      },
      deliver: (id, state, holders) => {
        for (const server of servers)
          for (const channel of server.channels)
            for (const message of channel.messages) {
              if (message.id !== id) continue
              message.delivery = { state, holders }
              emit('delivery:update', {
                message: id,
                channel: channel.json.id,
                server: server.json.id,
                delivery: message.delivery
              })
            }
      },
      talks: (memberName, channelName, change = {}) => {
        const channel = channelOf(channelName)[1]
        const state = { muted: false, deafened: false, speaking: false, silenced: false, ...change }
        const member = fakeId('u', memberName)
        const device = fakeId('d', memberName)
        const json = { member, name: memberName, device, channel: channel.json.id as never, ...state }
        present.push({ ...state, member: { name: memberName } as never, device, toJSON: () => json })
      },
      setPresence: showPresence,
      setOnline: (memberName, on) => {
        if (on) online.add(memberName)
        else online.delete(memberName)
        for (const server of servers)
          for (const member of server.members)
            if (member.name === memberName) {
              member.online = on
              emit('member:update', { member })
            }
      },
      deny: action => void denied.add(action),
      emit,
      get events() {
        return log
      },
      link,
      get closed() {
        return closed
      }
    }
  }
}

/** A profile whose picture is its bytes, whatever they are. */
function fakeProfile(identity: string, called: string): Client['profile'] {
  let current: Client['profile']['current'] = { identity, name: called, avatar: null }
  let bytes: Uint8Array | undefined
  const type = 'image/png'
  const id = fakeId('b', called)
  return {
    get current() {
      return current
    },
    set: async ({ name = current.name, avatar }) => {
      if (avatar !== undefined) bytes = avatar ?? undefined
      const shown = bytes === undefined ? null : { id, type, size: bytes.length }
      return (current = { ...current, name, avatar: shown })
    },
    avatar: async () => (bytes === undefined ? undefined : { id, type, bytes })
  }
}

/** A status and words, as they were set. */
function fakePresence(changed: (shown: PresenceJson | null) => void): Client['presence'] {
  let current: Client['presence']['current'] = { status: 'online', text: null, until: null }
  return {
    get current() {
      return current
    },
    set: async ({
      status = current.status,
      text = current.text,
      until = null,
      away = current.away === true
    }) => {
      const words = text === '' ? null : text
      current = { status, text: words, until: until?.toISOString() ?? null, ...(away ? { away } : {}) }
      const shown = away && status === 'online' ? 'idle' : status
      changed(shown === 'invisible' ? null : { status: shown, text: words })
      return current
    }
  }
}

/** A line whose budget is spent by 1,500 bytes. */
function fakeSync(): Client['sync'] {
  const spentBytes = 1_500
  let budget: SyncBudget | null = null
  return {
    status: () => ({
      budget:
        budget === null
          ? null
          : {
              ...budget,
              spentBytes,
              leftBytes: Math.max(0, budget.bytes - spentBytes),
              resumesAt: budget.bytes > spentBytes ? null : new Date(0).toISOString()
            },
      servers: []
    }),
    setBudget: next => {
      budget = next
      return Promise.resolve()
    }
  }
}
