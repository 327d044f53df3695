/**
 * The native parts of the engine, loaded in its own process alone (PF4): simple-peer over wrtc, and of both only what
 * is used here. wrtc's own types want a browser's; simple-peer has none.
 */
import * as wrtc from '@roamhq/wrtc'
import Peer from 'simple-peer'

/** What simple-peer tells for the other side; it also asks for renegotiation, which we never do. */
export interface PeerSignal {
  readonly type?: string
  readonly sdp?: string
  readonly candidate?: {
    readonly candidate: string
    readonly sdpMid: string | null
    readonly sdpMLineIndex: number | null
  }
}

interface PeerEvents {
  signal: (signal: PeerSignal) => void
  connect: () => void
  close: () => void
  error: (error: Error & { readonly code?: string }) => void
  data: () => void
  track: (track: MediaTrack) => void
  iceStateChange: (ice: string) => void
}

/** A simple-peer. */
export interface SimplePeer {
  on<K extends keyof PeerEvents>(event: K, listener: PeerEvents[K]): void
  signal(signal: PeerSignal): void
  getStats(done: (error: Error | null, reports?: readonly StatsReport[]) => void): void
  destroy(): void
  readonly destroyed: boolean
}

/** One entry of getStats. */
export type StatsReport = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }

export interface PeerInit {
  readonly initiator: boolean
  readonly wrtc: unknown
  readonly stream: unknown
  readonly trickle: true
  readonly config: {
    readonly iceServers: readonly object[]
    readonly iceTransportPolicy: 'all' | 'relay'
  }
  readonly sdpTransform: (sdp: string) => string
}

/** A track of either side. */
export interface MediaTrack {
  readonly kind: string
  stop(): void
}

/** What wrtc's sink gives. */
export interface SinkPiece {
  readonly samples: Int16Array
  readonly sampleRate: number
  readonly channelCount?: number
}

interface AudioSource {
  createTrack(): MediaTrack
  onData(piece: {
    samples: Int16Array
    sampleRate: number
    bitsPerSample: number
    channelCount: number
    numberOfFrames: number
  }): void
}

export interface AudioSink {
  ondata: ((piece: SinkPiece) => void) | null
  stop(): void
}

interface Native {
  readonly MediaStream: new (tracks: readonly MediaTrack[]) => object
  readonly nonstandard: {
    readonly RTCAudioSource: new () => AudioSource
    readonly RTCAudioSink: new (track: MediaTrack) => AudioSink
  }
}

// A CommonJS module has what it exports under `default`, whatever names the loader finds in it.
const native = ((wrtc as { default?: unknown }).default ?? wrtc) as Native
const SimplePeerClass = Peer as unknown as new (init: PeerInit) => SimplePeer

export const createPeer = (init: Omit<PeerInit, 'wrtc'>): SimplePeer =>
  new SimplePeerClass({ ...init, wrtc: native })
export const createAudioSource = (): AudioSource => new native.nonstandard.RTCAudioSource()
export const createAudioSink = (track: MediaTrack): AudioSink => new native.nonstandard.RTCAudioSink(track)
export const createStream = (track: MediaTrack): object => new native.MediaStream([track])
