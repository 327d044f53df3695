/** A message that disappeared is in no row that either side keeps, not even sealed, though all are opened (DM10). */
import { expect, it } from 'vitest'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import { openDatabase } from '@xcord/core/store'
import { PROFILE_TABLES } from '../../../core/src/node/profile-tables.ts'
import { DATABASE_SCHEMA } from '../../../core/src/node/replica/tables.ts'
import { corrupting, createWorld, MASTER_KEY, type World } from './faults.fixture.ts'
import { until } from './peers.fixture.ts'

/** Shorter fields are ids and numbers, which others share. */
const ENVELOPE_BYTES_MIN = 150

/** Every text and every run of bytes in a value. */
function fieldsOf(value: unknown): readonly Buffer[] {
  if (typeof value === 'string') return [Buffer.from(value)]
  if (value instanceof Uint8Array) return [Buffer.from(value)]
  if (typeof value !== 'object' || value === null) return []
  return (Array.isArray(value) ? value : Object.values(value)).flatMap(fieldsOf)
}

/** Every field of every row of a peer's profile, opened by its own key. */
async function fieldsKeptBy(world: World, name: string): Promise<readonly Buffer[]> {
  const database = await openDatabase({
    store: world.storeOf(name).copy(),
    suite: await createNodeSuite(),
    masterKey: MASTER_KEY,
    random: systemRandom,
    schema: DATABASE_SCHEMA,
    tables: PROFILE_TABLES
  })
  const found: Buffer[] = []
  for (const table of PROFILE_TABLES)
    for await (const { value } of database.table(table as never).scan()) found.push(...fieldsOf(value))
  await database.close()
  return found
}

it('[DM10, DM2] neither its words nor its sealed envelope are in any row, of its author or its reader', async () => {
  const world = await createWorld()
  try {
    const heard: Buffer[] = []
    const ada = await world.open('ada')
    const grace = await world.open('grace', {
      wrap: each =>
        corrupting(
          each,
          frame => [frame],
          frame => void heard.push(Buffer.from(frame))
        )
    })
    const server = await ada.servers.create({ name: 'Engine' })
    await grace.servers.join((await server.invites.create()).link as string)
    await until('they know each other', () => ada.servers.all[0]?.members.all.length === 2)
    const talk = await ada.conversations.open(grace.identity.id)
    await talk.send('the first makes the keys')
    const came = new Set<string>()
    grace.on('conversation:message', ({ message }) => void came.add(message.content))
    await until('grace has the first', async () =>
      (await grace.conversations.get(talk.id)?.history())?.some(each => each.content.startsWith('the first'))
    )
    /** Sends, and gives what was heard of it. */
    const send = async (content: string) => {
      // Frames say earlier envelopes again until they are known to have come.
      const fields = [...(await fieldsKeptBy(world, 'ada')), ...(await fieldsKeptBy(world, 'grace'))]
      heard.length = 0
      await talk.send(content)
      await until(`grace hears ${content}`, () => came.has(content))
      return { frames: heard.slice(), before: new Set(fields.map(each => each.toString('hex'))) }
    }
    /** How many fields have its words, and how many are sealed bytes that came with it and were not there before. */
    const kept = async (
      name: string,
      content: string,
      came: { readonly frames: readonly Buffer[]; readonly before: ReadonlySet<string> }
    ): Promise<readonly number[]> => {
      const fields = await fieldsKeptBy(world, name)
      const sealed = fields.filter(
        each =>
          each.length >= ENVELOPE_BYTES_MIN &&
          !came.before.has(each.toString('hex')) &&
          came.frames.some(frame => frame.includes(each))
      )
      return [fields.filter(each => each.includes(content)).length, sealed.length]
    }

    const stays = await send('canary that stays')
    await talk.setLifetime(1)
    await until('grace hears of the lifetime', () => grace.conversations.get(talk.id)?.lifetimeSeconds === 1)
    const goes = await send('canary that goes')
    await until('it is gone at both', async () => {
      const both = [talk, grace.conversations.get(talk.id)]
      const pages = await Promise.all(both.map(async each => (await each?.history()) ?? []))
      return pages.every(page => page.length > 0 && page.every(each => each.content !== 'canary that goes'))
    })
    for (const name of ['ada', 'grace']) {
      // The search finds what is there, in words and sealed.
      const [words, sealed] = await kept(name, 'canary that stays', stays)
      expect(
        [words, sealed].every(each => (each as number) > 0),
        `${name}: ${words} ${sealed}`
      ).toBe(true)
      // It is shown no more from the moment it is due, and erased right after.
      await until(`nothing is left at ${name}`, async () =>
        (await kept(name, 'canary that goes', goes)).every(each => each === 0)
      )
    }
  } finally {
    await world.end()
  }
})
