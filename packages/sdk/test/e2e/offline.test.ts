/** Both sides of a partition go on; healed, all hold the same state and the same messages. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Server } from '@xcord/sdk'
import { idAs } from '@xcord/core/base'
import { gather as gatherLeaves } from '../../../core/src/node/replica/publish.ts'
import { envelopeTable } from '../../../core/src/node/replica/tables.ts'
import { readItems, takeEnvelopes } from '../../../core/src/node/intake/take-envelopes.ts'
import { takeOperation } from '../../../core/src/node/intake/take-operations.ts'
import { takeRecord } from '../../../core/src/node/intake/take-records.ts'
import { chainOf, createWorld, replicaOf, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

interface Peer {
  readonly client: Client
  readonly server: Server
}

/** The first makes a server, the others join it. */
async function gather(names: readonly string[]): Promise<readonly Peer[]> {
  const peers: Peer[] = []
  let link = ''
  for (const name of names) {
    const client = await world.open(name)
    const server =
      link === '' ? await client.servers.create({ name: 'Engine' }) : await client.servers.join(link)
    if (link === '') link = (await server.invites.create()).link as string
    peers.push({ client, server })
  }
  await meet(peers)
  await until('all know all', () =>
    peers.every(({ server }) => names.every(name => server.members.get(name) !== undefined))
  )
  return peers
}

const deviceOf = ({ client }: Peer): never => client.identity.device as never

/** Everyone dials everyone, as they would within a minute by themselves. */
async function meet(peers: readonly Peer[]): Promise<void> {
  for (const from of peers)
    for (const to of peers) if (from !== to) await from.client.connect(to.client.addresses()[0] as string)
}

/** Everything that people see of a channel. */
async function seen(server: Server): Promise<string> {
  const page = await server.channel('general').page({ limit: 100 })
  return JSON.stringify(
    page.map(({ id, content, deleted, editedAt, reactions }) => ({
      id,
      content,
      deleted,
      editedAt,
      reactions
    }))
  )
}

async function alike(peers: readonly Peer[]): Promise<void> {
  await until('equal states', () => new Set(peers.map(each => each.server.stateHash)).size === 1)
  await until(
    'equal messages',
    async () => new Set(await Promise.all(peers.map(async each => await seen(each.server)))).size === 1
  )
  for (const author of peers) {
    const chains = (): readonly object[] =>
      peers.map(each => chainOf(each.server, author.client.identity.device))
    await until('equal chains', () => new Set(chains().map(each => JSON.stringify(each))).size === 1)
    expect(chains()[0]).toMatchObject({ gaps: 0, forks: [] })
  }
}

describe('a peer that is closed and opened again', () => {
  it('[EN5, AU8] goes on where its chain was, though its last envelope only announced what the turn needed', async () => {
    const [ada, grace] = (await gather(['ada', 'grace'])) as [Peer, Peer]
    const { device } = ada.client.identity
    await ada.server.channel('general').send('before')
    await until('grace has it', async () => (await texts(grace.server)).includes('before'))
    await grace.server.leave()
    await until('she left', () => ada.server.members.get('grace') === undefined)
    const before = chainOf(ada.server, device).tip
    await replicaOf(ada.server).do(work => gatherLeaves(work))
    const { tip } = chainOf(ada.server, device)
    expect(tip).toBeGreaterThan(before)
    await ada.client.close()
    const again = (await world.open('ada')).servers.all[0] as Server
    expect(chainOf(again, device).tip).toBeGreaterThanOrEqual(tip)
    expect(chainOf(again, device)).toMatchObject({ gaps: 0, forks: [] })
  })

  it('[ND40] who left while nobody was there, tells of it when somebody is, though its profile was closed in between', async () => {
    const [ada, grace] = (await gather(['ada', 'grace'])) as [Peer, Peer]
    await ada.client.close()
    await grace.server.channel('general').send('goodbye')
    await grace.server.leave()
    await grace.client.close()
    const left = await world.open('grace')
    expect(left.servers.all).toEqual([])
    const back = await world.open('ada')
    const server = back.servers.all[0] as Server
    await left.connect(back.addresses()[0] as string)
    await until('ada knows that grace left', () => server.members.get('grace') === undefined)
    await until('ada reads her last words', async () => (await texts(server)).includes('goodbye'))
    expect(left.servers.all).toEqual([])
  })

  it('[AU35, EK14] opens what came before that on which it waits, though both came in one turn', async () => {
    const [ada, grace] = (await gather(['ada', 'grace'])) as [Peer, Peer]
    const heal = world.network.partition([deviceOf(ada)], [deviceOf(grace)])
    const { id } = await ada.server.roles.create({ name: 'cited' })
    const message = await ada.server.channel('general').send('cites it')
    const { operation, envelope, records } = await replicaOf(ada.server).do(async ({ state }) => {
      const row = await state.deps.database
        .table(envelopeTable)
        .get([state.server, state.self, state.author(state.self).chain.tip()?.seq as number, message.id])
      return {
        operation: state.log.get(idAs('o', id))?.bytes as Uint8Array,
        envelope: row?.bytes as Uint8Array,
        records: state.ring.records().map(each => each.bytes)
      }
    })
    await replicaOf(grace.server).do(async work => {
      const read = readItems(work, [envelope])
      if (!read.ok) throw new Error(read.reason)
      await takeEnvelopes(work, read.value, deviceOf(ada), false)
      expect(work.state.pending.size).toBe(1)
      takeOperation(work.state, work.turn, work.news, operation, deviceOf(ada))
      for (const bytes of records) {
        const taken = takeRecord(work.state, work.turn, bytes, deviceOf(ada))
        if (taken.kind === 'fresh') work.openedKeys(taken.opened)
      }
    })
    expect(await texts(grace.server)).toContain('cites it')
    heal()
  })
})

describe('two halves of a server', () => {
  it('[AU23, SY9] moderate each other unseen, and agree after the heal', async () => {
    const peers = await gather(['ada', 'grace', 'alan', 'edsger'])
    const [ada, grace, alan, edsger] = peers as [Peer, Peer, Peer, Peer]
    const permissions = [
      'KickMembers',
      'BanMembers',
      'ManageMessages',
      'ManageChannels',
      'ManageRoles'
    ] as const
    // A new role goes lowest: grace ranks above alan.
    await (
      await ada.server.roles.create({ name: 'chiefs', permissions })
    ).grant(ada.server.members.get('grace') as never)
    await (
      await ada.server.roles.create({ name: 'mods', permissions })
    ).grant(ada.server.members.get('alan') as never)
    await until('the roles are known', () => [grace, alan].every(each => each.server.me.roles.length === 1))
    const contested = await ada.server.channel('general').send('contested')
    await until('all have it', async () =>
      (await Promise.all(peers.map(async each => (await texts(each.server)).includes('contested')))).every(
        Boolean
      )
    )

    const heal = world.network.partition([ada, grace].map(deviceOf), [alan, edsger].map(deviceOf))
    for (let i = 0; i < 5; i++) {
      await ada.server.channel('general').send(`left ${i}`)
      await edsger.server.channel('general').send(`right ${i}`)
    }
    // Each side's moderator removes somebody of the other, a name is taken twice, one message is edited here and deleted there.
    await grace.server.members.get('alan')?.kick({ reason: 'left says so' })
    await alan.server.members.get('edsger')?.ban({ reason: 'right says so' })
    await ada.server.roles.get('mods')?.revoke(ada.server.members.get('alan') as never)
    await ada.server.channels.create({ name: 'workshop' })
    await alan.server.channels.create({ name: 'workshop' })
    await alan.server.channel('general').send('alan speaks on his side')
    await contested.edit('contested and edited')
    await (await alan.server.channel('general').message(contested.id)).delete()
    await grace.server.channel('general').send('grace speaks on her side')
    await until('ada reads grace', async () => (await texts(ada.server)).includes('grace speaks on her side'))
    expect(ada.server.stateHash).not.toBe(edsger.server.stateHash)

    heal()
    await meet(peers)
    await alike([ada, grace])
    // The higher rank's removal stands and takes what it outranks with it (AU23): alan is out, his ban void.
    expect(ada.server.members.all.map(each => each.name).sort()).toEqual(['ada', 'edsger', 'grace'])
    await until('alan knows', () => alan.client.servers.all.length === 0)
    await until('edsger is back', () => edsger.client.servers.all.length === 1)
    await alike([ada, grace, { client: edsger.client, server: edsger.client.servers.all[0] as Server }])
    expect(await texts(ada.server)).toEqual(
      expect.arrayContaining(['left 4', 'right 4', 'contested and edited'])
    )
    expect(await texts(ada.server)).not.toContain('alan speaks on his side')
    expect(ada.server.channels.all.filter(each => each.name === 'workshop')).toHaveLength(1)
    await ada.server.channel('general').send('after all that')
    await until('chat goes on', async () => (await texts(grace.server)).includes('after all that'))
  })

  it('[AU25, EK9] a ban on one side reaches what the banned wrote on the other', async () => {
    const peers = await gather(['ada', 'grace', 'mallory'])
    const [ada, grace, mallory] = peers as [Peer, Peer, Peer]
    await mallory.server.channel('general').send('known before')
    await until(
      'known',
      async () =>
        (await texts(ada.server)).includes('known before') &&
        (await texts(grace.server)).includes('known before')
    )
    const heal = world.network.partition([ada].map(deviceOf), [grace, mallory].map(deviceOf))
    await ada.server.members.get('mallory')?.ban({ reason: 'enough' })
    await mallory.server.channel('general').send('written unknowing')
    await until('grace has it', async () => (await texts(grace.server)).includes('written unknowing'))
    heal()
    await meet(peers)
    await alike([ada, grace])
    expect(await texts(ada.server)).toEqual(['known before'])
    // Whether mallory has heard yet or not: nothing of hers goes out, nothing of ours comes in.
    const goOn = async (): Promise<unknown> => await mallory.server.channel('general').send('anybody?')
    await goOn().catch(() => undefined)
    await ada.server.channel('general').send('without mallory')
    await until('grace reads on', async () => (await texts(grace.server)).includes('without mallory'))
    expect(await texts(grace.server)).toEqual(['known before', 'without mallory'])
    // Who has heard of its ban sees no channels any more.
    expect(await texts(mallory.server).catch(() => [])).not.toContain('without mallory')
  })

  it('[SY5] three islands of one member each meet again', async () => {
    const peers = await gather(['ada', 'grace', 'alan'])
    const heals = peers.map((peer, index) =>
      world.network.partition([deviceOf(peer)], peers.filter((_, other) => other !== index).map(deviceOf))
    )
    for (let i = 0; i < 20; i++)
      for (const peer of peers) await peer.server.channel('general').send(`${peer.client.identity.name} ${i}`)
    for (const heal of heals) heal()
    await meet(peers)
    await alike(peers)
    expect(await texts((peers[0] as Peer).server)).toHaveLength(60)
  })
})
