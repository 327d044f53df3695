/** Conversations as the SDK sees them (DM). */
import type { ConversationId, DeviceId, MessageId, UserId } from '../../base/index.ts'

/** One message as it is shown. */
export interface ConversationMessage {
  readonly id: MessageId
  readonly conversation: ConversationId
  readonly user: UserId
  readonly device: DeviceId
  /** Its author's clock, at most when it came here, ms. */
  readonly at: number
  readonly text: string
  readonly replyTo: MessageId | null
  readonly edited: boolean
  /** When it is erased here; null: never. */
  readonly expiresAt: number | null
  /** Of own ones: accounts of which a device has it. */
  readonly deliveredTo: readonly UserId[]
}

/** One conversation as this peer holds it. */
export interface ConversationReport {
  readonly id: ConversationId
  /** Ascending, with oneself. */
  readonly users: readonly UserId[]
  readonly left: readonly UserId[]
  /** Seconds that messages live; 0: for ever. */
  readonly lifetimeSeconds: number
  /** When it came here, ms. */
  readonly since: number
  /** Devices that nothing can be sealed to at present (DM3). */
  readonly skipped: readonly DeviceId[]
  /** Accounts nobody of which was met yet: they get what is written once they are. */
  readonly unmet: readonly UserId[]
}

/** Whether two people see each other's true identity (ID8, ID14). */
export interface SafetyReport {
  readonly user: UserId
  /** Twelve groups of five digits, the same on both sides. */
  readonly number: string
  /** When the numbers were compared, ms; null: never. */
  readonly verifiedAt: number | null
  /** Devices that came since: their owner added them, or somebody who holds one of theirs. */
  readonly added: readonly DeviceId[]
  /** The identity says that another one is its successor (ID12): to be compared anew. */
  readonly moved: UserId | null
}

/** A page of history. */
export interface ConversationPageOptions {
  /** Only what stands before this message. */
  readonly before?: MessageId
  readonly limit: number
}

/**
 * The conversations of this profile. Whatever names one that is not held throws XCORD_CONVERSATION_NOT_FOUND, whatever
 * writes in one that we left XCORD_CONVERSATION_LEFT.
 */
export interface Conversations {
  all(): readonly ConversationReport[]
  get(id: ConversationId): ConversationReport | undefined
  /**
   * The conversation of these people and us: the one there is, or a new one. XCORD_USER_NOT_FOUND for whoever is in none
   * of our servers and was never met; XCORD_USER_BLOCKED. RangeError above ten.
   */
  open(users: readonly UserId[]): Promise<ConversationReport>
  /** Resolves when it is kept here; it leaves as the others are met. RangeError for a text out of bounds. */
  send(id: ConversationId, text: string, replyTo?: MessageId): Promise<ConversationMessage>
  /** Deletes an own message. XCORD_MESSAGE_NOT_FOUND, XCORD_PERMISSION_DENIED. */
  remove(id: ConversationId, message: MessageId): Promise<void>
  /** How long messages live that are written from now on (DM10). */
  setLifetime(id: ConversationId, seconds: number): Promise<ConversationReport>
  /** For good (DM9). The history stays here. */
  leave(id: ConversationId): Promise<ConversationReport>
  /** Oldest first, the newest of them at the end. */
  page(id: ConversationId, options: ConversationPageOptions): Promise<readonly ConversationMessage[]>
  message(id: ConversationId, message: MessageId): Promise<ConversationMessage | undefined>
  /** From now on nothing is taken of them or told to them, and what they wrote in groups is not shown (DM5). */
  block(user: UserId): Promise<void>
  unblock(user: UserId): Promise<void>
  blocked(): readonly UserId[]
  /** Of one person. */
  safety(user: UserId): SafetyReport
  /** Everybody whose number was compared. */
  verified(): readonly SafetyReport[]
  /** The numbers were compared: by their owner's word, or by the digits given. XCORD_SAFETY_MISMATCH. */
  verify(user: UserId, digits?: string): Promise<SafetyReport>
  /** They are not known to be the same any more. */
  unverify(user: UserId): Promise<SafetyReport>
  /** Calls back after a change to any of them. */
  onChange(listener: (id: ConversationId) => void): () => void
}
