/** WebRTC in Node behind voice's contract, in a process of its own: the only home of simple-peer and wrtc. */
export { type MediaEngine, type MediaEngineInit, startMediaEngine } from './media-engine.ts'
