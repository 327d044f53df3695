/**
 * One turn of a replica's inbox: everything that a batch of work changes, committed together, told afterwards
 * (architecture: "one commit a batch, then one emit").
 */
import type { ChannelId, DeviceId, MessageId, RuleId, UserId } from '../../base/index.ts'
import type { Envelope, Operation } from '../../graph/index.ts'
import type { Batch, Database } from '../../store/index.ts'
import type { DeliveryEntry } from '../../sync/index.ts'
import type { Message } from '../../timeline/index.ts'
import type { EventLog, EventRecord } from '../event-log.ts'

/** Items of one source that the turn stored: what sync passes on, and to whom not to echo it. */
export interface StoredItems {
  readonly operations: Uint8Array[]
  readonly records: Uint8Array[]
  readonly envelopes: Uint8Array[]
}

/** A message that was shown before it was judged, and did not stand. */
export interface Withdrawn {
  readonly channel: ChannelId
  readonly message: MessageId
  readonly rule: RuleId
  /** Who signed the snapshot, where that was false. */
  readonly by: UserId | null
}

export class Turn {
  readonly at: number
  readonly batch: Batch
  readonly events: EventRecord[] = []
  /** By the device that brought them; undefined for our own. */
  readonly stored = new Map<DeviceId | undefined, StoredItems>()
  /** Own envelopes, in chain order, for gossip. */
  readonly published: Envelope[] = []
  /** Others' envelopes that are durable after the commit, by author device: for receipts (SY16). */
  readonly received = new Map<DeviceId, MessageId[]>()
  /** Envelopes placed in this turn: not yet to be found in the store. */
  readonly placed = new Set<MessageId>()
  /** Envelopes written in this turn, which no table shows yet. */
  readonly kept = new Map<MessageId, { readonly device: DeviceId; readonly envelope: Envelope }>()
  /** Authors whose chain grew. */
  readonly chains = new Set<DeviceId>()
  /** Operations accepted in this turn, of whomever. */
  readonly accepted: Operation[] = []
  /** Own messages of this turn, as people see them. */
  readonly shown = new Map<MessageId, Message>()
  /** Own messages that receipts raised, as they are now: written and told once a turn. */
  readonly raised = new Map<MessageId, DeliveryEntry>()
  /** Shown unverified before, and gone now (ND27). */
  readonly withdrawn: Withdrawn[] = []
  /** Run after the commit, in order. */
  readonly after: (() => void)[] = []
  /** Something people may look at changed, with or without an event. */
  viewChanged = false
  /** A new topic is in force: subscribe, register, offer its secret. */
  topicChanged = false
  /** Receipts were applied. */
  receipted = false
  /** Another part of the outbox was read, and more of it may be settled. */
  outboxRefilled = false
  /** Push what is stored to every peer at once: an applicant's join (SY12). */
  urgent = false
  /** We joined, or are no member any more. */
  membershipChanged = false
  /** Authority changed: standings and roles are to be judged again. */
  authorityChanged = false

  constructor(database: Database, at: number) {
    this.at = at
    this.batch = database.batch()
  }

  storedFrom(from: DeviceId | undefined): StoredItems {
    let items = this.stored.get(from)
    if (items === undefined) {
      items = { operations: [], records: [], envelopes: [] }
      this.stored.set(from, items)
    }
    return items
  }

  /** Commits with fsync; then, and only then, what it returns releases the events. A failed commit tells nothing. */
  async commit(log: EventLog): Promise<() => void> {
    const ticket = this.events.length > 0 ? log.append(this.batch, this.events) : undefined
    try {
      if (this.batch.size > 0) await this.batch.commit({ sync: true })
    } catch (error) {
      ticket?.abandon()
      throw error
    }
    return () => {
      ticket?.commit()
      for (const run of this.after) run()
    }
  }
}
