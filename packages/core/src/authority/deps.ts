/** What authority needs from the layers below as functions: identity's proofs and the suite. */
import { accept, type DeviceId, refuse, type UserId, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import {
  type IdentityEntry,
  readGenesis,
  verifyCredential,
  verifyIdentityEntry,
  verifyRevocation
} from '../identity/index.ts'

/** Claims of a device certificate (ID6). */
export interface CredentialClaims {
  readonly user: UserId
  readonly device: DeviceId
}

/** Claims of a revocation in an identity log (ID9). */
export interface RevocationClaims {
  readonly user: UserId
  readonly target: DeviceId | 'all'
}

/** Claims of any other entry of an identity log (ID4): a new user key, or a successor. */
export interface IdentityClaims {
  readonly user: UserId
  readonly userKey?: { readonly generation: number; readonly boxPublicKey: Uint8Array }
  readonly moved?: UserId
}

/**
 * Each verdict must follow from the bytes alone: a check that looked at what this peer happens to know would
 * split the log (AU14). `trusted` may skip signatures of bytes that were verified before they were stored.
 */
export interface AuthorityDeps {
  readonly suite: Suite
  verifyCredential(bytes: Uint8Array, options?: { readonly trusted?: boolean }): Verdict<CredentialClaims>
  verifyRevocation(bytes: Uint8Array, options?: { readonly trusted?: boolean }): Verdict<RevocationClaims>
  verifyIdentityEntry(bytes: Uint8Array, options?: { readonly trusted?: boolean }): Verdict<IdentityClaims>
  /** User and root key of an identity's genesis tuple (ID2), for a transfer's root signature. */
  readIdentityGenesis(
    bytes: Uint8Array
  ): Verdict<{ readonly user: UserId; readonly rootPublicKey: Uint8Array }>
}

function identityClaims(suite: Suite, entry: IdentityEntry): Verdict<IdentityClaims> {
  const { body, user } = entry
  if (body.kind === 'userKey') {
    return accept({ user, userKey: { generation: body.generation, boxPublicKey: body.boxPublicKey } })
  }
  if (body.kind !== 'moved') return refuse('AU12', 'that identity entry has no place in a server')
  const successor = readGenesis(suite, body.successor)
  return successor.ok ? accept({ user, moved: successor.value.user }) : successor
}

/** Identity's proofs as authority asks for them. */
export function authorityDeps(suite: Suite): AuthorityDeps {
  return {
    suite,
    // What our own store gives was verified before it came there: of a replay of joins this was nine tenths.
    verifyCredential: (bytes, options) => verifyCredential(suite, bytes, options),
    verifyRevocation: (bytes, options) => verifyRevocation(suite, bytes, options),
    verifyIdentityEntry: (bytes, options) => {
      const entry = verifyIdentityEntry(suite, bytes, options)
      return entry.ok ? identityClaims(suite, entry.value) : entry
    },
    readIdentityGenesis: bytes => readGenesis(suite, bytes)
  }
}
