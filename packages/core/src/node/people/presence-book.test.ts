import { beforeEach, describe, expect, it } from 'vitest'
import { idFromBytes } from '../../base/index.ts'
import { PresenceStatus } from '../../e2ee/index.ts'
import {
  DEVICES_MAX,
  PeopleBook,
  PRESENT_MS_MAX,
  ROWS_MAX,
  SAID_MS_MAX,
  SAY_MS_MIN,
  together,
  type SaidPresence
} from './presence-book.ts'

const AT = 1_800_000_000_000
const { offline, online, idle, doNotDisturb } = PresenceStatus
const raw = (number: number) => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
const device = (number: number) => idFromBytes('d', raw(number))
const user = (number: number) => idFromBytes('u', raw(number))
const says = (change: Partial<SaidPresence> = {}): SaidPresence => ({
  user: user(1),
  status: online,
  text: null,
  at: AT,
  ...change
})

let book: PeopleBook
beforeEach(() => {
  book = new PeopleBook()
})
const note = (change: Partial<SaidPresence> = {}, by = 1, at = change.at ?? AT) =>
  book.note(device(by), says(change), at)
const shown = (at: number) => book.of(user(1), at)

describe('presence of members', () => {
  it('[ND52] is shown when said, and told where it changes', () => {
    expect(note()).toEqual({ ok: true, value: true })
    expect(note({ at: AT + SAY_MS_MIN })).toEqual({ ok: true, value: false })
    expect(note({ at: AT + 2 * SAY_MS_MIN, status: idle, text: 'tea' })).toEqual({ ok: true, value: true })
    expect(shown(AT + 2 * SAY_MS_MIN)).toEqual({ status: 'idle', text: 'tea' })
    expect(note({ at: AT + 2 * SAY_MS_MIN + 1, status: offline })).toEqual({ ok: true, value: true })
    expect(shown(AT + 2 * SAY_MS_MIN + 1)).toEqual({ status: 'offline', text: null })
  })

  it('[ND52] is over when not said again, and is said to be so once', () => {
    note()
    expect([...book.expire(AT + PRESENT_MS_MAX - 1)]).toEqual([])
    expect(shown(AT + PRESENT_MS_MAX)).toEqual({ status: 'offline', text: null })
    expect([...book.expire(AT + PRESENT_MS_MAX)]).toEqual([user(1)])
    expect([...book.expire(AT + PRESENT_MS_MAX)]).toEqual([])
    expect(book.isEmpty).toBe(true)
  })

  it('[ND52] lasts longer in large servers, where it is said less often', () => {
    book.size(100)
    note()
    expect(shown(AT + 500_000 - 1).status).toBe('online')
    expect(shown(AT + 500_000).status).toBe('offline')
    book.size(2)
    expect(shown(AT + PRESENT_MS_MAX).status).toBe('offline')
  })

  it('[ND52] lasts no longer when the clock is set back, and is over when it is set ahead', () => {
    note()
    expect(shown(AT + 3_600_000).status).toBe('offline')
    expect(shown(AT - PRESENT_MS_MAX).status).toBe('offline')
    expect([...book.expire(AT - PRESENT_MS_MAX)]).toEqual([user(1)])
    expect(book.isEmpty).toBe(true)
  })

  it('[ND51] devices that do not count any more are forgotten at once', () => {
    note({}, 1)
    note({ status: idle }, 2)
    note({ user: user(2) }, 3)
    expect([...book.keep(each => each !== device(1) && each !== device(3))]).toEqual([user(1), user(2)])
    expect(shown(AT)).toEqual({ status: 'idle', text: null })
    expect([book.of(user(2), AT).status, book.users]).toEqual(['offline', 1])
  })

  it.each([
    ['what was heard before', { at: AT }, AT + 10],
    ['what is older than what was heard', { at: AT - 1 }, AT],
    ['an older going', { at: AT - 1, status: offline }, AT],
    ['what is of another time', { at: AT + 1 }, AT + SAID_MS_MAX + 2],
    ['what is far ahead', { at: AT + SAID_MS_MAX + 10 }, AT + 9],
    ['what is said too often', { at: AT + SAY_MS_MIN - 1, status: idle }, AT + SAY_MS_MIN]
  ])('[ND51] refuses %s', (_, change, at) => {
    note()
    expect(note(change, 1, at)).toMatchObject({ ok: false, rule: 'ND51' })
    expect(shown(AT)).toEqual({ status: 'online', text: null })
  })

  it('[ND51] whoever went comes back after a second, and does not go twice', () => {
    note()
    expect(note({ at: AT + 1, status: offline }).ok).toBe(true)
    expect(note({ at: AT + 2, status: offline })).toMatchObject({ ok: false, rule: 'ND51' })
    expect(note({ at: AT + 1_000 })).toMatchObject({ ok: false, rule: 'ND51' })
    expect(note({ at: AT + 1_001 })).toEqual({ ok: true, value: true })
  })

  it('[ND51] a replay is refused for as long as its age would let it in', () => {
    const ahead = AT + SAID_MS_MAX
    expect(note({ at: ahead }, 1, AT).ok).toBe(true)
    for (let at = AT + 1; at <= ahead + SAID_MS_MAX + 1; at += 1_000) {
      book.expire(at)
      expect(note({ at: ahead }, 1, at)).toMatchObject({ ok: false, rule: 'ND51' })
    }
  })

  it('[ND53] remembers eight devices of a member and 2,048 in all; known ones are heard on', () => {
    for (let number = 0; number < DEVICES_MAX; number++) expect(note({}, number).ok).toBe(true)
    expect(note({}, 99)).toMatchObject({ ok: false, rule: 'ND53' })
    for (let number = DEVICES_MAX; number < ROWS_MAX; number++)
      expect(note({ user: user(100 + number) }, 100 + number).ok).toBe(true)
    expect(note({ user: user(9) }, 9_000)).toMatchObject({ ok: false, rule: 'ND53' })
    expect(note({ at: AT + SAY_MS_MIN }, 0).ok).toBe(true)
    const later = AT + PRESENT_MS_MAX
    // Whoever is forgotten for it is told of: by those who look regularly, not here.
    expect(note({ user: user(9), at: later }, 9_000)).toMatchObject({ ok: false, rule: 'ND53' })
    expect(book.expire(later).size).toBeGreaterThan(0)
    expect(note({ user: user(9), at: later }, 9_000).ok).toBe(true)
  })

  it('[ND54] of several devices the one that is most there counts, and the newest words', () => {
    note({ status: idle, text: 'old words' }, 1)
    note({ at: AT + 1, status: doNotDisturb, text: 'newer words' }, 2)
    note({ at: AT + 2, status: online }, 3)
    expect(shown(AT + 2)).toEqual({ status: 'dnd', text: 'newer words' })
    // Said again is not newer.
    note({ at: AT + SAY_MS_MIN, status: idle, text: 'old words' }, 1)
    expect(shown(AT + SAY_MS_MIN).text).toBe('newer words')
    note({ at: AT + SAY_MS_MIN, status: offline }, 2)
    expect(shown(AT + SAY_MS_MIN)).toEqual({ status: 'online', text: 'old words' })
  })

  it('[ND54] of our own devices this one is one; its words come first here', () => {
    const other = { status: 'dnd', text: 'theirs' } as const
    expect(together({ status: 'idle', text: null }, other)).toEqual(other)
    expect(together({ status: 'idle', text: 'ours' }, other)).toEqual({ status: 'dnd', text: 'ours' })
    const gone = { status: 'offline', text: null } as const
    expect(together({ status: 'idle', text: 'ours' }, gone)).toEqual({ status: 'idle', text: 'ours' })
  })
})
