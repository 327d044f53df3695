/** Bytes and round trips of one protocol's streams in this process, counted where libp2p hands them over. */
import { AbstractStream } from '@libp2p/utils'

/**
 * Counts from now on. A round trip is something that was sent and the first that came after it.
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
      asked = true
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
