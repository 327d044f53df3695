/** What an applicant sends beside a package's request (IV4). */
import { SEALED_REQUEST_BYTES_MAX } from '../../e2ee/index.ts'
import { bytes, codec, literal, tuple } from '../../encoding/index.ts'

/** [version, 2 (asking to join), signPublicKey, boxes, request under the key in the box]. */
export const askCodec = codec(
  tuple({
    version: literal(1),
    kind: literal(2),
    invite: bytes(32),
    boxes: bytes(96),
    sealed: bytes(1, SEALED_REQUEST_BYTES_MAX)
  }),
  { rule: 'IV4', maxBytes: SEALED_REQUEST_BYTES_MAX + 256 }
)
