/** A server's state as the layers above read it: objects put together from cells, kept until a cell of theirs moves. */
import {
  type ChannelId,
  compareIds,
  type DeviceId,
  idAs,
  type InviteId,
  type OperationId,
  type RoleId,
  type ServerId,
  type UserId
} from '../base/index.ts'
import {
  assignmentCell,
  channelCell,
  deviceCell,
  identityCell,
  inviteCell,
  inviteTermsCell,
  MEMBER_IN,
  memberCell,
  nickCell,
  OVERWRITE_ALLOW,
  OVERWRITE_DENY,
  overwriteCell,
  policyCell,
  roleBitCell,
  roleCell,
  serverCell,
  timeoutCell,
  voiceCell
} from './cell.ts'
import type {
  AuthorityState,
  AutomodState,
  ChannelKind,
  ChannelState,
  InviteState,
  MemberState,
  ObjectState,
  OverwriteState,
  RoleState
} from './contract.ts'
import { covers } from './entry.ts'
import type { BodyOf } from './kinds/table.ts'
import { computePermissions, type EffectiveInput, maskPermissions } from './permissions.ts'
import { channelOf, ownerOf } from './standing.ts'
import { comparePositions } from './position.ts'
import type { DeviceStanding, StateCache } from './state-cache.ts'
import { afkOf, automodOf, objectsOf, threadOf } from './state-things.ts'
import type { View } from './view.ts'

const STATUSES = ['in', 'out', 'banned'] as const

export class State implements AuthorityState {
  readonly server: ServerId
  readonly view: View
  readonly #cache: () => StateCache
  readonly #everyone: RoleId
  readonly #root: (view: View) => Uint8Array

  /**
   * @param cache - The cache to use now: the present's while this state is the present.
   * @param root - AU41's stateRoot.
   */
  constructor(view: View, cache: () => StateCache, root: (view: View) => Uint8Array) {
    this.view = view
    this.server = view.server
    this.#cache = cache
    this.#root = root
    this.#everyone = idAs('r', view.server)
  }

  get name(): string {
    return (this.view.winner(serverCell(0))?.value as string | undefined) ?? ''
  }

  get description(): string | null {
    return (this.view.winner(serverCell(3))?.value as string | null | undefined) ?? null
  }

  get afk(): AuthorityState['afk'] {
    return afkOf(this.view)
  }

  get owner(): UserId {
    return ownerOf(this.view).user
  }

  get ownerGeneration(): number {
    return ownerOf(this.view).generation
  }

  policy(key: number): number {
    const value = this.view.winner(policyCell(key))?.value
    return typeof value === 'number' ? value : 0
  }

  member(user: UserId): MemberState | undefined {
    const { members } = this.#cache()
    let found = members.get(user)
    if (found === undefined && !members.has(user)) members.set(user, (found = this.#makeMember(user)))
    return found
  }

  *members(): Iterable<MemberState> {
    for (const user of this.view.ledger.registry.users) {
      const member = this.member(user)
      if (member?.status === 'in') yield member
    }
  }

  *banned(): Iterable<UserId> {
    for (const user of this.view.ledger.registry.users) if (this.member(user)?.status === 'banned') yield user
  }

  #makeMember(user: UserId): MemberState | undefined {
    const { view } = this
    const cell = view.winner(memberCell(user))
    if (cell === undefined) return undefined
    const value = this.owner === user ? MEMBER_IN : (cell.value as number)
    const joins = [...view.liveJoins(user)].sort((a, b) => this.#age(a) - this.#age(b) || compareIds(a, b))
    const roles = new Set<RoleId>()
    for (const join of joins) {
      for (const role of view.assigned(join)) {
        if (view.winner(assignmentCell(join, role))?.value === 1 && this.role(role) !== undefined)
          roles.add(role)
      }
    }
    const first = joins[0]
    return {
      user,
      status: STATUSES[value] as MemberState['status'],
      joins,
      joinedAt: first === undefined ? cell.by.op.at : (view.lookup(first)?.op.at ?? 0),
      roles: [...roles].sort((a, b) => compareRoles(this.role(a) as RoleState, this.role(b) as RoleState)),
      nick: (view.winner(nickCell(user))?.value as string | null | undefined) ?? null,
      timeoutUntil: (view.winner(timeoutCell(user))?.value as number | undefined) ?? 0,
      voice: {
        mute: view.winner(voiceCell(user, 'mute'))?.value === 1,
        deaf: view.winner(voiceCell(user, 'deaf'))?.value === 1
      },
      devices: this.#devicesOf(user),
      userKey: this.#userKey(user)
    }
  }

  #age(join: OperationId): number {
    return this.view.lookup(join)?.op.lamport ?? 0
  }

  #devicesOf(user: UserId): DeviceId[] {
    const out: DeviceId[] = []
    for (const device of this.view.ledger.registry.devicesOf.get(user) ?? []) {
      const state = this.device(device)
      if (state?.on === true && state.user === user) out.push(device)
    }
    return out.sort(compareIds)
  }

  /** ID7: stale while a revocation stands that the newest key's operation had not seen. */
  #userKey(user: UserId): MemberState['userKey'] {
    const { view } = this
    const winner = view.winner(identityCell(user))
    if (winner === undefined) return { generation: 0, boxPublicKey: new Uint8Array(32), stale: true }
    const [generation, boxPublicKey] = winner.value as readonly [number, Uint8Array]
    const announced = view.ledger.entry(winner.by.op.id)
    const stale = [...(view.ledger.registry.devicesOf.get(user) ?? [])].some(device => {
      const off = view.winner(deviceCell(device))
      return (
        off !== undefined &&
        (off.value as readonly number[])[0] === 0 &&
        !covers(announced, view.ledger.entry(off.by.op.id))
      )
    })
    return stale ? { generation, boxPublicKey, stale } : { generation, boxPublicKey }
  }

  device(device: DeviceId): DeviceStanding | undefined {
    const { devices } = this.#cache()
    const kept = devices.get(device)
    if (kept !== undefined) return kept
    const winner = this.view.winner(deviceCell(device))
    if (winner === undefined) return undefined
    const found = { user: winner.by.known.user, on: (winner.value as readonly number[])[0] === 1 }
    devices.set(device, found)
    return found
  }

  role(role: RoleId): RoleState | undefined {
    const { roles } = this.#cache()
    let found = roles.get(role)
    if (found === undefined && !roles.has(role)) roles.set(role, (found = this.#makeRole(role)))
    return found
  }

  #makeRole(role: RoleId): RoleState | undefined {
    const { view } = this
    const everyone = role === this.#everyone
    if (!everyone && view.winner(roleCell(role, 'exists'))?.value !== 1) return undefined
    let permissions = 0n
    for (const bit of view.ledger.registry.roleBits.get(role) ?? []) {
      if (view.winner(roleBitCell(role, bit))?.value === 1) permissions |= 1n << BigInt(bit)
    }
    const flag = (attribute: 'hoist' | 'mentionable'): boolean =>
      view.winner(roleCell(role, attribute))?.value === 1
    return {
      id: role,
      permissions,
      hoist: flag('hoist'),
      mentionable: flag('mentionable'),
      name: everyone ? '@everyone' : (view.winner(roleCell(role, 'name'))?.value as string),
      position: everyone ? new Uint8Array(0) : (view.winner(roleCell(role, 'pos'))?.value as Uint8Array),
      color: (view.winner(roleCell(role, 'color'))?.value as number | undefined) ?? 0
    }
  }

  roles(): readonly RoleState[] {
    const cache = this.#cache()
    return (cache.roleList ??= [...new Set([...this.view.ledger.registry.roles, this.#everyone])]
      .flatMap(role => this.role(role) ?? [])
      .sort(compareRoles))
  }

  channel(channel: ChannelId): ChannelState | undefined {
    const { channels } = this.#cache()
    let found = channels.get(channel)
    if (found === undefined && !channels.has(channel))
      channels.set(channel, (found = this.#makeChannel(channel)))
    return found
  }

  #makeChannel(channel: ChannelId): ChannelState | undefined {
    const { view } = this
    const read = (attribute: Parameters<typeof channelCell>[1]): unknown =>
      view.winner(channelCell(channel, attribute))?.value
    if (read('exists') !== 1) return undefined
    const kind = read('kind') as ChannelKind
    const parentId = channelOf(read('parent'))
    const parent = parentId === null ? undefined : this.channel(parentId)
    if (kind === 'thread' && parent === undefined) return undefined
    const synced = read('synced') === 1
    const source =
      (synced || kind === 'thread') && parent !== undefined ? parent.overwrites : this.#overwritesOf(channel)
    return {
      id: channel,
      kind,
      name: (read('name') as string | null | undefined) ?? null,
      topic: (read('topic') as string | null | undefined) ?? null,
      parent: parent === undefined ? null : parentId,
      position: (read('pos') as Uint8Array | undefined) ?? new Uint8Array(0),
      slowModeSeconds: (read('slow') as number | undefined) ?? 0,
      history: (read('history') as readonly number[] | undefined) ?? parent?.history ?? [0],
      overwrites: source,
      synced,
      nsfw: read('nsfw') === 1,
      userLimit: (read('limit') as number | undefined) ?? 0,
      bitrateKbps: (read('rate') as number | undefined) ?? 0,
      ...(kind === 'thread' ? { thread: threadOf(view, channel) } : {})
    }
  }

  #overwritesOf(channel: ChannelId): readonly OverwriteState[] {
    const out: OverwriteState[] = []
    for (const [target, bits] of this.view.ledger.registry.overwrites.get(channel) ?? []) {
      let allow = 0n
      let deny = 0n
      for (const bit of bits) {
        const value = this.view.winner(overwriteCell(channel, target, bit))?.value
        if (value === OVERWRITE_ALLOW) allow |= 1n << BigInt(bit)
        else if (value === OVERWRITE_DENY) deny |= 1n << BigInt(bit)
      }
      if ((allow | deny) !== 0n)
        out.push({ target, kind: target.startsWith('r') ? 'role' : 'member', allow, deny })
    }
    return out.sort((a, b) => compareIds(a.target, b.target))
  }

  channels(): readonly ChannelState[] {
    const cache = this.#cache()
    return (cache.channelList ??= [...this.view.ledger.registry.channels]
      .flatMap(each => this.channel(each) ?? [])
      .sort((a, b) => comparePositions(a.position, b.position) || compareIds(a.id, b.id)))
  }

  invite(invite: InviteId): InviteState | undefined {
    const { view } = this
    const open = view.winner(inviteCell(invite))
    const terms = view.winner(inviteTermsCell(invite))
    if (open === undefined || terms === undefined) return undefined
    const body = terms.by.body.body as BodyOf<'inviteCreate'>
    return {
      id: invite,
      open: open.value === 1,
      author: terms.by.known.user,
      signPublicKey: body.signPublicKey,
      boxPublicKey: body.boxPublicKey,
      roles: body.roles,
      notAfter: body.notAfter,
      maxUses: body.maxUses,
      uses: view.uses(invite),
      user: body.user
    }
  }

  invites(): readonly InviteState[] {
    return [...this.view.ledger.registry.invites].sort(compareIds).flatMap(each => this.invite(each) ?? [])
  }

  automod(): readonly AutomodState[] {
    return automodOf(this.view)
  }

  get nodes(): readonly string[] {
    return (this.view.winner(serverCell(2))?.value as readonly string[] | undefined) ?? []
  }

  objects(): readonly ObjectState[] {
    return objectsOf(this.view)
  }

  permissions(user: UserId, channel: ChannelId | null, at: number): bigint {
    const { permissions } = this.#cache()
    let mine = permissions.get(user)
    if (mine === undefined) permissions.set(user, (mine = new Map()))
    let found = mine.get(channel)
    if (found === undefined) mine.set(channel, (found = this.#makePermissions(user, channel)))
    return found.until > at ? found.timedOut : found.bits
  }

  #makePermissions(
    user: UserId,
    channel: ChannelId | null
  ): { bits: bigint; timedOut: bigint; until: number } {
    const member = this.member(user)
    const place = channel === null ? undefined : this.channel(channel)
    const nothing = { bits: 0n, timedOut: 0n, until: 0 }
    if (member?.status !== 'in' || (channel !== null && place === undefined)) return nothing
    const input: EffectiveInput = {
      owner: this.owner,
      member: user,
      everyone: this.#everyone,
      roles: this.roles(),
      held: member.roles,
      at: 0,
      ...(place === undefined
        ? {}
        : {
            overwrites: place.overwrites.map(each => ({
              id: each.target,
              kind: each.kind,
              allow: each.allow,
              deny: each.deny
            }))
          })
    }
    const computed = computePermissions(input)
    const administers =
      this.owner === user || (computePermissions({ ...input, overwrites: [] }) & ADMINISTRATOR) !== 0n
    if (administers) return { bits: computed, timedOut: computed, until: 0 }
    const thread = place?.thread
    const mask = {
      ...(place === undefined
        ? {}
        : {
            channelKind:
              place.kind === 'thread' ? (this.channel(place.parent as ChannelId)?.kind ?? 'text') : place.kind
          }),
      ...(thread === undefined
        ? {}
        : {
            thread: { private: thread.private, locked: thread.locked, member: thread.members.includes(user) }
          })
    }
    return {
      bits: maskPermissions(computed, { ...mask, at: 0 }),
      timedOut: maskPermissions(computed, { ...mask, timeoutUntil: 1, at: 0 }),
      until: member.timeoutUntil
    }
  }

  hash(): Uint8Array {
    const cache = this.#cache()
    return (cache.hash ??= this.#root(this.view))
  }
}

const ADMINISTRATOR = 8n

/** Highest first; ties by lower id; `@everyone` last. */
function compareRoles(a: RoleState, b: RoleState): number {
  return comparePositions(b.position, a.position) || compareIds(a.id, b.id)
}
