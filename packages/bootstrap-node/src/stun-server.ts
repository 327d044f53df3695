/**
 * Says to whoever asks which address they are seen at (BN13, STUN binding of RFC 8489), so that members behind NATs can talk
 * directly in voice channels. Answers are hardly longer than questions, and so many a second: nobody is flooded with them.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { XcordError } from '@xcord/core/base'

const HEADER_BYTES = 20
/** A question with attributes that clients like to send; larger ones are no binding requests. */
const QUESTION_BYTES_MAX = 548
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const XOR_MAPPED_ADDRESS = 0x0020
const MAGIC = 0x2112_a442
/** Answers a second, to all together: a thousand members who join calls ask some ten times each. */
const ANSWERS_PER_SECOND = 1_000

/** The bytes of an address, eight groups or four numbers. */
function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map(each => Number.parseInt(each, 16))
  const front = groups(head)
  const back = tail === undefined ? [] : groups(tail)
  const bytes = Buffer.alloc(16)
  for (const [at, group] of front.entries()) bytes.writeUInt16BE(group, at * 2)
  for (const [at, group] of back.entries()) bytes.writeUInt16BE(group, 16 - (back.length - at) * 2)
  return bytes
}

/** The answer to one datagram; undefined for what is no question. */
export function answerStun(question: Buffer, from: Pick<RemoteInfo, 'address' | 'port'>): Buffer | undefined {
  if (question.length < HEADER_BYTES || question.length > QUESTION_BYTES_MAX) return undefined
  if (question.readUInt16BE(0) !== BINDING_REQUEST || question.readUInt32BE(4) !== MAGIC) return undefined
  if (question.readUInt16BE(2) !== question.length - HEADER_BYTES) return undefined
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(from.address)?.[1]
  const address = addressBytes(mapped ?? from.address.replace(/%.*$/, ''))
  const answer = Buffer.alloc(HEADER_BYTES + 8 + address.length)
  answer.writeUInt16BE(BINDING_SUCCESS, 0)
  answer.writeUInt16BE(8 + address.length, 2)
  // Magic and transaction, as they came: what the address is hidden with from meddling routers.
  question.copy(answer, 4, 4, HEADER_BYTES)
  answer.writeUInt16BE(XOR_MAPPED_ADDRESS, HEADER_BYTES)
  answer.writeUInt16BE(4 + address.length, HEADER_BYTES + 2)
  answer.writeUInt8(address.length === 4 ? 1 : 2, HEADER_BYTES + 5)
  answer.writeUInt16BE(from.port ^ (MAGIC >>> 16), HEADER_BYTES + 6)
  for (const [at, byte] of address.entries())
    answer.writeUInt8(byte ^ question.readUInt8(4 + at), HEADER_BYTES + 8 + at)
  return answer
}

/** A port that answers. */
export interface StunServer {
  readonly port: number
  close(): Promise<void>
}

/** Opens the port. XCORD_PORT_IN_USE, XCORD_ADDRESS_INVALID. */
export async function openStunServer(init: {
  readonly host: string
  readonly port: number
}): Promise<StunServer> {
  const socket = createSocket(isIPv6(init.host) ? 'udp6' : 'udp4')
  let second = 0
  let answers = 0
  socket.on('message', (question, from) => {
    const now = Math.floor(performance.now() / 1_000)
    if (now !== second) {
      second = now
      answers = 0
    }
    if (answers >= ANSWERS_PER_SECOND) return
    const answer = answerStun(question, from)
    if (answer === undefined) return
    answers++
    socket.send(answer, from.port, from.address, () => undefined)
  })
  await bound(socket, init)
  // From here on the world's troubles with single datagrams are nobody's matter.
  socket.on('error', () => undefined)
  return {
    port: socket.address().port,
    close: async () => await new Promise<void>(resolve => socket.close(() => resolve()))
  }
}

async function bound(socket: Socket, { host, port }: { host: string; port: number }): Promise<void> {
  const address = `${host}:${port}/udp`
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new XcordError(
              'XCORD_PORT_IN_USE',
              `Another program already listens on ${address}, which is to answer STUN.`,
              { address },
              { cause: error }
            )
          : new XcordError(
              'XCORD_ADDRESS_INVALID',
              `Cannot listen on ${address} for STUN: ${error.message}.`,
              { address },
              { cause: error }
            )
      )
    )
    socket.bind(port, host, resolve)
  })
}
