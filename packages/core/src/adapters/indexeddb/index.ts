/** What a page keeps, in IndexedDB: the store of a profile, and its key store. */
export { openIndexedStore } from './indexed-store.ts'
export { type KeptFile, openKeptFile } from './kept-file.ts'
