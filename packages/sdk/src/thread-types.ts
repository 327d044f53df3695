/** Public types of threads: conversations beside a channel, and the posts of a forum. Interfaces only. */
import type { ChannelId, MessageId, UserId } from '@xcord/core'
import type { ReasonOptions } from './moderation-types.ts'
import type { Channel, Member, Message, Written } from './types.ts'

export interface ThreadInit {
  readonly name: string
  /** Only for those let in, and for whoever has ManageThreads. A forum has none. */
  readonly private?: boolean
  /** Its first message. A forum's post needs one. */
  readonly content?: string
  /** A message of the channel that the thread is about: the first message answers it. */
  readonly from?: Message | MessageId
}

/** A thread: a channel under another, with that one's permissions. In a forum, a post. */
export interface Thread extends Channel {
  readonly kind: 'thread'
  /** Never null: a thread ends with its channel. */
  readonly parent: ChannelId
  readonly private: boolean
  /** Put away; a message opens it again unless it is locked. */
  readonly archived: boolean
  /** Only ManageThreads writes there. */
  readonly locked: boolean
  readonly creator: UserId
  readonly createdAt: Date
  /** Who is in a private thread; empty for a public one, which all who view its channel are in. */
  readonly members: readonly Member[]
  /** The message it is about, if it was begun from one that is held here. */
  starter(): Promise<Message | undefined>
  /** Its creator may rename and archive it while it is unlocked; the rest needs ManageThreads. */
  edit(
    changes: {
      readonly name?: string
      readonly archived?: boolean
      readonly locked?: boolean
      readonly slowmodeSeconds?: number
    },
    options?: ReasonOptions
  ): Promise<Written>
  archive(options?: ReasonOptions): Promise<Written>
  unarchive(options?: ReasonOptions): Promise<Written>
  lock(options?: ReasonOptions): Promise<Written>
  unlock(options?: ReasonOptions): Promise<Written>
  /** Lets somebody into a private thread. XCORD_PERMISSION_DENIED: needs to be in it, or ManageThreads. */
  add(member: Member | UserId): Promise<Written>
  /** Takes somebody out of a private thread: its creator, or ManageThreads. */
  remove(member: Member | UserId): Promise<Written>
  /** Enters a private thread by ManageThreads; others are let in. */
  join(): Promise<Written>
  /** Leaves a private thread. */
  leave(): Promise<Written>
}

/** Threads of one channel, oldest first: those we may view. */
export interface ThreadCollection {
  readonly all: readonly Thread[]
  /** Id, unique id prefix of six characters, or name. */
  get(idOrName: string): Thread | undefined
}
