/** Why a target is missed, as far as it was found out; shown only while it is. By benchmark and figure. */
export const REMARKS = {
  'live/delivered':
    'each process computes several times what the floor does (next rows), and with 64 in flight sender and receiver work by turns more than together: a turn signs and writes all that waits, then waits for the disk, then the other side does the same. Shorter turns would overlap more and cost more: each pays for a synced write and for waking the other side.',
  'live/sender CPU':
    'signing is about a sixth of it, and that cannot be shared: each envelope bears its own. The rest is spread: sealing and encoding the envelope and the rows of each message, the synced write of a turn, receipts; and garbage collection and compilation, with their threads a quarter of all.',
  'live/receiver CPU':
    'opening and decoding each message, the rows that are sealed and written for it, and garbage collection and compilation, with their threads a quarter of all; one verification serves a whole bundle and hardly counts.',
  'live/one in flight: sender CPU':
    'nothing is shared: a signature, a synced write through the thread pool, and a packet for each message. While the disk is waited for the processor goes idle, and what follows finds its caches cold: at 50 a second the floor itself spends some 700 to 1,000 µs by message on this machine (see latency).',
  'live/one in flight: receiver CPU':
    'as for the sender, with a verification in place of the signature, and rows of its own for what is unread and for the event.',
  'authors/delivered':
    'nothing can be bundled, so that each message costs what one in flight costs, at every peer, and eight of them share a process: each verifies it, writes it to disk, and passes it on.',
  'latency/p50':
    'two commits to disk, one after the other, lie between `send` and the other screen, each through the thread pool; the floor has none.',
  'latency/p99': 'as for p50; the slowest are those that met a slow write or a busy machine twice.',
  'catch-up/caught up':
    "a turn opens and writes what it was sent, then waits for the disk before the next begins. Of what is computed a quarter is the three rows of each message (hiding their keys, sealing, handing them to LevelDB), a third garbage collection, most of it on V8's own threads; hashing, opening and decoding are a tenth, verifying a twentieth: a run of one author is verified by one signature. Some 33 kB of short-lived objects are made for a message, spread over views of bytes, keys, rows, records and what the application is told, and what a turn holds is copied by each collection. Shorter turns cost as much; a larger young generation (16 MB instead of 4) saved roughly a sixth in two runs on a busy machine, for 25 MB more memory.",
  'catch-up/newcomer peak memory (RSS)':
    '110 MB are there before it begins; what a turn holds outlives the small young generation, and the old one nearly doubles before it is collected.',
  'join/first page':
    'the snapshot of 10,000 members is most of the 1.9 MB that come before it, which alone take 1.5 s of the line; they are looked at while they come.',
  'keys/removal: CPU':
    'a loss makes every key of the role be judged anew: whom each of the 10,000 boxes in a hundred buckets is for is remembered, and whether they still may have it is looked up in the present state, twice: when the keys are planned, and when they are taken in.',
  'open/reader: open and show':
    'it does not grow with the history: instantiating libsodium, the lock and key store files, opening LevelDB, judging the stored operations and deriving topics are nearly all of it.',
  'open/author: open and show': 'as for the reader.',
  'open/reader: memory (RSS)':
    'Node alone takes 42 MB, the program with its libraries 95 before a profile is opened; libp2p, which is not loaded for this, would add 30.',
  'open/author: memory (RSS)': 'as for the reader.',
  'start/idle memory (RSS)': 'libp2p alone takes 89 MB under the same flags.',
  'simulator/with the real core':
    'each event moves a whole node, for which this is the whole cost: frames are decoded and encoded, rows sealed and written, operations judged, chains compared. No function takes more than a fortieth of it, cryptography less than a tenth, and the collector of garbage a tenth. A hundred thousand a second would ask for peers whose lower layers are modelled, and then something else than the real core is tested.',
  'simulator/1,000 peers for 10 virtual minutes, in a storm, reckoned':
    'it is some ten million events: as for those. It shrinks with the pace and with the number of cores.',
  'simulator/1,000 peers for 10 virtual minutes, 288 steps a minute among all, on two cores':
    'as for the events: nearly half a million are the founding alone, in which a thousand peers start, join and are handed keys by each other.'
}
