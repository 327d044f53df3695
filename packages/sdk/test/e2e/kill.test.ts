/** SIGKILL at any moment: what was reported as stored is there, and the chain goes on where it was. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Client, type Server, verifyProfile } from '@xcord/sdk'
import { type Child, startChild } from './children/child.ts'
import { chainOf, replicaOf, seeded } from './faults.fixture.ts'
import { type Cast, createCast, until } from './peers.fixture.ts'

const KILLS = Number(process.env['XCORD_KILLS'] ?? 10)
const SEED = Number(process.env['XCORD_SEED'] ?? 20_260_101)
/** Every so many kills, one falls into the opening of the profile instead of into writing. */
const EVERY_OPENING = 5

let cast: Cast
let home: string
let child: Child | undefined
beforeEach(async () => {
  cast = await createCast()
  home = await mkdtemp(join(tmpdir(), 'xcord-kill-'))
})
afterEach(async () => {
  await child?.kill()
  child = undefined
  await cast.end()
  await rm(home, { recursive: true, force: true })
})

async function historyOf(server: Server): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const message of server.channel('general').history({ limit: 100 })) ids.push(message.id)
  return ids.reverse()
}

/** Kills the writer at a moment the seed chooses; true where it got as far as writing. */
async function killSomewhere(writer: Child, random: () => number, round: number): Promise<boolean> {
  if (round % EVERY_OPENING === EVERY_OPENING - 1) {
    await writer.heard('opening')
    await new Promise(resolve => setTimeout(resolve, random() * 400))
    await writer.kill()
    return false
  }
  await writer.heard('ack', Math.floor(random() * 60))
  await new Promise(resolve => setTimeout(resolve, random() * 12))
  await writer.kill()
  return true
}

/** Waits as long as something comes: hundreds of kills leave thousands of messages, and machines differ. */
async function catchesUp(grace: Client, joined: Server, count: number): Promise<void> {
  for (let held = (await historyOf(joined)).length; held < count;) {
    await until('more comes', async () => (await historyOf(joined)).length > held).catch((error: unknown) => {
      throw new Error(`grace holds ${held} of ${count}, connected to ${grace.peers().length}`, {
        cause: error
      })
    })
    held = (await historyOf(joined)).length
  }
}

describe('a peer that is killed', () => {
  it(
    `[DB2, KS6, ND41, SY18] ${KILLS} times while it writes: nothing acknowledged is lost, no place in its chain is used twice, and the profile verifies after each`,
    async () => {
      const random = seeded(SEED)
      child = startChild('writer.ts', [home, 'hush'])
      const link = await child.heard('link')
      const device = /^server (.*)$/m.exec(child.lines.join('\n'))?.[1]
      expect(device).toBeDefined()
      const grace = await cast.open('grace')
      const joined = await grace.servers.join(link)
      child.tell('close')
      await child.ended

      const acknowledged: string[] = []
      const roles: string[] = []
      for (let round = 0; round < KILLS; round++) {
        child = startChild('writer.ts', [home])
        await killSomewhere(child, random, round)
        acknowledged.push(...child.said('ack'))
        roles.push(...child.said('role'))
        expect(child.said('refused')).toEqual([])
        expect(child.said('fault')).toEqual([])
        const { problems, complete } = await verifyProfile(home)
        expect(problems, `after kill ${round + 1}`).toEqual([])
        expect(complete).toBe(true)
      }
      child = startChild('writer.ts', [home, 'hush'])
      await child.heard('ready')
      child.tell('history')
      const [history, held] = [
        (await child.heard('history')).split(' '),
        (await child.heard('roles')).split(' ')
      ]
      expect(acknowledged.filter(id => !history.includes(id))).toEqual([])
      expect(roles.filter(id => !held.includes(id))).toEqual([])
      expect(acknowledged.length).toBeGreaterThan(KILLS)

      await catchesUp(grace, joined, history.length)
      expect(await historyOf(joined)).toEqual(history)
      expect(roles.filter(id => joined.roles.get(id) === undefined)).toEqual([])
      // Grace was there all the time: a place used twice would be a fork in her eyes, a lost one a gap.
      const authors = [...replicaOf(joined).current.authors.keys()]
      expect(authors).toHaveLength(2)
      for (const author of authors) expect(chainOf(joined, author)).toMatchObject({ gaps: 0, forks: [] })
      await until('nothing waits any more', async () => {
        const asked = child?.said('doctor').length ?? 0
        child?.tell('doctor')
        return (await child?.heard('doctor', asked))?.includes('everything sent is stored elsewhere')
      })
      child.tell('close')
      expect(await child.ended).toBe(0)
    },
    120_000 + KILLS * 5_000
  )
})
