/** Who is there, and their words: peers over loopback (ND50–ND55). */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Cast, createCast, joinAs, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

test('[ND50] members see who is there, in which words, and that they went', async () => {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine', channels: ['general'] })
  const { client: bob, server: his } = await joinAs(cast, 'bob', server)
  const told: string[] = []
  ada.on('presence:update', ({ member, presence }) => {
    if (member.id === bob.identity.id) told.push(presence.status)
  })
  const bobAtAda = () => server.members.get(bob.identity.id)
  const streamed = firstOf(ada.events({ types: ['presence:update'] }))
  await until('each sees the other', () => bobAtAda()?.presence.status === 'online')
  await until('the other way', () => his.members.get(ada.identity.id)?.presence.status === 'online')

  const first = await streamed
  expect(first).toMatchObject({ type: 'presence:update', data: { presence: { text: null } } })
  await bob.presence.set({ status: 'dnd', text: 'writing' })
  expect(his.me.presence).toEqual({ status: 'dnd', text: 'writing' })
  await until('the words are here', () => bobAtAda()?.presence.text === 'writing')
  expect(bobAtAda()?.toJSON().presence).toEqual({ status: 'dnd', text: 'writing' })

  await bob.close()
  await until('bob went', () => bobAtAda()?.presence.status === 'offline')
  expect(bobAtAda()?.toJSON().presence).toBeUndefined()
  expect([told[0], told.at(-1)]).toEqual(['online', 'offline'])
})

test('[ND55] what was set is kept, and whoever is invisible looks as if they were not there', async () => {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine', channels: ['general'] })
  const { client: bob } = await joinAs(cast, 'bob', server)
  const bobAtAda = () => server.members.get(bob.identity.id)?.presence
  await until('bob is seen', () => bobAtAda()?.status === 'online')
  await bob.presence.set({ status: 'invisible', text: 'secret' })
  await until('bob is not seen', () => bobAtAda()?.status === 'offline')
  expect(bobAtAda()?.text).toBeNull()
  await bob.close()
  const again = await cast.open('bob')
  expect(again.presence.current).toEqual({ status: 'invisible', text: 'secret', until: null })
})

async function firstOf<T>(all: AsyncIterable<T>): Promise<T> {
  for await (const each of all) return each
  throw new Error('the stream ended')
}
