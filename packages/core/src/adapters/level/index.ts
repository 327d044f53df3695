/** Level: the store contract on LevelDB in Node. Browsers need an adapter of their own: no log, no torn record. */
export { openLevelStore, type LevelStoreOptions } from './level-store.ts'
export { damagedLog } from './log-damage.ts'
export { damagedTable } from './table-damage.ts'
