/**
 * Members tell each other where members are (NT13): after a match, each side sends its own signed record and a
 * few of others, so that a server needs no node to find itself again.
 */
import { array, bytes, codec, equalBytes, literal, tuple } from '../../encoding/index.ts'
import type { DeviceId, ServerId } from '../../base/index.ts'
import { idFromBytes, idToBytes } from '../../base/index.ts'
import type { Connection, FrameStream, PeerRecord, ProtocolName, Transport } from '../../net/index.ts'

export const EXCHANGE_PROTOCOL: ProtocolName = '/xcord/exchange/1'
/** NT13: records passed on per server. */
const RECORDS_MAX = 16
const RECORD_BYTES_MAX = 1_024
const FRAME_BYTES_MAX = RECORDS_MAX * (RECORD_BYTES_MAX + 8) + 64

/** [version, server, records]: sent both ways, once. */
const frameCodec = codec(
  tuple({ version: literal(1), server: bytes(32), records: array(bytes(1, RECORD_BYTES_MAX), RECORDS_MAX) }),
  { rule: 'NT13', maxBytes: FRAME_BYTES_MAX }
)

export interface ExchangeInit {
  readonly transport: Transport
  /** Is this device a member of that server here? Strangers are told nothing. */
  isMember(server: ServerId, device: DeviceId): boolean
  /** A verified record of a member. */
  readonly learnt: (server: ServerId, record: PeerRecord) => void
}

/** A member's record as it came, and what it says. */
interface Seen {
  readonly bytes: Uint8Array
  readonly record: PeerRecord
}

export interface Exchange {
  /** Tells and asks one member. Failing is no fault: there are others. */
  with(connection: Connection, server: ServerId): Promise<void>
}

/** Serves and offers the exchange. Records seen are kept in memory only: they expire with the process. */
export function createExchange(init: ExchangeInit): Exchange {
  const { transport } = init
  /** Newest signed record of each member, by server. */
  const seen = new Map<ServerId, Map<DeviceId, Seen>>()

  async function ours(server: ServerId, except: DeviceId): Promise<Uint8Array> {
    const others = [...(seen.get(server) ?? [])]
      .filter(([device]) => device !== except && init.isMember(server, device))
      .map(([, { bytes }]) => bytes)
    const records = [await transport.records.own(), ...others.slice(-(RECORDS_MAX - 1))]
    return frameCodec.encode({ version: 1, server: idToBytes(server), records })
  }

  /** Members tell the same few records over and over: one that was verified is not verified again. */
  async function read(
    known: ReadonlyMap<DeviceId, Seen>,
    bytes: Uint8Array
  ): Promise<PeerRecord | undefined> {
    for (const each of known.values()) if (equalBytes(each.bytes, bytes)) return each.record
    const opened = await transport.records.open(bytes)
    return opened.ok ? opened.value : undefined
  }

  async function take(server: ServerId, records: readonly Uint8Array[]): Promise<void> {
    const known = seen.get(server) ?? new Map<DeviceId, Seen>()
    for (const bytes of records) {
      const record = await read(known, bytes)
      if (record === undefined || !init.isMember(server, record.device) || record.device === transport.device)
        continue
      known.delete(record.device)
      known.set(record.device, { bytes, record })
      seen.set(server, known)
      init.learnt(server, record)
    }
  }

  async function serve(stream: FrameStream): Promise<void> {
    const { device } = stream.connection
    for await (const frame of stream.frames()) {
      const read = frameCodec.decode(frame)
      const server = read.ok ? idFromBytes('s', read.value.server) : undefined
      if (!read.ok || server === undefined || !init.isMember(server, device)) {
        stream.abort('NT13')
        return
      }
      await stream.send(await ours(server, device))
      await take(server, read.value.records)
    }
  }

  transport.handle(
    EXCHANGE_PROTOCOL,
    { frameBytesMax: FRAME_BYTES_MAX, inboundStreamsMax: 4, onLimited: true, idleMsMax: 30_000 },
    serve
  )

  return {
    with: async (connection, server) => {
      const stream = await connection.openStream(EXCHANGE_PROTOCOL, { frameBytesMax: FRAME_BYTES_MAX })
      try {
        await stream.send(await ours(server, connection.device))
        for await (const frame of stream.frames()) {
          const read = frameCodec.decode(frame)
          if (read.ok && idFromBytes('s', read.value.server) === server)
            await take(server, read.value.records)
          break
        }
      } finally {
        await stream.close().catch(() => undefined)
      }
    }
  }
}
