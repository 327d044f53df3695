/**
 * A new server as another one stood (SX13): its roles, channels, permissions, rules and bans; what its members had waits for
 * them. Nobody can take back what a server's members accepted: who lost theirs begins anew from its log instead.
 */
import {
  type ChannelId,
  idAs,
  type OperationId,
  type RoleId,
  type ServerId,
  type UserId
} from '../../base/index.ts'
import { type ExportedState, openExport } from '../../archive/index.ts'
import {
  type AuthorityState,
  type ChannelState,
  everyoneRole,
  type OverwriteState,
  permissionsFromBits
} from '../../authority/index.ts'
import { readHistoryMode } from '../../e2ee/index.ts'
import type { ChannelTitle } from '../contract.ts'
import { automodRules } from '../intents/automod.ts'
import type { Intent } from '../intents/intents.ts'
import { serverObjects } from '../intents/objects.ts'
import { operateIntent, policyOf } from '../intents/operate-intent.ts'
import type { Work } from '../replica/work.ts'
import { foundServer, type FoundServerInit } from './found-server.ts'
import { exportInvalid } from './import-server.ts'
import { bitsToBytes, promise, PROMISES_MAX } from './promised-roles.ts'

/** What came of a founding. */
export interface CopyReport {
  readonly server: ServerId
  /** Beside `@everyone`. */
  readonly roles: number
  readonly channels: number
  /** Members of the file whose roles wait for them. */
  readonly awaited: number
  readonly banned: number
  /** Channels whose names the file does not have, being closed to some: named by their number. */
  readonly unnamed: readonly ChannelId[]
}

/** Founds. XCORD_EXPORT_INVALID: then nothing was founded. */
export async function foundCopy(
  founding: FoundServerInit,
  source: AsyncIterable<Uint8Array>,
  options: { readonly name?: string }
): Promise<CopyReport> {
  const file = await readFile(founding, source)
  const model = file.log.state()
  const held = founding.registry.replicas.get(file.server)
  const server = await foundServer(founding, { name: options.name ?? model.name, channels: [] })
  const replica = founding.registry.replicas.get(server)
  if (replica === undefined) throw new RangeError('the server vanished while it was founded')
  // One turn: either all of it is there after a crash, or an empty server.
  return await replica.do(work =>
    new Copy(work, model, channel => held?.titleOf(channel) ?? { name: null, topic: null }).make()
  )
}

async function readFile(
  { deps }: FoundServerInit,
  source: AsyncIterable<Uint8Array>
): Promise<ExportedState> {
  const reader = openExport(deps.suite, source)
  try {
    const read = await reader.readState()
    if (!read.ok) throw exportInvalid(read)
    // To its end: a file that goes on with something else is none, and whoever sends it is not cut off.
    const rest = await reader.readContent(read.value)
    if (!rest.ok) throw exportInvalid(rest)
    return read.value
  } finally {
    await reader.close()
  }
}

class Copy {
  readonly #work: Work
  readonly #model: AuthorityState
  readonly #titleOf: (channel: ChannelId) => ChannelTitle
  readonly #roles = new Map<RoleId, RoleId>()
  readonly #channels = new Map<ChannelId, ChannelId>()
  readonly #unnamed: ChannelId[] = []

  /** @param titleOf - Names that the founder knows by themselves: closed channels have none in a file (SX10). */
  constructor(work: Work, model: AuthorityState, titleOf: (channel: ChannelId) => ChannelTitle) {
    this.#work = work
    this.#model = model
    this.#titleOf = titleOf
    this.#roles.set(everyoneRole(model.server), everyoneRole(work.state.server))
  }

  make(): CopyReport {
    this.#settings()
    this.#makeRoles()
    const channels = this.#model.channels().filter(each => each.kind !== 'thread')
    // Categories first: what is under them names them.
    for (const each of channels) if (each.kind === 'category') this.#makeChannel(each)
    for (const each of channels) if (each.kind !== 'category') this.#makeChannel(each)
    this.#makeRules()
    const banned = this.#ban()
    return {
      server: this.#work.state.server,
      roles: this.#roles.size - 1,
      channels: this.#channels.size,
      awaited: this.#promise(),
      banned,
      unnamed: this.#unnamed
    }
  }

  #do(intent: Intent): OperationId {
    return operateIntent(this.#work, intent, null)
  }

  #settings(): void {
    const { description, nodes } = this.#model
    if (description !== null || nodes.length > 0)
      this.#do({
        kind: 'server:edit',
        ...(description === null ? {} : { description }),
        ...(nodes.length > 0 ? { nodes } : {})
      })
    const [wanted, now] = [policyOf(this.#model), policyOf(this.#work.state.log.state())]
    if (wanted.invites !== now.invites || wanted.transferNeedsPhrase !== now.transferNeedsPhrase)
      this.#do({ kind: 'server:policy', ...wanted })
  }

  /** Each new role goes lowest, so from the highest down they come to stand as they stood. */
  #makeRoles(): void {
    const everyone = everyoneRole(this.#model.server)
    for (const { id, name, permissions, color, hoist, mentionable } of this.#model.roles()) {
      if (id === everyone) this.#setEveryone(permissions)
      else {
        const names = permissionsFromBits(permissions)
        const made = this.#do({ kind: 'role:create', name, permissions: names, color, hoist, mentionable })
        this.#roles.set(id, idAs('r', made))
      }
    }
  }

  #setEveryone(wanted: bigint): void {
    const role = everyoneRole(this.#work.state.server)
    const now = this.#work.state.log.state().role(role)?.permissions ?? 0n
    if (wanted === now) return
    const [set, clear] = [permissionsFromBits(wanted & ~now), permissionsFromBits(now & ~wanted)]
    this.#do({ kind: 'role:edit', role, set, clear })
  }

  #makeChannel(model: ChannelState): void {
    const parent = model.parent === null ? null : (this.#channels.get(model.parent) ?? null)
    const title = model.name === null ? this.#titleOf(model.id) : model
    const history = readHistoryMode(model.history)
    const made = this.#do({
      kind: 'channel:create',
      channelKind: model.kind as Exclude<ChannelState['kind'], 'thread'>,
      name: title.name ?? `closed-${this.#unnamed.length + 1}`,
      topic: title.topic,
      parent,
      slowModeSeconds: model.slowModeSeconds,
      ...(history === undefined ? {} : { history }),
      overwrites: model.synced && parent !== null ? [] : this.#overwrites(model.overwrites)
    })
    const channel = idAs('c', made)
    if (title.name === null) this.#unnamed.push(channel)
    this.#channels.set(model.id, channel)
    // Without overwrites of its own a channel is made as one that reads its category's.
    if (!model.synced && parent !== null && this.#overwrites(model.overwrites).length === 0)
      this.#do({ kind: 'channel:sync', channel, synced: false })
    const { nsfw, userLimit, bitrateKbps } = model
    if (nsfw || userLimit > 0 || bitrateKbps > 0)
      this.#do({
        kind: 'channel:edit',
        channel,
        ...(nsfw ? { nsfw } : {}),
        ...(userLimit > 0 ? { userLimit } : {}),
        ...(bitrateKbps > 0 ? { bitrateKbps } : {})
      })
  }

  /** Of roles. Members' own wait for them: an operation names only who is in. */
  #overwrites(overwrites: readonly OverwriteState[]): { target: RoleId; allow: string[]; deny: string[] }[] {
    return overwrites.flatMap(({ target, kind, allow, deny }) => {
      const role = kind === 'role' ? this.#roles.get(target as RoleId) : undefined
      return role === undefined
        ? []
        : [{ target: role, allow: permissionsFromBits(allow), deny: permissionsFromBits(deny) }]
    })
  }

  #makeRules(): void {
    const known = <I>(ids: readonly I[], now: ReadonlyMap<I, I>): I[] =>
      ids.flatMap(each => now.get(each) ?? [])
    for (const { id: _id, exemptRoles, exemptChannels, ...rest } of automodRules(this.#model)) {
      const exempt = {
        exemptRoles: known(exemptRoles, this.#roles),
        exemptChannels: known(exemptChannels, this.#channels)
      }
      this.#do({ kind: 'automod:set', rule: null, content: { ...rest, ...exempt } })
    }
    for (const { id: _id, creator: _creator, ...content } of serverObjects(this.#model))
      if (content.kind !== 'event') this.#do({ kind: 'object:set', object: null, content })
  }

  #ban(): number {
    const { user: own } = this.#work.state
    const banned = [...this.#model.banned()].filter(each => each !== own)
    for (const user of banned) this.#do({ kind: 'member:ban', user })
    return banned.length
  }

  #promise(): number {
    const { user: own } = this.#work.state
    let awaited = 0
    for (const { user, roles, nick } of this.#model.members()) {
      const permits = this.#permitsOf(user)
      const kept = roles.flatMap(each => this.#roles.get(each) ?? []).slice(0, PROMISES_MAX)
      if (user === own || (kept.length === 0 && nick === null && permits.length === 0)) continue
      promise(this.#work, { version: 1, user, roles: kept, nick, permits })
      awaited++
    }
    return awaited
  }

  #permitsOf(user: UserId): { channel: string; allow: Uint8Array; deny: Uint8Array }[] {
    const permits = this.#model.channels().flatMap(({ id, kind, synced, overwrites }) => {
      const channel = kind === 'thread' || synced ? undefined : this.#channels.get(id)
      const own = overwrites.find(each => each.target === user)
      if (channel === undefined || own === undefined) return []
      return [{ channel, allow: bitsToBytes(own.allow), deny: bitsToBytes(own.deny) }]
    })
    return permits.slice(0, PROMISES_MAX)
  }
}
