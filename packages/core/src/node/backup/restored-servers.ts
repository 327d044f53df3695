/**
 * Makes a restored database that of another device (ND42): its servers are read until the new device is enrolled, and
 * what only the old device could know of its own chain is forgotten, so that no place in a chain is used twice.
 */
import type { Random, ServerId } from '../../base/index.ts'
import type { SecretKey, Suite } from '../../crypto/index.ts'
import { openDatabase, type Store } from '../../store/index.ts'
import { ownPrekeyTable } from '../conversations/conversation-tables.ts'
import { PROFILE_TABLES } from '../profile-tables.ts'
import {
  DATABASE_SCHEMA,
  deliveryTable,
  outboxTable,
  ownJoinTable,
  type ServerRow,
  serverTable,
  snapshotTable
} from '../replica/tables.ts'

/** Who was becoming a member or leaving did so as the old device. */
const AFTER: Readonly<Record<ServerRow['status'], ServerRow['status']>> = {
  member: 'imported',
  imported: 'imported',
  joining: 'left',
  leaving: 'left',
  left: 'left'
}

/** What a database needs to be opened. */
export interface RestoredStore {
  /** Closed at the end. */
  readonly store: Store
  readonly suite: Suite
  readonly random: Random
  readonly masterKey: SecretKey
}

/** Changes it, in one batch a server. XCORD_NEWER_VERSION for one that a newer XCord wrote; XCORD_STORE_CORRUPT. */
export async function settleRestored(init: RestoredStore): Promise<readonly ServerId[]> {
  const database = await openDatabase({
    ...init,
    schema: DATABASE_SCHEMA,
    tables: PROFILE_TABLES
  })
  try {
    const rows: ServerRow[] = []
    for await (const { value } of database.table(serverTable).scan()) rows.push(value)
    for (const row of rows) {
      const server = row.server as ServerId
      const batch = database.batch()
      batch.put(serverTable, [server], { ...row, status: AFTER[row.status], inviteSecret: null })
      batch.delete(outboxTable, [server])
      batch.delete(ownJoinTable, [server])
      for await (const each of database.table(deliveryTable).scan({ prefix: [server] }))
        batch.deleteRow(deliveryTable, each)
      // What the old device made for its own opening (ND24) is made anew.
      for await (const each of database.table(snapshotTable).scan({ prefix: [server] }))
        batch.deleteRow(snapshotTable, each)
      await batch.commit()
    }
    // They bear the old device's signature: what is sealed to them is meant for it (DM3).
    const prekeys = database.batch()
    for await (const each of database.table(ownPrekeyTable).scan()) prekeys.deleteRow(ownPrekeyTable, each)
    await prekeys.commit()
    return rows.map(each => each.server as ServerId)
  } finally {
    await database.close()
  }
}
