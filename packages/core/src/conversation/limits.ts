/** DM: bounds of conversations, each with its reason. */

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** DM1: beyond this many people a server serves better: it has roles, and somebody who answers for it. */
export const ACCOUNTS_MAX = 10
/** DM2: messages under one key. */
export const EPOCH_MESSAGES_MAX = 64
/** DM2: how long a key serves. */
export const EPOCH_MS_MAX = DAY_MS
/** DM2: what a device keeps a key for, once the next one is there. */
export const EPOCH_KEPT_MS = 14 * DAY_MS
/** DM3: a prekey serves this long before the next one is made. */
export const PREKEY_RENEWED_MS = 7 * DAY_MS
/** DM3: what a device keeps a prekey's secret for, once the next one is there. */
export const PREKEY_KEPT_MS = 30 * DAY_MS
/** DM3: nothing is sealed to an older one. */
export const PREKEY_MS_MAX = 60 * DAY_MS
/** DM3: clocks differ. */
export const SKEW_MS_MAX = 2 * MINUTE_MS
/** DM5: identity logs with all they may hold, and room for the frame. */
export const CONVERSATION_FRAME_BYTES_MAX = 262_144
/** DM6: bytes of envelopes in one frame; one envelope always fits. */
export const ITEMS_BYTES_MAX = 131_072
/** DM6: envelopes in one frame. */
export const ITEMS_MAX = 128
/** DM6: chains told in one frame: ten accounts with thirty devices each. */
export const CHAINS_MAX = 320
/** DM5: prekeys in one frame: those of all devices of a conversation. */
export const PREKEYS_MAX = 320
/** DM5: addresses a device names of its own. */
export const ADDRESSES_MAX = 8
