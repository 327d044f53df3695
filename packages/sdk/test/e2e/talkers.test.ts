/**
 * Talking peers as real processes, each with a media engine of its own: real WebRTC over loopback, found and signalled
 * over libp2p, told apart by tones. XCORD_TALKERS (default 6) and XCORD_JOINS (default 50) take another number.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { VoicePairJson } from '@xcord/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Child, startChild } from './children/child.ts'
import { until } from './peers.fixture.ts'

const TALKERS = Number(process.env['XCORD_TALKERS'] ?? 6)
/** Who begins; the others come into a call that is under way. */
const FIRST = Math.min(3, TALKERS)
const JOINS = Number(process.env['XCORD_JOINS'] ?? 50)
/** VX4: from knowing that somebody is not to be heard to their last frame. */
const SILENT_MS = 1_000
const TONES = [400, 530, 670, 820, 980, 1150, 1330, 1520]
/** Until everybody is heard by somebody: a machine that has no time for sound gives it in pieces. */
const HEARD_MS = 120_000 + TALKERS * 60_000
/** Each process of a mesh wants a share of the machine. */
const SLOW = 2 * HEARD_MS + TALKERS * 120_000 + JOINS * 20_000

interface Talker {
  readonly name: string
  readonly tone: number
  child: Child
  start(link: string): Promise<void>
}

let home: string
let all: Talker[] = []
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'xcord-talkers-'))
})
afterEach(async () => {
  await Promise.all(all.map(async ({ child }) => await child.kill()))
  all = []
  await rm(home, { recursive: true, force: true })
})

function talker(index: number): Talker {
  const tone = TONES[index] ?? 440
  const name = `talker${index}`
  const made: Talker = {
    name,
    tone,
    child: undefined as unknown as Child,
    start: async link => {
      made.child = startChild('talker.ts', [join(home, name), name, `${tone}`, TONES.join(','), link])
      await made.child.heard(link === '' ? 'link' : 'ready', 0, HEARD_MS)
    }
  }
  return made
}

/** Peers until there are that many in one server. The first owns it. */
async function gather(count: number): Promise<Talker[]> {
  const before = all.length
  for (let index = before; index < count; index++) {
    const each = talker(index)
    const started = each.start((await all[0]?.child.heard('link')) ?? '')
    all.push(each)
    await started
  }
  return all.slice(before)
}

/** Tells, and waits until it is done. */
async function tell({ child }: Talker, command: string): Promise<void> {
  const before = child.said('done').filter(each => each === command).length
  child.tell(command)
  await until(`${command} is done`, () => {
    expect(child.said('refused')).toEqual([])
    return child.said('done').filter(each => each === command).length > before
  })
}

/** Tones a peer hears now, by speaker. */
async function hears({ child }: Talker): Promise<Record<string, number[]>> {
  const before = child.said('report').length
  child.tell('report')
  return JSON.parse(await child.heard('report', before)) as Record<string, number[]>
}

/** How the pairs of a peer stand, in short: whom it hears, who hears it, and over what. */
async function pairsOf({ child }: Talker): Promise<string> {
  const before = child.said('pairs').length
  child.tell('pairs')
  const pairs = JSON.parse(await child.heard('pairs', before)) as VoicePairJson[]
  const figures = ({ lossPct, receivedKbps, concealedPct }: VoicePairJson): string =>
    [lossPct, receivedKbps, concealedPct].map(each => each?.toFixed(1) ?? '?').join('/')
  return pairs
    .map(
      each =>
        `${each.name} ${each.path} ${each.trouble ?? ''} heard=${each.heard} hears=${each.hears} ${figures(each)}`
    )
    .join('; ')
}

/**
 * Waits until each of these heard all of those, each by their own tone, while nobody else was heard. Not at one moment: a
 * busy machine gives nobody an even stream.
 */
async function untilHeard(by: readonly Talker[], of: readonly Talker[]): Promise<void> {
  for (const ear of by) {
    const wanted = new Map(of.filter(each => each !== ear).map(each => [each.name, `${each.tone}`]))
    const found = new Set<string>()
    let last: Record<string, number[]> = {}
    await until(
      `${ear.name} hears ${[...wanted.keys()].join(', ')}`,
      async () => {
        const heard = Object.entries((last = await hears(ear)))
        if (heard.some(([name]) => !wanted.has(name))) {
          found.clear()
          return false
        }
        for (const [name, tones] of heard) if (tones.join() === wanted.get(name)) found.add(name)
        return found.size === wanted.size
      },
      HEARD_MS
    ).catch(async (error: unknown) => {
      const lost = of.filter(each => wanted.has(each.name) && !found.has(each.name))
      const stands = await Promise.all(
        [ear, ...lost].map(async each => `${each.name}: ${await pairsOf(each)}`)
      )
      throw new Error(
        `${String(error)}; of these ${[...found].join(', ')}; last ${JSON.stringify(last)}\n${stands.join('\n')}`,
        { cause: error }
      )
    })
  }
}

/** Nobody plays anything of them a second after knowing that they are not to be heard. Each goes by its own clock. */
async function expectSilenced(ears: readonly Talker[], { name }: Talker): Promise<void> {
  for (const { name: ear, child } of ears) {
    const last = await until(`${ear} knows that ${name} is silenced`, async () => {
      const before = child.said('last').length
      child.tell(`last ${name}`)
      const said: unknown = JSON.parse(await child.heard('last', before))
      const { playedAt, silencedAt } = said as { playedAt: number | null; silencedAt: number | null }
      return silencedAt === null ? undefined : (playedAt ?? silencedAt) - silencedAt
    })
    expect(last, `${ear} still played ${name}`).toBeLessThan(SILENT_MS)
  }
}

describe(`${FIRST}, then ${TALKERS} processes that talk`, () => {
  it(
    '[VX4] hear each other by tone, and no longer whoever is muted, timed out, kicked or banned; one killed comes back',
    { timeout: SLOW },
    async () => {
      const few = await gather(FIRST)
      const [owner, killed] = few as [Talker, Talker]
      await Promise.all(few.map(async each => await tell(each, 'join')))
      await untilHeard(few, few)
      await killed.child.kill()
      const besideKilled = few.filter(each => each !== killed)
      await untilHeard(besideKilled, besideKilled)
      await killed.start('again')
      await tell(killed, 'join')
      await untilHeard(few, few)

      const late = await gather(TALKERS)
      await Promise.all(late.map(async each => await tell(each, 'join')))
      const talkers = [...all]
      await untilHeard(talkers, talkers)

      const last = talkers.at(-1) as Talker
      const besideLast = talkers.filter(each => each !== last)
      await tell(owner, `mute ${last.name}`)
      await untilHeard(besideLast, besideLast)
      await expectSilenced(besideLast, last)
      await untilHeard([last], talkers)
      await tell(owner, `unmute ${last.name}`)
      await untilHeard(talkers, talkers)

      // Who is put out leaves by itself, and is heard by nobody; the call of the others goes on.
      let left = talkers
      for (const command of ['timeout', 'kick', 'ban']) {
        const target = left.at(-1) as Talker
        if (left.length < 2) break
        await tell(owner, `${command} ${target.name}`)
        await target.child.heard('ended', 0, HEARD_MS)
        left = left.filter(each => each !== target)
        await untilHeard(left, left)
        await expectSilenced(left, target)
      }
      for (const { child } of talkers) expect(child.said('fault')).toEqual([])
    }
  )

  it('[VX8] two that join at the same instant connect each time', { timeout: SLOW }, async () => {
    const pair = await gather(2)
    for (let round = 0; round < JOINS; round++) {
      await Promise.all(pair.map(async each => await tell(each, 'join')))
      await untilHeard(pair, pair)
      await Promise.all(pair.map(async each => await tell(each, 'leave')))
      await untilHeard(pair, [])
    }
    for (const { child } of pair) expect(child.said('fault')).toEqual([])
  })
})
