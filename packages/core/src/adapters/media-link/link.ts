/** One link of an engine: a simple-peer, the source it sends from, and the sink it is heard by. */
import {
  createFramer,
  createPacer,
  createResampler,
  downmix,
  FRAME_SAMPLES,
  LEVEL_DB_MIN,
  levelDb,
  SAMPLE_RATE_HZ,
  SILENT,
  type SpeakingState,
  stepSpeaking
} from '../../audio/index.ts'
import type { LinkFailure, LinkId, LinkInit, LinkSignal, LinkStats, MediaEvent } from '../../voice/index.ts'
import { CANDIDATES_MAX, descriptionFault, hasOpus, isCandidate, tuneOpus } from './descriptions.ts'
import { createRateKeeper } from './link-rate.ts'
import { packetsArrived, readStats, type StatsMark } from './link-stats.ts'
import type {
  AudioSink,
  LinkPlatform,
  MediaTrack,
  PeerSignal,
  SimplePeer,
  SinkPiece,
  StatsReport
} from './platform.ts'

/** Frames between two `level` events: ten a second. */
const LEVEL_FRAMES = 10
/** Between two looks whether media arrived, in ticks: while it is waited for, and afterwards. */
const ARRIVAL_TICKS = { waiting: 5, arrived: 50 }
/** Without a packet for this long media has stopped: silence is a packet every 400 ms. */
const STALL_MS = 2_000

/** A link as the engine drives it. */
export interface EngineLink {
  take(signal: LinkSignal): void
  push(frame: Int16Array): void
  setSending(on: boolean): void
  setReceiving(on: boolean): void
  /** Every 10 ms. */
  tick(): void
  stats(): Promise<LinkStats | undefined>
  /** Ends it without a word. */
  close(): void
}

/** Which of the contract's reasons a simple-peer's error is. */
function failureOf(code: string | undefined): LinkFailure {
  if (code === 'ERR_ICE_CONNECTION_FAILURE' || code === 'ERR_ICE_CONNECTION_CLOSED') return 'ice'
  if (code === 'ERR_CONNECTION_FAILURE' || code === 'ERR_DATA_CHANNEL') return 'dtls'
  return 'description'
}

type Tell = (event: MediaEvent) => void

/** What the other side sends, as frames and levels, while anybody wants it. */
function createEar(platform: LinkPlatform, link: LinkId, tell: Tell) {
  let track: MediaTrack | undefined
  let sink: AudioSink | undefined
  let wanted = false
  let framer = createFramer()
  let convert = { rateHz: SAMPLE_RATE_HZ, run: createResampler(SAMPLE_RATE_HZ, SAMPLE_RATE_HZ) }
  let state: SpeakingState = SILENT
  let loudest: number = LEVEL_DB_MIN
  let frames = 0

  const hear = (frame: Int16Array): void => {
    tell({ kind: 'audio', link, frame })
    const dbfs = levelDb(frame)
    state = stepSpeaking(state, dbfs)
    loudest = Math.max(loudest, dbfs)
    frames += 1
    if (frames < LEVEL_FRAMES) return
    tell({ kind: 'level', link, dbfs: loudest, speaking: state.speaking })
    loudest = LEVEL_DB_MIN
    frames = 0
  }
  const take = ({ samples, sampleRate, channelCount = 1 }: SinkPiece): void => {
    // Before media there is silence at another rate.
    if (sampleRate !== SAMPLE_RATE_HZ && samples.every(each => each === 0)) return
    if (sampleRate !== convert.rateHz)
      convert = { rateHz: sampleRate, run: createResampler(sampleRate, SAMPLE_RATE_HZ) }
    framer(convert.run(downmix(samples, channelCount))).forEach(hear)
  }
  const update = (): void => {
    if (wanted && track !== undefined && sink === undefined) {
      framer = createFramer()
      sink = platform.createSink(track)
      sink.ondata = take
    }
    if (!wanted && sink !== undefined) {
      sink.ondata = null
      sink.stop()
      sink = undefined
      state = SILENT
    }
  }
  return {
    setTrack: (found: MediaTrack): void => {
      // VX64: one voice a link; what else is added is not listened to.
      track ??= found.kind === 'audio' ? found : undefined
      update()
    },
    setWanted: (on: boolean): void => {
      wanted = on
      update()
    }
  }
}

/** What we send: frames by the clock, silence between them. */
function createMouth(platform: LinkPlatform) {
  const source = platform.createSource()
  const track = source.createTrack()
  const pacer = createPacer()
  const silence = new Int16Array(FRAME_SAMPLES)
  let sending = false
  return {
    track,
    push: (frame: Int16Array): void => {
      if (sending) pacer.push(frame)
    },
    setSending: (on: boolean): void => {
      sending = on
      if (!on) pacer.clear()
    },
    tick: (): void => {
      const frame = pacer.next() ?? silence
      source.onData({
        // wrtc takes the whole buffer behind the samples: it must be theirs alone.
        samples: frame.slice(),
        sampleRate: SAMPLE_RATE_HZ,
        bitsPerSample: 16,
        channelCount: 1,
        numberOfFrames: FRAME_SAMPLES
      })
    }
  }
}

/** What the other side may still give, before it is too much or out of turn. */
function createGate(init: LinkInit, resolvesLocal: boolean) {
  let described: string | undefined
  let candidates = 0
  return (signal: LinkSignal): PeerSignal | 'skip' | { failure: LinkFailure; reason: string } => {
    if (signal.kind === 'candidate') {
      const { candidate, mid, line } = signal.candidate
      candidates += 1
      if (candidates > CANDIDATES_MAX)
        return { failure: 'limit', reason: `more than ${CANDIDATES_MAX} candidates` }
      if (!isCandidate(candidate, resolvesLocal)) return 'skip'
      return { type: 'candidate', candidate: { candidate, sdpMid: mid, sdpMLineIndex: line } }
    }
    const { type, sdp } = signal.description
    if (sdp === described) return 'skip'
    if (described !== undefined) return { failure: 'description', reason: 'described twice' }
    if (type !== (init.initiator ? 'answer' : 'offer'))
      return { failure: 'description', reason: `an ${type} out of turn` }
    const fault = descriptionFault(sdp)
    if (fault !== undefined) return { failure: 'description', reason: fault }
    if (!hasOpus(sdp)) return { failure: 'codec', reason: 'the other side has no Opus' }
    described = sdp
    return { type, sdp: tuneOpus(sdp, init.bitrateKbps) }
  }
}

/** ICE servers and tuning as simple-peer wants them. */
function makePeer(platform: LinkPlatform, init: LinkInit, track: MediaTrack): SimplePeer {
  return platform.createPeer({
    initiator: init.initiator,
    stream: platform.createStream(track),
    trickle: true,
    // PF16: both packages would otherwise ask public servers.
    config: {
      iceServers: init.iceServers.map(({ urls, ...rest }) => ({ urls: [...urls], ...rest })),
      iceTransportPolicy: init.relayOnly ? 'relay' : 'all'
    },
    sdpTransform: sdp => tuneOpus(sdp, init.bitrateKbps)
  })
}

/** simple-peer's word for the other side, in the contract's; what else it says (renegotiation) is for nobody. */
function signalOf({ type, sdp, candidate }: PeerSignal): LinkSignal | undefined {
  if (candidate !== undefined) {
    const { candidate: text, sdpMid: mid, sdpMLineIndex: line } = candidate
    return { kind: 'candidate', candidate: { candidate: text, mid, line } }
  }
  if ((type === 'offer' || type === 'answer') && sdp !== undefined)
    return { kind: 'description', description: { type, sdp } }
  return undefined
}

/** Hands on what the other side is to get. */
function tellSignals(peer: SimplePeer, link: LinkId, tell: Tell): void {
  peer.on('signal', said => {
    const signal = signalOf(said)
    if (signal !== undefined) tell({ kind: 'signal', link, signal })
  })
}

/** How far a link has come. */
interface Progress {
  over: boolean
  connected: boolean
  /** It was connected once. */
  begun: boolean
}

/** Tells when media can flow, and when it cannot. */
function watchPath(peer: SimplePeer, link: LinkId, at: Progress, tell: Tell): void {
  const rise = (): void => {
    at.connected = at.begun = true
    tell({ kind: 'connected', link })
  }
  peer.on('connect', rise)
  peer.on('iceStateChange', state => {
    if (state === 'disconnected' && at.connected) {
      at.connected = false
      tell({ kind: 'interrupted', link })
    } else if ((state === 'connected' || state === 'completed') && !at.connected && at.begun) rise()
  })
}

/** Looks for packets, now and then: tells when the first came, when none comes any more, and when they are back. */
function createLookout(
  reports: () => Promise<readonly StatsReport[]>,
  now: () => number,
  tell: (kind: 'arrived' | 'stalled') => void
) {
  let ticks = 0
  let looking = false
  let arrived = false
  let packets = 0
  let newestAt = 0
  const see = (found: number): void => {
    if (found > packets) {
      packets = found
      newestAt = now()
      if (!arrived) tell('arrived')
      arrived = true
    } else if (arrived && now() - newestAt >= STALL_MS) {
      arrived = false
      tell('stalled')
    }
  }
  return (): void => {
    ticks += 1
    // One question at a time: on a busy machine they would pile up.
    if (looking || ticks % (arrived ? ARRIVAL_TICKS.arrived : ARRIVAL_TICKS.waiting) !== 0) return
    looking = true
    void reports().then(found => {
      looking = false
      see(packetsArrived(found))
    })
  }
}

/** What WebRTC knows of a link; nothing where it is over. */
const reporter = (peer: SimplePeer, at: Progress) => (): Promise<readonly StatsReport[]> =>
  new Promise(resolve => {
    if (at.over) resolve([])
    else peer.getStats((error, found) => resolve(error === null ? (found ?? []) : []))
  })

/** Begins a link. It tells until it failed or closed, or `close` was called. */
export function openLink(
  platform: LinkPlatform,
  link: LinkId,
  init: LinkInit,
  say: Tell,
  now: () => number
): EngineLink {
  const at: Progress = { over: false, connected: false, begun: false }
  let mark: StatsMark | undefined
  const tell: Tell = event => {
    if (!at.over) say(event)
  }
  const mouth = createMouth(platform)
  const ear = createEar(platform, link, tell)
  const gate = createGate(init, platform.resolvesLocal)
  const peer = makePeer(platform, init, mouth.track)

  const end = (event?: MediaEvent): void => {
    if (at.over) return
    if (event !== undefined) tell(event)
    at.over = true
    ear.setWanted(false)
    peer.destroy()
    mouth.track.stop()
  }
  const fail = (failure: LinkFailure, reason: string): void => end({ kind: 'failed', link, failure, reason })
  const reports = reporter(peer, at)
  const look = createLookout(reports, now, kind => tell({ kind, link }))
  const keepRate = createRateKeeper(init.bitrateKbps, reports, async kbps => {
    if (!at.over) await platform.setRate(peer, kbps, init.bitrateKbps)
  })

  watchPath(peer, link, at, tell)
  tellSignals(peer, link, tell)
  peer.on('track', ear.setTrack)
  // Unread, what the other side writes into the data channel would pile up.
  peer.on('data', () => undefined)
  peer.on('error', error => fail(failureOf(error.code), error.message))
  peer.on('close', () => end({ kind: 'closed', link }))

  const take = (signal: LinkSignal): void => {
    const passed = gate(signal)
    if (passed === 'skip') return
    if ('failure' in passed) {
      fail(passed.failure, passed.reason)
      return
    }
    try {
      peer.signal(passed)
    } catch (error) {
      fail('description', error instanceof Error ? error.message : 'unreadable')
    }
  }
  return {
    take: signal => (at.over ? undefined : take(signal)),
    push: mouth.push,
    setSending: mouth.setSending,
    setReceiving: ear.setWanted,
    tick: () => {
      if (at.over || !at.connected) return
      mouth.tick()
      look()
      keepRate()
    },
    stats: async () => {
      if (at.over) return undefined
      const [figures, next] = readStats(await reports(), now(), mark)
      mark = next
      return figures
    },
    close: () => end()
  }
}
