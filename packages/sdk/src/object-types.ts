/** Public types of what a server offers beside channels: emojis, stickers, sounds, and events to come to. */
import type { OperationId, UserId } from '@xcord/core'
import type { ReasonOptions } from './moderation-types.ts'
import type { Server } from './server-types.ts'
import type { ExpressionJson, ScheduledEventJson } from './shapes.ts'
import type { Written } from './types.ts'

/** A picture or sound for members to use. It travels in the operation itself, so it is small. */
export interface ExpressionInit {
  readonly kind: 'emoji' | 'sticker' | 'sound'
  /** As people type it between colons: 2 to 32 letters, digits and underscores. */
  readonly name: string
  /** Such as `image/webp`. */
  readonly mediaType: string
  /** At most 8,000 bytes. */
  readonly media: Uint8Array
}

export interface Expression extends ExpressionInit {
  readonly id: OperationId
  readonly server: Server
  readonly creator: UserId
  /** One's own needs CreateServerExpressions, others ManageServerExpressions. */
  rename(name: string, options?: ReasonOptions): Promise<Written>
  remove(options?: ReasonOptions): Promise<Written>
  toJSON(): ExpressionJson
}

export interface ScheduledEventInit {
  readonly name: string
  readonly startsAt: Date
  readonly endsAt?: Date | null
  readonly description?: string | null
  /** Where: a channel, a link, a place. */
  readonly location?: string | null
}

/** Something that members are invited to. */
export interface ScheduledEvent {
  readonly id: OperationId
  readonly server: Server
  readonly name: string
  readonly startsAt: Date
  readonly endsAt: Date | null
  readonly description: string | null
  readonly location: string | null
  readonly creator: UserId
  /** One's own needs CreateEvents, others ManageEvents. What is not named stays. */
  edit(changes: Partial<ScheduledEventInit>, options?: ReasonOptions): Promise<Written>
  remove(options?: ReasonOptions): Promise<Written>
  toJSON(): ScheduledEventJson
}

export interface ExpressionCollection {
  readonly all: readonly Expression[]
  /** By id, unique prefix or name, with or without colons. */
  get(idOrName: string): Expression | undefined
  create(init: ExpressionInit, options?: ReasonOptions): Promise<Expression>
}

export interface ScheduleCollection {
  /** Soonest first. */
  readonly all: readonly ScheduledEvent[]
  get(idOrName: string): ScheduledEvent | undefined
  create(init: ScheduledEventInit, options?: ReasonOptions): Promise<ScheduledEvent>
}
