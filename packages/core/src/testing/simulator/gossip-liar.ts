/**
 * What a member that lies tells in gossip: in place of a message, or beside it, something that no honest peer passes on.
 * Gossip promises nothing; so a lie must cost the others little, put nothing wrong into a log, and be made good by sync.
 */
import type { DeviceId } from '../../base/index.ts'
import type { GossipFate, GossipMouth, GossipTold } from '../../adapters/memory/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { decodeBundle, encodeBundle } from '../../graph/index.ts'
import type { Seeded } from './seeded.ts'

/**
 * `counterfeit`: a bit of each message is another. `echo`: beside each, what was said before, in other bundles.
 * `misdirect`: under another topic. `truncate`: the end is missing. `deluge`: beside each, two hundred that nobody
 * signed. `disorder`: held back, and sent in the opposite order. `double`: everything twice. `promise`: it stays
 * subscribed, as one who brings messages does, and brings none.
 */
export const GOSSIP_LIES = [
  'counterfeit',
  'echo',
  'misdirect',
  'truncate',
  'deluge',
  'disorder',
  'double',
  'promise'
] as const
export type GossipLie = (typeof GOSSIP_LIES)[number]

const DELUGE_MESSAGES = 200
/** Messages held back before they are sent the wrong way round. */
const HELD_BACK = 4
/** Messages remembered, to be said again. */
const KEPT_MESSAGES = 64

export class GossipLiar implements GossipMouth {
  /** The lie it tells now. */
  lie: GossipLie | undefined
  /** What others made of lies, by lie and fate. */
  readonly fates = new Map<GossipLie, Map<GossipFate, number>>()
  readonly #chance: Seeded
  readonly #suite: Suite
  readonly #count: (lie: GossipLie) => void
  readonly #kept: GossipTold[] = []
  readonly #held = new Map<DeviceId, GossipTold[]>()
  /** Messages that are lies, with which. */
  readonly #untrue = new WeakMap<GossipTold, GossipLie>()

  /** @param count - Told each time that it lies. */
  constructor(chance: Seeded, suite: Suite, count: (lie: GossipLie) => void) {
    this.#chance = chance
    this.#suite = suite
    this.#count = count
  }

  leaving(told: GossipTold, to: DeviceId, topics: readonly string[]): readonly GossipTold[] {
    const { lie } = this
    if (this.#kept.at(-1)?.data !== told.data) this.#kept.push(told)
    if (this.#kept.length > KEPT_MESSAGES) this.#kept.shift()
    if (lie === undefined) return [told]
    const out = this.#instead(lie, told, to, topics)
    if (out === undefined) return [told]
    this.#count(lie)
    for (const each of out) if (each !== told) this.#untrue.set(each, lie)
    return out
  }

  judged(told: GossipTold, fate: GossipFate): void {
    const lie = this.#untrue.get(told)
    if (lie === undefined) return
    const fates = this.fates.get(lie) ?? new Map<GossipFate, number>()
    this.fates.set(lie, fates.set(fate, (fates.get(fate) ?? 0) + 1))
  }

  /** The lie itself; undefined where this message is no occasion. */
  #instead(
    lie: GossipLie,
    told: GossipTold,
    to: DeviceId,
    topics: readonly string[]
  ): readonly GossipTold[] | undefined {
    const { topic, data } = told
    switch (lie) {
      case 'counterfeit':
        return [{ topic, data: this.#garbled(data) }]
      case 'echo':
        return [told, ...this.#echoes(topic)]
      case 'misdirect': {
        const others = topics.filter(each => each !== topic)
        return others.length === 0 ? undefined : [{ topic: this.#chance.pick(others), data }]
      }
      case 'truncate':
        return [{ topic, data: data.slice(0, this.#chance.below(data.length)) }]
      case 'deluge':
        return [
          told,
          ...Array.from({ length: DELUGE_MESSAGES }, () => ({ topic, data: this.#garbled(data) }))
        ]
      case 'disorder':
        return this.#heldBack(told, to)
      case 'double':
        return [told, { topic, data: data.slice() }]
      case 'promise':
        return []
    }
  }

  #garbled(data: Uint8Array): Uint8Array {
    const out = Uint8Array.from(data)
    const at = this.#chance.below(out.length)
    out[at] = (out[at] as number) ^ (1 << this.#chance.below(8))
    return out
  }

  /** What was said in this topic before: as it was, and two of one author's as one, which has another id. */
  #echoes(topic: string): readonly GossipTold[] {
    const before = this.#kept.filter(each => each.topic === topic)
    const [one, other] = [this.#chance.pick(before), this.#chance.pick(before)]
    const [a, b] = [one, other].map(each => decodeBundle(this.#suite, each.data))
    const both = a?.ok === true && b?.ok === true ? [...a.value, ...b.value] : []
    try {
      return [
        { topic, data: one.data.slice() },
        { topic, data: encodeBundle(both) }
      ]
    } catch (error) {
      // Not of one author, or not in order.
      if (error instanceof RangeError) return [{ topic, data: one.data.slice() }]
      throw error
    }
  }

  #heldBack(told: GossipTold, to: DeviceId): readonly GossipTold[] {
    const held = [...(this.#held.get(to) ?? []), told]
    this.#held.set(to, held.length < HELD_BACK ? held : [])
    return held.length < HELD_BACK ? [] : held.reverse().map(({ topic, data }) => ({ topic, data }))
  }
}
