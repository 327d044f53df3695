/** Public types of conversations: two to ten people without a server. Interfaces only. */
import type { ConversationId, MessageId, UserId } from '@xcord/core'

export interface ConversationJson {
  readonly id: string
  /** User ids, ascending, with one's own. */
  readonly users: readonly string[]
  /** Names beside them, in the same order. */
  readonly names: readonly string[]
  /** Those who went for good. */
  readonly left: readonly string[]
  /** Seconds that messages live which are written now; 0: for ever. */
  readonly lifetimeSeconds: number
  /** ISO 8601: when it came to this device. */
  readonly since: string
  /** People no device of whom was met yet: they get what is written once one is. */
  readonly unmet: readonly string[]
  /** Devices that get nothing at present, since nobody has a fresh key to seal to. */
  readonly skipped: readonly string[]
}

export interface DirectMessageJson {
  readonly id: string
  readonly conversation: string
  readonly author: string
  readonly authorName: string
  readonly content: string
  /** ISO 8601: the author's claim, at most when it came here. */
  readonly at: string
  readonly edited?: true
  readonly replyTo?: string
  /** ISO 8601: when it is erased here. */
  readonly expiresAt?: string
  /** Of own ones: people a device of whom has it. */
  readonly deliveredTo: readonly string[]
}

/** One message of a conversation, as it was when it was read. */
export interface DirectMessage {
  readonly id: MessageId
  readonly conversation: ConversationId
  readonly author: { readonly id: UserId; readonly name: string }
  readonly content: string
  readonly at: Date
  readonly edited: boolean
  readonly replyTo: MessageId | null
  readonly expiresAt: Date | null
  readonly deliveredTo: readonly UserId[]
  /** Deletes an own message here and, as far as they are willing, at the others. XCORD_PERMISSION_DENIED. */
  delete(): Promise<void>
  toJSON(): DirectMessageJson
}

export interface HistoryOptions {
  /** Only what stands before this message. */
  readonly before?: string
  /** 1 to 200; default 50. */
  readonly limit?: number
}

/** Two to ten people. All fields read as they are now. */
export interface Conversation {
  readonly id: ConversationId
  readonly users: readonly UserId[]
  readonly left: readonly UserId[]
  readonly lifetimeSeconds: number
  readonly since: Date
  readonly unmet: readonly UserId[]
  /**
   * Keeps the message and resolves; it leaves as soon as a device of the others is met, in order, across restarts.
   * XCORD_CONVERSATION_LEFT, XCORD_USER_BLOCKED; RangeError for a text out of bounds.
   */
  send(content: string, options?: { readonly replyTo?: string }): Promise<DirectMessage>
  /** Oldest first; without `before` the newest page. */
  history(options?: HistoryOptions): Promise<readonly DirectMessage[]>
  /** Deletes an own message here and, as far as they are willing, at the others. XCORD_MESSAGE_NOT_FOUND, XCORD_PERMISSION_DENIED. */
  delete(message: string): Promise<void>
  /** Messages written from now on disappear this long after they came; 0: never. 0 to 31,536,000. */
  setLifetime(seconds: number): Promise<void>
  /** Goes for good: nothing more comes or is written. The history stays here. */
  leave(): Promise<void>
  toJSON(): ConversationJson
}

export interface SafetyJson {
  /** User id. */
  readonly user: string
  readonly name: string
  /** Twelve groups of five digits: the same on both sides. */
  readonly number: string
  /** ISO 8601: when the numbers were compared; null: never. */
  readonly verifiedAt: string | null
  /** Devices that came since. */
  readonly added: readonly string[]
  /** The identity that this one says is its successor. */
  readonly moved: string | null
}

/** Whether people are who they seem: numbers that two of them compare, over a way that nobody can alter. */
export interface SafetyCollection {
  /** Everybody whose number was compared. `added` tells of devices that came since. */
  readonly verified: readonly SafetyJson[]
  of(user: string): SafetyJson
  /** The numbers are the same: by the caller's word, or by the digits the other reads out. XCORD_SAFETY_MISMATCH. */
  verify(user: string, digits?: string): Promise<SafetyJson>
  /** Takes that back. */
  forget(user: string): Promise<SafetyJson>
}

/** The conversations of this profile. */
export interface ConversationCollection {
  readonly all: readonly Conversation[]
  /** Id, or a unique prefix of at least six characters. */
  get(id: string): Conversation | undefined
  /**
   * The conversation with these people: the one there is, else a new one. With nobody: notes for one's own devices.
   * XCORD_USER_NOT_FOUND for who is in none of our servers and was never talked with; XCORD_USER_BLOCKED.
   */
  open(users: string | readonly string[]): Promise<Conversation>
  /** Nothing is taken of them or told to them any more; what they write in groups is not shown. */
  block(user: string): Promise<void>
  unblock(user: string): Promise<void>
  readonly blocked: readonly UserId[]
}
