/** Nodes that go away or never were: peers start, chat and say what is missing. */
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Server } from '@xcord/sdk'
import { cleanUp, runningNode } from '../../../bootstrap-node/test/e2e/processes.ts'
import { chainOf } from './faults.fixture.ts'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

const NOBODY = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
  await cleanUp()
})

async function findingOf(
  client: Client,
  check: string
): Promise<{ readonly ok: boolean; readonly detail: string; readonly remedy?: string }> {
  const found = (await client.doctor()).checks.find(each => each.check === check)
  if (found === undefined) throw new Error(`doctor says nothing of ${check}`)
  return found
}

describe('bootstrap nodes', () => {
  it('[NT6, NT15] one is killed midway among three peers that met through it: over a hundred messages, equal histories', async () => {
    const node = await runningNode()
    const bootstrap = node.status.addresses
    const ada = await cast.open('ada', { bootstrap })
    const server = await ada.servers.create({ name: 'Engine' })
    const link = (await server.invites.create()).link as string
    const clients = [ada, await cast.open('grace', { bootstrap }), await cast.open('alan', { bootstrap })]
    const servers: Server[] = [server]
    for (const client of clients.slice(1)) servers.push(await client.servers.join(link))
    await until('all connected', () =>
      clients.every(each => each.peers().filter(peer => peer.kind === 'member').length === 2)
    )
    await until('doctor sees the node', async () => (await findingOf(ada, 'bootstrap')).ok)
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < 40; i++) {
      for (const [index, each] of servers.entries())
        sent.push(each.channel('general').send(`${index} says ${i}`))
      if (i !== 20) continue
      await Promise.all(sent)
      node.child.kill('SIGKILL')
      await node.ended
    }
    await Promise.all(sent)
    const histories = async (): Promise<readonly string[]> =>
      await Promise.all(
        servers.map(async each => {
          const ids: string[] = []
          for await (const message of each.channel('general').history({ limit: 100 })) ids.push(message.id)
          return ids.join()
        })
      )
    await until(
      'equal histories',
      async () =>
        new Set(await histories()).size === 1 && ((await histories())[0] as string).split(',').length === 120
    )
    for (const author of clients)
      for (const each of servers)
        expect(chainOf(each, author.identity.device)).toMatchObject({ gaps: 0, forks: [] })
    await until('doctor misses the node', async () => !(await findingOf(ada, 'bootstrap')).ok)
  })

  it('[NT9, NT34] one that does not answer: the peer starts, chats, and doctor names the address', async () => {
    const nowhere = `/ip4/127.0.0.1/tcp/1/p2p/${NOBODY}`
    const ada = await cast.open('ada', { bootstrap: [nowhere] })
    const server = await ada.servers.create({ name: 'Engine' })
    const grace = await cast.open('grace', { bootstrap: [nowhere] })
    const joined = await grace.servers.join((await server.invites.create()).link as string)
    await joined.channel('general').send('without any node')
    await until('ada reads', async () => (await texts(server)).includes('without any node'))
    const found = await findingOf(ada, 'bootstrap')
    expect(found.ok).toBe(false)
    expect(`${found.detail} ${found.remedy ?? ''}`).toContain(nowhere)
  })

  it('[NT9, NT34] an address that is none stops nobody either', async () => {
    const ada = await cast.open('ada', { bootstrap: ['http://not-an-address'] })
    const found = await findingOf(ada, 'bootstrap')
    expect(found.ok).toBe(false)
    expect(found.remedy).toContain('http://not-an-address')
  })

  it('[NT2] a port in use is refused with its address, and the profile is free again', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    try {
      await expect(
        cast.open('ada', { network: { listen: [`/ip4/127.0.0.1/tcp/${port}`], mdns: false } })
      ).rejects.toMatchObject({
        code: 'XCORD_PORT_IN_USE',
        message: expect.stringMatching(new RegExp(String(port))) as string
      })
    } finally {
      other.close()
    }
    await (await cast.open('ada')).close()
  })

  it('[ND1] after it was closed, a peer says so instead of waiting for ever', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    await ada.close()
    await expect(server.channel('general').send('too late')).rejects.toMatchObject({ code: 'XCORD_CLOSED' })
    await expect(server.roles.create({ name: 'too late' })).rejects.toMatchObject({ code: 'XCORD_CLOSED' })
  })
})
