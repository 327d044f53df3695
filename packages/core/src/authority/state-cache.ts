/** What a state of the present keeps put together, and which of it a moved cell makes void. */
import type { ChannelId, DeviceId, OperationId, RoleId, UserId } from '../base/index.ts'
import type { ChannelState, MemberState, RoleState } from './contract.ts'
import type { Ledger } from './ledger.ts'
import { isShownOfChannel } from './moved.ts'

/** Whose a device is, and whether it stands. */
export interface DeviceStanding {
  readonly user: UserId
  readonly on: boolean
}

/** What a state has put together so far. The present's is handed on from change to change. */
export class StateCache {
  readonly devices = new Map<DeviceId, DeviceStanding>()
  readonly members = new Map<UserId, MemberState | undefined>()
  readonly roles = new Map<RoleId, RoleState | undefined>()
  readonly channels = new Map<ChannelId, ChannelState | undefined>()
  readonly permissions = new Map<
    UserId,
    Map<ChannelId | null, { readonly bits: bigint; readonly timedOut: bigint; readonly until: number }>
  >()
  roleList: readonly RoleState[] | undefined
  channelList: readonly ChannelState[] | undefined
  hash: Uint8Array | undefined

  /** Forgets what rests on a cell. */
  forget(key: string, ledger: Ledger): void {
    this.hash = undefined
    const [family, first, second] = key.split('|') as [string, string, string]
    switch (family) {
      case 'member':
      case 'nick':
      case 'id':
      case 'timeout':
      case 'voice':
        this.#user(first as UserId)
        break
      case 'asg':
        this.#user(ledger.userOfJoin(first as OperationId))
        break
      case 'role':
        this.permissions.clear()
        this.roleList = undefined
        this.roles.delete(first as RoleId)
        if (second === 'exists' || second === 'pos') this.members.clear()
        break
      case 'ch':
        if (isShownOfChannel(second)) {
          this.channelList = undefined
          this.channels.delete(first as ChannelId)
          break
        }
        this.permissions.clear()
        this.channelList = undefined
        this.channels.clear()
        break
      case 'ow':
      case 'tm':
        this.permissions.clear()
        this.channelList = undefined
        this.channels.clear()
        break
      case 'owner':
        this.permissions.clear()
        this.members.clear()
        break
      case 'dev':
        this.devices.delete(first as DeviceId)
        for (const user of ledger.registry.devices.get(first as DeviceId) ?? []) this.#user(user)
        break
      default:
    }
  }

  /** Forgets one member. */
  #user(user: UserId | undefined): void {
    if (user === undefined) return
    this.members.delete(user)
    this.permissions.delete(user)
  }
}
