/**
 * Coming back without a link (ND19): a device that its account enrolled asks any member for the server itself, by its
 * certificate, and is given the export (SX) of everything, sealed as it is. Its keys it has by its user key.
 */
import { type DeviceId, idFromBytes, idToBytes, type ServerId, type UserId } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { bytes, codec, literal, tuple, uint } from '../../encoding/index.ts'
import { type Account, verifyCredential } from '../../identity/index.ts'
import type { Connection, FrameStream, ProtocolName, Transport } from '../../net/index.ts'
import type { LiveReplica } from '../replica/replica.ts'

export const RETURN_PROTOCOL: ProtocolName = '/xcord/return/1'
const CERTIFICATE_BYTES_MAX = 2_048
/** A piece of the export in one frame. */
const PIECE_BYTES_MAX = 60_000
const FRAME_BYTES_MAX = PIECE_BYTES_MAX + 64

/** [version, server, certificate of the asking device]. */
const askCodec = codec(
  tuple({ version: literal(1), server: bytes(32), credential: bytes(1, CERTIFICATE_BYTES_MAX) }),
  { rule: 'ND19', maxBytes: CERTIFICATE_BYTES_MAX + 64, maxDepth: 2 }
)
const GIVEN = 0
/** One answer whether it takes no part in the server or gives it not to this device: nobody learns who is where. */
const NOT_GIVEN = 1
/** [version, answer]: the first frame of an answer; pieces follow a 0. */
const headCodec = codec(tuple({ version: literal(1), answer: uint(NOT_GIVEN) }), {
  rule: 'ND19',
  maxBytes: 16
})

export interface ReturnServiceInit {
  readonly suite: Suite
  readonly transport: Transport
  readonly account: Account
  replica(server: ServerId): LiveReplica | undefined
}

/** Whether a member gives the server to a device of this account. */
function mayReturn(replica: LiveReplica, user: UserId, path: readonly DeviceId[]): boolean {
  const authority = replica.state()
  // A device that was turned off, or was enrolled by one that was, comes back by nobody's help (ID6).
  return authority.member(user)?.status === 'in' && path.every(each => authority.device(each)?.on !== false)
}

/** The server to give, null where it is not given, undefined for what is no question. */
function admit(
  { suite, account, replica }: ReturnServiceInit,
  frame: Uint8Array,
  asking: DeviceId
): LiveReplica | null | undefined {
  const read = askCodec.decode(frame)
  if (!read.ok) return undefined
  // First, and for every server alike: how long an answer takes says no more than the answer.
  const verified = verifyCredential(suite, read.value.credential, { device: asking, log: account.log })
  const found = replica(idFromBytes('s', read.value.server))
  if (!verified.ok || found?.current.isMember() !== true) return null
  const path = verified.value.path.flatMap(({ body }) => (body.kind === 'addDevice' ? [body.device] : []))
  return mayReturn(found, verified.value.user, path) ? found : null
}

async function give(stream: FrameStream, replica: LiveReplica): Promise<void> {
  await stream.send(headCodec.encode({ version: 1, answer: GIVEN }))
  for await (const piece of replica.exportServer({ content: true })) {
    for (let at = 0; at < piece.length; at += PIECE_BYTES_MAX)
      await stream.send(piece.subarray(at, at + PIECE_BYTES_MAX))
  }
  await stream.close()
}

/** Answers devices that come back. */
export function serveReturns(init: ReturnServiceInit): void {
  init.transport.handle(
    RETURN_PROTOCOL,
    { frameBytesMax: FRAME_BYTES_MAX, inboundStreamsMax: 2, onLimited: true, idleMsMax: 30_000 },
    async stream => {
      for await (const frame of stream.frames()) {
        const admitted = admit(init, frame, stream.connection.device)
        if (admitted === undefined) {
          stream.abort('ND19')
          return
        }
        if (admitted !== null) {
          await give(stream, admitted)
          return
        }
        await stream.send(headCodec.encode({ version: 1, answer: NOT_GIVEN }))
        await stream.close()
        return
      }
    }
  )
}

/** Asks one peer. The export, for `importServer`, to be read to its end or dropped; undefined where it is not given. */
export async function askForServer(
  connection: Connection,
  server: ServerId,
  credential: Uint8Array
): Promise<AsyncGenerator<Uint8Array> | undefined> {
  const stream = await connection.openStream(RETURN_PROTOCOL, { frameBytesMax: FRAME_BYTES_MAX })
  const frames = stream.frames()[Symbol.asyncIterator]()
  await stream.send(askCodec.encode({ version: 1, server: idToBytes(server), credential }))
  const first = await frames.next()
  const head = first.done === true ? undefined : headCodec.decode(first.value)
  if (head?.ok === true && head.value.answer === GIVEN) return piecesOf(stream, frames)
  await stream.close().catch(() => undefined)
  return undefined
}

async function* piecesOf(
  stream: FrameStream,
  frames: AsyncIterator<Uint8Array>
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let next = await frames.next(); next.done !== true; next = await frames.next()) yield next.value
  } finally {
    await stream.close().catch(() => undefined)
  }
}
