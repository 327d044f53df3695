/**
 * Frames on a stream (NT39): four big-endian bytes of length, then so many bytes; one byte at least and the
 * protocol's bound at most. The reader keeps no more than one frame and what came with it.
 */
import { accept, FRAME_PREFIX_BYTES, refuse, type Verdict } from '../base/index.ts'
import { concatBytes, lengthPrefixed } from '../encoding/index.ts'

/**
 * Bytes of one frame on the wire.
 *
 * @throws RangeError for an empty frame or one above `bytesMax`: our caller's mistake.
 */
export function encodeFrame(frame: Uint8Array, bytesMax: number): Uint8Array {
  if (frame.length === 0 || frame.length > bytesMax) {
    throw new RangeError(`a frame has 1 to ${bytesMax} bytes, not ${frame.length}`)
  }
  return lengthPrefixed(frame)
}

/** Cuts a stream of bytes back into frames. */
export interface FrameReader {
  /**
   * Takes what arrived and gives the frames that are now whole, in order. A refusal (NT39) is final: the
   * stream's bytes mean nothing any more.
   */
  push(chunk: Uint8Array): Verdict<readonly Uint8Array[]>
  /** Bytes of an unfinished frame: above 0 when a stream ends, it was cut. */
  pending(): number
}

/** Makes a reader that refuses frames above `bytesMax` as soon as their length is known. */
export function createFrameReader(bytesMax: number): FrameReader {
  let chunks: Uint8Array[] = []
  let held = 0
  let wanted: number | undefined

  /** Takes exactly `length` held bytes. */
  const take = (length: number): Uint8Array => {
    const whole = chunks.length === 1 ? (chunks[0] as Uint8Array) : concatBytes(chunks)
    const rest = whole.subarray(length)
    chunks = rest.length === 0 ? [] : [rest]
    held = rest.length
    return whole.subarray(0, length)
  }

  return {
    push: chunk => {
      if (chunk.length > 0) {
        chunks.push(chunk)
        held += chunk.length
      }
      const frames: Uint8Array[] = []
      for (;;) {
        if (wanted === undefined) {
          if (held < FRAME_PREFIX_BYTES) break
          const prefix = take(FRAME_PREFIX_BYTES)
          wanted = new DataView(prefix.buffer, prefix.byteOffset, FRAME_PREFIX_BYTES).getUint32(0)
          if (wanted === 0) return refuse('NT39', 'an empty frame')
          if (wanted > bytesMax) return refuse('NT39', `a frame of ${wanted} bytes; at most ${bytesMax}`)
        }
        if (held < wanted) break
        // Copied, so that a small frame does not keep the whole chunk it came in alive; `slice` of a Buffer copies nothing.
        frames.push(new Uint8Array(take(wanted)))
        wanted = undefined
      }
      return accept(frames)
    },
    pending: () => (wanted === undefined ? held : held + FRAME_PREFIX_BYTES)
  }
}
