/**
 * Serves the newest snapshot that was published and found true here (ND26) to who knows a topic secret of the server,
 * as members and who holds a link do: they are served all operations as well (SY3).
 */
import { type DeviceId, idFromBytes, type ServerId } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { equalBytes, toHex } from '../../encoding/index.ts'
import type { FrameStream, Transport } from '../../net/index.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { createServedSnapshots, type ServedSnapshot } from './served-snapshot.ts'
import {
  askFrame,
  chunkFrame,
  LATER_BYTES_MAX,
  LATER_ITEMS_MAX,
  laterFrame,
  namedFrame,
  SNAPSHOT_FRAME_BYTES_MAX,
  SNAPSHOT_PROTOCOL,
  snapshotProof,
  wantFrame
} from './snapshot-frames.ts'

/** Rounds of chunks on one stream: whoever enters needs one. */
const WANTS_MAX = 4

export interface SnapshotServiceInit {
  readonly suite: Suite
  readonly transport: Transport
  replica(server: ServerId): LiveReplica | undefined
}

/** Answers who enters. What breaks ND26 ends the stream. */
export function serveSnapshots(init: SnapshotServiceInit): void {
  const served = createServedSnapshots()
  init.transport.handle(
    SNAPSHOT_PROTOCOL,
    {
      frameBytesMax: SNAPSHOT_FRAME_BYTES_MAX,
      inboundStreamsMax: 2,
      onLimited: true,
      idleMsMax: 30_000
    },
    async stream => {
      const frames = stream.frames()[Symbol.asyncIterator]()
      const first = await frames.next()
      const replica = first.done === true ? undefined : admit(init, first.value, stream.connection.device)
      if (replica === undefined) {
        stream.abort('ND26')
        return
      }
      const chunks = await name(stream, await served.of(replica))
      for (let round = 0; ; round++) {
        const next = await frames.next()
        if (next.done === true) return
        const want = wantFrame.decode(next.value)
        if (!want.ok || round >= WANTS_MAX) {
          stream.abort('ND26')
          return
        }
        for (const hash of want.value.chunks)
          await stream.send(
            chunkFrame.encode({ version: 1, kind: 5, chunk: chunks.get(toHex(hash)) ?? null })
          )
      }
    }
  )
}

function admit(init: SnapshotServiceInit, frame: Uint8Array, asking: DeviceId): LiveReplica | undefined {
  const read = askFrame.decode(frame)
  const replica = read.ok ? init.replica(idFromBytes('s', read.value.server)) : undefined
  if (!read.ok || replica?.current.isMember() !== true) return undefined
  const { server, current } = replica
  const standing = replica.view.standing(asking)
  if (standing === 'none' || standing === 'removed') return undefined
  const who = { server, asking, answering: init.transport.device }
  return current.ring
    .topicSecrets()
    .known.some(each => equalBytes(snapshotProof(init.suite, each, who), read.value.proof))
    ? replica
    : undefined
}

/** Names the snapshot and tells what came after; gives its chunks by hash. */
async function name(
  stream: FrameStream,
  found: ServedSnapshot | undefined
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (found === undefined) {
    await stream.send(namedFrame.encode({ version: 1, kind: 3, operation: null, chunks: [] }))
    return new Map()
  }
  const { operation, hashes, chunks } = found
  // What comes meanwhile is for who asks next.
  const all = found.later.slice()
  await stream.send(namedFrame.encode({ version: 1, kind: 3, operation: operation.bytes, chunks: hashes }))
  let later: Uint8Array[] = []
  let size = 0
  for (const bytes of all) {
    if (later.length >= LATER_ITEMS_MAX || (later.length > 0 && size + bytes.length > LATER_BYTES_MAX)) {
      await stream.send(laterFrame.encode({ version: 1, kind: 4, operations: later }))
      later = []
      size = 0
    }
    later.push(bytes)
    size += bytes.length
  }
  if (later.length > 0) await stream.send(laterFrame.encode({ version: 1, kind: 4, operations: later }))
  await stream.send(laterFrame.encode({ version: 1, kind: 4, operations: [] }))
  return chunks
}
