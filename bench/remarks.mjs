/** Why a target is missed, as far as it was found out; shown only while it is. By benchmark and figure. */
export const REMARKS = {
  'live/delivered':
    'each process computes two to seven times what the floor does (next rows), and with 64 in flight sender and receiver work by turns more than together: a turn signs and writes all that waits, then waits for the disk, then the other side does the same.',
  'live/sender CPU':
    'signing is a sixth of it; the rest is spread: sealing and writing three rows for each message (envelope, record, order entry) and encoding them, then receipts, which are taken in, kept and told, and garbage collection.',
  'live/receiver CPU':
    'three rows to seal and write for each message, opening and decoding it, and its event with live objects; one verification serves a whole bundle and hardly counts.',
  'live/one in flight: sender CPU':
    'nothing is shared, and a process that wakes up for single messages pays for each wake-up: the floor itself spends some 1,000 µs by message at 50 a second on this machine (see latency), with one wake-up where the sender has about ten: two synced writes through the thread pool (the message, and its receipt), gossip, sync, timers.',
  'live/one in flight: receiver CPU':
    'as for the sender: wake-ups for the socket, the synced write, the receipt and the flow control of streams; and a verification for each message.',
  'authors/delivered':
    'nothing can be bundled, so that each message costs what one in flight costs, at every peer; and every peer returns receipts.',
  'latency/p50':
    'two commits to disk, one after the other, lie between `send` and the other screen, each through the thread pool; the floor has none.',
  'latency/p99': 'as for p50; the slowest are those that met a slow write or a busy machine twice.',
  'catch-up/caught up':
    'one turn decodes, verifies, opens and writes what it was sent before the next is asked for; the rest is the three rows of each message, garbage collection, and an event with live objects for each.',
  'catch-up/newcomer peak memory (RSS)':
    "much of it is V8's young generation, which grows to its limit under load: with `--max-semi-space-size=2` the peak is a third lower.",
  'open/reader: open and show':
    'it does not grow with the history: loading the crypto library and its self-test, starting libp2p and reading keys are nearly all of it.',
  'open/author: open and show':
    'as for the reader; messages nobody has confirmed yet are read again at start, one by one, so an author who was alone waits longer.',
  'open/reader: memory (RSS)':
    'the program with libp2p loaded takes 130 MB before a profile is opened, the floor of "start" 99.',
  'open/author: memory (RSS)': 'as for the reader.',
  'start/idle memory (RSS)':
    "libp2p alone takes 99 MB; 20 to 25 MB are V8's young generation after start: with `--max-semi-space-size=2` it is 117 MB, with `--optimize-for-size` 104."
}
