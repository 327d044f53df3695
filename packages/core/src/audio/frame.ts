/**
 * The one shape of sound inside XCord (VX60): 48 kHz, one channel, signed 16 bits, 480 samples = 10 ms a frame.
 * Everything else is converted at the edge, so that mixing, measuring and sending never ask.
 */

/** Samples of one channel a second. */
export const SAMPLE_RATE_HZ = 48_000
/** Samples of a frame. */
export const FRAME_SAMPLES = 480
/** Length of a frame in milliseconds. */
export const FRAME_MS = 10

/** One frame: `FRAME_SAMPLES` samples. Whoever is given one copies it to keep it. */
export type PcmFrame = Int16Array

/** Nearest sample that 16 bits hold. */
export const clampSample = (value: number): number => Math.max(-32_768, Math.min(32_767, Math.round(value)))

/**
 * Cuts samples that come in pieces of any length into frames, in order.
 *
 * @returns Takes a piece and gives the frames it completed; the rest waits for the next piece.
 */
export function createFramer(): (samples: Int16Array) => PcmFrame[] {
  let rest = new Int16Array(0)
  return samples => {
    const all = new Int16Array(rest.length + samples.length)
    all.set(rest)
    all.set(samples, rest.length)
    const whole = all.length - (all.length % FRAME_SAMPLES)
    rest = all.slice(whole)
    return Array.from({ length: whole / FRAME_SAMPLES }, (_, index) =>
      all.slice(index * FRAME_SAMPLES, (index + 1) * FRAME_SAMPLES)
    )
  }
}
