/**
 * Bounds of sync, unit and direction last, reason beside each. They sit here and not in base because no
 * other layer has a use for them; SYNC_FRAME_BYTES_MAX is base's, since net needs it too.
 */

/** SY1: a frame on a relayed circuit, so that a cut costs little; a larger item travels alone. */
export const CIRCUIT_FRAME_BYTES_MAX = 8_192
/** Item frames on direct paths: eight fill a window, so disk, network and commit overlap. */
export const ITEM_FRAME_BYTES = 32_768
/** SY8: item bytes in flight towards one receiver. */
export const WINDOW_BYTES = 262_144
/** SY8: the same on a circuit, half of what NT21 lets us spend on one. */
export const CIRCUIT_WINDOW_BYTES = 49_152
/** SY8: items in one frame, and ids in one list. */
export const ITEMS_MAX = 256
/** SY8: envelopes one range request may span; ranges are small, and 20 requests/s must not cap throughput. */
export const RANGE_ENVELOPES_MAX = 2_048
/** Ranges in one request. */
export const RANGES_MAX = 128
/** SY6's stand-in: ranges a tip row tells, newest first. More holes than this wait until some are filled. */
export const TIP_RANGES_MAX = 32
/** Rows in one tips frame. */
export const TIPS_MAX = 512
/** Rows a peer may make us remember in one server; beyond, SY13. */
export const TIPS_KEPT_MAX = 16_384
/** SY4: fingerprints over author chains; a power of two, folded when the sides differ. */
export const BUCKETS_MAX = 16
/** SY4: heads in a summary. */
export const HEADS_MAX = 16
/** Ids a side names to say what it has: heads, uncovered leaves, spaced ancestors. */
export const HAVE_MAX = 2_048
/** The same on a circuit (8 KiB frames). */
export const CIRCUIT_HAVE_MAX = 224
/** SY2: a hello shows one of these counts. */
export const TOKEN_SIZES = [8, 32, 128, 256] as const
/** SY2: topic secrets remembered for a server, a year's worth. */
export const SECRETS_KEPT_MAX = 32
/** Tokens frames a peer may send in one session: one at hello, others as servers are joined. */
export const TOKEN_FRAMES_MAX = 64
/** SY13: requests a second a peer may sustain. */
export const REQUESTS_PER_SECOND = 20
/** SY13: requests served at once before that rate binds. Ours keep to half of it. */
export const REQUESTS_BURST = 100
/** SY13: requests waiting for an answer. */
export const REQUESTS_WAITING_MAX = 64
/** SY13: fruitless rounds in a row. */
export const FRUITLESS_ROUNDS_MAX = 64
/** SY13: control frames (summary, tips, receipts, offers, unknown kinds) a second, and their burst. */
export const CONTROL_PER_SECOND = 40
/** See CONTROL_PER_SECOND. */
export const CONTROL_BURST = 400
/** SY8: silence after which another peer is asked. */
export const RETRY_MS = 5_000
/** A request without any progress for this long ends the session (SY13). */
export const STALL_MS = 30_000
/** SY2: hello must be through by then. */
export const HELLO_MS = 15_000
/** SY15: a change is told within 5 ± 1 s. */
export const BEAT_MS = 5_000
/** SY15: within 15 ± 1 s on circuits. */
export const CIRCUIT_BEAT_MS = 15_000
/** SY15: jitter around both. */
export const BEAT_JITTER_MS = 1_000
/** SY15: without change. */
export const IDLE_BEAT_MS = 60_000
/** SY15: this long without a change ends a burst. */
export const BURST_QUIET_MS = 400
/** SY15: changes since the last beat that make a burst. */
export const BURST_CHANGES = 32
/** SY10: largest envelope pushed live. */
export const PUSH_ENVELOPE_BYTES_MAX = 8_192
/** SY16: receipts leave at most this often. */
export const RECEIPT_MS = 250
/** SY16: ids in one receipt, and in one offer. */
export const RECEIPT_IDS_MAX = 256
/** SY11: the same on a circuit: each with its number, in 8 KiB. */
export const CIRCUIT_IDS_MAX = 180
/** SY16: receipts sent to one author at a time: what it bears of control frames (SY13), and room for other kinds. */
export const RECEIPT_FRAMES_MAX = 6
/** SY16: ids that wait for one author; what is beyond, it offers again. */
export const RECEIPT_WAITING_MAX = 65_536
/** SY18: frames of one part of an outbox. */
export const OFFER_FRAMES_MAX = 4
/** SY18: silence after which the next part is offered. */
export const OFFER_WAIT_MS = 5_000
/** SY18: how often the outbox is offered again in one session, at most. */
export const OFFER_AGAIN_MS = 60_000
/** SY16: direct peers whose receipts an author asks for. */
export const RECEIPT_PEERS_MAX = 8
/** SY8: bytes delivered and not yet judged, over all peers; above half of it nothing more is asked. */
export const INBOX_BYTES_MAX = 8_388_608
/** SY8: the same in envelopes. */
export const INBOX_ENVELOPES_MAX = 2_000
/** Requests for envelopes out at once in one shared server: the next is there before the last is done. */
export const ENVELOPE_ASKS_MAX = 2
/** SY8: how long a chain is not asked of a peer that did not serve it; twice as long each time after. */
export const DENIED_MS = 15_000
/** SY9: how long nothing is asked for where what came could not be kept: a full disk is not empty at once. */
export const LOST_MS = 15_000
/** SY8: at most: a metered peer bears its peers' questions. */
export const DENIED_MS_MAX = 300_000
/** SY19: how soon the same page is asked of a peer again. */
export const LOOK_AGAIN_MS = 10_000
/** SY19: pages remembered that somebody looked at. */
export const LOOKS_MAX = 16
/** SY13: items that were not news, beyond four times those that were, before a peer is a flooder. */
export const STALE_ITEMS_MAX = 65_536
/** SY6: parts of a range that is not listed. */
export const SPLIT_PARTS = 16
/** SY6: entries of a range that is listed rather than split. */
export const LIST_MAX = 32
/** SY6: spans in one request. */
export const SPANS_MAX = 16
/** SY6: the same on a circuit, whose answer must fit 8 KiB: a list costs up to 2.7 kB. */
export const CIRCUIT_SPANS_MAX = 2
/** SY6: chains that an answer's rows may name: each row another one. */
export const CHAINS_LISTED_MAX = SPANS_MAX * LIST_MAX
/** SY7: entries of a channel's newest window, and of one on a circuit: what one page shows. */
export const WINDOW_FIRST = 200
/** See WINDOW_FIRST. */
export const CIRCUIT_WINDOW_FIRST = 50
/** SY7: entries of an older window; each is twice the one before up to this. */
export const WINDOW_MAX = 5_000
/** SY7: channels looked at in one walk, newest first. */
export const CHANNELS_WALKED_MAX = 64
/** SY6: how often a range is split before it must have been listed: 32 × 16^8 entries. */
export const SPLIT_DEPTH_MAX = 8
/** SY6: entries found missing by ranges beyond which author chains name them in fewer bytes. */
export const LISTED_MISSING_MAX = 2_048
/** SY6: chains above which their rows are told on request only: rows of fewer cost less than 16 kB. */
export const TIPS_UNASKED_MAX = 256
/** SY6: key records above which they are compared by ranges rather than listed whole. */
export const RECORDS_LISTED_MAX = 32
/** SY8: chains of whose rows a dialler tells unasked behind its `open`: a kilobyte, and a round trip less where it is the
 * listener that lacks something. */
export const TIPS_AT_OPEN_MAX = 16
/** SY7: missing envelopes above which the newest pages are looked for before the rest is asked. */
export const ORDER_ABOVE = 256
/** SY6: how long after a beat was due rows are asked that ranges gave no reason for. */
export const TIPS_PATIENCE_MS = 4_000
