/** Who is there, and what they say of it (ND50–ND55), as the SDK sees it. */
import type { ServerId, UserId } from '../../base/index.ts'

/** What others see of somebody. */
export type ShownStatus = 'online' | 'idle' | 'dnd' | 'offline'

/** What this device says: invisible is said as offline, once, and then nothing is said. */
export type OwnStatus = 'online' | 'idle' | 'dnd' | 'invisible'

export interface ShownPresence {
  readonly status: ShownStatus
  /** Their own words; null: none. */
  readonly text: string | null
}

export interface OwnPresence {
  readonly status: OwnStatus
  readonly text: string | null
  /** When the text goes, ms; null: it stays. */
  readonly until: number | null
}

/** Presence of this device, and of members. */
export interface Presence {
  /** What this device says at present. */
  own(): OwnPresence
  /**
   * Says something else, from now on and after restarts. RangeError for a text of more than 128 bytes or an end that is
   * past.
   */
  set(presence: OwnPresence): Promise<void>
  /** Nobody is at this device: where it is online, idle is said. Not kept. */
  readonly away: boolean
  setAway(away: boolean): void
  /** Of all devices of a member that are heard. */
  of(server: ServerId, user: UserId): ShownPresence
}
