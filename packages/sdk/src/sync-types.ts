/** Metered lines and how far sync has come: what applications see and set. */

/** So many bytes in any period. */
export interface SyncBudget {
  /** Both ways, over all servers. 0: nothing that can wait. */
  readonly bytes: number
  /** One minute to 31 days, ms. */
  readonly periodMs: number
}

/** How a budget stands. */
export interface SyncBudgetJson extends SyncBudget {
  /** In the period that ends now. What somebody looks at goes on, so it may be more than `bytes`. */
  readonly spentBytes: number
  readonly leftBytes: number
  /** ISO time at which what waits goes on; null while something is left. */
  readonly resumesAt: string | null
}

/** How far one server is with a peer: the data of `sync:progress`. */
export interface SyncProgressJson {
  readonly server: string
  /** A first page, shown unverified; the operations that verify it; messages. What follows is of messages. */
  readonly phase: 'page' | 'operations' | 'messages'
  /** Of a first page. */
  readonly channel?: string
  /** Messages, edits, reactions and other acts that came over the present connection to that peer. */
  readonly received: number
  /** What they cost on the wire. */
  readonly bytes: number
  /** `received`, and what that peer offers and is missing here; null where it is not known. */
  readonly expected: number | null
  /** Nothing that this peer offers is missing any more. */
  readonly done: boolean
  /** New messages by channel since the last such event of this server, from whatever peer. */
  readonly channels: readonly { readonly channel: string; readonly received: number }[]
  /** null: the line is not metered. */
  readonly budget: SyncBudgetJson | null
}

export interface SyncStatusJson {
  /** null: the line is not metered. */
  readonly budget: SyncBudgetJson | null
  /** The last progress of each server since this peer was started; none of those where nothing was missing. */
  readonly servers: readonly SyncProgressJson[]
}

/** Sync of one profile's peer. */
export interface SyncControl {
  status(): SyncStatusJson
  /**
   * Another budget for what can wait: older messages, what is served to others, attachments of others. What people look at,
   * new messages, moderation and keys go on whatever is spent. Kept over restarts; null lifts it. RangeError.
   */
  setBudget(budget: SyncBudget | null): Promise<void>
}
