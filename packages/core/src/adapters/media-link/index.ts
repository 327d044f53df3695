/** One link of a media engine, on whatever platform: negotiation within bounds, frames in and out, figures. */
export { type EngineLink, openLink } from './link.ts'
export { tuneOpus } from './descriptions.ts'
export type { AudioSink, AudioSource, LinkPlatform, MediaTrack, PeerInit, SimplePeer } from './platform.ts'
