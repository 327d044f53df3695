/** Work without any network, on real profiles: all of it is kept, sent later in order, and what fell meanwhile is told. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EventJson, Member, Server } from '@xcord/sdk'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

/** Everything that staff do in a day. */
async function work(server: Server, emil: string): Promise<void> {
  const general = server.channel('general')
  const first = await general.send('one')
  const second = await general.send({ content: 'two', replyTo: first })
  await general.send({
    content: 'a file',
    files: [{ name: 'a.txt', bytes: new TextEncoder().encode('hello') }]
  })
  await first.edit('one, edited')
  await second.react('👍')
  await (await general.send('to be deleted')).delete()
  const thread = await general.threads.create({ name: 'aside', content: 'in a thread' })
  await thread.send('more of it')
  const made = await server.channels.create({ name: 'workshop', topic: 'tools' })
  await made.edit({ slowmodeSeconds: 1 })
  await made.send('in a channel made offline')
  const crew = await server.roles.create({ name: 'crew' })
  await crew.grant(emil as never)
  await server.me.setNick('Alan of staff')
  await (server.members.get(emil) as Member).timeout(600_000)
  await server.invites.create()
}

test('[SY18, AU19, ND1] what is done without a network outlives the process, arrives in order, and what was voided meanwhile is told with its rule', async () => {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const link = (await server.invites.create()).link as string
  const emil = await cast.open('emil')
  const emils = await emil.servers.join(link)
  const before = await cast.open('alan')
  const joined = await before.servers.join(link)
  const staff = await server.roles.create({
    name: 'staff',
    permissions: ['ManageChannels', 'ManageRoles', 'ModerateMembers', 'ManageThreads']
  })
  await staff.move(1)
  await staff.grant(before.identity.id)
  await until('all know', () => joined.stateHash === server.stateHash && joined.members.all.length === 3)
  await before.close()

  const alone = await cast.open('alan', { network: false })
  const cursor = alone.cursor
  await work(alone.servers.all[0] as Server, emil.identity.id)
  const roles = (alone.servers.all[0] as Server).roles.all.map(each => each.name)
  expect(roles).toContain('crew')
  const [sent] = await (alone.servers.all[0] as Server).channel('general').page({ limit: 1 })
  expect(sent?.delivery.state).toBe('local')
  await alone.close()
  // Meanwhile, unknown to him, he is no staff any more.
  await staff.revoke(alone.identity.id, { reason: 'away too long' })
  await server.channel('general').send('while you were away')

  const alan = await cast.open('alan')
  const alans = alan.servers.all[0] as Server
  await alan.connect(ada.addresses()[0] as string)
  await until('one state', () => new Set([server, emils, alans].map(each => each.stateHash)).size === 1)
  await until('ada reads all', async () => (await texts(server)).length === 5)
  const own = (await texts(server)).filter(each => each !== 'while you were away')
  expect(own).toEqual(['one, edited', 'two', 'a file', ''])
  await until('emil reads all', async () => (await texts(emils)).length === 5)
  // What needed the role fell; what any member may do stands.
  expect(server.channels.get('workshop')).toBeUndefined()
  expect(server.roles.get('crew')).toBeUndefined()
  expect(server.members.get(alan.identity.id)?.nick).toBe('Alan of staff')
  const told: EventJson[] = []
  const stop = new AbortController()
  await until('he is told', async () => {
    told.length = 0
    for await (const event of alan.events({
      since: cursor,
      types: ['operation:void'],
      signal: stop.signal
    })) {
      told.push(event)
      if (told.length >= 4) break
    }
    return told.length >= 4
  })
  for (const { data } of told as unknown as { data: { own: boolean; rule: string } }[])
    expect(data).toMatchObject({
      own: true,
      rule: expect.stringMatching(/^AU\d+$/) as string,
      reason: expect.stringMatching(/the right to do it/) as string
    })
  await until('nothing waits any more', async () =>
    (await alan.doctor()).checks.every(each => each.check !== 'outbox' || each.ok)
  )
})
