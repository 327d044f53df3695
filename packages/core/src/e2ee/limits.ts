/** Bounds of keys, with their reasons (EK). Times in ms. */

/** EK5: roles larger than this have buckets. */
export const SINGLE_BOXES_MAX = 256
/** EK5: accounts a bucket, on average: as many as are wanted, and between which bounds k is kept. */
export const BUCKET_MEAN_WANTED = 96
export const BUCKET_MEAN_MIN = 48
export const BUCKET_MEAN_MAX = 192
/** EK3: boxes in one record. */
export const ROLE_BOXES_MAX = 640
/** EK7: more single boxes than this and the channel's setting is refused. */
export const USER_BOXES_MAX = 500
/** EK11: an epoch is renewed after a week ... */
export const EPOCH_AGE_MS_MAX = 604_800_000
/** EK15: an epoch of mode window lasts at most a day, and its days are these. */
export const DAY_MS = 86_400_000
/** EK11: ... or this many messages. */
export const EPOCH_MESSAGES_MAX = 4_096
/** EK11: a role key is renewed after 30 days. */
export const ROLE_AGE_MS_MAX = 2_592_000_000
/** EK17: a retired topic is still listened to for a day. */
export const TOPIC_RETIRED_MS_MAX = 86_400_000
/** SY2: topic secrets a peer may recognise us by. */
export const TOPICS_KNOWN_MAX = 32
/** Records of one key id: more than one is rare, hundreds are an attack. */
export const RECORDS_PER_KEY_MAX = 16
/** Records of one device that cannot be judged yet: its operations may be on the way. */
export const WAITING_PER_DEVICE_MAX = 512
/** EK16: channels one plan makes new epochs of after a cut; the others' next senders do. */
export const RELINKED_MAX = 64
/** EK16: topics handed across a cut, newest first. */
export const TOPIC_LINKS_MAX = 64
/** Derived message keys kept: one an epoch and author. */
export const MESSAGE_KEYS_MAX = 2_048

/** EK20: losses that differ in what they took, kept for one frontier; few frontiers have more than a dozen. */
export const LOSSES_PINNED_MAX = 1_000
/** EK20: channels of a role kept with a key record: 5,000 are 170 kB, and one piece. */
export const CHANNELS_PINNED_MAX = 5_000

/** Keys looked at for a way to one (ND27): the buckets of a large role, and some thousand renewals. */
export const ROUTE_KEYS_MAX = 4_096
