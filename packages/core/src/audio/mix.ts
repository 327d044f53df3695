/** Several voices into one, each with its own volume. */
import { clampSample, FRAME_SAMPLES, type PcmFrame } from './frame.ts'

/** A voice with how loud it shall be: 1 as it is, 0 silent, 2 twice the amplitude. */
export interface Voice {
  readonly frame: PcmFrame
  readonly volume?: number
}

/** Sum of the voices. Where it does not fit 16 bits it is cut, which is heard as being loud, not as a crackle. */
export function mixVoices(voices: readonly Voice[]): PcmFrame {
  const sum = new Float64Array(FRAME_SAMPLES)
  for (const { frame, volume = 1 } of voices)
    for (let index = 0; index < FRAME_SAMPLES; index += 1)
      sum[index] = (sum[index] ?? 0) + (frame[index] ?? 0) * volume
  return Int16Array.from(sum, clampSample)
}

/** Several channels side by side (left, right, left, …) into their mean. */
export function downmix(interleaved: Int16Array, channels: number): Int16Array {
  if (channels === 1) return interleaved
  return Int16Array.from({ length: Math.floor(interleaved.length / channels) }, (_, index) => {
    let sum = 0
    for (let channel = 0; channel < channels; channel += 1)
      sum += interleaved[index * channels + channel] ?? 0
    return clampSample(sum / channels)
  })
}
