/** Hosts of presence beside each other over a network that loses nothing: when they speak, and what it costs. */
import { describe, expect, it } from 'vitest'
import { type DeviceId, idFromBytes, type UserId } from '../../base/index.ts'
import type { OpenedEnvelope } from '../../e2ee/index.ts'
import type { LiveEvent } from '../live-events.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { PresenceHost, type PresenceHostInit } from './presence-host.ts'
import { metaOf } from './seal-presence.ts'

const AT = 1_800_000_000_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const TOPIC = 'topic'
const raw = (number: number) => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
const server = idFromBytes('s', raw(1))
const userOf = (number: number): UserId => idFromBytes('u', raw(number))
const deviceOf = (number: number): DeviceId => idFromBytes('d', raw(number))

/** Time that passes when told. */
class Time {
  now = AT
  readonly #due = new Set<{ at: number; run: () => void }>()

  after(ms: number, run: () => void): () => void {
    const due = { at: this.now + ms, run }
    this.#due.add(due)
    return () => this.#due.delete(due)
  }

  async pass(ms: number): Promise<void> {
    const end = this.now + ms
    for (;;) {
      const due = [...this.#due].filter(each => each.at <= end).sort((a, b) => a.at - b.at)
      if (due.length === 0) break
      const at = (due[0] as { at: number }).at
      this.now = Math.max(this.now, at)
      for (const each of due) if (each.at === at && this.#due.delete(each)) each.run()
      // What they said is on its way.
      await new Promise(resolve => setImmediate(resolve))
    }
    this.now = end
  }
}

interface Said {
  readonly by: number
  readonly status: number
  readonly text: string | null
  readonly at: number
}

/** A server of members, of whom some are there. */
class Town {
  readonly time = new Time()
  readonly hosts: PresenceHost[] = []
  readonly said: Said[] = []
  readonly events: LiveEvent[][] = []
  readonly out = new Set<number>()
  /** They say nothing any more. */
  readonly mute = new Set<number>()
  /** A key that is safe, and who made one. */
  hasKey = true
  readonly made: number[] = []
  readonly #came: ((change: { topic: string; subscribed: boolean }) => void)[] = []
  readonly #numbers = new Map<DeviceId, number>()
  readonly #users = new Map<UserId, number>()
  readonly #replicas: LiveReplica[] = []
  readonly #members: readonly { readonly status: string }[]
  /** By how much a clock is wrong. */
  readonly wrong = new Map<number, number>()

  constructor(members: number) {
    this.#members = Array.from({ length: members }, () => ({ status: 'in' }))
  }

  /** One more comes; the others hear of it. */
  come(): number {
    const number = this.hosts.length
    this.#numbers.set(deviceOf(number), number)
    this.#users.set(userOf(number), number)
    const replica = this.#replicaOf(number)
    this.#replicas.push(replica)
    const told: LiveEvent[] = []
    this.events.push(told)
    const init = {
      on: true,
      timers: this.time,
      random: { bytes: () => new Uint8Array([(number * 83) % 256, 0]) },
      clock: { now: () => this.time.now + (this.wrong.get(number) ?? 0) },
      account: { user: userOf(number) },
      transport: {
        on: (_: string, listener: (change: { topic: string; subscribed: boolean }) => void) => {
          this.#came.push(listener)
          return () => undefined
        },
        gossip: { subscribers: () => this.hosts.filter((_, other) => other !== number).map(String) }
      },
      database: { batch: () => ({ put: () => ({ commit: () => Promise.resolve() }) }) },
      joined: () => [replica],
      publish: (
        _: LiveReplica,
        { status, text }: { status: number; text: string | null },
        at: number,
        mayMake: boolean
      ) => {
        if (this.mute.has(number)) return Promise.resolve(false)
        if (!this.hasKey && !mayMake) return Promise.resolve(false)
        if (!this.hasKey) this.made.push(number)
        this.hasKey = true
        const said = { by: number, status, text, at }
        this.said.push(said)
        this.deliver(said)
        return Promise.resolve(true)
      },
      emit: (event: LiveEvent) => told.push(event),
      fault: (error: unknown) => {
        throw error
      }
    } as unknown as PresenceHostInit
    this.hosts.push(new PresenceHost(init, { status: 'online', text: null, until: null }))
    for (const listener of this.#came) listener({ topic: TOPIC, subscribed: true })
    return number
  }

  deliver({ by, status, text, at }: Said): void {
    const opened = {
      channel: metaOf(server),
      payload: { thread: null, at, body: { kind: 'presence', status, text } }
    } as unknown as OpenedEnvelope
    for (const [number, host] of this.hosts.entries())
      if (number !== by) host.take(this.#replicas[number] as LiveReplica, deviceOf(by), opened)
  }

  sees(who: number, whom: number) {
    return (this.hosts[who] as PresenceHost).of(server, userOf(whom))
  }

  authorityChanged(): void {
    for (const [number, host] of this.hosts.entries())
      host.authorityChanged(this.#replicas[number] as LiveReplica)
  }

  /** What all said in a time, in messages. */
  async count(ms: number): Promise<number> {
    const before = this.said.length
    await this.time.pass(ms)
    return this.said.length - before
  }

  #replicaOf(number: number): LiveReplica {
    const inside = (other: number | undefined): boolean => other !== undefined && !this.out.has(other)
    return {
      server,
      permits: () => false,
      current: { isMember: () => inside(number), ring: { currentTopic: () => ({ topic: TOPIC }) } },
      state: () => ({
        members: () => this.#members,
        device: (device: DeviceId) => ({ on: true, user: userOf(this.#numbers.get(device) as number) }),
        member: (user: UserId) => ({ status: inside(this.#users.get(user)) ? 'in' : 'banned' })
      })
    } as unknown as LiveReplica
  }
}

/** So many members, of whom so many are there; all have heard all. */
async function town(members: number, there: number): Promise<Town> {
  const made = new Town(members)
  for (let each = 0; each < there; each++) {
    made.come()
    await made.time.pass(7)
  }
  await made.time.pass(2 * MINUTE)
  return made
}

describe('what presence costs', () => {
  it('[ND50] says nothing where nobody listens', async () => {
    const alone = await town(300, 1)
    expect(await alone.count(HOUR)).toBe(0)
  })

  it.each([
    // Each once a minute.
    [2, 2, 120],
    [10, 10, 600],
    // One each two seconds in all, however many there are; of those that are there, not of all.
    [100, 100, 1_800],
    [400, 10, 600],
    [400, 100, 1_800]
  ])(
    '[ND50] of %i members with %i there all say %i an hour, and a sixth more at most',
    async (members, there, hourly) => {
      const made = await town(members, there)
      const said = await made.count(HOUR)
      expect(said).toBeGreaterThan(hourly * 0.5)
      expect(said).toBeLessThanOrEqual(hourly * 1.17)
      for (let other = 1; other < there; other += 9) expect(made.sees(0, other).status).toBe('online')
    }
  )

  it('[ND50] in a thousand nothing is said, not even when all come at once', async () => {
    const made = new Town(1_000)
    for (let each = 0; each < 100; each++) made.come()
    expect(await made.count(10 * MINUTE)).toBe(0)
  })

  it('[ND50] somebody who comes and goes all the time makes nobody speak more often than each 5 s', async () => {
    const made = await town(2, 2)
    const before = made.said.length
    for (let each = 0; each < 600; each++) {
      made.come()
      made.hosts.pop()
      await made.time.pass(100)
    }
    const [mine, theirs] = [0, 1].map(by => made.said.slice(before).filter(each => each.by === by).length)
    expect(mine).toBeLessThanOrEqual(13)
    expect(theirs).toBeLessThanOrEqual(13)
  })
})

describe('what this device says', () => {
  it('[ND50] whoever comes is told within seconds, and tells', async () => {
    const made = await town(3, 2)
    const third = made.come()
    await made.time.pass(6_000)
    expect([made.sees(third, 0).status, made.sees(third, 1).status]).toEqual(['online', 'online'])
    expect(made.sees(0, third).status).toBe('online')
  })

  it('[ND55] going invisible is said at once, even right after something else, and nothing after it', async () => {
    const made = await town(2, 2)
    await made.hosts[0]?.set({ status: 'dnd', text: 'words', until: null })
    await made.time.pass(6_000)
    expect(made.sees(1, 0)).toEqual({ status: 'dnd', text: 'words' })
    await made.hosts[0]?.set({ status: 'idle', text: 'words', until: null })
    await made.time.pass(5_000)
    await made.hosts[0]?.set({ status: 'invisible', text: 'words', until: null })
    await made.time.pass(1)
    expect(made.sees(1, 0)).toEqual({ status: 'offline', text: null })
    const before = made.said.length
    made.come()
    await made.time.pass(HOUR)
    expect(made.said.slice(before).filter(each => each.by === 0)).toEqual([])
    expect(made.said.filter(each => each.status === 0).map(each => each.text)).toEqual([null])
    await made.hosts[0]?.close()
    expect(made.said.slice(before).filter(each => each.by === 0)).toEqual([])
    expect(made.sees(0, 0)).toEqual({ status: 'offline', text: null })
  })

  it('[ND55] nobody at the device: online looks idle, what else was set stays, and coming back is said', async () => {
    const made = await town(2, 2)
    const [ada] = made.hosts as [PresenceHost]
    ada.setAway(true)
    await made.time.pass(6_000)
    expect([made.sees(1, 0).status, made.sees(0, 0).status]).toEqual(['idle', 'idle'])
    expect(ada.own().status).toBe('online')
    ada.setAway(false)
    await made.time.pass(6_000)
    expect(made.sees(1, 0).status).toBe('online')
    await ada.set({ status: 'dnd', text: null, until: null })
    ada.setAway(true)
    await made.time.pass(11_000)
    expect(made.sees(1, 0).status).toBe('dnd')
  })

  it('[ND50] without a safe key it waits for somebody to make one; then one does, and all is said', async () => {
    const made = await town(12, 12)
    made.hasKey = false
    await made.hosts[3]?.set({ status: 'invisible', text: null, until: null })
    await made.time.pass(5_000)
    expect(made.sees(1, 3).status).toBe('online')
    await made.time.pass(2 * MINUTE)
    expect(made.made).toHaveLength(1)
    expect(made.sees(1, 3).status).toBe('offline')
    for (let other = 4; other < 12; other++) expect(made.sees(1, other).status).toBe('online')
  })

  it('[ND50] who may not make a key stays silent, and nothing fails', async () => {
    const made = await town(2, 2)
    made.mute.add(0)
    await made.hosts[0]?.set({ status: 'dnd', text: null, until: null })
    await made.time.pass(MINUTE)
    made.mute.delete(0)
    await made.time.pass(6_000)
    expect(made.sees(1, 0).status).toBe('dnd')
  })

  it('[ND52] who closes says so; who falls silent is gone after 150 s', async () => {
    const made = await town(3, 3)
    await made.hosts[0]?.close()
    expect(made.sees(2, 0).status).toBe('offline')
    made.mute.add(1)
    await made.time.pass(150_000 + 5_000)
    expect(made.sees(2, 1).status).toBe('offline')
    expect(made.events[2]).toContainEqual({ type: 'presence:update', server, user: userOf(1) })
  })

  it('[ND50, ND51] a clock that was far ahead and is set right is heard again within a minute', async () => {
    const made = await town(2, 2)
    made.wrong.set(0, 10 * HOUR)
    await made.time.pass(5 * MINUTE)
    expect(made.sees(1, 0).status).toBe('offline')
    made.wrong.delete(0)
    await made.time.pass(MINUTE + 6_000)
    expect(made.sees(1, 0).status).toBe('online')
  })

  it('[ND51] whoever is put out is seen no more, at once, and their words are no answer', async () => {
    const made = await town(3, 3)
    await made.hosts[1]?.set({ status: 'idle', text: 'goodbye', until: null })
    await made.time.pass(6_000)
    expect(made.sees(0, 1).text).toBe('goodbye')
    made.out.add(1)
    made.authorityChanged()
    expect(made.sees(0, 1)).toEqual({ status: 'offline', text: null })
    expect(made.events[0]?.filter(each => each.type === 'presence:update').at(-1)).toMatchObject({
      user: userOf(1)
    })
    made.deliver({ by: 1, status: 1, text: 'still here', at: made.time.now + 5_000 })
    expect(made.sees(0, 1)).toEqual({ status: 'offline', text: null })
    // They see nobody either.
    expect(made.sees(1, 0)).toEqual({ status: 'offline', text: null })
  })
})
