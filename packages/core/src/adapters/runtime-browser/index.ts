/** The world of a browser page: clock, chance, timers, profile lock, key store. */
export { pageClock, pageRandom, pageTimers } from './page.ts'
export { holdLock, type PageLock } from './lock.ts'
