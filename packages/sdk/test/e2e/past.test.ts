/** A server as it stood before a raid: exported, checked by anybody, and founded anew; over whole peers. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Client, type Member, type Role, type Server, verifyServerExport } from '@xcord/sdk'
import { createWorld, type World } from './faults.fixture.ts'
import { type Joined, joinAs, until } from './peers.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

const join = (name: string, server: Server): Promise<Joined> => joinAs(world, name, server)

async function whole(source: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return pieces
}

async function* again(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

/** A server with what servers have, and a member who may do much. */
async function community(): Promise<{
  ada: Client
  server: Server
  grace: Client
  raider: Client
  raided: Server
}> {
  const ada = await world.open('ada')
  const server = await ada.servers.create({ name: 'Engine', channels: ['general'] })
  await server.edit({ description: 'analytical' })
  const grace = await join('grace', server)
  const raider = await join('mallory', server)
  const staff = await server.roles.create({
    name: 'staff',
    permissions: ['ManageChannels', 'ManageRoles'],
    color: '#ff0000'
  })
  const crew = await server.roles.create({ name: 'crew' })
  await staff.move(2)
  await staff.grant(raider.client.identity.id)
  await crew.grant(grace.client.identity.id)
  await server.members.get('grace')?.setNick('Amazing')
  const workshop = await server.channels.create({ name: 'workshop', kind: 'category' })
  await server.channels.create({ name: 'mill', parent: workshop, topic: 'grinding', slowmodeSeconds: 5 })
  const vault = await server.channels.create({
    name: 'vault',
    private: true,
    overwrites: [{ target: crew, allow: ['ViewChannel'] }]
  })
  await vault.permit(grace.client.identity.id, { allow: ['ManageMessages'] })
  await server.automod.create({ name: 'no shouting', trigger: { kind: 'words', words: ['shout'] } })
  const troll = await join('troll', server)
  await server.members.get('troll')?.ban()
  await troll.client.close()
  await until('mallory is staff', () => raider.server.me.roles.some((each: Role) => each.name === 'staff'))
  return { ada, server, grace: grace.client, raider: raider.client, raided: raider.server }
}

test('[SX12, SX13] an owner takes the server as it stood before a raid, anybody checks it, and it begins anew with what members had', async () => {
  const { ada, server, grace, raided } = await community()
  const good = server.stateHash
  await until('mallory knows all', () => raided.stateHash === good)
  const before = new Date()
  await until('time goes on', () => Date.now() > before.getTime() + 5)
  for (const channel of raided.channels.all) await channel.delete()
  await raided.roles.get('crew')?.delete()
  await until('the raid has come', () => server.stateHash === raided.stateHash)
  const entries = (await server.audit({ limit: 50 })).items
  const first = entries.filter(each => each.action === 'channel:delete').at(-1)
  if (first === undefined) throw new Error('no raid')

  const file = await whole(server.export({ before: first.operation as never }))
  const told = await verifyServerExport(again(file))
  expect(told).toMatchObject({ valid: true, past: true, stateHash: good, name: 'Engine', content: null })
  expect(told.roles.map(each => each.name)).toContain('crew')
  // What concerns the time is the same here, since nobody lied about theirs; the raid's first operation is the next one.
  expect((await verifyServerExport(server.export({ until: before }))).stateHash).toBe(good)
  const after = await verifyServerExport(server.export({ until: first.operation as never }))
  expect(after.operations).toBe(told.operations + 1)
  expect((await verifyServerExport(server.export())).past).toBe(false)

  // In the server itself nothing is turned back by it.
  const merged = await ada.servers.import(again(file))
  expect(merged).toMatchObject({ fresh: 0, stateHash: good, merged: server.stateHash })

  const copied = await ada.servers.copy(again(file), { name: 'Engine II' })
  expect(copied).toMatchObject({
    name: 'Engine II',
    roles: 2,
    channels: 4,
    awaited: 2,
    banned: 1,
    unnamed: []
  })
  const anew = copied.server
  expect(anew.id).not.toBe(server.id)
  expect(anew.description).toBe('analytical')
  expect(anew.roles.all.map(each => each.name)).toEqual(
    server.roles.all.map(each => each.name).flatMap(each => (each === 'staff' ? ['staff', 'crew'] : [each]))
  )
  expect(anew.roles.get('staff')).toMatchObject({
    color: '#ff0000',
    permissions: ['ManageChannels', 'ManageRoles']
  })
  expect(anew.channels.all.map(each => each.name).sort()).toEqual(['general', 'mill', 'vault', 'workshop'])
  expect(anew.channel('mill')).toMatchObject({ topic: 'grinding', slowmodeSeconds: 5, synced: true })
  expect(anew.channel('mill').parent).toBe(anew.channel('workshop').id)
  expect(anew.automod.all.map(each => each.name)).toEqual(['no shouting'])
  expect(await anew.bans.list()).toHaveLength(1)

  const joined = await grace.servers.join((await anew.invites.create()).link as string)
  await until('grace has her role back', () => joined.me.roles.some(each => each.name === 'crew'))
  await until('grace sees the vault', () => joined.channels.get('vault') !== undefined)
  await until(
    'grace has all of it',
    () => joined.me.nick === 'Amazing' && joined.channel('vault').permits('ManageMessages')
  )
  await joined.channel('vault').send('here again')
  await until('all is given', () => (anew.members.get(grace.identity.id) as Member).roles.length === 1)
})

test('[SX12] nobody seals a time at which they were not there, and no point that is none', async () => {
  const ada = await world.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const genesis = (await server.audit({ limit: 50 })).items.at(-1)?.operation as never
  const grace = await join('grace', server)
  await expect(whole(grace.server.export({ until: genesis }))).rejects.toMatchObject({
    code: 'XCORD_NOT_A_MEMBER'
  })
  await expect(whole(server.export({ before: genesis }))).rejects.toMatchObject({ code: 'XCORD_USAGE' })
  await expect(whole(server.export({ until: server.id.replace('s', 'o') as never }))).resolves.toBeDefined()
  await expect(whole(server.export({ until: new Date(0) }))).rejects.toMatchObject({ code: 'XCORD_USAGE' })
  expect(() => server.export({ until: genesis, content: true })).toThrow(TypeError)
})
