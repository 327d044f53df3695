import { beforeEach, describe, expect, it } from 'vitest'
import { idFromBytes } from '../base/index.ts'
import { PRESENCE_MS_MAX, PRESENT_MAX } from './limits.ts'
import { beyond, placesOf } from './places.ts'
import { PresenceBook, type VoiceState } from './presence.ts'

const AT = 1_800_000_000_000
const id = (number: number) => idFromBytes('d', new Uint8Array(32).fill(number))
const lounge = idFromBytes('c', new Uint8Array(32).fill(1))
const stage = idFromBytes('c', new Uint8Array(32).fill(2))
const says = (change: Partial<VoiceState> = {}): VoiceState => ({
  session: '0a'.repeat(16),
  channel: lounge,
  flags: 0,
  at: AT,
  ...change
})

let book: PresenceBook
beforeEach(() => {
  book = new PresenceBook()
})

describe('who is in a channel', () => {
  it('[VX5] is shown when said, changed when changed, and gone when said', () => {
    expect(book.note(id(1), says(), AT)).toEqual({ ok: true, value: true })
    expect(book.note(id(1), says({ at: AT + 1 }), AT + 1)).toEqual({ ok: true, value: false })
    expect(book.note(id(1), says({ at: AT + 2, flags: 1 }), AT + 2)).toEqual({ ok: true, value: true })
    expect(book.in(lounge, AT + 2)).toEqual([
      { device: id(1), session: '0a'.repeat(16), channel: lounge, flags: 1 }
    ])
    expect(book.note(id(1), says({ at: AT + 3, session: null }), AT + 3)).toEqual({ ok: true, value: true })
    expect(book.in(lounge, AT + 3)).toEqual([])
  })

  it('[VX5] is in one channel at a time', () => {
    book.note(id(1), says(), AT)
    book.note(id(1), says({ at: AT + 1, channel: stage }), AT + 1)
    expect([book.in(lounge, AT + 1).length, book.in(stage, AT + 1).length]).toEqual([0, 1])
    expect(book.of(id(1), AT + 1)?.channel).toBe(stage)
  })

  it('[VX5] is forgotten when not said again, and comes back when it is', () => {
    book.note(id(1), says(), AT)
    expect([...book.expire(AT + PRESENCE_MS_MAX - 1)]).toEqual([])
    expect([...book.expire(AT + PRESENCE_MS_MAX)]).toEqual([lounge])
    expect([...book.expire(AT + PRESENCE_MS_MAX)]).toEqual([])
    expect(book.of(id(1), AT + PRESENCE_MS_MAX)).toBeUndefined()
    const later = AT + PRESENCE_MS_MAX + 1
    expect(book.note(id(1), says({ at: later }), later)).toEqual({ ok: true, value: true })
  })

  it.each([
    ['what was heard before', AT, AT],
    ['what is older than what was heard', AT - 1, AT],
    ['what is a minute old', AT + 1, AT + 60_002],
    ['what is a minute ahead', AT + 60_003, AT + 2]
  ])('[VX5] refuses %s', (_, said, at) => {
    book.note(id(1), says(), AT)
    expect(book.note(id(1), says({ at: said }), at)).toMatchObject({ ok: false, rule: 'VX5' })
  })

  it('[VX5] a replay is refused for as long as its age would let it in, even after it was forgotten', () => {
    book.note(id(1), says(), AT)
    book.expire(AT + 59_000)
    expect(book.note(id(1), says(), AT + 59_000)).toMatchObject({ ok: false, rule: 'VX5' })
  })

  it('[VX5] shows no more devices than a channel takes', () => {
    for (let number = 0; number < PRESENT_MAX; number++) book.note(id(number), says(), AT)
    expect(book.note(id(200), says(), AT)).toMatchObject({ ok: false, rule: 'VX5' })
    expect(book.note(id(0), says({ at: AT + 1 }), AT + 1).ok).toBe(true)
  })
})

describe('places', () => {
  it('[VX6] as many as the channel says, at most eight', () => {
    expect([0, 1, 8, 99].map(placesOf)).toEqual([8, 1, 8, 8])
  })

  it('[VX6] the last to come are beyond; of two at once the higher id', () => {
    const came = (number: number, since: number, firstSeen = since) => ({
      device: id(number),
      since,
      firstSeen
    })
    expect([...beyond([came(3, 5), came(1, 9), came(2, 5)], 2)]).toEqual([id(1)])
    expect([...beyond([came(3, 5), came(2, 5)], 1)]).toEqual([id(3)])
    expect([...beyond([came(1, 0, 100_000), came(2, 80_000)], 1)]).toEqual([id(1)])
  })
})
