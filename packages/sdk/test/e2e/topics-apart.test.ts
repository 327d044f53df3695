/** Two topics drawn at once on two sides of a partition, and somebody who came in on one of them meanwhile. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Client, Server } from '@xcord/sdk'
import { createWorld, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

test('[EK14, ND25] a newcomer reads what was written under a topic that the other side drew and nobody uses any more', async () => {
  const ada = await world.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const link = (await server.invites.create()).link as string
  const clients: Client[] = []
  const sides: Server[] = []
  for (const name of ['grace', 'dora', 'emil']) {
    const client = await world.open(name)
    clients.push(client)
    sides.push(await client.servers.join(link))
  }
  const [grace, dora, emil] = clients as [Client, Client, Client]
  const [graces] = sides as [Server]
  const staff = await server.roles.create({ name: 'staff', permissions: ['KickMembers', 'BanMembers'] })
  await staff.move(1)
  await staff.grant(grace.identity.id)
  await until('one state', () => new Set([server, ...sides].map(each => each.stateHash)).size === 1)

  const devices = (of: readonly Client[]): never => of.map(each => each.identity.device) as never
  const heal = world.network.partition(devices([grace, dora]), devices([ada, emil]))
  // Both sides put somebody out, and draw a topic for it; the owner's counts afterwards.
  await graces.members.get('dora')?.ban()
  await graces.channel('general').send('under a topic of our own')
  const alan = await world.open('alan')
  const apart = world.network.partition(devices([grace, dora]), devices([alan]))
  const alans = await alan.servers.join(link)
  await server.members.get('emil')?.kick()
  await server.channel('general').send('under ours')
  await until('alan reads this side', async () => (await texts(alans)).includes('under ours'))
  heal()
  apart()
  await grace.connect(ada.addresses()[0] as string)
  await grace.connect(alan.addresses()[0] as string)
  await until('grace reads both', async () => (await texts(graces)).length === 2)
  await until('alan reads both', async () => (await texts(alans)).length === 2)
  expect(alans.unopened()).toEqual([])
  expect([dora, emil].map(each => each.servers.all.length)).toEqual([1, 0])
})
