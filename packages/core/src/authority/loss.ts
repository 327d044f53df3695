/** What operations take away, and what they move. */
import type { ChannelId, DeviceId, InviteId, OperationId, RoleId, UserId } from '../base/index.ts'

/** EK8: an accepted operation, effective or voided, that took something away. */
export interface Loss {
  readonly operation: OperationId
  readonly lamport: number
  /** Whose reading it touches: these users, or whoever held the role, or readers of the channel, or invite holders. */
  readonly users: readonly UserId[]
  readonly role?: RoleId
  readonly channel?: ChannelId
  readonly invite?: InviteId
  readonly device?: DeviceId
}

/** What may be another than it was, beside the order in which things are told. */
export interface Moved {
  /** Membership, roles, devices or user key of these. */
  readonly users: ReadonlySet<UserId>
  /** Roles, or the owner: what anybody holds. */
  readonly roles: boolean
  /** What roles may, channels, overwrites, threads and who is in them: where anybody reads. */
  readonly channels: boolean
  /** Invites, beside how often they were used. */
  readonly invites: boolean
  /** New ones (EK8). */
  readonly losses: readonly Loss[]
}
