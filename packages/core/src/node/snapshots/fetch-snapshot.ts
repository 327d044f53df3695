/** Fetches a snapshot from one peer (ND26), and opens a log with it and what came after. */
import { type DeviceId, idToBytes, type Refusal, refuse, type Verdict } from '../../base/index.ts'
import {
  authorityDeps,
  type AuthorityLog,
  chunkHash,
  openAuthorityLog,
  type OpenSnapshot,
  readCheckpoint,
  rootOfHashes,
  SnapshotReading,
  type SnapshotRoots
} from '../../authority/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { equalBytes } from '../../encoding/index.ts'
import { decodeOperation, type Operation } from '../../graph/index.ts'
import type { Connection, FrameStream } from '../../net/index.ts'
import {
  askFrame,
  chunkFrame,
  laterFrame,
  namedFrame,
  SNAPSHOT_FRAME_BYTES_MAX,
  SNAPSHOT_PROTOCOL,
  snapshotProof,
  wantFrame
} from './snapshot-frames.ts'

/** Operations after a snapshot that are taken, and their bytes: ten times as many as a new one is due after. */
const LATER_MAX = 10_000
const LATER_TOTAL_BYTES_MAX = 8_388_608

/** A server as somebody's snapshot and what came after it tell of it, until all operations do. */
export interface Preview {
  /** Who gave it. */
  readonly from: DeviceId
  readonly log: AuthorityLog
  /** The operation that published it. */
  readonly operation: Operation
  readonly claim: SnapshotRoots
}

export interface FetchSnapshotInit {
  readonly suite: Suite
  readonly genesis: Operation
  readonly topicSecret: Uint8Array
  readonly self: DeviceId
  readonly now: number
  /** Found false before: not asked for again. */
  isFalse(operation: Operation): boolean
  /** Something came: the peer is still there. */
  heard?(): void
}

type Frames = AsyncIterator<Uint8Array>
type Fetched = { readonly ok: true; readonly value: Preview | undefined } | Refusal

/**
 * Undefined where the peer has none. Rejects where it cannot be reached or does not speak the protocol. Knows no time:
 * `signal` resets the stream of a peer that was waited for too long.
 */
export async function fetchSnapshot(
  connection: Connection,
  init: FetchSnapshotInit,
  signal?: AbortSignal
): Promise<Fetched> {
  const { suite, genesis, topicSecret, self } = init
  const { server } = genesis
  const stream = await connection.openStream(SNAPSHOT_PROTOCOL, {
    signal,
    frameBytesMax: SNAPSHOT_FRAME_BYTES_MAX
  })
  const stop = (): void => stream.abort('ND26')
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const who = { server, asking: self, answering: connection.device }
    const proof = snapshotProof(suite, topicSecret, who)
    await stream.send(askFrame.encode({ version: 1, kind: 1, server: idToBytes(server), proof }))
    const frames = heardFrames(stream, init)[Symbol.asyncIterator]()
    const named = await readNamed(init, frames)
    if (!named.ok || named.value === undefined) return named as Fetched
    const { operation, claim, hashes } = named.value
    const later = await readLater(suite, frames)
    if (!later.ok) return later
    await stream.send(wantFrame.encode({ version: 1, kind: 2, chunks: hashes }))
    const snapshot = await readChunks(suite, frames, claim, hashes)
    if (!snapshot.ok) return snapshot
    const log = openAuthorityLog(authorityDeps(suite), genesis, { snapshot: snapshot.value })
    if (log.add(operation, init.now).kind !== 'accepted')
      return refuse('AU60', 'the operation that publishes it does not stand on it')
    // What is concurrent with the snapshot waits for the operations themselves.
    for (const each of later.value) log.add(each, init.now)
    return { ok: true, value: { from: connection.device, log, operation, claim } }
  } finally {
    signal?.removeEventListener('abort', stop)
    await stream.close().catch(() => undefined)
  }
}

async function* heardFrames(stream: FrameStream, init: FetchSnapshotInit): AsyncGenerator<Uint8Array> {
  for await (const frame of stream.frames()) {
    init.heard?.()
    yield frame
  }
}

async function readNamed(
  { suite, genesis, isFalse }: FetchSnapshotInit,
  frames: Frames
): Promise<
  | {
      readonly ok: true
      readonly value:
        | {
            readonly operation: Operation
            readonly claim: SnapshotRoots
            readonly hashes: readonly Uint8Array[]
          }
        | undefined
    }
  | Refusal
> {
  const frame = await frames.next()
  const read = frame.done === true ? refuse('ND26', 'no answer') : namedFrame.decode(frame.value)
  if (!read.ok) return read
  const { operation: bytes, chunks: hashes } = read.value
  if (bytes === null) return { ok: true, value: undefined }
  const operation = decodeOperation(suite, bytes)
  if (!operation.ok) return operation
  const claim = readCheckpoint(operation.value)
  if (claim === undefined || claim.server !== genesis.server)
    return refuse('ND26', 'this operation publishes no snapshot of the server')
  if (isFalse(operation.value)) return refuse('AU60', 'this snapshot was found false')
  // Before anything is fetched: the list is the snapshot's own, so that each chunk can be held against it.
  if (hashes.length === 0 || !equalBytes(rootOfHashes(suite, hashes), claim.contentRoot))
    return refuse('AU58', 'the chunks are not those of the snapshot')
  return { ok: true, value: { operation: operation.value, claim, hashes } }
}

async function readLater(
  suite: Suite,
  frames: Frames
): Promise<{ readonly ok: true; readonly value: readonly Operation[] } | Refusal> {
  const found: Uint8Array[] = []
  let size = 0
  for (;;) {
    const frame = await frames.next()
    const read = frame.done === true ? refuse('ND26', 'ends early') : laterFrame.decode(frame.value)
    if (!read.ok) return read
    const { operations } = read.value
    if (operations.length === 0) break
    for (const bytes of operations) size += bytes.length
    if (found.push(...operations) > LATER_MAX || size > LATER_TOTAL_BYTES_MAX)
      return refuse('ND26', 'more operations after a snapshot than are taken')
  }
  const out: Operation[] = []
  for (const bytes of found) {
    const operation = decodeOperation(suite, bytes)
    if (!operation.ok) return operation
    out.push(operation.value)
  }
  return { ok: true, value: out }
}

async function readChunks(
  suite: Suite,
  frames: Frames,
  claim: SnapshotRoots,
  hashes: readonly Uint8Array[]
): Promise<Verdict<OpenSnapshot>> {
  const reading = new SnapshotReading(suite)
  for (const hash of hashes) {
    const frame = await frames.next()
    const read = frame.done === true ? refuse('ND26', 'ends early') : chunkFrame.decode(frame.value)
    if (!read.ok) return read
    const { chunk } = read.value
    if (chunk === null) return refuse('ND26', 'a chunk is not held any more')
    const found = chunkHash(suite, chunk)
    if (!equalBytes(found, hash)) return refuse('ND26', 'another chunk than was asked for')
    reading.add(chunk, found)
  }
  return reading.end(claim)
}
