import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Server } from '@xcord/sdk'
import { type Cast, createCast, openThree, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

async function agree(...servers: readonly Server[]): Promise<void> {
  await until('equal state', () => new Set(servers.map(each => each.stateHash)).size === 1)
}

describe('channels', () => {
  it('[AU12, AU31] kinds, places, categories that are synced, and overwrites that part from them', async () => {
    const { server, graces } = await openThree(cast)
    const attic = await server.channels.create({ kind: 'category', name: 'attic' })
    const forum = await server.channels.create({ kind: 'forum', name: 'ideas', parent: attic })
    const stage = await server.channels.create({
      kind: 'stage',
      name: 'talks',
      parent: attic,
      slowmodeSeconds: 5
    })
    expect([forum.synced, forum.position, stage.position, stage.slowmodeSeconds]).toEqual([true, 0, 1, 5])
    await stage.move({ position: 0 })
    expect([stage.position, forum.position]).toEqual([0, 1])
    await attic.permit(server.roles.get('@everyone') as never, { deny: ['SendMessages'] })
    expect(forum.overwrites).toMatchObject([{ kind: 'role', deny: ['SendMessages'], allow: [] }])
    await until(
      'grace is silent there',
      () => graces.channels.get('ideas')?.permits('SendMessages') === false
    )
    // One's own overwrite: what the category says is taken along.
    await forum.permit(server.members.get('grace') as never, { allow: ['SendMessages'] })
    expect(forum.synced).toBe(false)
    expect(forum.overwrites.map(each => [each.kind, each.allow, each.deny])).toEqual(
      expect.arrayContaining([
        ['role', [], ['SendMessages']],
        ['member', ['SendMessages'], []]
      ])
    )
    await until('grace may write', () => graces.channels.get('ideas')?.permits('SendMessages') === true)
    await forum.permit(server.members.get('grace') as never, { none: ['SendMessages'] })
    expect(forum.overwrites).toHaveLength(1)
    await forum.sync(true)
    expect(forum.synced).toBe(true)
    await stage.move({ parent: null })
    expect([stage.parent, stage.synced, stage.overwrites.length]).toEqual([null, false, 1])
    await expect(
      graces.channels
        .get('general')
        ?.permit(graces.roles.get('@everyone') as never, { deny: ['SendMessages'] })
    ).rejects.toMatchObject({ code: 'XCORD_PERMISSION_DENIED' })
    await expect(graces.channels.get('general')?.move({ position: 0 })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await agree(server, graces)
  })

  it('[AU12] slow mode makes members wait, not moderators, and outlives a restart', async () => {
    const { grace, server, graces } = await openThree(cast)
    await server.channel('general').edit({ slowmodeSeconds: 3_600 })
    await until('grace knows', () => graces.channel('general').slowmodeSeconds === 3_600)
    await graces.channel('general').send('one')
    await expect(graces.channel('general').send('two')).rejects.toMatchObject({
      code: 'XCORD_SLOW_MODE',
      details: { retryAfterMs: expect.any(Number) as number }
    })
    await server.channel('general').send('ada one')
    await server.channel('general').send('ada two')
    await until('all there', async () => (await texts(graces)).join() === 'one,ada one,ada two')
    await grace.close()
    const again = await cast.open('grace')
    await expect(again.servers.all[0]?.channel('general').send('two')).rejects.toMatchObject({
      code: 'XCORD_SLOW_MODE'
    })
  })

  it('[ND13] automod stops what it names before it is signed; who moderates is exempt', async () => {
    const { server, graces } = await openThree(cast)
    await expect(
      graces.automod.create({ name: 'mine', trigger: { kind: 'mentions', max: 1 } })
    ).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED',
      details: { permission: 'ManageServer' }
    })
    const words = await server.automod.create(
      { name: 'no spam', trigger: { kind: 'words', words: ['spam'] } },
      { reason: 'enough' }
    )
    await server.automod.create({ name: 'no links', trigger: { kind: 'links', allow: ['example.org'] } })
    await until('grace knows', () => graces.automod.all.length === 2)
    expect(graces.automod.get('no spam')?.toJSON()).toMatchObject({
      rule: 'words',
      action: 'block',
      enabled: true,
      words: ['spam']
    })
    await expect(graces.channel('general').send('buy SPAM')).rejects.toMatchObject({
      code: 'XCORD_AUTOMOD_BLOCKED',
      details: { name: 'no spam' }
    })
    await expect(graces.channel('general').send('http://evil.test')).rejects.toMatchObject({
      code: 'XCORD_AUTOMOD_BLOCKED'
    })
    const fine = await graces.channel('general').send('https://example.org/ham')
    await expect(fine.edit('spam after all')).rejects.toMatchObject({ code: 'XCORD_AUTOMOD_BLOCKED' })
    await server.channel('general').send('spam is banned')
    await words.edit({ enabled: false })
    await until('off', () => graces.automod.get('no spam')?.enabled === false)
    await graces.channel('general').send('spam')
    await server.automod.get('no links')?.remove()
    await until('gone', () => graces.automod.all.length === 1)
    await until(
      'all there',
      async () => (await texts(server)).join() === 'https://example.org/ham,spam is banned,spam'
    )
    await agree(server, graces)
  })

  it('[EK19, ND15] a private channel shows its name only to those who may view it', async () => {
    const { server, graces, alans } = await openThree(cast)
    const staff = await server.roles.create({ name: 'staff' })
    await staff.grant(server.members.get('grace') as never)
    await until('grace is staff', () => graces.me.roles.length === 1)
    const secret = await server.channels.create({
      name: 'plans',
      topic: 'hush',
      private: true,
      overwrites: [{ target: staff, allow: ['ViewChannel'] }]
    })
    expect([secret.name, secret.topic]).toEqual(['plans', 'hush'])
    await secret.send('between us')
    await until(
      'grace reads name and message',
      async () =>
        graces.channels.get('plans')?.topic === 'hush' &&
        (await texts(graces, 'plans')).includes('between us')
    )
    await until('alan has the operation', () => alans.stateHash === server.stateHash)
    expect(alans.channels.all.map(each => each.name)).toEqual(['general'])
    expect(JSON.stringify([alans.channels.all, alans.toJSON()])).not.toContain('plans')
    await secret.edit({ name: 'schemes' })
    await until('grace sees the new name', () => graces.channels.get('schemes') !== undefined)
    // Let in later, alan finds the name; let go, a new name stays unknown to him.
    await secret.permit(server.members.get('alan') as never, { allow: ['ViewChannel'] })
    await until('alan finds it', () => alans.channels.get('schemes') !== undefined)
    await until('alan reads what was said', async () =>
      (await texts(alans, 'schemes')).includes('between us')
    )
    await agree(server, graces, alans)
  })

  it('[EK19, ND15] closing a channel puts its name under seal, opening it takes it out', async () => {
    const { server, graces } = await openThree(cast)
    const room = await server.channels.create({ name: 'lab' })
    const everyone = server.roles.get('@everyone') as never
    await room.permit(everyone, { deny: ['ViewChannel'] })
    expect(room.name).toBe('lab')
    await until('grace does not see it', () => graces.channels.all.length === 1)
    await room.edit({ name: 'vault' })
    await room.permit(everyone, { none: ['ViewChannel'] })
    await until('grace sees it under its new name', () => graces.channels.get('vault') !== undefined)
    await agree(server, graces)
  })
})
