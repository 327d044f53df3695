/** What one pair of ears hears: several speakers, each with a queue and a volume of its own. */
import type { PcmFrame } from './frame.ts'
import { mixVoices } from './mix.ts'
import { createPacer, type Pacer } from './pacer.ts'

/** Speakers by a name of the caller's. */
export interface Mixer {
  push(speaker: string, frame: PcmFrame): void
  /** 1 as it is, 0 silent, at most 2. Holds for speakers that are not there yet. */
  setVolume(speaker: string, volume: number): void
  remove(speaker: string): void
  /** The mix for this moment, silence where nobody speaks. Call it every 10 ms. */
  next(): PcmFrame
}

/** An empty mixer. */
export function createMixer(): Mixer {
  const pacers = new Map<string, Pacer>()
  const volumes = new Map<string, number>()
  return {
    push: (speaker, frame) => {
      const pacer = pacers.get(speaker) ?? createPacer()
      pacers.set(speaker, pacer)
      pacer.push(frame)
    },
    setVolume: (speaker, volume) => {
      if (!(volume >= 0 && volume <= 2)) throw new RangeError('a volume is 0 to 2')
      volumes.set(speaker, volume)
    },
    remove: speaker => void pacers.delete(speaker),
    next: () =>
      mixVoices(
        [...pacers].flatMap(([speaker, pacer]) => {
          const frame = pacer.next()
          return frame === undefined ? [] : [{ frame, volume: volumes.get(speaker) ?? 1 }]
        })
      )
  }
}
