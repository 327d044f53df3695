/** Every table of a profile's database: who opens it names them all, or calls what it finds there unknown (DB3). */
import type { AnyTable } from '../store/index.ts'
import { conversationTables } from './conversations/conversation-tables.ts'
import { promiseTable } from './joining/promised-roles.ts'
import { nodeTables } from './replica/tables.ts'
import { TIMELINE_TABLES } from './timeline/timeline-tables.ts'

export const PROFILE_TABLES: readonly AnyTable[] = [
  ...nodeTables,
  promiseTable,
  ...TIMELINE_TABLES,
  ...conversationTables
]
