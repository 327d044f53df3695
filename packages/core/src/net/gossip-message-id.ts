/** Ids of gossip messages (EN14). */
import { concatBytes, utf8 } from '../encoding/index.ts'
import type { Suite } from '../crypto/index.ts'

/** Bytes of an id. */
const MESSAGE_ID_BYTES = 20

/** The first 20 bytes of SHA-256 over topic and data: the same message has one id, whoever sends it. */
export function gossipMessageId(suite: Pick<Suite, 'sha256'>, topic: string, data: Uint8Array): Uint8Array {
  return suite.sha256(concatBytes([utf8(topic), data])).subarray(0, MESSAGE_ID_BYTES)
}
