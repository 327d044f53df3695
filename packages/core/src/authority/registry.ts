/** Which objects exist in name: found from the keys of cells as they are first written, so that states can list them. */
import type { ChannelId, DeviceId, InviteId, OperationId, RoleId, UserId } from '../base/index.ts'
import type { Foundation } from './thaw.ts'
import { thawingMap } from './thawing-map.ts'

/** Users by name; those of a snapshot come in when all are asked for. */
class UserSet {
  readonly #users = new Set<UserId>()
  #frozen: Foundation | undefined

  constructor(frozen: Foundation | undefined) {
    this.#frozen = frozen
  }

  add(user: UserId): void {
    this.#users.add(user)
  }

  *[Symbol.iterator](): Iterator<UserId> {
    if (this.#frozen !== undefined) for (const user of this.#frozen.users()) this.#users.add(user)
    this.#frozen = undefined
    yield* this.#users
  }
}

/** Everything that any accepted operation ever named; supersets of what any state holds. */
export class Registry {
  readonly users: UserSet
  readonly devices: Map<DeviceId, Set<UserId>>
  readonly devicesOf: Map<UserId, Set<DeviceId>>
  readonly roles = new Set<RoleId>()
  readonly roleBits = new Map<RoleId, Set<number>>()
  readonly channels = new Set<ChannelId>()
  readonly overwrites = new Map<ChannelId, Map<RoleId | UserId, Set<number>>>()
  readonly invites = new Set<InviteId>()
  readonly assigned: Map<OperationId, Set<RoleId>>
  readonly threadMembers = new Map<ChannelId, Set<UserId>>()
  readonly automod = new Set<OperationId>()
  readonly objects = new Set<OperationId>()

  constructor(settled?: Foundation) {
    this.users = new UserSet(settled)
    this.devices = thawingMap(settled && (device => settled.usersOf(device)))
    this.devicesOf = thawingMap(settled && (user => settled.devicesOf(user)))
    this.assigned = thawingMap(settled && (join => settled.assigned(join)))
    for (const key of settled?.fewKeys() ?? []) this.note(key)
  }

  /** Notes the object behind a cell written for the first time. */
  note(key: string): void {
    const parts = key.split('|')
    const [family, first, second, third] = parts as [string, string, string, string]
    switch (family) {
      case 'member':
        this.users.add(first as UserId)
        break
      case 'role':
        this.roles.add(first as RoleId)
        if (second === 'bit') setAt(this.roleBits, first as RoleId).add(Number(third))
        break
      case 'asg':
        setAt(this.assigned, first as OperationId).add(second as RoleId)
        break
      case 'ch':
        if (second === 'exists') this.channels.add(first as ChannelId)
        break
      case 'ow':
        this.#overwrite(first as ChannelId, second as RoleId | UserId, Number(third))
        break
      case 'invite':
        if (parts.length === 2) this.invites.add(first as InviteId)
        break
      case 'automod':
        this.automod.add(first as OperationId)
        break
      case 'obj':
        this.objects.add(first as OperationId)
        break
      case 'tm':
        setAt(this.threadMembers, first as ChannelId).add(second as UserId)
        break
      default:
    }
  }

  /** Notes whose device a device is; a fork may claim two. */
  noteDevice(device: DeviceId, user: UserId): void {
    setAt(this.devices, device).add(user)
    setAt(this.devicesOf, user).add(device)
  }

  #overwrite(channel: ChannelId, target: RoleId | UserId, bit: number): void {
    let targets = this.overwrites.get(channel)
    if (targets === undefined) this.overwrites.set(channel, (targets = new Map()))
    setAt(targets, target).add(bit)
  }
}

/** The set at a key, made if need be. */
export function setAt<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let set = map.get(key)
  if (set === undefined) map.set(key, (set = new Set()))
  return set
}

/** The list at a key, made if need be. */
export function listAt<K, V>(map: Map<K, V[]>, key: K): V[] {
  let list = map.get(key)
  if (list === undefined) map.set(key, (list = []))
  return list
}
