import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'
import { startNode } from './node.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

describe('peers with a node, and after it', () => {
  it('[ND9, NT10] a link leads to any member online by way of a node, when its maker is away', async () => {
    const node = await startNode()
    try {
      const bootstrap = [node.address]
      const ada = await cast.open('ada', { bootstrap })
      const server = await ada.servers.create({ name: 'Engine' })
      const link = (await server.invites.create()).link as string
      const grace = await cast.open('grace', { bootstrap })
      const graces = await grace.servers.join(link)
      await until('grace knows the invite', () => graces.invites.all.length === 1)
      await ada.close()
      const alan = await cast.open('alan', { bootstrap })
      const alans = await until(
        'alan finds grace',
        async () => await alan.servers.join(link, { timeoutMs: 5_000 }).catch(() => undefined)
      )
      await alans.channel('general').send('found you')
      await until('grace reads alan', async () => (await texts(graces)).includes('found you'))
    } finally {
      await node.stop()
    }
  })

  it('[NT9, NT13] the chat goes on without the node, and members find each other again after restarts', async () => {
    const node = await startNode()
    const ada = await cast.open('ada', { bootstrap: [node.address] })
    const server = await ada.servers.create({ name: 'Engine' })
    const grace = await cast.open('grace', { bootstrap: [node.address] })
    const graces = await grace.servers.join((await server.invites.create()).link as string)
    await until('both are members', () => server.members.all.length === 2)
    await node.stop()
    await server.channel('general').send('no node now')
    await until('grace reads on', async () => (await texts(graces)).includes('no node now'))
    await grace.close()
    await server.channel('general').send('while you were out')
    const back = await cast.open('grace', { bootstrap: [node.address] })
    const again = back.servers.all[0]
    if (again === undefined) throw new Error('grace lost the server')
    await until('grace catches up by the address she remembers', async () =>
      (await texts(again)).includes('while you were out')
    )
  })

  it('[ND11] a profile listens on its own port again', async () => {
    const first = await cast.open('ada')
    const address = first.addresses()[0]
    await first.close()
    const again = await cast.open('ada')
    expect(again.addresses()[0]).toBe(address)
  })

  it('[ND3, ND6] a profile opens as it was, and offers what nobody has yet', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine', channels: ['general', 'dev'] })
    const link = (await server.invites.create()).link as string
    const message = await server.channel('general').send('written alone')
    const hash = server.stateHash
    await ada.close()
    const again = await cast.open('ada')
    const reopened = again.servers.all[0]
    if (reopened === undefined) throw new Error('ada lost the server')
    expect(reopened.stateHash).toBe(hash)
    expect(reopened.channels.all.map(each => each.name)).toEqual(['general', 'dev'])
    expect((await reopened.channel('general').message(message.id)).delivery.state).toBe('local')
    const grace = await cast.open('grace')
    await grace.servers.join(link)
    const held = await reopened.channel('general').message(message.id)
    expect((await held.reached('delivered')).holders).toBe(1)
  })
})
