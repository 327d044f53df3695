/** What a link needs of its platform: WebRTC by simple-peer, and samples into and out of tracks. */

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

export interface PeerEvents {
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

/** How a simple-peer is made. */
export interface PeerInit {
  readonly initiator: boolean
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

/** What a sink gives. */
export interface SinkPiece {
  readonly samples: Int16Array
  readonly sampleRate: number
  readonly channelCount?: number
}

/** Where frames become a track. */
export interface AudioSource {
  createTrack(): MediaTrack
  onData(piece: {
    samples: Int16Array
    sampleRate: number
    bitsPerSample: number
    channelCount: number
    numberOfFrames: number
  }): void
}

/** Where a track becomes samples. */
export interface AudioSink {
  ondata: ((piece: SinkPiece) => void) | null
  stop(): void
}

/** A platform with WebRTC. */
export interface LinkPlatform {
  /** Whether candidates that name a `.local` host mean something here: browsers hide their addresses behind them. */
  readonly resolvesLocal: boolean
  createPeer(init: PeerInit): SimplePeer
  createSource(): AudioSource
  createSink(track: MediaTrack): AudioSink
  createStream(track: MediaTrack): unknown
  /**
   * How much a peer sends from now on, kbit/s; `allowedKbps` is what was negotiated, 0 for no word. The other side is told nothing.
   * Rejects where it cannot be changed.
   */
  setRate(peer: SimplePeer, kbps: number, allowedKbps: number): Promise<void>
}
