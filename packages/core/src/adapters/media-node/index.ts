/** WebRTC in Node behind voice's contract, in a process of its own: the only home of simple-peer and wrtc. */
export { createMediaEngine, type MediaEngine, type MediaEngineInit } from './media-engine.ts'
