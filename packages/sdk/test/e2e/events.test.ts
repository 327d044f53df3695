/** What a client tells, in the order in which it happened to its user. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Client, ClientEventName } from '@xcord/sdk'
import { type Cast, createCast, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

/** Everything told of these kinds, as it comes. */
function listen(client: Client, ...kinds: readonly ClientEventName[]): readonly string[] {
  const told: string[] = []
  for (const kind of kinds)
    client.on(kind, event => {
      const about = Object.values(event).find(each => typeof each === 'object') as
        Record<string, unknown> | undefined
      told.push([kind, about?.['content'] ?? about?.['name'] ?? about?.['id']].join(' ').trim())
    })
  return told
}

it('tells of servers joined and left, and what changed in them', async () => {
  const ada = await cast.open('ada')
  const told = listen(ada, 'server:join', 'server:update', 'channel:create', 'channel:delete', 'server:leave')
  const server = await ada.servers.create({ name: 'Engine', channels: ['general'] })
  await server.edit({ name: 'Difference Engine' })
  const attic = await server.channels.create({ name: 'attic' })
  await attic.delete()
  await until('the end', () => told.includes(`channel:delete ${attic.id}`))
  const grace = await cast.open('grace')
  const hers = listen(grace, 'server:join', 'server:leave')
  const joined = await grace.servers.join((await server.invites.create()).link as string)
  await joined.leave()
  await until('she left', () => hers.length === 2)
  expect(hers).toEqual(['server:join Difference Engine', 'server:leave Difference Engine'])
  expect(told).toEqual([
    'server:join Engine',
    'channel:create general',
    'server:update Difference Engine',
    'channel:create attic',
    `channel:delete ${attic.id}`
  ])
})

it('tells of conversations, their messages and what becomes of them', async () => {
  const ada = await cast.open('ada')
  const grace = await cast.open('grace')
  const told = listen(grace, 'conversation:create', 'conversation:message', 'conversation:delete')
  const server = await ada.servers.create({ name: 'Engine' })
  await grace.servers.join((await server.invites.create()).link as string)
  await until('they know each other', () => server.members.get('grace') !== undefined)
  const there = await ada.conversations.open(grace.identity.id)
  const own = listen(ada, 'conversation:update')
  const message = await there.send('hello')
  await until('it is told, and how far it came', () => told.length === 2 && own.length > 0)
  await message.delete()
  await until('the deletion is told', () => told.length === 3)
  expect(told).toEqual([
    `conversation:create ${there.id}`,
    'conversation:message hello',
    'conversation:delete'
  ])
  const heard: boolean[] = []
  ada.on('conversation:update', ({ conversation }) => void heard.push(conversation.left.length > 0))
  await grace.conversations.get(there.id)?.leave()
  await until('that she left is told when it is so', () => heard.at(-1))
})
