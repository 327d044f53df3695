/** Tones: made by number, and found again by frequency. What a test or a first try needs instead of hardware. */
import { clampSample, FRAME_SAMPLES, type PcmFrame, SAMPLE_RATE_HZ } from './frame.ts'

/** Peak of a generated tone: loud enough to be found, quiet enough that eight of them mix without clipping. */
const TONE_PEAK = 4_000
/** A frame this quiet (root mean square, of 32,768) has no tone in it, whatever shape its noise has. */
const SILENCE_RMS = 30

/** Throws RangeError unless a tone of that frequency fits the sample rate. */
function checkFrequency(hz: number): void {
  if (!(hz >= 20 && hz <= 20_000)) throw new RangeError(`a tone has 20 to 20,000 Hz, this is ${String(hz)}`)
}

/**
 * A sine tone as frames, without a seam between one and the next.
 *
 * @returns Frame by its index, from 0; the same index gives the same frame.
 * @throws RangeError for frequencies outside 20 to 20,000 Hz.
 */
export function toneFrames(hz: number, peak: number = TONE_PEAK): (index: number) => PcmFrame {
  checkFrequency(hz)
  return index =>
    Int16Array.from({ length: FRAME_SAMPLES }, (_, sample) => {
      // Whole turns are left out before the sine is taken: hours later it is as exact as at first.
      const turns = ((index * FRAME_SAMPLES + sample) * hz) / SAMPLE_RATE_HZ
      return clampSample(peak * Math.sin(2 * Math.PI * (turns % 1)))
    })
}

/** Power of the samples at one frequency, by Goertzel's recurrence; 1 for a full-scale sine over whole periods. */
function powerAt(samples: Int16Array, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE_HZ)
  let before = 0
  let last = 0
  for (const sample of samples) {
    const next = sample / 32_768 + coefficient * last - before
    before = last
    last = next
  }
  const energy = last * last + before * before - coefficient * last * before
  return energy / (samples.length / 2) ** 2
}

/**
 * How much of the sound is that tone: 1 is nothing else, 0 none of it. 0.3 is plain hearing beside two others.
 *
 * Give at least four frames: one frame tells apart what lies 100 Hz apart, four 25 Hz.
 *
 * @throws RangeError for frequencies outside 20 to 20,000 Hz.
 */
export function toneShare(samples: Int16Array, hz: number): number {
  checkFrequency(hz)
  let sum = 0
  for (const sample of samples) sum += (sample / 32_768) ** 2
  const total = samples.length === 0 ? 0 : sum / samples.length
  if (Math.sqrt(total) * 32_768 < SILENCE_RMS) return 0
  // A sine of peak p has the mean power p² / 2.
  return Math.min(1, powerAt(samples, hz) / 2 / total)
}

/** Which of the frequencies are in the sound, each with at least the share asked for, in the order given. */
export function tonesHeard(samples: Int16Array, frequencies: readonly number[], shareMin = 0.1): number[] {
  return frequencies.filter(hz => toneShare(samples, hz) >= shareMin)
}
