import { describe, expect, it } from 'vitest'
import { NOTHING, Puppet } from '../../test/sync/puppet.ts'
import { SERVER, suite } from '../../test/sync/world.ts'
import { idFromBytes, type MessageId } from '../base/index.ts'
import { uintBytes } from '../encoding/index.ts'
import { encodeFrame } from './frames.ts'
import { CIRCUIT_FRAME_BYTES_MAX, CONTROL_PER_SECOND, OFFER_AGAIN_MS, OFFER_WAIT_MS } from './limits.ts'
import type { Ranges } from './ranges.ts'
import { createReceipt, verifyReceipt } from './receipt.ts'

const idOf = (seq: number): MessageId => idFromBytes('m', uintBytes(seq, 32))
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

const numbersIn = (list: Ranges): number[] =>
  list.flatMap(([from, to]) => numbers(to - from + 1).map(each => each + from - 1))

/** An author's machine with messages that nobody has proven, and the peer it tells. */
class Author extends Puppet {
  #read = 0
  #told = 0

  constructor(count: number) {
    super()
    for (const seq of numbers(count)) this.holdings.tracker.add(idOf(seq), seq)
  }

  /** Answers what the machine read of its outbox, and gives the numbers that it offered since. */
  offered(): readonly number[] {
    for (; this.#read < this.effects.length; this.#read++) {
      const effect = this.effects[this.#read]
      if (effect?.type === 'lookup' && effect.query.kind === 'outbox')
        this.input({ type: 'found', lookup: effect.lookup, found: this.holdings.find(effect.query) })
    }
    const frames = this.frames.slice(this.#told)
    this.#told = this.frames.length
    return frames.flatMap(frame => (frame.kind === 'offer' ? numbersIn(frame.numbers) : []))
  }

  /** The peer's receipt. */
  prove(seqs: readonly number[]): void {
    for (let i = 0; i < seqs.length; i += 256) {
      const ids = seqs.slice(i, i + 256).map(idOf)
      const receipt = createReceipt(suite, this.own.key, { kind: 'durable', ids, at: this.at, until: null })
      this.send({ kind: 'receipt', handle: 0, receipt })
    }
  }

  pass(ms: number): void {
    this.at += ms
    this.input({ type: 'wake' })
  }

  tell(buckets: readonly bigint[], level = 2): void {
    this.send({ kind: 'summary', handle: 0, summary: { ...NOTHING, level, buckets } })
  }
}

describe('[SY18] an outbox', () => {
  it('[SY18] of 20,000 is offered whole, in order, each part when the one before is answered', () => {
    const author = new Author(20_000)
    author.dial()
    const all: number[] = []
    for (let part = author.offered(); part.length > 0; part = author.offered()) {
      expect(part.length).toBeLessThanOrEqual(1_024)
      all.push(...part)
      author.prove(part.slice(1))
      expect(author.offered()).toEqual([])
      author.pass(250)
      author.prove(part.slice(0, 1))
    }
    expect(all).toEqual(numbers(20_000))
    expect(author.closedBy).toBeUndefined()
  })

  it('[SY18] goes on after 5 s where a part is not proven, and each answer extends the wait', () => {
    const author = new Author(2_500)
    author.dial()
    expect(author.offered()).toEqual(numbers(1_024))
    author.pass(OFFER_WAIT_MS - 1)
    expect(author.offered()).toEqual([])
    author.prove([7])
    author.pass(OFFER_WAIT_MS - 1)
    expect(author.offered()).toEqual([])
    author.pass(1)
    expect(author.offered()).toEqual(numbers(2_048).slice(1_024))
    author.pass(OFFER_WAIT_MS)
    expect(author.offered()).toEqual(numbers(2_500).slice(2_048))
    author.pass(OFFER_WAIT_MS)
    author.pass(OFFER_AGAIN_MS)
    expect(author.offered()).toEqual([])
  })

  it('[SY18] is offered once the peer takes us for a member, and not before', () => {
    const author = new Author(3)
    author.dial({ ...NOTHING, level: 1, buckets: [] })
    expect(author.offered()).toEqual([])
    author.tell([], 1)
    expect(author.offered()).toEqual([])
    author.tell([5n])
    expect(author.offered()).toEqual([1, 2, 3])
  })

  it('[SY18] is offered anew when the peer first holds all that we hold, and later once a minute at most', () => {
    const author = new Author(3)
    author.dial({ ...NOTHING, buckets: [5n] })
    expect(author.offered()).toEqual([1, 2, 3])
    author.pass(100)
    author.tell([0n])
    expect(author.offered()).toEqual([1, 2, 3])
    author.pass(OFFER_WAIT_MS)
    author.tell([5n])
    author.tell([0n])
    expect(author.offered()).toEqual([])
    author.pass(OFFER_AGAIN_MS)
    author.tell([5n])
    author.tell([0n])
    expect(author.offered()).toEqual([1, 2, 3])
  })

  it('[SY18] of messages that follow one another costs bytes by parts, not by messages', () => {
    const author = new Author(1_024)
    author.dial()
    author.offered()
    const offers = author.frames.filter(frame => frame.kind === 'offer')
    expect(offers.reduce((total, frame) => total + encodeFrame(frame).length, 0)).toBeLessThan(60)
  })

  it('[SY18] with places that are proven between others names those alone', () => {
    const author = new Author(9)
    author.holdings.tracker.apply(
      { kind: 'durable', signer: author.own.device, ids: [idOf(4)], at: 1, until: null },
      { role: 'member', user: 'other' as never, mayRead: () => true },
      { self: 'self' as never, otherHolders: 1, hasStores: false }
    )
    author.dial()
    expect(author.offered()).toEqual([1, 2, 3, 5, 6, 7, 8, 9])
  })

  it('[SY11] on a circuit fits its frames', () => {
    const author = new Author(1_000)
    author.dial(NOTHING, { circuit: true })
    expect(author.offered()).toHaveLength(720)
    const sizes = author.frames.flatMap(frame => (frame.kind === 'offer' ? encodeFrame(frame).length : []))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(CIRCUIT_FRAME_BYTES_MAX)
  })
})

describe('[SY16] receipts of a catch-up', () => {
  it.each([false, true])(
    '[SY16] leave no faster than the author bears, and none is lost (circuit: %s)',
    circuit => {
      const holder = new Author(0)
      holder.dial({ ...NOTHING, flags: 1 }, { circuit })
      const ids = numbers(20_000).map(idOf)
      holder.input({ type: 'receipts', server: SERVER, author: holder.own.device, kind: 'durable', ids })
      const named = new Set<MessageId>()
      for (let seconds = 0; named.size < ids.length; seconds++) {
        const before = holder.frames.length
        for (let i = 0; i < 4; i++) holder.pass(250)
        const frames = holder.frames.slice(before).filter(frame => frame.kind === 'receipt')
        expect(frames.length).toBeLessThan(CONTROL_PER_SECOND)
        expect(frames.length).toBeGreaterThan(0)
        for (const frame of frames) {
          if (circuit) expect(encodeFrame(frame).length).toBeLessThanOrEqual(CIRCUIT_FRAME_BYTES_MAX)
          const receipt = verifyReceipt(suite, frame.receipt)
          for (const id of receipt.ok ? receipt.value.ids : []) named.add(id)
        }
      }
      expect([...named]).toEqual(ids)
    }
  )
})
