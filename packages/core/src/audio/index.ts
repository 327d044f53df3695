/** Sound as numbers: frames, tones, levels, mixing, other rates, files, and what makes a pair good. No I/O, no clock. */
export { createFramer, FRAME_MS, FRAME_SAMPLES, type PcmFrame, SAMPLE_RATE_HZ } from './frame.ts'
export { LEVEL_DB_MIN, levelDb, SILENT, type SpeakingState, stepSpeaking } from './level.ts'
export { downmix, mixVoices, type Voice } from './mix.ts'
export { createPacer, type Pacer } from './pacer.ts'
export { type HeardFigures, judgeQuality, type Quality } from './quality.ts'
export { createResampler } from './resample.ts'
export { toneFrames, tonesHeard, toneShare } from './tone.ts'
export { readWav, type Wav, wavBytes, wavHeader } from './wav.ts'
