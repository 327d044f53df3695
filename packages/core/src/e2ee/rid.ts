/** Rids as map keys. */
import { idFromBytes, type KeyId } from '../base/index.ts'
import { RID_BYTES } from '../crypto/index.ts'

/** The first 95 bits of a rid as base32hex: the part that user ids share with their rids. */
export function toRidKey(rid: Uint8Array): string {
  return idFromBytes('e', rid).slice(1, 20)
}

/** A rid that names a role or bucket key. */
export function ridAsKey(rid: Uint8Array): KeyId {
  return idFromBytes('e', rid)
}

/** Rid of a grant's recipient. */
export const grantRid = (box: Uint8Array): Uint8Array => box.subarray(0, RID_BYTES)
