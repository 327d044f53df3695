/** A ban in a server of twenty, during a partition, over the memory network (EK8 to EK10). */
import { expect, test } from 'vitest'
import { KINDS } from '@xcord/core/authority'
import type { Operation } from '@xcord/core/graph'
import type { Client, Server } from '@xcord/sdk'
import { createWorld, replicaOf } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

const MEMBERS = 20

test('[EK9] T2: a ban during a partition: the banned, with all stored bytes there are, opens nothing sent by who knew of it', async () => {
  const world = await createWorld()
  try {
    const ada = await world.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const all: { client: Client; server: Server }[] = [{ client: ada, server }]
    for (let n = 1; n < MEMBERS; n++) {
      const client = await world.open(`member${n}`)
      all.push({ client, server: await client.servers.join((await server.invites.create()).link as string) })
    }
    await until('all know all', () => all.every(each => each.server.members.all.length === MEMBERS))
    await server.channel('general').send('before')
    await until('all read', async () => {
      for (const each of all) if (!(await texts(each.server)).includes('before')) return false
      return true
    })
    const out = all[7] as { client: Client; server: Server }
    const devices = (part: readonly { client: Client }[]): never[] =>
      part.map(each => each.client.identity.device) as never[]
    const [here, there] = [all.slice(0, 7), all.slice(7)]
    const heal = world.network.partition(devices(here), devices(there))
    await server.members.get('member7')?.ban()
    await until('half knows', () => here.every(each => !knows(each.server, out)))
    for (const [n, each] of here.entries()) await each.server.channel('general').send(`secret ${n}`)
    await there[3]?.server.channel('general').send('who had not heard')
    heal()
    for (const each of there) await each.client.connect(ada.addresses()[0] as string).catch(() => undefined)
    const rest = all.filter(each => each !== out)
    await until('all others read everything', async () => {
      for (const each of rest) {
        const read = await texts(each.server)
        if (!here.every((_, n) => read.includes(`secret ${n}`))) return false
      }
      return true
    })
    await there[5]?.server.channel('general').send('now all have heard')
    await until('they read on', async () => (await texts(server)).includes('now all have heard'))

    // Their copied store, keys and every byte that any member holds: a ring of theirs that was handed everything.
    const { ring } = replicaOf(out.server).current
    for (const each of rest)
      for (const record of replicaOf(each.server).current.ring.records()) ring.add(record.bytes, Date.now())
    const opened = new Set(ring.keys().flatMap(key => (key.opened ? [key.keyId] : [])))
    const { log, ring: adas } = replicaOf(server).current
    const ban = [...log.operations()].find(each => each.kind === KINDS.ban[0]) as Operation
    const newer = adas
      .keys()
      .map(key => key.keyId)
      .filter(keyId =>
        adas
          .records()
          .some(
            ({ body, frontier }) => 'after' in body && body.keyId === keyId && log.covers(frontier, ban.id)
          )
      )
    expect(opened.size).toBeGreaterThan(1)
    expect(newer.length).toBeGreaterThan(1)
    expect(newer.filter(keyId => opened.has(keyId))).toEqual([])
    expect(out.server.channels.all).toEqual([])
  } finally {
    await world.end()
  }
})

const knows = (server: Server, member: { client: Client }): boolean =>
  server.members.all.some(each => each.id === member.client.identity.id)
