/** One turn's working set: the replica, the turn, and what the turn has still to settle before it commits. */
import type { KeyId } from '../../base/index.ts'
import type { TimelineItem } from '../../timeline/index.ts'
import type { ReplicaState } from './replica-state.ts'
import { type AuthorityNews, createNews } from '../intake/take-operations.ts'
import type { Turn } from './turn.ts'

export class Work {
  readonly state: ReplicaState
  readonly turn: Turn
  readonly news: AuthorityNews = createNews()
  /** Judged content, in order of arrival. */
  readonly items: TimelineItem[] = []
  /** Keys opened in this turn: envelopes that waited for them are opened again. */
  readonly opened = new Set<KeyId>()

  constructor(state: ReplicaState, turn: Turn) {
    this.state = state
    this.turn = turn
  }

  /** What is taken now came by gossip, as it was written: its time tells how clocks differ. */
  live = false

  /** Own operations that have still to be published for gossip, in order. */
  readonly announcements: Uint8Array[] = []

  /** Notes an own operation: it is published once the turn has the keys to do so. */
  announce(operation: Uint8Array): void {
    this.announcements.push(operation)
  }

  openedKeys(keys: readonly KeyId[]): void {
    for (const key of keys) this.opened.add(key)
  }
}
