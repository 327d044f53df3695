/** Every table of a profile's database: who opens it names them all, or calls what it finds there unknown (DB3). */
import type { AnyTable } from '../store/index.ts'
import { conversationTables } from './conversation-tables.ts'
import { nodeTables } from './tables.ts'
import { TIMELINE_TABLES } from './timeline-tables.ts'

export const PROFILE_TABLES: readonly AnyTable[] = [...nodeTables, ...TIMELINE_TABLES, ...conversationTables]
