/** Whoever is removed learns of it though gossip does not tell, and comes back over the connection there is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Server } from '@xcord/sdk'
import type { Transport } from '@xcord/core/net'
import { createWorld, type World } from './faults.fixture.ts'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
let world: World
beforeEach(async () => {
  cast = await createCast()
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
  await cast.end()
})

/** A transport whose gossip brings nothing while it is deaf; its subscriptions say otherwise. */
function deafened(transport: Transport, isDeaf: () => boolean): Transport {
  const { gossip } = transport
  const deaf = new Proxy(gossip, {
    get: (target, name) => {
      if (name === 'validate')
        return (judge: Parameters<typeof gossip.validate>[0]) =>
          target.validate(async message => (isDeaf() ? 'ignore' : await judge(message)))
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    }
  })
  return new Proxy(transport, {
    get: (target, name) => {
      if (name === 'gossip') return deaf
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    }
  })
}

/** ada founds, alan joins by an invite that is no more; gives why alan's servers went. */
async function two(
  ada: Client,
  alan: Client
): Promise<{ readonly server: Server; readonly causes: readonly string[] }> {
  const causes: string[] = []
  alan.on('server:leave', ({ server }) => void causes.push(server.cause))
  const server = await ada.servers.create({ name: 'Engine' })
  const invite = await server.invites.create()
  const alans = await alan.servers.join(invite.link as string)
  await until('ada knows alan', () => server.members.get('alan') !== undefined)
  await invite.revoke()
  await server.channel('general').send('while alan was here')
  await until('alan reads it', async () => (await texts(alans)).includes('while alan was here'))
  return { server, causes }
}

async function comeBack(server: Server, alan: Client): Promise<void> {
  const back = await alan.servers.join((await server.invites.create()).link as string)
  await until('ada has alan back', () => server.members.get('alan') !== undefined)
  await back.channel('general').send('sorry')
  await until('ada reads alan', async () => (await texts(server)).includes('sorry'))
  await server.channel('general').send('welcome back')
  await until('alan reads ada', async () => (await texts(back)).includes('welcome back'))
}

describe('a removed member whom gossip does not tell', () => {
  it.each(['kick', 'ban'] as const)(
    '[SY3, IV3] learns of a %s over sync, and nothing else; comes back on the same connection',
    async verb => {
      let deaf = false
      const ada = await world.open('ada')
      const alan = await world.open('alan', { wrap: each => deafened(each, () => deaf) })
      const { server, causes } = await two(ada, alan)
      const connections = world
        .transportOf('alan')
        .connections()
        .map(each => each.id)
      deaf = true
      const member = server.members.get('alan')
      if (verb === 'kick') await member?.kick({ reason: 'cool down' })
      else await member?.ban({ reason: 'cool down' })
      await server.channel('general').send('without alan')
      await until('alan knows', () => alan.servers.all.length === 0 && causes.length > 0)
      expect(causes).toEqual([verb === 'kick' ? 'kicked' : 'banned'])
      deaf = false
      if (verb === 'ban') await server.bans.remove(member?.id as never)
      await comeBack(server, alan)
      expect(
        world
          .transportOf('alan')
          .connections()
          .map(each => each.id)
      ).toEqual(connections)
    }
  )

  it('[SY3] learns of it when it is back from being away', async () => {
    const ada = await cast.open('ada')
    const away = await cast.open('alan')
    const { server } = await two(ada, away)
    await away.close()
    await server.members.get('alan')?.kick({ reason: 'cool down' })
    await server.channel('general').send('without alan')
    const alan = await cast.open('alan')
    await until('alan knows', () => alan.servers.all.length === 0)
    await comeBack(server, alan)
  })
})
