/** Level: the store contract on LevelDB in Node and on IndexedDB in browsers. */
export { openLevelStore, type LevelStoreOptions } from './level-store.ts'
