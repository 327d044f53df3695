/** Every table of a profile's database: who opens it names them all, or calls what it finds there unknown (DB3). */
import { type AnyTable, type Database, openDatabase } from '../store/index.ts'
import type { NodeInit } from './contract.ts'
import { conversationTables } from './conversations/conversation-tables.ts'
import { promiseTable } from './joining/promised-roles.ts'
import { plainProfileTable } from './people/plain-profile.ts'
import { DATABASE_SCHEMA, nodeTables } from './replica/tables.ts'
import { TIMELINE_TABLES } from './timeline/timeline-tables.ts'

export const PROFILE_TABLES: readonly AnyTable[] = [
  ...nodeTables,
  promiseTable,
  plainProfileTable,
  ...TIMELINE_TABLES,
  ...conversationTables
]

/** Opens a profile's database. */
export async function openProfile({
  store,
  suite,
  masterKey,
  random
}: Pick<NodeInit, 'store' | 'suite' | 'masterKey' | 'random'>): Promise<Database> {
  const schema = DATABASE_SCHEMA
  return await openDatabase({ store, suite, masterKey, random, schema, tables: PROFILE_TABLES })
}
