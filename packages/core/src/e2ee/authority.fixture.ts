/**
 * A small authority for tests of keys: the shape of the real one (a graph of operations, states of frontiers,
 * denials that win over what is concurrent), without signatures, ranks or voiding. Every operation is allowed.
 */
import {
  type ChannelId,
  compareIds,
  type DeviceId,
  idAs,
  idFromBytes,
  type InviteId,
  type OperationId,
  type RoleId,
  type ServerId,
  type UserId
} from '../base/index.ts'
import {
  ALL_PERMISSIONS,
  type AuthorityState,
  type ChannelState,
  computePermissions,
  DEFAULT_EVERYONE,
  type InviteState,
  type Loss,
  type MemberState,
  type Moved,
  permissionBit,
  type RoleState
} from '../authority/index.ts'
import type { Operation } from '../graph/index.ts'

const VIEW = permissionBit('ViewChannel')

/** What an operation does. */
export type Act =
  | { readonly do: 'join'; readonly user: UserId; readonly device: DeviceId; readonly box: Uint8Array }
  | { readonly do: 'leave' | 'kick' | 'ban'; readonly user: UserId }
  | { readonly do: 'role'; readonly bits: bigint }
  | { readonly do: 'assign' | 'unassign'; readonly user: UserId; readonly role: RoleId }
  | { readonly do: 'channel'; readonly roles: readonly RoleId[] | 'all' }
  | { readonly do: 'history'; readonly channel: ChannelId; readonly mode: readonly number[] }
  | {
      readonly do: 'view'
      readonly channel: ChannelId
      readonly target: RoleId | UserId
      readonly allow: boolean
    }
  | { readonly do: 'invite'; readonly box: Uint8Array }
  | { readonly do: 'close'; readonly invite: InviteId }
  | { readonly do: 'revoke'; readonly device: DeviceId; readonly user: UserId }
  | { readonly do: 'renew'; readonly user: UserId; readonly generation: number; readonly box: Uint8Array }

const KIND: Record<Act['do'], number> = {
  join: 1,
  leave: 2,
  revoke: 5,
  renew: 6,
  invite: 16,
  close: 17,
  kick: 20,
  ban: 21,
  role: 32,
  assign: 36,
  unassign: 37,
  channel: 48,
  history: 49,
  view: 53
}

export interface Node {
  readonly op: Operation
  readonly act: Act
  readonly past: ReadonlySet<OperationId>
}

/** Every operation anybody made. */
export interface World {
  readonly server: ServerId
  readonly owner: UserId
  readonly nodes: Map<OperationId, Node>
  count: number
}

export const bytesOf = (seed: number, length = 32): Uint8Array => {
  const out = new Uint8Array(length)
  new DataView(out.buffer).setUint32(0, seed + 1)
  out[length - 1] = 1
  return out
}

/** A world whose founder is the first member, by operation 0. */
export function createWorld(owner: UserId, device: DeviceId, box: Uint8Array): World {
  const id = idFromBytes('o', bytesOf(0))
  const world: World = { server: idAs('s', id), owner, nodes: new Map(), count: 0 }
  commit(world, device, [], { do: 'join', user: owner, device, box }, 0)
  return world
}

export function commit(
  world: World,
  device: DeviceId,
  parents: readonly OperationId[],
  act: Act,
  at: number
): OperationId {
  const id = idFromBytes('o', bytesOf(world.count++))
  const lamport =
    parents.length === 0
      ? 0
      : 1 + Math.max(...parents.map(each => (world.nodes.get(each) as Node).op.lamport))
  const past = new Set(parents.flatMap(each => [each, ...(world.nodes.get(each) as Node).past]))
  const op: Operation = {
    id,
    server: world.server,
    kind: KIND[act.do],
    device,
    seq: 0,
    prev: null,
    parents,
    refs: [],
    lamport,
    at,
    body: [],
    cut: null,
    bytes: new Uint8Array(0)
  }
  world.nodes.set(id, { op, act, past })
  return id
}

export const lossOf = (node: Node): Loss | undefined => {
  const { act, op } = node
  const base = { operation: op.id, lamport: op.lamport }
  switch (act.do) {
    case 'leave':
    case 'kick':
    case 'ban':
      return { ...base, users: [act.user] }
    case 'unassign':
      return { ...base, users: [act.user], role: act.role }
    case 'view':
      if (act.allow) return undefined
      return act.target.startsWith('u')
        ? { ...base, users: [act.target as UserId], channel: act.channel }
        : { ...base, users: [], channel: act.channel, role: act.target as RoleId }
    case 'close':
      return { ...base, users: [], invite: act.invite }
    case 'revoke':
      return { ...base, users: [act.user], device: act.device }
    default:
      return undefined
  }
}

/** What operations moved, newest last. */
export function movedBy(nodes: readonly Node[]): Moved {
  const did = (...kinds: readonly Act['do'][]): boolean => nodes.some(({ act }) => kinds.includes(act.do))
  return {
    users: new Set(nodes.flatMap(({ act }) => ('user' in act ? [act.user] : []))),
    roles: did('role'),
    channels: did('role', 'channel', 'history', 'view'),
    invites: did('invite', 'close'),
    losses: nodes.flatMap(node => lossOf(node) ?? [])
  }
}

/** Writes of a cell that nothing later in the same past replaces. */
function latest(nodes: readonly Node[], writes: (act: Act) => boolean): readonly Node[] {
  const mine = nodes.filter(node => writes(node.act))
  return mine.filter(node => !mine.some(other => other !== node && other.past.has(node.op.id)))
}

/** State of a set of operations that holds its own past. */
export function stateOf(world: World, ids: ReadonlySet<OperationId>): AuthorityState {
  const { server, owner } = world
  const everyone = idAs('r', server)
  const nodes = [...ids]
    .map(id => world.nodes.get(id) as Node)
    .sort((a, b) => a.op.lamport - b.op.lamport || compareIds(a.op.id, b.op.id))
  const members = new Map<UserId, MemberState>()
  const devices = new Map<DeviceId, { user: UserId; on: boolean }>()
  const users = new Set(nodes.flatMap(({ act }) => (act.do === 'join' ? [act.user] : [])))
  for (const { act } of nodes) if (act.do === 'join') devices.set(act.device, { user: act.user, on: true })
  for (const { act } of nodes) if (act.do === 'revoke') devices.set(act.device, { user: act.user, on: false })
  const roles: RoleState[] = nodes.flatMap(({ act, op }) =>
    act.do === 'role'
      ? [
          {
            id: idAs('r', op.id),
            name: 'role',
            permissions: act.bits,
            position: Uint8Array.of(255 - (op.lamport % 200)),
            color: 0,
            hoist: false,
            mentionable: false
          }
        ]
      : []
  )
  roles.push({
    id: everyone,
    name: 'everyone',
    permissions: DEFAULT_EVERYONE,
    position: new Uint8Array(0),
    color: 0,
    hoist: false,
    mentionable: false
  })
  for (const user of users) {
    const fate = latest(
      nodes,
      act =>
        (act.do === 'join' || act.do === 'leave' || act.do === 'kick' || act.do === 'ban') &&
        act.user === user
    )
    const banned = fate.some(node => node.act.do === 'ban')
    const out = user !== owner && fate.some(node => node.act.do !== 'join')
    const joins = fate.filter(node => node.act.do === 'join')
    const status = out ? (banned ? 'banned' : 'out') : 'in'
    const renewals = nodes.filter(
      node => (node.act.do === 'renew' || node.act.do === 'join') && node.act.user === user
    )
    const newest = renewals
      .map(node => node.act as { generation?: number; box: Uint8Array })
      .sort((a, b) => (b.generation ?? 1) - (a.generation ?? 1))[0]
    const revocations = nodes.filter(node => node.act.do === 'revoke' && node.act.user === user)
    const stale = revocations.some(
      node => !renewals.some(renewal => renewal.act.do === 'renew' && renewal.past.has(node.op.id))
    )
    const held = roles
      .map(role => role.id)
      .filter(
        role =>
          role !== everyone &&
          status === 'in' &&
          latest(
            nodes,
            act => (act.do === 'assign' || act.do === 'unassign') && act.user === user && act.role === role
          )
            // Nothing revives on re-joining: an assignment counts for the joins its author had seen.
            .some(
              (node, _, all) =>
                node.act.do === 'assign' &&
                all.every(each => each.act.do === 'assign') &&
                joins.some(join => node.past.has(join.op.id))
            )
      )
    members.set(user, {
      user,
      status,
      joins: joins.map(node => node.op.id),
      joinedAt: 0,
      roles: held,
      nick: null,
      timeoutUntil: 0,
      voice: { mute: false, deaf: false },
      devices: [...devices].filter(([, each]) => each.user === user && each.on).map(([device]) => device),
      userKey: {
        generation: newest?.generation ?? 1,
        boxPublicKey: newest?.box ?? new Uint8Array(32),
        ...(stale && { stale })
      }
    })
  }
  const channels: ChannelState[] = nodes.flatMap(({ act, op }) => {
    if (act.do !== 'channel') return []
    const id = idAs('c', op.id)
    const targets = new Set([
      ...(act.roles === 'all' ? [] : [everyone, ...act.roles]),
      ...nodes.flatMap(node => (node.act.do === 'view' && node.act.channel === id ? [node.act.target] : []))
    ])
    const overwrites = [...targets].map(target => {
      const last = latest(nodes, each => each.do === 'view' && each.channel === id && each.target === target)
      const first =
        act.roles !== 'all' && target === everyone
          ? false
          : act.roles !== 'all' && act.roles.includes(target as RoleId)
      const allow = last.length === 0 ? first : last.every(node => node.act.do === 'view' && node.act.allow)
      return {
        target,
        kind: target.startsWith('u') ? ('member' as const) : ('role' as const),
        allow: allow ? VIEW : 0n,
        deny: allow ? 0n : VIEW
      }
    })
    const history = latest(nodes, each => each.do === 'history' && each.channel === id)[0]?.act
    return [
      {
        id,
        kind: 'text' as const,
        name: null,
        topic: null,
        parent: null,
        position: new Uint8Array(0),
        slowModeSeconds: 0,
        history: history?.do === 'history' ? history.mode : [0],
        overwrites,
        synced: false,
        nsfw: false,
        userLimit: 0,
        bitrateKbps: 0
      }
    ]
  })
  const invites: InviteState[] = nodes.flatMap(({ act, op }) =>
    act.do !== 'invite'
      ? []
      : [
          {
            id: idAs('i', op.id),
            open: !nodes.some(node => node.act.do === 'close' && node.act.invite === idAs('i', op.id)),
            author: owner,
            signPublicKey: new Uint8Array(32),
            boxPublicKey: act.box,
            roles: [],
            notAfter: null,
            maxUses: null,
            uses: 0,
            user: null
          }
        ]
  )
  return {
    server,
    name: 'world',
    owner,
    ownerGeneration: 0,
    description: null,
    afk: null,
    nodes: [],
    policy: () => 0,
    banned: () => [...members].filter(([, each]) => each.status === 'banned').map(([user]) => user),
    automod: () => [],
    objects: () => [],
    member: user => members.get(user),
    members: () => members.values(),
    device: device => devices.get(device),
    role: role => roles.find(each => each.id === role),
    roles: () => roles,
    channel: channel => channels.find(each => each.id === channel),
    channels: () => channels,
    invite: invite => invites.find(each => each.id === invite),
    invites: () => invites,
    permissions: (user, channel) => {
      const member = members.get(user)
      if (member?.status !== 'in') return 0n
      if (user === owner) return ALL_PERMISSIONS
      const overwrites =
        channel === null ? [] : (channels.find(each => each.id === channel)?.overwrites ?? [])
      return computePermissions({
        owner,
        member: user,
        everyone,
        roles,
        held: member.roles,
        overwrites: overwrites.map(row => ({
          id: row.target,
          kind: row.kind,
          allow: row.allow,
          deny: row.deny
        }))
      })
    },
    hash: () => new Uint8Array(32)
  }
}
