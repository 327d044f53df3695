/** Bytes and round trips of one protocol's streams in this process, counted where libp2p hands them over. */
import { AbstractStream } from '@libp2p/utils'

const LENGTH_BYTES = 4
/** SY1: hello and tokens, and all that an answer is owed to. What else is sent (rows, offers, receipts, credit) is not waited for. */
const ASKS = new Set([1, 3, 16, 17, 18, 19, 32, 34, 35])

/** Whether any of the frames in these bytes asks: each an array that begins with its kind, behind its length. */
function asks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + LENGTH_BYTES + 2 < bytes.length; at += LENGTH_BYTES + view.getUint32(at)) {
    const head = bytes[at + LENGTH_BYTES + 1]
    if (ASKS.has(head === 0x18 ? bytes[at + LENGTH_BYTES + 2] : head)) return true
  }
  return false
}

/**
 * Counts from now on. A round trip is something that was asked and the first that came after it.
 *
 * @param {string} protocol
 */
export function countStreams(protocol) {
  const counts = { bytes: 0, roundTrips: 0 }
  let asked = false
  const { send, onData } = AbstractStream.prototype
  AbstractStream.prototype.send = function (data) {
    if (this.protocol === protocol) {
      counts.bytes += data.byteLength
      asked ||= asks(data instanceof Uint8Array ? data : data.subarray())
    }
    return send.call(this, data)
  }
  AbstractStream.prototype.onData = function (data) {
    if (this.protocol === protocol) {
      counts.bytes += data.byteLength
      if (asked) counts.roundTrips++
      asked = false
    }
    return onData.call(this, data)
  }
  return counts
}
