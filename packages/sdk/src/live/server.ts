/** A server with its collections. Handles are cached by id, lists by authority state. */
import {
  type ChannelId,
  type DeviceId,
  type InviteId,
  idAs,
  type RoleId,
  type ServerId,
  type UserId,
  XcordError
} from '@xcord/core'
import type { AuthorityState } from '@xcord/core/authority'
import { policyOf, type Replica } from '@xcord/core/node'
import { toHex } from '@xcord/core/encoding'
import type { Explained, ExplainOptions, ExplainQuestion } from '../explain-types.ts'
import type { FalseSnapshotJson, ServerJson, StateJson, UnopenedJson, VerifyingJson } from '../shapes.ts'
import type {
  AuditOptions,
  AuditPage,
  ByteSource,
  Channel,
  ExportOptions,
  Member,
  ReasonOptions,
  Role,
  Server,
  ServerPolicy,
  Thread,
  Written
} from '../types.ts'
import type { VoiceSession } from '../voice-types.ts'
import { LiveChannel } from './channel.ts'
import type { ClientContext } from './context.ts'
import { findById, findNamed, memberCollection } from './find.ts'
import { auditOf } from './audit.ts'
import { explainOf } from './explain.ts'
import { exportOf } from './export.ts'
import { automodCollection } from './automod.ts'
import { banCollection } from './bans.ts'
import { channelIntent } from './channel-intent.ts'
import { LiveInvite } from './invite.ts'
import { expressionCollection, scheduleCollection } from './objects.ts'
import { LiveMember } from './member.ts'
import { requestCollection } from './request.ts'
import { LiveRole, parseColor } from './role.ts'
import { byAge, createThread, LiveThread } from './thread.ts'
import { createVoice } from './voice.ts'
import { toWritten } from './written.ts'

interface Lists {
  readonly channels: readonly LiveChannel[]
  /** Oldest first. */
  readonly threads: readonly LiveThread[]
  readonly roles: readonly LiveRole[]
  readonly members: readonly LiveMember[]
  readonly invites: readonly LiveInvite[]
}

const WEEK_MS = 7 * 86_400_000

export class LiveServer implements Server {
  readonly id: ServerId
  readonly replica: Replica
  readonly context: ClientContext
  readonly #channels = new Map<ChannelId, LiveChannel>()
  readonly #threads = new Map<ChannelId, LiveThread>()
  readonly #roles = new Map<RoleId, LiveRole>()
  readonly #members = new Map<UserId, LiveMember>()
  readonly #invites = new Map<InviteId, LiveInvite>()
  #lists: { readonly of: AuthorityState; readonly lists: Lists } | undefined

  readonly channels: Server['channels']
  readonly threads: Server['threads']
  readonly roles: Server['roles']
  readonly members: Server['members']
  readonly invites: Server['invites']
  readonly bans: Server['bans']
  readonly automod: Server['automod']
  readonly requests: Server['requests']
  readonly expressions: Server['expressions']
  readonly schedule: Server['schedule']

  constructor(context: ClientContext, replica: Replica) {
    this.context = context
    this.replica = replica
    this.id = replica.server
    this.channels = this.#channelCollection()
    this.threads = this.#threadCollection(() => true)
    this.roles = this.#roleCollection()
    this.members = this.#memberCollection()
    this.invites = this.#inviteCollection()
    this.bans = banCollection(this)
    this.automod = automodCollection(this)
    this.requests = requestCollection(this)
    this.expressions = expressionCollection(this)
    this.schedule = scheduleCollection(this)
  }

  get name(): string {
    return this.replica.state().name
  }

  get description(): string | null {
    return this.replica.state().description
  }

  get owner(): UserId {
    return this.replica.state().owner
  }

  get me(): Member {
    return this.liveMember(this.context.node.user)
  }

  get stateHash(): string {
    return toHex(this.replica.state().hash())
  }

  get imported(): boolean {
    return this.replica.imported
  }

  export(options: ExportOptions = {}): ByteSource {
    return exportOf(this.replica, options)
  }

  channel(idOrName: string): Channel {
    const found = this.channels.get(idOrName) ?? this.threads.get(idOrName)
    if (found !== undefined) return found
    const known = this.channels.all.map(each => `#${each.name}`).join(', ')
    throw new XcordError(
      'XCORD_CHANNEL_NOT_FOUND',
      `No channel "${idOrName}" in ${this.name}. ${known === '' ? 'It has none.' : `It has ${known}.`}`,
      { channel: idOrName }
    )
  }

  async audit(options: AuditOptions = {}): Promise<AuditPage> {
    return await auditOf(this, options)
  }

  get verification(): VerifyingJson | null {
    const report = this.replica.verification()
    if (report.state === 'verified') return null
    const { snapshot, by, held, of } = report
    return { snapshot, by, operations: held, of }
  }

  get falseSnapshots(): readonly FalseSnapshotJson[] {
    return this.replica.falseSnapshots().map(each => ({ server: this.id, ...each, reason: null }))
  }

  unopened(): readonly UnopenedJson[] {
    return this.replica.unopened().map(({ id, user, cause }) => ({ id, author: user, cause }))
  }

  explain(question: ExplainQuestion, options: ExplainOptions = {}): Promise<Explained> {
    return explainOf(this, question, options)
  }

  heads(): StateJson {
    const { heads, leaves, operations, stateHash, forks } = this.replica.heads()
    return { server: this.id, heads, leaves, operations, stateHash: toHex(stateHash), forks }
  }

  async edit(changes: Parameters<Server['edit']>[0], options: ReasonOptions = {}): Promise<Written> {
    return toWritten(await this.replica.operate({ kind: 'server:edit', ...changes }, options.reason ?? null))
  }

  get voice(): VoiceSession | null {
    const session = this.context.node.voice.session(this.id)
    return session === undefined ? null : createVoice(this, session)
  }

  get afk(): Server['afk'] {
    return this.replica.state().afk
  }

  get nodes(): readonly string[] {
    return this.replica.state().nodes
  }

  get policy(): ServerPolicy {
    return policyOf(this.replica.state())
  }

  async setPolicy(changes: Partial<ServerPolicy>, options: ReasonOptions = {}): Promise<Written> {
    const intent = { kind: 'server:policy', ...changes } as const
    return toWritten(await this.replica.operate(intent, options.reason ?? null))
  }

  async revokeDevice(device: DeviceId): Promise<Written> {
    return toWritten(await this.replica.operate({ kind: 'device:revoke', device }, null))
  }

  consent(): string {
    return this.replica.consent()
  }

  async transfer(
    member: Member | UserId,
    { consent, phrase, reason }: Parameters<Server['transfer']>[1]
  ): Promise<Written> {
    const user = typeof member === 'string' ? member : member.id
    const said = { user, consent, phrase: phrase ?? null, reason: reason ?? null }
    return toWritten(await this.replica.transfer(said))
  }

  async leave(): Promise<Written> {
    return toWritten(await this.replica.leave())
  }

  toJSON(): ServerJson {
    const state = this.replica.state()
    const { channels, threads, members } = this.#current()
    const { verification } = this
    return {
      id: this.id,
      name: state.name,
      description: state.description,
      owner: state.owner,
      members: members.length,
      channels: channels.length,
      stateHash: this.stateHash,
      unread: [...channels, ...threads].reduce((sum, each) => sum + each.unread, 0),
      ...(this.nodes.length === 0 ? {} : { nodes: this.nodes }),
      ...(this.afk === null ? {} : { afk: this.afk }),
      ...(this.imported ? { imported: true as const } : {}),
      ...(verification === null ? {} : { verifying: verification })
    }
  }

  liveChannel(id: ChannelId): LiveChannel {
    const isThread = this.replica.state().channel(id)?.thread !== undefined
    return isThread ? this.liveThread(id) : cached(this.#channels, id, () => new LiveChannel(this, id))
  }

  liveThread(id: ChannelId): LiveThread {
    return cached(this.#threads, id, () => new LiveThread(this, id))
  }

  /** Threads of one channel. */
  threadsOf(parent: LiveChannel): Channel['threads'] {
    const own = this.#threadCollection(each => each.parent === parent.id)
    return {
      get all() {
        return own.all
      },
      get: idOrName => own.get(idOrName),
      create: async (init, options = {}) => this.liveThread(await createThread(this, parent, init, options))
    }
  }

  /** Whether a view shows this channel. */
  watches(channel: string): boolean {
    const id = channel as ChannelId
    return (this.#threads.get(id) ?? this.#channels.get(id))?.watched ?? false
  }

  /** Whether we may view a channel at all. */
  views(channel: ChannelId): boolean {
    return this.replica.permits('ViewChannel', channel)
  }

  /** Members who hold a role. */
  holdersOf(role: RoleId): readonly LiveMember[] {
    const all = this.#current().members
    if (role === idAs('r', this.id)) return all
    const state = this.replica.state()
    return all.filter(each => state.member(each.id)?.roles.includes(role) ?? false)
  }

  now(): number {
    return this.replica.now()
  }

  liveRole(id: RoleId): LiveRole {
    return cached(this.#roles, id, () => new LiveRole(this, id))
  }

  liveMember(id: UserId): LiveMember {
    return cached(this.#members, id, () => new LiveMember(this, id))
  }

  liveInvite(id: InviteId): LiveInvite {
    return cached(this.#invites, id, () => new LiveInvite(this, id))
  }

  #current(): Lists {
    const state = this.replica.state()
    if (this.#lists?.of === state) return this.#lists.lists
    const viewed = state.channels().filter(each => this.views(each.id))
    let members: readonly LiveMember[] | undefined
    const membersOf = (): readonly LiveMember[] =>
      [...state.members()].filter(each => each.status === 'in').map(each => this.liveMember(each.user))
    const lists: Lists = {
      channels: viewed.filter(each => each.thread === undefined).map(each => this.liveChannel(each.id)),
      threads: viewed
        .filter(each => each.thread !== undefined)
        .map(each => this.liveThread(each.id))
        .sort(byAge),
      roles: state.roles().map(each => this.liveRole(each.id)),
      // Not before somebody asks: of a large server that is most of what it takes to show it.
      get members() {
        return (members ??= membersOf())
      },
      invites: state.invites().map(each => this.liveInvite(each.id))
    }
    this.#lists = { of: state, lists }
    return lists
  }

  #channelCollection(): Server['channels'] {
    const current = (): readonly LiveChannel[] => this.#current().channels
    return {
      get all() {
        return current()
      },
      get: idOrName => findNamed<Channel>(current(), idOrName, '#'),
      create: async (init, options = {}) => {
        const { operation } = await this.replica.operate(channelIntent(this.id, init), options.reason ?? null)
        return this.liveChannel(idAs('c', operation))
      }
    }
  }

  #threadCollection(of: (thread: LiveThread) => boolean): Server['threads'] {
    const current = (): readonly LiveThread[] => this.#current().threads.filter(of)
    return {
      get all() {
        return current()
      },
      get: idOrName => findNamed<Thread>(current(), idOrName, '#')
    }
  }

  #roleCollection(): Server['roles'] {
    const current = (): readonly LiveRole[] => this.#current().roles
    return {
      get all() {
        return current()
      },
      get: idOrName =>
        idOrName === '@everyone'
          ? this.liveRole(idAs('r', this.id))
          : findNamed<Role>(current(), idOrName, '@'),
      create: async (init, options = {}) => {
        const { operation } = await this.replica.operate(
          {
            kind: 'role:create',
            name: init.name,
            permissions: init.permissions ?? [],
            color: init.color === undefined ? 0 : parseColor(init.color)
          },
          options.reason ?? null
        )
        return this.liveRole(idAs('r', operation))
      }
    }
  }

  #memberCollection(): Server['members'] {
    const one = (id: UserId): LiveMember | undefined =>
      this.replica.state().member(id)?.status === 'in' ? this.liveMember(id) : undefined
    return memberCollection<Member>(() => this.#current().members, one)
  }

  #inviteCollection(): Server['invites'] {
    const current = (): readonly LiveInvite[] => this.#current().invites
    return {
      get all() {
        return current()
      },
      get: idOrLink => current().find(each => each.link === idOrLink) ?? findById(current(), idOrLink),
      create: async (init = {}, options = {}) => {
        const made = await this.replica.invite({
          maxUses: init.maxUses ?? null,
          expiresInMs: init.expiresInMs === undefined ? WEEK_MS : init.expiresInMs,
          approval: init.approval ?? this.policy.invites === 'approval',
          reason: options.reason ?? null
        })
        return this.liveInvite(made.invite)
      }
    }
  }
}

function cached<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let found = map.get(key)
  if (found === undefined) {
    found = create()
    map.set(key, found)
  }
  return found
}
