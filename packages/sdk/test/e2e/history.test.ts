/** History modes through whole peers over the memory network (EK15, EK19). */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Member, Server } from '@xcord/sdk'
import { createWorld, type World } from './faults.fixture.ts'
import { type Joined, joinAs, texts, until } from './peers.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

const join = (name: string, server: Server): Promise<Joined> => joinAs(world, name, server)

test('[EK15] join: a newcomer reads what comes after it, and learns even a sealed name; who was there reads all', async () => {
  const ada = await world.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const alan = await join('alan', server)
  const staff = await server.roles.create({ name: 'staff' })
  await staff.grant(server.members.get('alan') as Member)
  const log = await server.channels.create({ name: 'log', history: 'join' })
  const vault = await server.channels.create({
    name: 'vault',
    private: true,
    history: 'join',
    overwrites: [{ target: staff, allow: ['ViewChannel', 'SendMessages'] }]
  })
  await log.send('before')
  await vault.send('before in there')
  await until('alan reads', async () =>
    alan.server.channels.get('vault') === undefined ? false : (await texts(alan.server, 'vault')).length === 1
  )

  const grace = await join('grace', server)
  await until('grace sees it', () => grace.server.channels.get('log') !== undefined)
  await staff.grant(server.members.get('grace') as Member)
  await log.send('after')
  await vault.send('after in there')
  await until('grace reads', async () => (await texts(grace.server, 'log')).includes('after'))
  await until('grace knows the name', () => grace.server.channels.get('vault') !== undefined)
  await until('grace reads there', async () =>
    (await texts(grace.server, 'vault')).includes('after in there')
  )
  expect(await texts(grace.server, 'log')).toEqual(['after'])
  expect(await texts(grace.server, 'vault')).toEqual(['after in there'])
  await until('what came before is held', () => grace.server.unopened().length > 0)
  expect(new Set(grace.server.unopened().map(each => each.cause))).toEqual(new Set(['before-you']))
  expect(grace.server.unopened()[0]?.author).toBe(ada.identity.id)
  expect(await grace.client.doctor()).toMatchObject({
    checks: expect.arrayContaining([expect.objectContaining({ check: 'unopened', ok: true })])
  })
  await until('alan reads on', async () => (await texts(alan.server, 'log')).length === 2)
  expect(await texts(alan.server, 'vault')).toEqual(['before in there', 'after in there'])
  expect(log.toJSON()).toMatchObject({ history: 'join' })
})

test('[EK15] window: a newcomer is given the days by who may share them', async () => {
  const ada = await world.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const log = await server.channels.create({ name: 'log', history: { days: 3 } })
  await log.send('yesterday, say')
  const grace = await join('grace', server)
  await until('grace reads', async () =>
    grace.server.channels.get('log') === undefined
      ? false
      : (await texts(grace.server, 'log')).join() === 'yesterday, say'
  )
  expect(grace.server.channel('log').toJSON()).toMatchObject({ history: 'window', historyDays: 3 })
  await log.edit({ history: 'all' })
  await until('grace knows', () => grace.server.channel('log').toJSON().history === 'all')
})
