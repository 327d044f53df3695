/**
 * Two costs of libp2p's noise that every message pays, taken out at its seams: what it sends is a list of two
 * buffers, length and ciphertext, each a write, a packet and a wake-up of its own; and wherever nothing is left to
 * decode it raises an error with a stack, which costs more than decrypting a message.
 *
 * Both seams are libp2p's own: where they are not found, everything works as before.
 */
import type { MessageStream } from '@libp2p/interface'

/** Bytes as libp2p hands them about inside: a list of buffers. */
interface BufferList {
  readonly byteLength: number
  get(index: number): number
  subarray(): Uint8Array
  consume(bytes: number): void
  append(bytes: Uint8Array): void
}

/** Before encryption: what carries a connection sends by this. */
interface Carrier {
  sendData?(data: BufferList): unknown
}

/** After encryption. */
interface NoiseStream {
  readonly decoder?: { lengthDecoder?: (data: BufferList) => number }
}

/** How the decoder is told that a length has not arrived yet; one for all, as nobody looks at it. */
const TOO_SHORT = new RangeError('a length has two bytes')

/** Sends what belongs together as one buffer. */
export function sendWhole(raw: MessageStream): void {
  const carrier = raw as unknown as Carrier
  const send = carrier.sendData?.bind(raw)
  if (send === undefined) return
  carrier.sendData = data => {
    const whole = data.subarray()
    data.consume(data.byteLength)
    data.append(whole)
    return send(data)
  }
}

/** Reads the lengths of noise messages without raising errors that have stacks. */
export function readQuietly(secured: MessageStream): void {
  const { decoder } = secured as unknown as NoiseStream
  if (decoder?.lengthDecoder === undefined) return
  decoder.lengthDecoder = data => {
    if (data.byteLength < 2) throw TOO_SHORT
    return data.get(0) * 256 + data.get(1)
  }
}
