/** Rids as map keys. */
import { idFromBytes, type KeyId } from '../base/index.ts'

/** The first 95 bits of a rid as base32hex: the part that user ids share with their rids. */
export function toRidKey(rid: Uint8Array): string {
  return idFromBytes('e', rid).slice(1, 20)
}

/** A rid that names a role or bucket key. */
export function ridAsKey(rid: Uint8Array): KeyId {
  return idFromBytes('e', rid)
}
