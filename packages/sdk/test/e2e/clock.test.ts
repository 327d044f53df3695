/** A system clock that is wrong: nothing stops, nothing is lost, and doctor says so. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock, Timers } from '@xcord/core/base'
import { systemTimers } from '@xcord/core/adapters/runtime-node'
import type { Client, Server } from '@xcord/sdk'
import { createWorld, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

const MINUTE_MS = 60_000

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

interface SkewedClock extends Clock {
  /** Puts the clock ahead of the system's by so many minutes. */
  set(minutes: number): void
}

function skewed(minutes = 0): SkewedClock {
  let off = minutes
  return {
    now: () => Date.now() + off * MINUTE_MS,
    set: to => {
      off = to
    }
  }
}

/** Waits of minutes end at once, so that what is looked at again after eight minutes is looked at again now. */
const hasty: Timers = { after: (ms, run) => systemTimers.after(ms > MINUTE_MS ? 20 : ms, run) }

interface Pair {
  readonly ada: Client
  readonly server: Server
  readonly adas: SkewedClock
  readonly grace: Client
  readonly joined: Server
  readonly graces: SkewedClock
}

/** Ada's server with grace in it, who may make channels; both clocks right so far. */
async function pair(): Promise<Pair> {
  const [adas, graces] = [skewed(), skewed()]
  const ada = await world.open('ada', { clock: adas, timers: hasty })
  const server = await ada.servers.create({ name: 'Engine' })
  const grace = await world.open('grace', { clock: graces, timers: hasty })
  const joined = await grace.servers.join((await server.invites.create()).link as string)
  await until('ada knows grace', () => server.members.get('grace') !== undefined)
  const role = await server.roles.create({ name: 'builder', permissions: ['ManageChannels'] })
  await role.grant(server.members.get('grace') as never)
  await until('grace may build', () => joined.me.roles.length === 1)
  return { ada, server, adas, grace, joined, graces }
}

async function clockOf(client: Client): Promise<{ readonly ok: boolean; readonly detail: string }> {
  const found = (await client.doctor()).checks.find(each => each.check === 'clock')
  if (found === undefined) throw new Error('doctor says nothing of the clock')
  return found
}

/** Both say something; both read both, in one order. */
async function talk({ server, joined }: Pair, round: string): Promise<void> {
  await joined.channel('general').send(`grace ${round}`)
  await server.channel('general').send(`ada ${round}`)
  await until('both read both, in one order', async () => {
    const [a, b] = [await texts(server), await texts(joined)]
    return a.includes(`grace ${round}`) && b.includes(`ada ${round}`) && a.join() === b.join()
  })
}

/** They talk until gossip has told both how their clocks differ: what sync brings may be old, and tells nothing. */
async function told(both: Pair, round: string, graces: RegExp, adas: RegExp): Promise<void> {
  let count = 0
  await until(`both are told, ${round}`, async () => {
    await talk(both, `${round} ${count++}`)
    return graces.test((await clockOf(both.grace)).detail) && adas.test((await clockOf(both.ada)).detail)
  })
}

describe('a peer whose clock is wrong', () => {
  it.each([
    { minutes: 10, wrong: /ahead of others/, right: /behind others/ },
    // A chain's times never go back (AU34): a clock that fell behind shows to its owner alone.
    { minutes: -10, wrong: /behind others/, right: /^within/ }
  ])(
    '[AU34, NT34] by $minutes minutes: messages flow, and doctor tells how far',
    async ({ minutes, wrong, right }) => {
      const both = await pair()
      await told(both, 'before', /^within/, /^within/)
      both.graces.set(minutes)
      // With two only, nobody can tell which of them is wrong.
      await told(both, 'skewed', wrong, right)
      expect(await clockOf(both.grace)).toMatchObject({ ok: false })
      both.graces.set(0)
      await talk(both, 'set right')
      // Receipts go by a time of their own, which stands still for no clock that was set back.
      await (await both.joined.channel('general').send('and delivered')).reached('delivered')
      await (await both.server.channel('general').send('and delivered back')).reached('delivered')
    }
  )

  it('[AU6] operations from the future are held, and taken when their time has come, though nothing else happens', async () => {
    const both = await pair()
    both.graces.set(10)
    await both.joined.channels.create({ name: 'tomorrow' })
    await talkOneWay(both.server, both.joined)
    expect(both.server.channels.get('tomorrow')).toBeUndefined()
    const hash = both.joined.stateHash
    await both.grace.close()
    both.adas.set(9)
    await until('taken', () => both.server.channels.get('tomorrow') !== undefined)
    expect(both.server.stateHash).toBe(hash)
  })

  it('[AU6] a peer that is behind holds what it hears, and has all of it once its clock is set', async () => {
    const both = await pair()
    both.graces.set(-10)
    await both.server.channels.create({ name: 'now' })
    await both.server.channel('now').send('written now')
    await talkOneWay(both.joined, both.server)
    expect(both.joined.channels.get('now')).toBeUndefined()
    both.graces.set(0)
    await until('taken', () => both.joined.channels.get('now') !== undefined)
    await until('read', async () => (await texts(both.joined, 'now')).includes('written now'))
  })

  it('[AU6] joining with a clock that is behind says that it is the clock', async () => {
    const ada = await world.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const { link } = await server.invites.create()
    const clock = skewed(-10)
    const grace = await world.open('grace', { clock })
    await expect(grace.servers.join(link as string, { timeoutMs: 1_500 })).rejects.toMatchObject({
      code: 'XCORD_CLOCK_SKEW',
      message: expect.stringMatching(/clock is at least 10 min behind/) as string
    })
    clock.set(0)
    expect((await grace.servers.join(link as string)).name).toBe('Engine')
  })
})

/** The one hears of the other's operation: everything that left before this message has arrived with it. */
async function talkOneWay(from: Server, to: Server): Promise<void> {
  await from.channel('general').send('heard?')
  await until('heard', async () => (await texts(to)).includes('heard?'))
}
