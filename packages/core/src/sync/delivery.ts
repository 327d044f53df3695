/**
 * What the network proved about own messages (SY17) and what the outbox still has to offer (SY18). Pure;
 * levels only rise, and none is guessed: each step up is a receipt that was checked.
 */
import { compareIds, type DeviceId, type MessageId, type UserId } from '../base/index.ts'
import type { Receipt } from './receipt.ts'

/** SY17, rising. */
export const DELIVERY_LEVELS = ['local', 'sent', 'stored', 'delivered', 'seen'] as const
/** One of them. */
export type DeliveryLevel = (typeof DELIVERY_LEVELS)[number]

/** How far a message is. */
export interface Delivery {
  readonly level: DeliveryLevel
  /** Other nodes that proved they keep it: a lower bound (SY16). */
  readonly holders: number
}

/** Who signed a receipt, by present state: the node's answer to "who is this device?". */
export interface ReceiptSigner {
  /** A member's device (`user` set), or a store node listed in server state. null: neither; the receipt proves only `sent`. */
  readonly role: 'member' | 'store' | null
  readonly user?: UserId
  /** Whether that user may read the channel of the given message. */
  readonly mayRead: (message: MessageId) => boolean
}

/** What else proves: by present state. */
export interface DeliveryWorld {
  /** This account: its other devices hold, but do not make a message `delivered`. */
  readonly self: UserId
  /** Other devices and store nodes that could hold it; 1 makes a single receipt enough for `stored`. */
  readonly otherHolders: number
  /** Whether the server has store nodes (SY18). */
  readonly hasStores: boolean
}

/** A change to tell. */
export interface DeliveryChange {
  readonly id: MessageId
  readonly before: Delivery
  readonly after: Delivery
}

/** One message as kept across restarts. */
export interface DeliveryEntry extends Delivery {
  readonly id: MessageId
  /** Place in the author's chain: the outbox's order. */
  readonly seq: number
  /** Whose durable receipts count as holders. */
  readonly durable: readonly DeviceId[]
  /** SY18: proven well enough to be forgotten by the outbox. */
  readonly settled: boolean
}

/** Own messages of one server, from commit until they are settled and forgotten. */
export class DeliveryTracker {
  readonly #entries = new Map<MessageId, DeliveryEntry>()

  /** Own messages as the store kept them. */
  constructor(entries: Iterable<DeliveryEntry> = []) {
    for (const entry of entries) this.#entries.set(entry.id, entry)
  }

  /** An own message was committed with fsync: `local`. A known one keeps its level. */
  add(id: MessageId, seq: number): void {
    if (this.#entries.has(id)) return
    this.#entries.set(id, { id, seq, level: 'local', holders: 0, durable: [], settled: false })
  }

  /** An own message as the store kept it. */
  restore(entry: DeliveryEntry): void {
    this.#entries.set(entry.id, entry)
  }

  get(id: MessageId): DeliveryEntry | undefined {
    return this.#entries.get(id)
  }

  /** Applies a checked receipt. Unknown ids are ignored: a receipt proves nothing about others' messages. */
  apply(receipt: Receipt, signer: ReceiptSigner, world: DeliveryWorld): readonly DeliveryChange[] {
    const changes: DeliveryChange[] = []
    for (const id of receipt.ids) {
      const before = this.#entries.get(id)
      if (before === undefined) continue
      const after = raise(before, receipt, signer, world)
      if (after === before) continue
      this.#entries.set(id, after)
      if (after.level !== before.level || after.holders !== before.holders)
        changes.push({ id, before, after })
    }
    return changes
  }

  /** SY18: what of these is offered at a new session, in author order. */
  outbox(): readonly DeliveryEntry[] {
    return [...this.#entries.values()]
      .filter(each => !each.settled)
      .sort((a, b) => a.seq - b.seq || compareIds(a.id, b.id))
  }

  /** Forgets one message, when its state is kept elsewhere or no longer of interest. */
  forget(id: MessageId): void {
    this.#entries.delete(id)
  }

  /** All entries, for the store. */
  entries(): Iterable<DeliveryEntry> {
    return this.#entries.values()
  }
}

function raise(
  entry: DeliveryEntry,
  receipt: Receipt,
  signer: ReceiptSigner,
  world: DeliveryWorld
): DeliveryEntry {
  const holds = receipt.kind !== 'held' && signer.role !== null
  const durable =
    holds && !entry.durable.includes(receipt.signer) ? [...entry.durable, receipt.signer] : entry.durable
  const reads = holds && signer.role === 'member' && signer.user !== world.self && signer.mayRead(entry.id)
  const stored = durable.length >= 2 || (durable.length === 1 && world.otherHolders <= 1)
  let reached: DeliveryLevel = stored ? 'stored' : 'sent'
  if (reads) reached = receipt.kind === 'read' ? 'seen' : 'delivered'
  const level =
    DELIVERY_LEVELS.indexOf(reached) > DELIVERY_LEVELS.indexOf(entry.level) ? reached : entry.level
  // SY18: where store nodes exist, one reader's word is not yet enough to stop offering.
  const settled = entry.settled || stored || (!world.hasStores && DELIVERY_LEVELS.indexOf(level) >= 3)
  if (level === entry.level && durable === entry.durable && settled === entry.settled) return entry
  return { ...entry, level, durable, holders: durable.length, settled }
}
