/** Suite 1 by libsodium alone: browsers, and any platform without a fast Ed25519 of its own (CR7). */
export { createSodiumSuite } from './sodium-suite.ts'
export { checkGcm, checkLength, createSodiumPrimitives, loadSodium, mapKey } from './primitives.ts'
export { createRawSodium } from './raw.ts'
export { assertSuite } from './self-test.ts'
