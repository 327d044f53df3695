/** Presence under any interleaving of messages, clocks and restarts (ND51–ND54). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeviceId, idFromBytes } from '../../base/index.ts'
import { PresenceStatus } from '../../e2ee/index.ts'
import { DEVICES_MAX, PeopleBook, PRESENT_MEMBER_MS, PRESENT_MS_MAX, SAID_MS_MAX } from './presence-book.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 300)
const AT = 1_800_000_000_000
/** Of the first member more than one may have; of the other two. */
const DEVICES = DEVICES_MAX + 4
const id = <T extends 'd' | 'u'>(kind: T, number: number) =>
  idFromBytes(kind, new Uint8Array(32).fill(number + 1))
const users = [id('u', 0), id('u', 1)] as const
const userOf = (device: number) => users[device < DEVICES - 2 ? 0 : 1]
const { offline, online, idle, doNotDisturb } = PresenceStatus
const GONE = { status: 'offline', text: null }
const WORDS = { [online]: 'online', [idle]: 'idle', [doNotDisturb]: 'dnd' }

interface Saying {
  readonly do: 'say'
  readonly device: number
  readonly status: number
  readonly text: string | null
  /** Its time beside ours, ms. */
  readonly off: number
}
type Step =
  | Saying
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'restart' }
  | { readonly do: 'out'; readonly device: number }
  | { readonly do: 'size'; readonly members: number }

const device = fc.nat({ max: DEVICES - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      device,
      status: fc.constantFrom(offline, online, idle, doNotDisturb),
      text: fc.constantFrom(null, 'tea', 'back soon'),
      off: fc.oneof(
        fc.integer({ min: -SAID_MS_MAX - 2_000, max: SAID_MS_MAX + 2_000 }),
        fc.constantFrom(0, 1, -1, Number.MAX_SAFE_INTEGER - 2 * AT, -AT)
      )
    })
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 40_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('jump' as const),
      ms: fc.integer({ min: -4_000_000, max: 4_000_000 })
    })
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('out' as const), device }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('size' as const), members: fc.nat({ max: 200 }) }) }
)

interface Heard {
  readonly device: number
  readonly status: number
  readonly text: string | null
  readonly at: number
  readonly heardAt: number
}

/** A book, beside it what it took, and what somebody saw who listens to what it tells. */
class Watched {
  now = AT
  overMs = PRESENT_MS_MAX
  book = new PeopleBook()
  readonly heard = new Map<number, Heard>()
  readonly seen = new Map<string, unknown>()

  run(step: Step): void {
    if (step.do === 'wait' || step.do === 'jump') this.now += step.ms
    else if (step.do === 'restart') this.restart()
    else if (step.do === 'out') this.out(step.device)
    else if (step.do === 'size') this.size(step.members)
    else this.say(step)
    this.tell(this.book.expire(this.now))
    this.check()
  }

  say({ device, status, text, off }: Saying): void {
    const at = this.now + off
    const user = userOf(device)
    const noted = this.book.note(id('d', device), { user, status, text, at }, this.now)
    if (!noted.ok) return
    expect(Math.abs(off)).toBeLessThanOrEqual(SAID_MS_MAX)
    const before = this.heard.get(device)
    // An older never wins over what is remembered.
    if (before !== undefined) expect(at).toBeGreaterThan(before.at)
    this.heard.set(device, { device, status, text, at, heardAt: this.now })
    if (noted.value) this.tell([user])
  }

  restart(): void {
    this.book = new PeopleBook()
    this.overMs = PRESENT_MS_MAX
    this.heard.clear()
    this.seen.clear()
  }

  out(device: number): void {
    const gone: DeviceId = id('d', device)
    this.heard.delete(device)
    this.tell(this.book.keep(each => each !== gone))
  }

  tell(changed: Iterable<(typeof users)[number]>): void {
    for (const user of changed) this.seen.set(user, this.book.of(user, this.now))
  }

  check(): void {
    for (const [number, { heardAt }] of this.heard)
      if (Math.abs(this.now - heardAt) >= this.overMs) this.heard.delete(number)
    for (const user of users) {
      const shown = this.book.of(user, this.now)
      // Whoever listens sees what there is, without asking.
      expect<unknown>(this.seen.get(user) ?? GONE).toEqual(shown)
      const those = [...this.heard.values()].filter(each => userOf(each.device) === user)
      expect(those.length).toBeLessThanOrEqual(DEVICES_MAX)
      const there = those.filter(each => each.status !== offline)
      if (there.length === 0) expect(shown).toEqual(GONE)
      else {
        expect(there.map(each => WORDS[each.status as 1])).toContain(shown.status)
        expect(there.some(each => each.text === shown.text)).toBe(true)
      }
    }
  }

  size(members: number): void {
    this.overMs = Math.max(PRESENT_MS_MAX, members * PRESENT_MEMBER_MS)
    this.book.size(members)
  }
}

describe('presence under any interleaving', () => {
  it('[ND51, ND52, ND53, ND54] bounds hold, an older never wins, what ran out goes, changes are told', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), steps => {
        const watched = new Watched()
        for (const each of steps) watched.run(each)
        // As long again where the clock was set back.
        watched.now += 2 * watched.overMs
        watched.tell(watched.book.expire(watched.now))
        expect(watched.book.isEmpty).toBe(true)
        for (const user of users) expect(watched.book.of(user, watched.now).status).toBe('offline')
      }),
      { numRuns: RUNS }
    )
  })
})
