/** Presence as applications see and set it. */

/** How a member is there. */
export interface PresenceJson {
  readonly status: 'online' | 'idle' | 'dnd' | 'offline'
  /** Their own words; null: none. */
  readonly text: string | null
}

/** What this device says. */
export interface OwnPresenceJson {
  /** `invisible`: others see it as offline. Whoever is connected to it still knows that it is on. */
  readonly status: 'online' | 'idle' | 'dnd' | 'invisible'
  readonly text: string | null
  /** ISO time at which the text goes; null: it stays. */
  readonly until: string | null
  /** Nobody is at this device: online is shown as idle. Absent: somebody is, or nobody said. */
  readonly away?: true
}

export interface PresenceInit {
  /** Absent: as it was. */
  readonly status?: OwnPresenceJson['status']
  /** At most 128 bytes; null removes it. Absent: as it was, with its end. */
  readonly text?: string | null
  /** When the text goes. */
  readonly until?: Date | null
  /** Nobody is at this device: while it is online it is shown as idle. Not kept over restarts. Absent: as it was. */
  readonly away?: boolean
}

/** What this device says of itself in all its servers, to their members and nobody else. */
export interface PresenceControl {
  readonly current: OwnPresenceJson
  /** From now on and after restarts; others hear it within some seconds. RangeError, TypeError. */
  set(presence: PresenceInit): Promise<OwnPresenceJson>
}
