import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Cast, createCast, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

it('tells of a peer who comes, who turns out to be a member, and who goes', async () => {
  const ada = await cast.open('ada')
  const told: string[] = []
  ada.on('connection:update', ({ peer, connected }) => {
    told.push(`${peer.kind} ${connected ? 'here' : 'gone'}`)
    if (connected) expect(ada.peers().map(each => each.peer)).toContain(peer.peer)
  })
  const server = await ada.servers.create({ name: 'Engine' })
  const grace = await cast.open('grace')
  await grace.servers.join((await server.invites.create()).link as string)
  await until('Grace is known as a member', () => told.includes('member here'))
  expect(told.slice(0, 2)).toEqual(['unknown here', 'member here'])
  await grace.close()
  await until('Grace is gone', () => told.at(-1) === 'member gone')
})

it('tells readers of the stream, too, of each peer and server as they were last', async () => {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const stop = new AbortController()
  const read: string[] = []
  const reading = (async () => {
    const types = ['connection:update', 'sync:progress'] as const
    for await (const { type, data } of ada.events({ types, signal: stop.signal }))
      read.push(
        'peer' in data
          ? `${data.peer.kind} ${data.connected}`
          : `${type} ${(data as { server: string }).server}`
      )
  })()
  const grace = await cast.open('grace')
  await grace.servers.join((await server.invites.create()).link as string)
  await until('both kinds were read', () =>
    ['member true', `sync:progress ${server.id}`].every(each => read.includes(each))
  )
  await grace.close()
  await until('that she went was read', () => read.at(-1) === 'member false')
  stop.abort()
  await reading
})
