/** Asks one peer for the newest page of a channel (ND27). Bounds what comes; what it means, `provisional.ts` looks at. */
import {
  type ChannelId,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type Refusal,
  refuse,
  type ServerId,
  type Verdict
} from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { Connection } from '../../net/index.ts'
import {
  PAGE_FRAME_BYTES_MAX,
  PAGE_PROTOCOL,
  PAGE_RECORDS_BYTES_MAX,
  PAGE_RECORDS_MAX,
  PAGE_ROWS_MAX,
  PAGE_TOTAL_BYTES_MAX,
  pageAskFrame,
  pageProfilesFrame,
  pageRecordsFrame,
  pageRowsFrame
} from './page-frames.ts'
import { snapshotProof } from './snapshot-frames.ts'

/** What a peer gave for a page. */
export interface PageAnswer {
  readonly records: readonly Uint8Array[]
  readonly rows: readonly { readonly device: DeviceId; readonly envelope: Uint8Array }[]
  readonly profiles: readonly Uint8Array[]
}

export interface FetchPageInit {
  readonly suite: Suite
  readonly server: ServerId
  readonly channel: ChannelId
  readonly topicSecret: Uint8Array
  readonly self: DeviceId
  /** Names of the boxes that we open. */
  readonly readers: readonly Uint8Array[]
  /** Our join, where the peer may not know it yet. */
  readonly join: Uint8Array | null
  /** Something came: the peer is still there. */
  heard(): void
}

type List<T> = { readonly itemsMax: number; readonly bytesMax: number; readonly sizeOf: (item: T) => number }
const RECORDS: List<Uint8Array> = {
  itemsMax: PAGE_RECORDS_MAX,
  bytesMax: PAGE_RECORDS_BYTES_MAX,
  sizeOf: each => each.length
}
const ROWS: List<{ readonly envelope: Uint8Array }> = {
  itemsMax: PAGE_ROWS_MAX,
  bytesMax: PAGE_TOTAL_BYTES_MAX,
  sizeOf: each => each.envelope.length
}
const PROFILES: List<Uint8Array> = {
  itemsMax: PAGE_ROWS_MAX,
  bytesMax: PAGE_TOTAL_BYTES_MAX,
  sizeOf: each => each.length
}

/**
 * Refused where the peer breaks ND27. Rejects where it cannot be reached, does not speak the protocol or serves nothing.
 * Knows no time: `signal` resets the stream of a peer that was waited for too long.
 */
export async function fetchPage(
  connection: Connection,
  init: FetchPageInit,
  signal: AbortSignal
): Promise<Verdict<PageAnswer>> {
  const { suite, server, channel, topicSecret, self, readers, join } = init
  const stream = await connection.openStream(PAGE_PROTOCOL, { signal, frameBytesMax: PAGE_FRAME_BYTES_MAX })
  const stop = (): void => stream.abort('ND27')
  signal.addEventListener('abort', stop, { once: true })
  try {
    await stream.send(
      pageAskFrame.encode({
        version: 1,
        kind: 1,
        server: idToBytes(server),
        proof: snapshotProof(suite, topicSecret, { server, asking: self, answering: connection.device }),
        channel: idToBytes(channel),
        readers: [...readers],
        join
      })
    )
    const frames = stream.frames()[Symbol.asyncIterator]()
    const next = async (): Promise<Uint8Array | undefined> => {
      const frame = await frames.next()
      init.heard()
      return frame.done === true ? undefined : frame.value
    }
    const records = await readList(next, frame => pick(pageRecordsFrame.decode(frame), 'records'), RECORDS)
    if (!records.ok) return records
    const rows = await readList(next, frame => pick(pageRowsFrame.decode(frame), 'rows'), ROWS)
    if (!rows.ok) return rows
    const profiles = await readList(
      next,
      frame => pick(pageProfilesFrame.decode(frame), 'profiles'),
      PROFILES
    )
    if (!profiles.ok) return profiles
    const named = rows.value.map(({ device, envelope }) => ({ device: idFromBytes('d', device), envelope }))
    return { ok: true, value: { records: records.value, rows: named, profiles: profiles.value } }
  } finally {
    signal.removeEventListener('abort', stop)
    await stream.close().catch(() => undefined)
  }
}

function pick<K extends string, T>(
  read: Verdict<{ readonly [P in K]: readonly T[] }>,
  key: K
): Verdict<readonly T[]> {
  return read.ok ? { ok: true, value: read.value[key] } : read
}

/** Parts up to the empty one that ends them. */
async function readList<T extends S, S>(
  next: () => Promise<Uint8Array | undefined>,
  read: (frame: Uint8Array) => Verdict<readonly T[]>,
  { itemsMax, bytesMax, sizeOf }: List<S>
): Promise<{ readonly ok: true; readonly value: readonly T[] } | Refusal> {
  const out: T[] = []
  let size = 0
  for (;;) {
    const frame = await next()
    const part = frame === undefined ? refuse('ND27', 'ends early') : read(frame)
    if (!part.ok) return part
    if (part.value.length === 0) return { ok: true, value: out }
    out.push(...part.value)
    for (const each of part.value) size += sizeOf(each)
    if (out.length > itemsMax || size > bytesMax) return refuse('ND27', 'more than a page')
  }
}
