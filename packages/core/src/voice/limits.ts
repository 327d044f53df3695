/** Bounds of voice, with their reasons. */

/** VX6: a mesh of more costs every member more than a home connection carries. */
export const CALL_MEMBERS_MAX = 8
/** VX7: a frame; a description of many codecs has some 6 kB. */
export const VOICE_FRAME_BYTES_MAX = 20_480
/** VX1: text of one description. */
export const SDP_BYTES_MAX = 16_384
/** VX1: how long a description may be taken. */
export const DESCRIPTION_MS_MAX = 60_000
/** VX2: how far two clocks may differ (as AU6). */
export const CLOCK_MS_MAX = 120_000
/** VX8: candidates of one attempt; a machine with many interfaces has some 30. */
export const CANDIDATES_MAX = 64
/** VX8: text of one candidate. */
export const CANDIDATE_BYTES_MAX = 512
/** VX7: frames of one device within FRAMES_WINDOW_MS. */
export const FRAMES_MAX = 400
export const FRAMES_WINDOW_MS = 10_000
/** VX8: what was not answered is said again after this long. */
export const REPEAT_MS = 1_000
/** VX8: longest wait before it is said again, and between attempts. */
export const REPEAT_MS_MAX = 10_000
/** VX8: an attempt that did not connect in this time is given up; doubled by each that failed before it. */
export const ATTEMPT_MS_MAX = 6_000
/** VX8: doublings at most: 24 s are enough for a machine on which nothing else would ever connect. */
export const ATTEMPT_DOUBLINGS_MAX = 2
/** VX8: first wait after an attempt failed; doubled for each that follows. */
export const RETRY_MS = 250
/** VX8: attempts of the other side closer together than this are not taken. */
export const ATTEMPT_GAP_MS = 200
/** VX8: a path that comes back within this time by itself is kept. */
export const INTERRUPTED_MS_MAX = 1_500
/** VX8: attempts that failed in a row before people are told that no path is found. */
export const FAILURES_SHOWN = 3
/** VX8: whoever was not heard of for this long, over no path, is gone. */
export const GONE_MS = 15_000
/** VX9: media must have arrived this long after connecting. */
export const ARRIVAL_MS_MAX = 2_000
/** VX9: longest wait before another path is tried for a pair that stays deaf. */
export const DEAF_RETRY_MS_MAX = 30_000
/** VX7: state is said again this often, so that a lost one does not stay lost. */
export const STATE_MS = 5_000
/** VX5: presence is said again this often. */
export const PRESENCE_MS = 10_000
/** VX5: presence not said again for this long is over. */
export const PRESENCE_MS_MAX = 30_000
/** VX5: a change is told at most this often. */
export const PRESENCE_GAP_MS = 1_000
/** VX5: an ephemeral envelope older than this is refused (EN9). */
export const EPHEMERAL_MS_MAX = 60_000
/** VX5: devices whose presence one channel shows. */
export const PRESENT_MAX = 99
/** VX6: how far back a claim of having come earlier counts. */
export const CLAIM_MS_MAX = 10_000
