/**
 * The native parts of the engine, loaded in its own process alone (PF4): simple-peer over wrtc, and of both only what
 * is used here. wrtc's own types want a browser's; simple-peer has none.
 */
import * as wrtc from '@roamhq/wrtc'
import Peer from 'simple-peer'
import type {
  AudioSink,
  AudioSource,
  LinkPlatform,
  MediaTrack,
  PeerInit,
  SimplePeer
} from '../media-link/index.ts'

interface Native {
  readonly MediaStream: new (tracks: readonly MediaTrack[]) => object
  readonly nonstandard: {
    readonly RTCAudioSource: new () => AudioSource
    readonly RTCAudioSink: new (track: MediaTrack) => AudioSink
  }
}

// A CommonJS module has what it exports under `default`, whatever names the loader finds in it.
const native = ((wrtc as { default?: unknown }).default ?? wrtc) as Native
const SimplePeerClass = Peer as unknown as new (init: PeerInit & { readonly wrtc: unknown }) => SimplePeer

/** wrtc knows addresses only. */
export const NATIVE: LinkPlatform = {
  resolvesLocal: false,
  createPeer: init => new SimplePeerClass({ ...init, wrtc: native }),
  createSource: () => new native.nonstandard.RTCAudioSource(),
  createSink: track => new native.nonstandard.RTCAudioSink(track),
  createStream: track => new native.MediaStream([track])
}
