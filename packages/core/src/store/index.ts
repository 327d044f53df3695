/** Store: the byte-map contract, and the sealed, typed, group-committing database upon it (DB). */
export * from './contract.ts'
export * from './table.ts'
export * from './database-types.ts'
export { openDatabase } from './database.ts'
export { verifyDatabase } from './verify-database.ts'
