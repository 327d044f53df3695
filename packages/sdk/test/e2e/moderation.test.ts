import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cast, createCast, openThree, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

describe('roles, kick and ban between real peers', () => {
  it('[AU14] refuses what a member may not do, before anything is signed, and names the permission', async () => {
    const { server, graces } = await openThree(cast)
    const before = server.stateHash
    await expect(graces.channels.create({ name: 'nope' })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED',
      details: { permission: 'ManageChannels' }
    })
    await expect(graces.members.get('ada')?.kick()).rejects.toMatchObject({ code: 'XCORD_PERMISSION_DENIED' })
    const theirs = await server.channel('general').send('not yours')
    const seen = await until('grace sees it', async () =>
      (await graces.channel('general').page()).find(each => each.id === theirs.id)
    )
    await expect(seen.edit('mine now')).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED',
      details: { rule: 'AU38' }
    })
    await expect(seen.delete()).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED',
      details: { permission: 'ManageMessages' }
    })
    expect(server.stateHash).toBe(before)
  })

  it('[AU12] lets a role do what it says, everywhere, and no longer once it is taken back', async () => {
    const { server, graces, alans } = await openThree(cast)
    const role = await server.roles.create({
      name: 'builder',
      permissions: ['ManageChannels'],
      color: '#5865f2'
    })
    await role.grant(server.members.get('grace') as never)
    await until('grace holds it', () => graces.me.roles.some(each => each.name === 'builder'))
    await graces.channels.create({ name: 'workshop', topic: 'tools' })
    await until('alan sees the channel', () => alans.channels.get('workshop')?.topic === 'tools')
    await server.roles.get('builder')?.revoke(server.members.get('grace') as never)
    await until('grace lost it', () => graces.me.roles.length === 0)
    await expect(graces.channels.create({ name: 'another' })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await until(
      'all agree',
      () => server.stateHash === graces.stateHash && graces.stateHash === alans.stateHash
    )
  })

  it('[EK9, EK11, ND5, ND10] a kicked member learns of it, reads nothing newer, and may come back by a link', async () => {
    const { ada, alan, server, graces, link } = await openThree(cast)
    const left: string[] = []
    alan.on('server:leave', ({ server: gone }) => void left.push(gone.cause))
    const kicked: string[] = []
    ada.on('member:kick', ({ member, reason }) => void kicked.push(`${member.name}: ${reason}`))
    await server.members.get('alan')?.kick({ reason: 'cool down' })
    await until('alan knows', () => alan.servers.all.length === 0)
    await until('both were told', () => left.length > 0 && kicked.length > 0)
    expect(left).toEqual(['kicked'])
    expect(kicked).toEqual(['alan: cool down'])
    await server.channel('general').send('without alan')
    await until('grace reads on', async () => (await texts(graces)).includes('without alan'))
    const back = await alan.servers.join(link)
    await until('alan is back', () => server.members.get('alan') !== undefined)
    await back.channel('general').send('sorry')
    await until('ada reads alan', async () => (await texts(server)).includes('sorry'))
  })

  it('[AU25] a banned member stays out, whatever link it holds', async () => {
    const { alan, server, graces, link } = await openThree(cast)
    await server.members.get('alan')?.ban({ reason: 'spam' })
    await until('alan knows', () => alan.servers.all.length === 0)
    await until('grace knows', () => graces.members.get('alan') === undefined)
    await expect(alan.servers.join(link, { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    const fresh = await server.invites.create()
    await expect(alan.servers.join(fresh.link as string, { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    expect(server.members.all.map(each => each.name).sort()).toEqual(['ada', 'grace'])
    await until('all agree', () => server.stateHash === graces.stateHash)
  })

  it('[AU12] a member who leaves is gone everywhere', async () => {
    const { grace, server, graces, alans } = await openThree(cast)
    await graces.leave()
    await until('grace left', () => grace.servers.all.length === 0)
    await until('the others know', () => server.members.all.length === 2 && alans.members.all.length === 2)
    await expect(server.leave()).rejects.toMatchObject({ code: 'XCORD_PERMISSION_DENIED' })
  })
})
