/** Engines in processes of their own, joined over loopback, and ears that wait for a tone. */
import { createMediaEngine, type MediaEngine } from '../../src/adapters/media-node/index.ts'
import { FRAME_MS, toneFrames, toneShare } from '../../src/audio/index.ts'
import type { LinkId, LinkInit, LinkSignal, MediaEvent } from '../../src/voice/index.ts'

export const INIT: Omit<LinkInit, 'initiator'> = { iceServers: [], relayOnly: false, bitrateKbps: 0 }

/** Frames a tone is looked for in. */
const EAR_FRAMES = 4

export interface Talker {
  readonly engine: MediaEngine
  readonly events: MediaEvent[]
  /** The first event that fits, past or to come. */
  event<K extends MediaEvent['kind']>(
    kind: K,
    fits?: (event: MediaEvent & { kind: K }) => boolean
  ): Promise<MediaEvent & { kind: K }>
  /** Sends the tone on these links until it is ended. */
  say(links: readonly LinkId[], hz: number): () => void
  /** The share of each frequency in frames to come, as soon as `fits` likes it. */
  hears(
    link: LinkId,
    frequencies: readonly number[],
    fits: (shares: readonly number[]) => boolean
  ): Promise<void>
  end(): Promise<void>
}

/** Starts an engine that keeps what it told. */
export async function startTalker(): Promise<Talker> {
  const engine = createMediaEngine()
  await engine.ready()
  const events: MediaEvent[] = []
  const waiting = new Set<(event: MediaEvent) => void>()
  const mouths = new Set<() => void>()
  engine.listen(event => {
    if (event.kind !== 'audio') events.push(event)
    for (const each of [...waiting]) each(event)
  })
  return {
    engine,
    events,
    event: (kind, fits = () => true) =>
      new Promise(resolve => {
        const look = (event: MediaEvent): boolean => {
          if (event.kind !== kind || !fits(event as never)) return false
          waiting.delete(look)
          resolve(event as never)
          return true
        }
        if (!events.some(look)) waiting.add(look)
      }),
    say: (links, hz) => {
      const frameAt = toneFrames(hz)
      let index = 0
      let due = performance.now()
      const timer = setInterval(() => {
        for (; due <= performance.now(); due += FRAME_MS) engine.send(links, frameAt(index++))
      }, FRAME_MS / 2)
      const end = (): void => clearInterval(timer)
      mouths.add(end)
      return end
    },
    hears: (link, frequencies, fits) =>
      new Promise(resolve => {
        let kept: Int16Array[] = []
        const look = (event: MediaEvent): void => {
          if (event.kind !== 'audio' || event.link !== link) return
          kept.push(event.frame)
          if (kept.length < EAR_FRAMES) return
          const sound = Int16Array.from(kept.flatMap(each => [...each]))
          kept = []
          if (!fits(frequencies.map(hz => toneShare(sound, hz)))) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
      }),
    end: async () => {
      for (const each of mouths) each()
      await engine.stop()
    }
  }
}

/** Carries each side's signals to the other: link `ours` of one is link `theirs` of the other. */
export function join(a: Talker, ours: LinkId, b: Talker, theirs: LinkId): void {
  const carry = (from: Talker, link: LinkId, to: Talker, other: LinkId): void => {
    from.engine.listen(event => {
      if (event.kind === 'signal' && event.link === link) to.engine.take(other, event.signal)
    })
  }
  carry(a, ours, b, theirs)
  carry(b, theirs, a, ours)
  a.engine.open(ours, { ...INIT, initiator: true })
  b.engine.open(theirs, { ...INIT, initiator: false })
  for (const [{ engine }, link] of [[a, ours] as const, [b, theirs] as const]) {
    engine.setSending(link, true)
    engine.setReceiving(link, true)
  }
}

export const candidate = (text: string): LinkSignal => ({
  kind: 'candidate',
  candidate: { candidate: text, mid: '0', line: 0 }
})

export const description = (type: 'offer' | 'answer', sdp: string): LinkSignal => ({
  kind: 'description',
  description: { type, sdp }
})
