import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Server, Thread } from '@xcord/sdk'
import { type Cast, createCast, openThree, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

const agree = async (...servers: readonly Server[]): Promise<void> =>
  void (await until('equal state', () => new Set(servers.map(each => each.stateHash)).size === 1))
const seen = async (server: Server, name: string): Promise<Thread> =>
  await until(`the thread ${name}`, () => server.threads.get(name))
const DENIED = { code: 'XCORD_PERMISSION_DENIED' }

describe('threads', () => {
  it('[AU12, EN6] begins from a message, is written by all, counts as unread, and survives a restart', async () => {
    const { ada, server, graces, alans, grace } = await openThree(cast)
    const heard: string[] = []
    ada.on('thread:create', ({ thread }) => void heard.push(`create ${thread.name}`))
    ada.on('thread:update', ({ thread }) => void heard.push(`update ${thread.name}`))
    ada.on('thread:delete', ({ thread }) => void heard.push(`delete ${thread.id.slice(0, 1)}`))
    const question = await server.channel('general').send('Which card first?')
    const held = await until('grace has the question', async () =>
      (await graces.channel('general').page()).find(each => each.id === question.id)
    )
    const thread = await held.startThread({ name: 'cards', content: 'The variable cards' })
    expect(thread).toMatchObject({ kind: 'thread', private: false, archived: false, locked: false })
    expect(graces.channels.all.map(each => each.name)).toEqual(['general'])
    const adas = await seen(server, 'cards')
    expect([adas.parent, adas.creator]).toEqual([server.channel('general').id, grace.identity.id])
    await until(
      'the first message',
      async () => (await texts(server, 'cards')).join() === 'The variable cards'
    )
    expect([adas.unread, server.toJSON().unread]).toEqual([1, 1])
    expect((await adas.starter())?.content).toBe('Which card first?')
    await (await seen(alans, 'cards')).send('No, the operation cards')
    await until('both', async () => (await texts(graces, 'cards')).length === 2)
    expect(await texts(graces)).toEqual(['Which card first?'])
    await adas.markRead()
    expect(adas.unread).toBe(0)
    await grace.close()
    const again = (await cast.open('grace')).servers.all[0] as Server
    expect(await texts(again, 'cards')).toEqual(['The variable cards', 'No, the operation cards'])
    expect(again.threads.get('cards')?.toJSON()).toEqual(thread.toJSON())
    await again.threads.get('cards')?.edit({ name: 'card order' })
    await until('renamed', () => server.threads.get('card order') !== undefined)
    await expect((await seen(alans, 'card order')).edit({ name: 'mine' })).rejects.toMatchObject(DENIED)
    await adas.delete()
    await until('gone everywhere', () => again.threads.all.length + alans.threads.all.length === 0)
    await until('told', () => heard.length === 3)
    expect(heard).toEqual(['create cards', 'update card order', 'delete c'])
    await agree(server, again, alans)
  })

  it('[AU32] is put away and opened again by a post, locked and opened by who manages threads', async () => {
    const { server, graces, alans } = await openThree(cast)
    const thread = await graces.channel('general').threads.create({ name: 'lunch' })
    const alan = await seen(alans, 'lunch')
    await expect(alan.archive()).rejects.toMatchObject(DENIED)
    await thread.archive({ reason: 'eaten' })
    await until('archived', () => alan.archived)
    await alan.send('dessert?')
    await until('open again', () => !thread.archived)
    await until('read', async () => (await texts(graces, 'lunch')).join() === 'dessert?')
    await expect(thread.lock()).rejects.toMatchObject(DENIED)
    const adas = await seen(server, 'lunch')
    await adas.edit({ archived: true, locked: true, slowmodeSeconds: 60 }, { reason: 'enough' })
    await until('locked', () => alan.locked && thread.locked)
    for (const each of [alan, thread])
      await expect(each.send('but')).rejects.toMatchObject({
        ...DENIED,
        details: { permission: 'ManageThreads' }
      })
    await expect(thread.unarchive()).rejects.toMatchObject(DENIED)
    await adas.send('the kitchen is closed')
    await adas.unlock()
    await until('unlocked', () => !thread.locked)
    await thread.send('one')
    await expect(thread.send('two')).rejects.toMatchObject({ code: 'XCORD_SLOW_MODE' })
    await until('all there', async () => (await texts(server, 'lunch')).at(-1) === 'one')
    expect((await server.audit({ action: 'thread' })).items.map(each => each.reason)).toContain('enough')
    await agree(server, graces, alans)
  })

  it('[EK7, EK19] a private one is seen and read by who was let in, and not after they left', async () => {
    const { server, graces, alans } = await openThree(cast)
    const everyone = server.roles.get('@everyone')
    await expect(
      graces.channel('general').threads.create({ name: 'surprise', private: true })
    ).rejects.toMatchObject({ ...DENIED, details: { permission: 'CreatePrivateThreads' } })
    await everyone?.edit({ allow: ['CreatePrivateThreads'] })
    await until('granted', () => graces.channel('general').permits('CreatePrivateThreads'))
    const nook = await graces.channel('general').threads.create({
      name: 'surprise',
      private: true,
      content: 'for ada'
    })
    await agree(graces, alans)
    expect(alans.threads.all).toEqual([])
    await nook.add(alans.me.id)
    const alan = await seen(alans, 'surprise')
    await until('alan reads', async () => (await texts(alans, 'surprise')).join() === 'for ada')
    await alan.send('cake?')
    await until('grace reads', async () => (await texts(graces, 'surprise')).length === 2)
    expect(nook.members.map(each => each.name).sort()).toEqual(['alan', 'grace'])
    // The owner manages threads: she sees it, as on any server.
    await until('ada reads', async () => {
      const found = server.threads.get('surprise')
      return found !== undefined && (await texts(server, 'surprise')).length === 2
    })
    await alan.leave()
    await until('alan is out', () => nook.members.length === 1)
    await nook.edit({ name: 'secret' })
    await nook.send('alan must not know')
    await seen(server, 'secret')
    await until('ada reads on', async () => (await texts(server, 'secret')).length === 3)
    await agree(server, graces, alans)
    expect(alans.threads.all).toEqual([])
    await expect(alan.send('hello?')).rejects.toMatchObject(DENIED)
    await expect(alan.join()).rejects.toMatchObject(DENIED)
    await expect(
      (await graces.channel('general').threads.create({ name: 'open' })).add(alans.me)
    ).rejects.toBeInstanceOf(TypeError)
  })

  it('[AU12] a forum holds posts, each with its first message; its threads are written to, itself is not', async () => {
    const { server, graces, alans } = await openThree(cast)
    const forum = await server.channels.create({ kind: 'forum', name: 'ideas' })
    const graceForum = await until('the forum', () => graces.channels.get('ideas'))
    await expect(graceForum.threads.create({ name: 'empty' })).rejects.toBeInstanceOf(TypeError)
    await graceForum.threads.create({ name: 'steam', content: 'Use steam' })
    await seen(alans, 'steam')
    await until('the post', async () => (await texts(alans, 'steam')).join() === 'Use steam')
    await (await seen(alans, 'steam')).send('Too hot')
    await seen(server, 'steam')
    await until('the answer', async () => (await texts(server, 'steam')).join() === 'Use steam,Too hot')
    await expect(graceForum.send('no post')).rejects.toMatchObject({ code: 'XCORD_CHANNEL_KIND' })
    await expect(
      graceForum.threads.create({ name: 'hidden', private: true, content: 'x' })
    ).rejects.toMatchObject(DENIED)
    await forum.permit(server.roles.get('@everyone') as never, { deny: ['SendMessages'] })
    await until('closed', () => !graceForum.permits('SendMessages'))
    await expect(graceForum.threads.create({ name: 'more', content: 'x' })).rejects.toMatchObject(DENIED)
    // Who may not post may still answer: that is another permission.
    await (await seen(graces, 'steam')).send('Then water')
    await until('answered', async () => (await texts(server, 'steam')).length === 3)
    expect(forum.threads.all.map(each => [each.name, each.position])).toEqual([['steam', 0]])
    await agree(server, graces, alans)
  })

  it('[EK19, ND15] closing a channel takes the names of its threads along', async () => {
    const { server, graces, alans } = await openThree(cast)
    const lab = await server.channels.create({ name: 'lab' })
    const thread = await lab.threads.create({ name: 'valves', content: 'one' })
    await seen(alans, 'valves')
    await lab.permit(server.roles.get('@everyone') as never, { deny: ['ViewChannel'] })
    await lab.permit(server.members.get('grace') as never, { allow: ['ViewChannel'] })
    expect(thread.name).toBe('valves')
    await until('alan sees neither', () => alans.channels.all.length === 1 && alans.threads.all.length === 0)
    await thread.edit({ name: 'pistons' })
    await lab.threads.create({ name: 'wheels', content: 'two' })
    await until(
      'grace reads on',
      async () =>
        graces.threads.get('pistons') !== undefined &&
        graces.threads.get('wheels') !== undefined &&
        (await texts(graces, 'wheels')).join() === 'two'
    )
    await agree(server, graces, alans)
  })
})
