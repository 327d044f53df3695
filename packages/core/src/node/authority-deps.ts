import type { AuthorityDeps } from '../authority/index.ts'
import type { Suite } from '../crypto/index.ts'
import { verifyCredential, verifyIdentityEntry, verifyRevocation } from '../identity/index.ts'

/** Identity's proofs as authority asks for them. */
export function authorityDeps(suite: Suite): AuthorityDeps {
  return {
    suite,
    verifyCredential: bytes => verifyCredential(suite, bytes),
    verifyRevocation: bytes => verifyRevocation(suite, bytes),
    verifyIdentityEntry: bytes => verifyIdentityEntry(suite, bytes)
  } as AuthorityDeps
}
