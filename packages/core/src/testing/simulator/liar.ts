/**
 * A member that lies: the real core behind it, and between it and the others a hand that changes what leaves. So its
 * sessions get as far as those of an honest member do, and what it then claims, holds back or repeats is new each time.
 */
import type { DeviceId } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { FrameStream } from '../../net/index.ts'
import { decodeFrame, encodeFrame, type Frame } from '../../sync/index.ts'
import { GOSSIP_LIES, type GossipLie, GossipLiar } from './gossip-liar.ts'
import type { Seeded } from './seeded.ts'

/** How a member lies to those it exchanges logs with. */
export const SYNC_LIES = [
  'withhold',
  'stall',
  'unasked',
  'disagree',
  'replay',
  'garble',
  'babble'
] as const satisfies readonly string[]
type SyncLie = (typeof SYNC_LIES)[number]

/** How a member lies to its neighbours. */
export const LIES = [...SYNC_LIES, ...GOSSIP_LIES] as const
export type Lie = (typeof LIES)[number]

const isOfGossip = (lie: Lie): lie is GossipLie => (GOSSIP_LIES as readonly string[]).includes(lie)

const SYNC = '/xcord/sync/1'
/** Of a session at most this much is kept, to be replayed. */
const KEPT_FRAMES = 200
/** No longer is the frame that ends a session: only such are looked at on arrival. */
const CLOSE_BYTES_MAX = 16
/** Frames in place of one by who babbles. */
const BABBLE_FRAMES = 300

type Known = Exclude<Frame, { kind: 'unknown' }>

const ANSWERS: ReadonlySet<Frame['kind']> = new Set(['operations', 'records', 'envelopes', 'stubs'])
const CLAIMS: ReadonlySet<Frame['kind']> = new Set(['open', 'summary'])

/** What one stream of the liar's has come to. */
interface Told {
  readonly kept: Uint8Array[]
  /** The frame before: an honest one is looked at only when it is needed. */
  last?: Uint8Array
  replayed: boolean
}

/** A server's number that the liar's own core uses there: what is pushed needs one. */
function handleOf({ kept, last }: Told): number | undefined {
  for (const bytes of [...(last === undefined ? [] : [last]), ...[...kept].reverse()]) {
    const frame = decodeFrame(bytes)
    if (frame.ok && 'handle' in frame.value) return frame.value.handle
  }
  return undefined
}

export class Liar {
  /** Frames that were changed, held back or added, by lie. */
  readonly told = new Map<Lie, number>()
  /** Sessions that others closed with a rule, by its number in chapter SY: what the lies were held to be. */
  readonly refused = new Map<number, number>()
  /** What it tells in gossip. */
  readonly gossip: GossipLiar
  readonly #chance: Seeded
  readonly #streams = new Map<FrameStream, Told>()
  /** The last session of each peer's. */
  readonly #before = new Map<DeviceId, readonly Uint8Array[]>()
  #lie: Lie | undefined

  constructor(chance: Seeded, suite: Suite) {
    this.#chance = chance
    this.gossip = new GossipLiar(chance.split('gossip'), suite, lie => this.#count(lie))
  }

  /** The lie it tells now; undefined while it is honest. */
  get lie(): Lie | undefined {
    return this.#lie
  }

  /** Sessions it is in that have come to a server of its: what is pushed can be heard. */
  get sessions(): number {
    return [...this.#streams.values()].filter(told => handleOf(told) !== undefined).length
  }

  begin(lie: Lie): void {
    this.#lie = lie
    this.gossip.lie = isOfGossip(lie) ? lie : undefined
  }

  end(): void {
    this.#lie = undefined
    this.gossip.lie = undefined
  }

  /** A stream of this peer's as the others are to see it. */
  tamper(stream: FrameStream): FrameStream {
    if (stream.protocol !== SYNC) return stream
    this.#streams.set(stream, { kept: [], replayed: false })
    return {
      ...stream,
      send: async bytes => {
        for (const each of this.#leaving(stream, bytes)) await stream.send(each)
      },
      frames: () => this.#arriving(stream)
    }
  }

  /** Sends operations to some of those it is in session with, asked or not. Returns to how many. */
  async push(operations: readonly Uint8Array[], to: (device: DeviceId) => boolean): Promise<number> {
    let count = 0
    for (const [stream, told] of this.#streams) {
      const handle = handleOf(told)
      if (handle === undefined || !to(stream.connection.device)) continue
      const frame = { kind: 'push', handle, operations, records: [], envelopes: [] } as const
      await stream.send(encodeFrame(frame)).then(
        () => count++,
        () => undefined
      )
    }
    return count
  }

  async *#arriving(stream: FrameStream): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of stream.frames()) {
        if (bytes.length <= CLOSE_BYTES_MAX) this.#note(bytes)
        yield bytes
      }
    } finally {
      const told = this.#streams.get(stream)
      if (told !== undefined) this.#before.set(stream.connection.device, told.kept)
      this.#streams.delete(stream)
    }
  }

  #note(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes)
    if (frame.ok && frame.value.kind === 'close' && frame.value.rule > 0)
      this.refused.set(frame.value.rule, (this.refused.get(frame.value.rule) ?? 0) + 1)
  }

  /** What leaves in place of a frame of the liar's own core. */
  #leaving(stream: FrameStream, bytes: Uint8Array): readonly Uint8Array[] {
    const told = this.#streams.get(stream)
    if (told === undefined) return [bytes]
    if (told.kept.length < KEPT_FRAMES) told.kept.push(bytes)
    told.last = bytes
    const lie = this.#lie
    if (lie === undefined || isOfGossip(lie)) return [bytes]
    const decoded = decodeFrame(bytes)
    if (!decoded.ok || decoded.value.kind === 'unknown') return [bytes]
    const frame = decoded.value
    const out = this.#untrue(lie, frame, bytes, stream, told)
    if (out === undefined) return [bytes]
    this.#count(lie)
    return out
  }

  #count(lie: Lie): void {
    this.told.set(lie, (this.told.get(lie) ?? 0) + 1)
  }

  /** The lie itself; undefined where this frame is no occasion. */
  #untrue(
    lie: SyncLie,
    frame: Known,
    bytes: Uint8Array,
    stream: FrameStream,
    told: Told
  ): readonly Uint8Array[] | undefined {
    switch (lie) {
      case 'withhold':
        // "Done", and nothing was sent.
        return ANSWERS.has(frame.kind) || frame.kind === 'push' ? [] : undefined
      case 'stall':
        return ANSWERS.has(frame.kind) || ['done', 'ranges', 'tips', 'push'].includes(frame.kind)
          ? []
          : undefined
      case 'unasked':
        return frame.kind === 'done' ? [bytes, this.#unasked(frame)] : undefined
      case 'disagree':
        return this.#disagreeing(frame)
      case 'replay':
        return this.#replayed(stream, told)
      case 'garble':
        return this.#chance.chance(0.2) ? [this.#garbled(bytes)] : undefined
      case 'babble':
        return CLAIMS.has(frame.kind)
          ? [
              bytes,
              ...Array.from({ length: BABBLE_FRAMES }, () =>
                encodeFrame({ ...frame, kind: 'summary' } as Known)
              )
            ]
          : undefined
    }
  }

  /** Items for a request that nobody made. */
  #unasked({ handle, request }: Extract<Known, { kind: 'done' }>): Uint8Array {
    const items = [this.#chance.bytes(200)]
    return encodeFrame({ kind: 'envelopes', handle, request: request + 1_000_000, items })
  }

  /** Sums that are those of nothing. */
  #disagreeing(frame: Known): readonly Uint8Array[] | undefined {
    if (frame.kind === 'open' || frame.kind === 'summary') {
      const { summary } = frame
      const wrong = {
        ...summary,
        operations: { count: summary.operations.count + 1, sum: this.#sum() },
        records: { count: summary.records.count + 1, sum: this.#sum() },
        buckets: summary.buckets.map(() => this.#sum())
      }
      return [encodeFrame({ ...frame, summary: wrong })]
    }
    if (frame.kind === 'tips')
      return [encodeFrame({ ...frame, rows: frame.rows.map(each => ({ ...each, sum: this.#sum() })) })]
    if (frame.kind !== 'ranges') return undefined
    const splits = frame.splits.map(each => ({
      ...each,
      parts: each.parts.map(part => ({ ...part, sum: this.#sum() }))
    }))
    return [encodeFrame({ ...frame, splits })]
  }

  #sum(): bigint {
    return BigInt(this.#chance.below(2 ** 32)) * 0x1_0000_0001n
  }

  /** All that the session before began with, again, and then nothing. */
  #replayed(stream: FrameStream, told: Told): readonly Uint8Array[] | undefined {
    const before = this.#before.get(stream.connection.device)
    if (before === undefined) return undefined
    if (told.replayed) return []
    told.replayed = true
    return before
  }

  #garbled(bytes: Uint8Array): Uint8Array {
    const out = Uint8Array.from(bytes)
    const at = this.#chance.below(out.length)
    out[at] = (out[at] as number) ^ (1 << this.#chance.below(8))
    return out
  }
}
