/** Probes silent connections and cuts dead ones (NT20): the hands of `stepLiveness`. */
import type { Connection as P2pConnection } from '@libp2p/interface'
import { CHECK_BYTES, type Clock, type Random } from '../../base/index.ts'
import { equalBytes } from '../../encoding/index.ts'
import {
  type FrameStream,
  type HandlerBounds,
  type LivenessInput,
  type LivenessState,
  openLiveness,
  type ProtocolName,
  stepLiveness
} from '../../net/index.ts'
import { awakeDeadline } from './awake-deadline.ts'
import type { WrappedConnection } from './connection.ts'
import type { HeardBook } from './heard.ts'
import { quietly } from './quiet-timer.ts'

/** Name of the echo protocol. */
export const CHECK_PROTOCOL: ProtocolName = '/xcord/check/1'
/** Its bounds: a probe at a time, and a few for whoever measures. */
export const CHECK_BOUNDS: HandlerBounds = {
  frameBytesMax: CHECK_BYTES,
  inboundStreamsMax: 4,
  onLimited: true,
  idleMsMax: 15_000
}
/** Echoes on one stream. */
const ECHOES_MAX = 16
/** How often silence is looked for, ms. */
const TICK_MS = 2_500

/** Echoes each frame of 32 bytes. */
export async function serveCheck(stream: FrameStream): Promise<void> {
  let echoes = 0
  for await (const frame of stream.frames()) {
    if (frame.length !== CHECK_BYTES || ++echoes > ECHOES_MAX) return
    await stream.send(frame)
  }
}

/** Watches every connection of a transport. */
export interface Liveness {
  opened(connection: WrappedConnection): void
  closed(raw: P2pConnection): void
  /** Probe everything now (NT20: wake, network change). */
  hurry(): void
  stop(): void
}

/** Starts the watch. */
export function createLiveness(deps: { clock: Clock; random: Random; heard: HeardBook }): Liveness {
  const watched = new Map<P2pConnection, { state: LivenessState; connection: WrappedConnection }>()

  const feed = (raw: P2pConnection, input: LivenessInput): void => {
    const entry = watched.get(raw)
    if (entry === undefined) return
    const [state, effects] = stepLiveness(entry.state, input)
    entry.state = state
    entry.connection.rttMs = state.rttMs
    for (const effect of effects) {
      if (effect.kind === 'abort') raw.abort(new Error('silent: three probes were not answered'))
      else void probe(raw, entry.connection, effect.deadlineMs)
    }
  }
  const probe = async (
    raw: P2pConnection,
    connection: WrappedConnection,
    deadlineMs: number
  ): Promise<void> => {
    const late = new AbortController()
    const { signal } = late
    const cancel = awakeDeadline(deadlineMs, () => late.abort())
    let stream: FrameStream | undefined
    try {
      stream = await connection.openStream(CHECK_PROTOCOL, { signal, frameBytesMax: CHECK_BYTES })
      const open = stream
      signal.addEventListener('abort', () => open.abort('no answer in time'), { once: true })
      const payload = deps.random.bytes(CHECK_BYTES)
      const sentAt = deps.clock.now()
      await open.send(payload)
      for await (const echo of open.frames()) {
        if (!equalBytes(echo, payload)) break
        feed(raw, { kind: 'answered', at: deps.clock.now(), sentAt })
        await open.close()
        return
      }
      throw new Error('no echo')
    } catch {
      stream?.abort('probe failed')
      hear(raw)
      feed(raw, { kind: 'failed', at: deps.clock.now() })
    } finally {
      cancel()
    }
  }
  const hear = (raw: P2pConnection): void => {
    const at = deps.heard.heardAt(raw.timeline)
    const entry = watched.get(raw)
    if (at !== undefined && entry !== undefined && at > entry.state.heardAt) feed(raw, { kind: 'heard', at })
  }
  const tick = (kind: 'tick' | 'hurry'): void => {
    for (const raw of [...watched.keys()]) {
      hear(raw)
      feed(raw, { kind, at: deps.clock.now() })
    }
  }
  const timer = quietly(setInterval(() => tick('tick'), TICK_MS))
  return {
    opened: connection => watched.set(connection.raw, { state: openLiveness(deps.clock.now()), connection }),
    closed: raw => watched.delete(raw),
    hurry: () => tick('hurry'),
    stop: () => {
      clearInterval(timer)
      watched.clear()
    }
  }
}
