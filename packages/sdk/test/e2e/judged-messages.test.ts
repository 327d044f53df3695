/** Messages judged by authority through whole peers over the memory network (AU35 to AU37, NT26). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Envelope } from '@xcord/core/graph'
import type { Client, Server } from '@xcord/sdk'
import { judgeForward } from '../../../core/src/node/intake/arrival-rules.ts'
import { envelopeTable } from '../../../core/src/node/replica/tables.ts'
import { createWorld, publishContent, replicaOf, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

interface Two {
  readonly clients: { readonly ada: Client; readonly alan: Client }
  readonly ada: Server
  readonly alan: Server
}

async function two(): Promise<Two> {
  const ada = await world.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const alan = await world.open('alan')
  const alans = await alan.servers.join((await server.invites.create()).link as string)
  await until(
    'both know both by name',
    () => server.members.get('alan') !== undefined && alans.members.get('ada') !== undefined
  )
  await server.channel('general').send('hello')
  await until('read', async () => (await texts(alans)).join() === 'hello')
  return { clients: { ada, alan }, ada: server, alan: alans }
}

function part({ clients }: Two): () => Promise<void> {
  const heal = world.network.partition([clients.alan.identity.device], [clients.ada.identity.device])
  return async () => {
    heal()
    await clients.ada.connect(clients.alan.addresses()[0] as string)
  }
}

/** Writes as a client would that checks nothing. */
async function force(
  server: Server,
  content: string,
  channel = server.channel('general').id
): Promise<Envelope> {
  return await replicaOf(server).do(work =>
    publishContent(work, channel, {
      kind: 'message',
      content,
      replyTo: null,
      mentions: { users: [], roles: [], everyone: false },
      attachments: []
    })
  )
}

const verdictOf = (on: Server, by: Client, ...bundle: readonly Envelope[]): string =>
  judgeForward(replicaOf(on).current, by.identity.device, bundle, Date.now())

describe('messages judged by authority', () => {
  it('[AU35, NT26] who may not write in a channel is not passed on, and not shown, whatever their client does', async () => {
    const all = await two()
    const { clients, ada, alan } = all
    const quiet = await ada.channels.create({ name: 'quiet' })
    await quiet.permit(ada.roles.get('@everyone') as never, { deny: ['SendMessages'] })
    await until('alan knows', () => alan.channels.get('quiet')?.permits('SendMessages') === false)
    const forum = await ada.channels.create({ kind: 'forum', name: 'ideas' })
    await until('alan sees the forum', () => alan.channels.get('ideas') !== undefined)
    const channel = quiet.id
    // A key for the channel is needed to write there at all: ada's.
    await quiet.send('silence, please')
    await until('alan reads', async () => (await texts(alan, 'quiet')).length === 1)
    const heal = part(all)
    const rude = await force(alan, 'but', channel)
    const fine = await force(alan, 'elsewhere')
    expect([verdictOf(ada, clients.alan, rude), verdictOf(ada, clients.alan, fine)]).toEqual([
      'ignore',
      'accept'
    ])
    await force(alan, 'in the forum itself', forum.id)
    await heal()
    await until('the rest came', async () => (await texts(ada)).includes('elsewhere'))
    for (const side of [ada, alan]) {
      expect(await texts(side, 'quiet')).toEqual(['silence, please'])
      expect(await texts(side, 'ideas')).toEqual([])
    }
  })

  it('[NT26, ND13] slow mode and automod blame who passes their breach on; a permission does not', async () => {
    const all = await two()
    const { clients, ada, alan } = all
    await ada.automod.create({ name: 'no spam', trigger: { kind: 'words', words: ['spam'] } })
    await ada.channel('general').edit({ slowmodeSeconds: 3_600 })
    await until('alan knows', () => alan.channel('general').slowmodeSeconds === 3_600)
    const heal = part(all)
    const [one, fast] = [await force(alan, 'one'), await force(alan, 'two')]
    const spam = await force(alan, 'spam')
    const verdicts = (): string[] =>
      [[one], [one, fast], [spam]].map(each => verdictOf(ada, clients.alan, ...each))
    expect(verdicts()).toEqual(['accept', 'blame', 'blame'])
    await ada.members.get('alan')?.timeout(600_000)
    expect(verdicts()).toEqual(['ignore', 'ignore', 'ignore'])
    await heal()
  })

  it('[AU36, AU37] what a ban had not seen is hidden, seen by its author and moderators, and shown again by one', async () => {
    const all = await two()
    const { clients, ada, alan } = all
    const grace = await world.open('grace')
    const graces = await grace.servers.join((await ada.invites.create()).link as string)
    await until('grace is in', () => alan.members.all.length === 3)
    await alan.channel('general').send('before')
    await until('all read', async () => (await texts(graces)).includes('before'))
    const heal = world.network.partition(
      [clients.alan.identity.device],
      [clients.ada.identity.device, grace.identity.device]
    )
    await ada.members.get('alan')?.ban({ reason: 'a mistake' })
    const apart = await alan.channel('general').send('unseen by the ban')
    await alan.channel('general').send('and another')
    await until('grace knows of the ban', () => graces.members.all.length === 2)
    heal()
    // What the banned wrote comes by whom they still reach; they themselves are told nothing any more.
    await clients.ada.connect(clients.alan.addresses()[0] as string)
    await clients.alan.connect(grace.addresses()[0] as string)
    const replica = replicaOf(ada)
    const source = replicaOf(alan)
    const device = clients.alan.identity.device
    const bytes = await envelopesOf(source, device)
    await replica.deliver('envelopes', bytes, device)
    await until('it came, hidden', async () => {
      const page = await ada.channel('general').page({ hidden: true })
      return page.filter(each => each.standing === 'voided').length === 2
    })
    expect(await texts(ada)).toEqual(['hello', 'before'])
    await replicaOf(graces).deliver('envelopes', bytes, clients.ada.identity.device)
    const seen = async (): Promise<string[]> =>
      (await graces.channel('general').page({ hidden: true })).map(each => each.content)
    expect(await seen()).toEqual(['hello', 'before'])
    const held = await ada.channel('general').message(apart.id)
    await expect((await graces.channel('general').message(apart.id)).readmit()).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await held.readmit({ reason: 'nothing wrong with it' })
    await until(
      'grace reads it',
      async () => (await texts(graces)).join() === 'hello,before,unseen by the ban'
    )
    expect(await texts(ada)).toEqual(['hello', 'before', 'unseen by the ban'])
    await expect((await ada.channel('general').message(apart.id)).readmit()).rejects.toMatchObject({
      code: 'XCORD_CONFLICT'
    })
    expect((await ada.audit({ action: 'member:readmit' })).items).toMatchObject([
      { reason: 'nothing wrong with it' }
    ])
    expect(ada.stateHash).toBe(graces.stateHash)
  })

  it('[AU37] what no cut hides cannot be shown again: the denial has to be lifted', async () => {
    const all = await two()
    const { ada, alan } = all
    const heal = part(all)
    await ada.channel('general').permit(ada.roles.get('@everyone') as never, { deny: ['SendMessages'] })
    const { id } = await alan.channel('general').send('too late')
    await heal()
    const held = await until('it came, hidden', async () =>
      (await ada.channel('general').page({ hidden: true })).find(
        each => each.id === id && each.standing === 'voided'
      )
    )
    await expect(held.readmit()).rejects.toMatchObject({ code: 'XCORD_CONFLICT', details: { rule: 'AU37' } })
  })
})

/** Everything a device wrote, as another peer would be handed it. */
async function envelopesOf(
  replica: ReturnType<typeof replicaOf>,
  device: string
): Promise<readonly Uint8Array[]> {
  const { deps, server } = replica.current
  const found: Uint8Array[] = []
  for await (const { value } of deps.database
    .table(envelopeTable)
    .scan({ prefix: [server, device as never] }))
    found.push(value.bytes)
  return found
}
