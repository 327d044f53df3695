import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

describe('chat between real peers', () => {
  it('[SY12, IV3] joins by link, chats both ways and agrees on the state', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine', channels: ['general', 'dev'] })
    await server.channel('general').send('before anyone came')
    const { link } = await server.invites.create()
    const grace = await cast.open('grace')
    const joined = await grace.servers.join(link as string)
    expect(joined.name).toBe('Engine')
    await until('history for the newcomer', async () => (await texts(joined)).includes('before anyone came'))
    await joined.channel('general').send('hello ada')
    await until('ada reads grace', async () => (await texts(server)).includes('hello ada'))
    await until(
      'names are known',
      () => server.members.get('grace') !== undefined && joined.members.get('ada') !== undefined
    )
    expect(joined.stateHash).toBe(server.stateHash)
    expect(joined.channels.all.map(channel => channel.name)).toEqual(['general', 'dev'])
  })

  it('[SY17] proves delivery by signed receipts, and never falls', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const message = await server.channel('general').send('first')
    expect(message.delivery).toEqual({ state: 'local', holders: 0 })
    const grace = await cast.open('grace')
    await grace.servers.join((await server.invites.create()).link as string)
    const delivery = await message.reached('delivered')
    expect(delivery.holders).toBe(1)
    await ada.close()
    const again = await cast.open('ada')
    const kept = await again.servers.all[0]?.channel('general').message(message.id)
    expect(kept?.delivery.state).toBe('delivered')
  })

  it('[SY9, ND8] catches up on everything after being away, edits and deletions included', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const grace = await cast.open('grace')
    const joined = await grace.servers.join((await server.invites.create()).link as string)
    const gone = await server.channel('general').send('to be deleted')
    await until('grace has it', async () => (await texts(joined)).includes('to be deleted'))
    await grace.close()
    const changed = await server.channel('general').send('typo')
    await changed.edit('fixed')
    await gone.delete()
    for (let i = 0; i < 30; i++) await server.channel('general').send(`missed ${i}`)
    const back = await cast.open('grace')
    const again = back.servers.all[0]
    if (again === undefined) throw new Error('grace lost the server')
    await until('grace caught up', async () => (await texts(again)).length === 32)
    const page = await again.channel('general').page({ limit: 100 })
    expect(page[0]).toMatchObject({ deleted: true, content: '' })
    expect(page[1]).toMatchObject({ content: 'fixed' })
    expect(page[1]?.editedAt).not.toBeNull()
    expect(await texts(again)).toEqual(await texts(server))
  })

  it('[TL7] shows reactions and replies alike everywhere', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const grace = await cast.open('grace')
    const joined = await grace.servers.join((await server.invites.create()).link as string)
    const message = await server.channel('general').send('who is in?')
    const seen = await until('grace sees it', async () =>
      (await joined.channel('general').page()).find(each => each.id === message.id)
    )
    await seen.react('👍')
    const reply = await seen.reply('me')
    expect(reply.replyTo).toBe(message.id)
    const reacted = await until('ada sees the reaction', async () => {
      const now = await server.channel('general').message(message.id)
      return now.reactions.length > 0 ? now : undefined
    })
    expect(reacted.reactions).toEqual([{ emoji: '👍', users: [grace.identity.id] }])
    await seen.unreact('👍')
    await until(
      'the reaction is gone',
      async () => (await server.channel('general').message(message.id)).reactions.length === 0
    )
  })

  it('[ND2] keeps events for readers that were away: none missed, none twice, in order', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const since = ada.cursor
    for (let i = 0; i < 5; i++) await server.channel('general').send(`event ${i}`)
    await ada.close()
    const again = await cast.open('ada')
    const controller = new AbortController()
    const seen: string[] = []
    const cursors: string[] = []
    for await (const event of again.events({ since, types: ['message:create'], signal: controller.signal })) {
      if (event.type === 'message:create') seen.push(event.data.message.content)
      cursors.push(event.cursor)
      if (seen.length === 5) break
    }
    expect(seen).toEqual(['event 0', 'event 1', 'event 2', 'event 3', 'event 4'])
    expect([...cursors].sort()).toEqual(cursors)
    expect(new Set(cursors).size).toBe(5)
    await expect(again.events({ since: 'zzzzzzzzzzz' })[Symbol.asyncIterator]().next()).rejects.toMatchObject(
      { code: 'XCORD_USAGE' }
    )
  })

  it('[TL13] pages history newest first, and a view holds the newest messages', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const general = server.channel('general')
    for (let i = 0; i < 25; i++) await general.send(`m${i}`)
    const read: string[] = []
    for await (const message of general.history({ limit: 10 })) {
      read.push(message.content)
      if (read.length === 22) break
    }
    expect(read).toEqual(Array.from({ length: 22 }, (_, i) => `m${24 - i}`))
    let changes = 0
    const off = general.messages.subscribe(() => changes++)
    await until('the view is filled', () => general.messages.getSnapshot().length === 25)
    expect(general.messages.getSnapshot()).toBe(general.messages.getSnapshot())
    await general.send('new')
    await until('the view follows', () => general.messages.getSnapshot().at(-1)?.content === 'new')
    expect(changes).toBeGreaterThan(0)
    off()
  })
})
