/** What a ring says of the ways that lead others to its keys (ND27). */
import type { KeyId } from '../base/index.ts'

/** `R`: a key record. */
export interface KeyRoutes<R> {
  /** EK3: names of the boxes that open with what this account and the invites held give. */
  readerRids(): readonly Uint8Array[]
  /** The records by which whoever opens boxes of these names comes to each key, as far as a way leads there. */
  recordsTo(keyIds: readonly KeyId[], readers: readonly Uint8Array[]): readonly R[]
}
