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
/** AU41, AU58: one chunk of a snapshot, unless a single record is longer. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 65_536
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
/** NT28: envelopes in one gossip bundle: a whole turn of short messages. */
export const BUNDLE_ENVELOPES_MAX = 64
/** NT28: bytes in one gossip bundle. */
export const BUNDLE_BYTES_MAX = 65_536
/** SY1: one sync frame. */
export const SYNC_FRAME_BYTES_MAX = 131_072
/** Largest integer both CBOR and JavaScript hold exactly. */
export const UINT_MAX = Number.MAX_SAFE_INTEGER
/** NT2: one frame on a stream unless its protocol says less: what sync needs, SY1. */
export const NET_FRAME_BYTES_MAX = 131_072
/** NT2: a frame's length prefix, bytes. */
export const FRAME_PREFIX_BYTES = 4
/** NT2: a peer that takes nothing for this long while we send is cut off. */
export const SEND_STALL_MS_MAX = 30_000
/** NT10: one signed peer record. */
export const PEER_RECORD_BYTES_MAX = 1_024
/** NT10: addresses we read of one record; more is no help in reaching anyone. */
export const PEER_RECORD_ADDRESSES_MAX = 16
/** NT10: text of one address, bytes. */
export const ADDRESS_BYTES_MAX = 512
/** NT10: a rendezvous key. */
export const RENDEZVOUS_KEY_BYTES = 16
/** NT10: records kept under one key. */
export const RENDEZVOUS_RECORDS_MAX = 256
/** NT10: records in one answer. */
export const RENDEZVOUS_ANSWER_MAX = 32
/** NT10: keys one device holds at a node, and keys in one request: servers of one person. */
export const RENDEZVOUS_KEYS_MAX = 256
/** NT10: registrations one node holds in all; about 100 MB at worst. */
export const RENDEZVOUS_TOTAL_MAX = 100_000
/** NT10: how long a node keeps a record. */
export const RENDEZVOUS_TTL_MS = 600_000
/** NT14: dials under way at once. */
export const DIALS_MAX = 8
/** NT14: direct dials under way towards one peer; one circuit comes on top. */
export const DIALS_PER_PEER_MAX = 2
/** NT14: addresses considered for one peer. */
export const DIAL_ADDRESSES_MAX = 32
/** NT14: the circuit starts this much later, so that direct paths win where they exist. */
export const CIRCUIT_DELAY_MS = 300
/** NT14: first wait after an address failed. */
export const BACKOFF_MS_MIN = 2_000
/** NT14: longest wait. */
export const BACKOFF_MS_MAX = 600_000
/** NT20: silence before a probe. */
export const SILENCE_MS_MAX = 20_000
/** NT20: shortest deadline of a probe. */
export const PROBE_MS_MIN = 5_000
/** NT20: failed probes in a row, without a byte received, before a connection is cut. */
export const PROBE_FAILURES_MAX = 3
/** NT20: a check's payload. */
export const CHECK_BYTES = 32
/** NT29: above this backlog towards a neighbour one stops gossiping. */
export const GOSSIP_BACKLOG_BYTES_MAX = 262_144
/** NT26: gossipsub forgets a message after 5 s, so a verdict must come before. */
export const GOSSIP_VERDICT_MS_MAX = 3_000
/** NT26: messages waiting for their verdict; beyond, new ones are ignored and sync heals (SY15). */
export const GOSSIP_PENDING_MAX = 4_000
/** TL5: users and roles one message names; beyond, nobody means each of them. */
export const MENTIONS_MAX = 100
/** TL5: sealed files one message carries. */
export const ATTACHMENTS_MAX = 10
/** TL5: a file's name, UTF-8 bytes; what file systems take. */
export const ATTACHMENT_NAME_BYTES_MAX = 255
/** TL5: a file's media type, bytes (RFC 6838 allows 127 on each side; none in use is near that). */
export const ATTACHMENT_TYPE_BYTES_MAX = 127
/** TL5: an emoji: one grapheme with all its modifiers, or a custom emoji's id. */
export const EMOJI_BYTES_MAX = 64
/** TL7: edits kept of one message and user; older ones never show again. */
export const EDITS_KEPT_MAX = 8
/** TL7: users whose edits wait for a message that has not arrived. */
export const EDITORS_WAITING_MAX = 4
/** TL7: deletions kept of one user and right for one message: one shows, others serve if it is struck. */
export const DELETIONS_KEPT_MAX = 2
/** TL7: pairs of user and right (to manage or not) whose deletions are kept for one message. */
export const DELETERS_KEPT_MAX = 8
/** TL7: pin changes kept of one message. */
export const PINS_KEPT_MAX = 8
/** TL7: marks kept of one user and emoji: the newest counts, the other serves if it is struck. */
export const REACTION_MARKS_KEPT_MAX = 2
/** TL7: emoji one user may put under one message. */
export const REACTIONS_PER_USER_MAX = 20
/** TL7: pairs of user and emoji kept of one message; bounds what one more reaction costs to store. */
export const REACTIONS_MAX = 2_000
/** TL9: a stored record; reached only by people who collude to fill it. */
export const MESSAGE_RECORD_BYTES_MAX = 1_048_576
/** TL13: messages in one page. */
export const PAGE_MESSAGES_MAX = 100
/** SY19: shortest period of a budget: a part of it is a second. */
export const BUDGET_PERIOD_MS_MIN = 60_000
/** SY19: longest period: lines are paid by the month. */
export const BUDGET_PERIOD_MS_MAX = 31 * 86_400_000
