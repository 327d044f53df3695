/** Every bound in one place, unit and direction last, reason beside it. */

/** EN1: nothing we decode is larger. */
export const CBOR_BYTES_MAX = 262_144
/** EN1: deeper nesting has no use and costs stack. */
export const CBOR_DEPTH_MAX = 16
/** AU4: payload of one operation. */
export const OPERATION_BYTES_MAX = 16_384
/** AU4: nesting inside an operation. */
export const OPERATION_DEPTH_MAX = 6
/** AU1: heads or leaves one operation cites. */
export const OPERATION_CITES_MAX = 16
/** AU1: leaves a `gather` cites. */
export const GATHER_CITES_MAX = 400
/** AU4: names of servers, channels, roles, nicknames. */
export const NAME_BYTES_MAX = 100
/** AU4: channel topic. */
export const TOPIC_BYTES_MAX = 4_096
/** AU4: a device credential. */
export const CERTIFICATE_BYTES_MAX = 2_048
/** AU12: reason for the audit log. */
export const REASON_BYTES_MAX = 512
/** AU6: an operation this far ahead of our clock is held. */
export const FUTURE_MS_MAX = 120_000
/** EN2: one envelope. */
export const ENVELOPE_BYTES_MAX = 65_536
/** EN6: text of one message, in UTF-8 bytes. */
export const MESSAGE_BYTES_MAX = 8_000
/** EK1: one key record; fits a relayed circuit. */
export const KEY_RECORD_BYTES_MAX = 61_440
/** EK3: boxes in one record. */
export const LOCKBOXES_MAX = 640
/** NT28: envelopes in one gossip bundle. */
export const BUNDLE_ENVELOPES_MAX = 32
/** NT28: bytes in one gossip bundle. */
export const BUNDLE_BYTES_MAX = 65_536
/** SY1: one sync frame. */
export const SYNC_FRAME_BYTES_MAX = 131_072
/** Largest integer both CBOR and JavaScript hold exactly. */
export const UINT_MAX = Number.MAX_SAFE_INTEGER
