/** The verifier: believes an explanation's signed operations and nothing else of it (AU50). */
export * from './explanation.ts'
export { type ProvenFork, verifyFork } from './fork.ts'
export { type IdentityReader, identityReader } from './identity.ts'
export { narrate, type NameOf, type Narration } from './narrate.ts'
export { verifyProof, type VerifyOptions } from './verify.ts'
