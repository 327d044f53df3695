/** What every action has at hand. */
import type { Api } from '../api/api.ts'
import type { Feed } from './feed.ts'
import type { Command } from './state/keys.ts'
import type { Store } from './store.ts'

export interface Desk {
  readonly api: Api
  readonly store: Store
  readonly feed: Feed
  readonly quit: () => void
  /** Runs something that may fail in the world; what went wrong is said, the client stays. */
  readonly attempt: (work: () => Promise<void>) => void
  /** Says something, or nothing any more. */
  readonly tell: (text: string) => void
  /** Opens a channel, or the one last open in a server. */
  readonly open: (server: string, channel: string | null) => void
}

/** What the view knows and actions need: rows there are, rows there is room for. */
export interface Measure {
  readonly rows: number
  readonly height: number
}

export type Actions = { readonly [K in Command['do']]: (command: never, measure: Measure) => void }
