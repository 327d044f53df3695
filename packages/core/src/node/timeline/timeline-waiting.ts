/**
 * Which records wait for their message. Nearly every message that arrives is new: known to have no record, it
 * is written without being looked for first, which would be one read a message (docs/adr/0092).
 */
import type { Batch, Database } from '../../store/index.ts'
import type { MessageRecord } from '../../timeline/index.ts'
import { waiting } from './timeline-tables.ts'

/** Names kept in memory, some 5 MB. Beyond them somebody invents messages, and each one is looked for again. */
export const WAITING_KNOWN_MAX = 20_000

/** Names of records without their message, as far as they are on disk or on their way; never one too few. */
export interface Waiting {
  has(name: string): boolean
  /** Takes note of a record that `batch` writes. */
  note(name: string, record: MessageRecord, batch: Batch): void
}

/** Reads the names that a database holds. */
export async function openWaiting(database: Database, knownMax = WAITING_KNOWN_MAX): Promise<Waiting> {
  const names = new Set<string>()
  // Their last write is said to have failed: it may be on disk for all that, or not.
  const unsure = new Set<string>()
  let crowded = false
  const add = (name: string): void => {
    if (names.size < knownMax) names.add(name)
    else crowded = true
  }
  for await (const { value } of database.table(waiting).scan()) {
    add(value.channel + value.id)
    if (crowded) break
  }
  return {
    has: name => crowded || names.has(name),
    note: (name, { id, channel, original }, batch) => {
      if (original === null && (!names.has(name) || unsure.has(name))) {
        add(name)
        unsure.delete(name)
        batch.put(waiting, [id, channel], { id, channel }).onSettled(committed => {
          // Whoever writes the record again has to write the row, too; and whoever writes the message, to look.
          if (!committed) unsure.add(name)
        })
      }
      if (original !== null && (crowded || names.has(name))) {
        batch.delete(waiting, [id, channel]).onSettled(committed => {
          if (!committed) return
          names.delete(name)
          unsure.delete(name)
        })
      }
    }
  }
}
