/** Figures of each pair of a call, looked at now and then by one asker: what they count they count since the last question. */
import type { Call, LinkStats, MediaPort } from '../../voice/index.ts'
import type { VoicePairStats } from './voice-contract.ts'

/** Between two looks, ms: long enough for a share of lost packets to mean something. */
const LOOK_MS = 2_000

export class PairFigures {
  readonly #media: MediaPort
  #known = new Map<number, LinkStats>()
  #lookedAt = -Infinity
  #looking = false

  constructor(media: MediaPort) {
    this.#media = media
  }

  /** Looks where it is time to; resolves with all pairs where it did. */
  async look(call: Call, at: number): Promise<readonly VoicePairStats[] | undefined> {
    if (this.#looking || at - this.#lookedAt < LOOK_MS) return undefined
    this.#looking = true
    this.#lookedAt = at
    try {
      const links = call.participants(at).flatMap(({ device }) => call.linkOf(device) ?? [])
      const found = await Promise.all(links.map(async link => [link, await this.#media.stats(link)] as const))
      this.#known = new Map(found.flatMap(([link, stats]) => (stats === undefined ? [] : [[link, stats]])))
      return await this.of(call, at)
    } finally {
      this.#looking = false
    }
  }

  /** What is known; of links that nobody has looked at yet, as of now. */
  async of(call: Call, at: number): Promise<readonly VoicePairStats[]> {
    return await Promise.all(
      call.participants(at).map(async participant => {
        const link = call.linkOf(participant.device)
        if (link === undefined) return { participant, stats: null }
        const stats = this.#known.get(link) ?? (await this.#media.stats(link))
        return { participant, stats: stats ?? null }
      })
    )
  }
}
