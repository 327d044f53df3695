/** End-to-end encryption: payloads, key records, the key ring, invites (EN6, EN7, EK, IV). */
export * from './contract.ts'
export * from './body.ts'
export * from './payload.ts'
