/** Public types of requests to join: who asked by a link that asks, and what they were told. Interfaces only. */
import type { InviteId, UserId } from '@xcord/core'
import type { ReasonOptions } from './moderation-types.ts'
import type { Server } from './server-types.ts'

/** Somebody asked to join. */
export interface JoinRequest {
  /** The applicant: one request of each user counts, the newest. */
  readonly user: UserId
  readonly server: Server
  readonly invite: InviteId
  /** What they call themselves; nobody vouches for it. */
  readonly name: string
  /** What they say to whoever decides. */
  readonly message: string
  readonly at: Date
  readonly standing: RequestStanding
  readonly answeredBy: UserId | null
  /** Lets them in: an invite of one use that names them, sealed to them. XCORD_REQUEST_NOT_FOUND. */
  accept(options?: ReasonOptions): Promise<JoinRequest>
  /** They are told, and may ask again after a day; may still be accepted. */
  refuse(): Promise<JoinRequest>
  toJSON(): JoinRequestJson
}

export type RequestStanding = 'waiting' | 'refused' | 'accepted'

export interface RequestCollection {
  /** Newest first, without those who came in. XCORD_PERMISSION_DENIED without CreateInstantInvite. */
  readonly all: readonly JoinRequest[]
  /** By user id, unique prefix or name, with or without `@`. */
  get(idOrName: string): JoinRequest | undefined
}

export interface JoinRequestJson {
  /** User id. */
  readonly user: string
  readonly server: string
  readonly invite: string
  readonly name: string
  readonly message: string
  readonly at: string
  readonly standing: RequestStanding
  readonly answeredBy: string | null
  readonly answeredAt: string | null
}
