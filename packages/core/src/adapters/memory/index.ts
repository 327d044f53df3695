/** Memory: the contracts without disk or network, for tests and simulation. */
export * from './memory-store.ts'
