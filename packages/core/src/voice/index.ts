/** Voice (VX): who is in a call, how its links come about, and who is heard. */
export * from './contract.ts'
export * from './effects.ts'
export { Call, type CallInit } from './call.ts'
export { callCode, type CodeMember } from './code.ts'
export {
  checkDescription,
  type CheckedDescription,
  type DescriptionInit,
  type DescriptionPlace,
  type DescriptionSignal,
  signDescription
} from './description.ts'
export { IdleWatch } from './idle.ts'
export { FloodMeter } from './flood.ts'
export { EPHEMERAL_MS_MAX, PRESENCE_MS_MAX, VOICE_FRAME_BYTES_MAX } from './limits.ts'
export { placesOf } from './places.ts'
export { PresenceBook, type Present, type VoiceState } from './presence.ts'
export { isAudible } from './rights.ts'
export { readSdp, type SdpClaims } from './sdp.ts'
export {
  decodeFrame,
  encodeFrame,
  type Hearing,
  SESSION_BYTES,
  sessionBytes,
  type SessionId,
  sessionOf,
  type Signal,
  VoiceFlags,
  type VoiceFrame
} from './signals.ts'
export { SpeechGate } from './speech.ts'
