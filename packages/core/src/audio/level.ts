/** How loud a frame is, and from that who speaks. */

/** Nothing is quieter: the level of digital silence, in dB below full scale. */
export const LEVEL_DB_MIN = -127

/** Level of a frame in dBFS: 0 for a full-scale square wave, `LEVEL_DB_MIN` for silence. */
export function levelDb(samples: Int16Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  if (sum === 0) return LEVEL_DB_MIN
  return Math.max(LEVEL_DB_MIN, 10 * Math.log10(sum / samples.length / 32_768 ** 2))
}

/** Speech begins above this; a quiet room with a headset lies near -60. */
const BEGIN_DB = -42
/** Speech goes on above this: lower than where it begins, so that a fading vowel does not flicker. */
const HOLD_DB = -50
/** A click is no speech: this many loud frames in a row are. */
const BEGIN_FRAMES = 3
/** Pauses between words are shorter than this many frames. */
const END_FRAMES = 40

/** State of the detector: as it is after some frames. */
export interface SpeakingState {
  readonly speaking: boolean
  /** Frames in a row that argue for the other answer. */
  readonly against: number
}

/** Nobody speaks yet. */
export const SILENT: SpeakingState = { speaking: false, against: 0 }

/** The state after one more frame of that level. 30 ms of speech begin it, 400 ms of quiet end it. */
export function stepSpeaking(state: SpeakingState, level: number): SpeakingState {
  const agrees = state.speaking ? level >= HOLD_DB : level < BEGIN_DB
  if (agrees) return state.against === 0 ? state : { speaking: state.speaking, against: 0 }
  const against = state.against + 1
  const turn = against >= (state.speaking ? END_FRAMES : BEGIN_FRAMES)
  return turn ? { speaking: !state.speaking, against: 0 } : { speaking: state.speaking, against }
}
