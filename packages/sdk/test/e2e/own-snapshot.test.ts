/** ND24: a server opens from the peer's own snapshot, and reads all operations when something asks for them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OperationId } from '@xcord/core/base'
import type { Client, Member, Server } from '@xcord/sdk'
import { createWorld, replicaOf, snapshotTable, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

/** As few operations as a test has; the six newest stay outside. */
const snapshots = { every: 1_000, closing: 1, lag: 6 }

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

const serverOf = (client: Client): Server => client.servers.all[0] as Server
const isFromSnapshot = (server: Server): boolean => replicaOf(server).current.settled !== undefined
const same = async (a: Server, b: Server): Promise<void> => {
  await until('both hold the same', () => a.heads().stateHash === b.heads().stateHash)
  expect(a.heads().operations).toBe(b.heads().operations)
}

/** Ada's server with grace and alan, a history, and ada gone offline: she keeps a snapshot. */
async function story(): Promise<{ ada: Client; grace: Client; alan: Client; graces: Server }> {
  const ada = await world.open('ada', { snapshots })
  const server = await ada.servers.create({ name: 'Engine' })
  const [grace, alan] = [await world.open('grace'), await world.open('alan')]
  const graces = await grace.servers.join((await server.invites.create()).link as string)
  await alan.servers.join((await server.invites.create()).link as string)
  await until('ada knows both', () => server.members.all.length === 3)
  const mods = await server.roles.create({
    name: 'mods',
    permissions: ['ManageChannels', 'BanMembers', 'ViewAuditLog']
  })
  await mods.grant(server.members.get('grace') as Member)
  for (const name of ['one', 'two', 'three', 'four', 'more', 'most', 'last'])
    await server.channels.create({ name })
  await server.channel('general').send('before')
  await graces.channel('general').send('hers')
  await until(
    'both have read',
    async () => (await texts(server)).length === 2 && (await texts(graces)).length === 2
  )
  await same(server, graces)
  await ada.close()
  return { ada, grace, alan, graces }
}

describe('a server opened from a snapshot', () => {
  it('[ND24] tells the same state, reads and writes on, and takes new operations without the old ones', async () => {
    const { graces } = await story()
    const again = serverOf(await world.open('ada', { snapshots }))
    expect(isFromSnapshot(again)).toBe(true)
    expect(replicaOf(again).current.log.settledCount()).toBeGreaterThan(5)
    await same(again, graces)
    expect(await texts(again)).toEqual(['before', 'hers'])
    await again.channel('general').send('after')
    await again.channels.create({ name: 'five' })
    await graces.channels.create({ name: 'six' })
    await until('grace reads it', async () => (await texts(graces)).includes('after'))
    await until(
      'all channels are here',
      () => again.channels.get('six') !== undefined && graces.channels.get('five') !== undefined
    )
    await again.members.get('alan')?.kick()
    await until('alan is out', () => graces.members.all.length === 2)
    await again.channel('one').send('without alan')
    await until('grace reads that', async () => (await texts(graces, 'one')).includes('without alan'))
    await same(again, graces)
    expect(isFromSnapshot(again)).toBe(true)
  })

  it('[ND24] makes the next snapshot from the one before', async () => {
    const { graces } = await story()
    const second = await world.open('ada', { snapshots })
    const first = replicaOf(serverOf(second)).current.log.settledCount()
    for (const name of ['five', 'six', 'seven']) await serverOf(second).channels.create({ name })
    await second.close()
    const third = serverOf(await world.open('ada', { snapshots }))
    expect(replicaOf(third).current.log.settledCount()).toBeGreaterThan(first)
    await same(third, graces)
    expect((await third.audit({ action: 'channel:create' })).items).toHaveLength(11)
  })

  it('[ND24] reads all operations for the audit log, bans, an explanation and an export', async () => {
    const { graces } = await story()
    const asks: readonly ((server: Server) => Promise<unknown>)[] = [
      async server => (await server.audit({ action: 'role' })).items,
      async server => await server.bans.list(),
      async server => (await server.explain({ operation: server.heads().heads[0] as OperationId })).code,
      async server => {
        for await (const piece of server.export()) if (piece.length === 0) throw new Error('empty')
      }
    ]
    for (const ask of asks) {
      const client = await world.open('ada', { snapshots })
      const again = serverOf(client)
      expect(isFromSnapshot(again)).toBe(true)
      const [one, other] = [await ask(again), await ask(graces)]
      expect(one).toEqual(other)
      expect(isFromSnapshot(again)).toBe(false)
      await same(again, graces)
      await client.close()
    }
  })

  it('[ND24] serves a newcomer everything, with nobody else online', async () => {
    const { grace, alan, ada } = await story()
    for (const each of [grace, alan, ada]) await each.close()
    const again = serverOf(await world.open('ada', { snapshots }))
    expect(isFromSnapshot(again)).toBe(true)
    const newcomer = await world.open('zoe')
    const zoes = await newcomer.servers.join((await again.invites.create()).link as string)
    await same(again, zoes)
    await until('zoe reads the past', async () => (await texts(zoes)).length === 2)
    await until('ada knows zoe', () => again.members.get('zoe') !== undefined)
  })

  it('[ND24] takes what was written apart from it, before it was made', async () => {
    const { graces, grace } = await story()
    await grace.close()
    // Grace's copy is from before all that follows: what she does then is concurrent with it.
    const second = await world.open('ada', { snapshots })
    for (const name of ['5', '6', '7', '8', '9', '10', '11', '12', '13', '14'])
      await serverOf(second).channels.create({ name })
    await second.close()
    const apart = await world.open('grace')
    await serverOf(apart).channels.create({ name: 'apart' })
    await serverOf(apart).channel('general').send('apart')
    const again = serverOf(await world.open('ada', { snapshots }))
    expect(isFromSnapshot(again)).toBe(true)
    await until('it is here', () => again.channels.get('apart') !== undefined)
    await until('and what was said', async () => (await texts(again)).includes('apart'))
    await same(again, serverOf(apart))
    expect(isFromSnapshot(again)).toBe(false)
    expect(graces.id).toBe(again.id)
  })

  it('[ND24] a snapshot that is damaged or does not fit is not used, and nothing is lost', async () => {
    const { graces } = await story()
    const damage: readonly ((server: Server) => Promise<void>)[] = [
      // A row that does not open.
      async server => {
        const { database } = replicaOf(server).current.deps
        for await (const { rawKey } of database.table(snapshotTable).scan({ prefix: [server.id] }))
          await world.storeOf('ada').write([{ key: rawKey, value: new Uint8Array(40) }])
      },
      // A piece that says nothing.
      async server => {
        const batch = replicaOf(server).current.deps.database.batch()
        await batch
          .put(snapshotTable, [server.id as never, 0], { version: 1, part: 0, bytes: Uint8Array.of(1) })
          .commit()
      },
      // The end is missing.
      async server => {
        const { database } = replicaOf(server).current.deps
        const batch = database.batch()
        for await (const row of database.table(snapshotTable).scan({ prefix: [server.id], from: 2 }))
          batch.deleteRow(snapshotTable, row)
        await batch.commit()
      },
      // A chunk is another.
      async server => {
        const batch = replicaOf(server).current.deps.database.batch()
        await batch
          .put(snapshotTable, [server.id as never, 1], { version: 1, part: 1, bytes: Uint8Array.of(0x80) })
          .commit()
      }
    ]
    for (const harm of damage) {
      const client = await world.open('ada', { snapshots: { ...snapshots, closing: 1_000 } })
      await harm(serverOf(client))
      await client.close()
      const again = await world.open('ada', { snapshots: { ...snapshots, closing: 0 } })
      expect(isFromSnapshot(serverOf(again))).toBe(false)
      await same(serverOf(again), graces)
      expect((await serverOf(again).audit({ action: 'channel:create' })).items).toHaveLength(8)
      // Made again on closing.
      await again.close()
      const healed = await world.open('ada', { snapshots: { ...snapshots, closing: 1_000 } })
      expect(isFromSnapshot(serverOf(healed))).toBe(true)
      await healed.close()
    }
  })
})
