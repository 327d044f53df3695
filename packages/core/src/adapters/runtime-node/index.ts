/** The world of a Node process: clock, chance, timers, key-store file, profile lock. */
export { systemClock, systemRandom, systemTimers } from './system.ts'
export { readKeyStoreFile, writeKeyStoreFile } from './key-store-file.ts'
export { lockProfile, type ProfileLock } from './profile-lock.ts'
