/** Voice in a page: a media engine over the browser's WebRTC, and its streams as frames. */
export { createPageEngine } from './page-engine.ts'
export { type FrameStream, framesOfStream, pageAudio, type Stop, streamOfFrames } from './sound.ts'
