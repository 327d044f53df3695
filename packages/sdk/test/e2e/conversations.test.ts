/** Conversations between real peers: two, three, away and back, leaving, disappearing, blocking, strangers. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Conversation } from '@xcord/sdk'
import { folder, linkDevice } from '@xcord/sdk/node'
import { type Cast, createCast, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => await cast.end())

/** People who share a server, in the order of their names. */
async function fellows(...names: readonly string[]): Promise<readonly Client[]> {
  const clients: Client[] = []
  for (const name of names) clients.push(await cast.open(name))
  const [first, ...rest] = clients as [Client, ...Client[]]
  const server = await first.servers.create({ name: 'Engine' })
  const link = (await server.invites.create()).link as string
  for (const each of rest) await each.servers.join(link)
  for (const each of clients)
    await until('all know each other', () => each.servers.all[0]?.members.all.length === clients.length)
  return clients
}

const textsOf = async (conversation: Conversation): Promise<readonly string[]> =>
  (await conversation.history({ limit: 100 })).map(each => each.content)

/** The conversation at another, once it is there with these texts. */
async function arrives(client: Client, id: string, texts: readonly string[]): Promise<Conversation> {
  return await until(`${client.identity.name} reads ${texts.join(', ')}`, async () => {
    const found = client.conversations.get(id)
    if (found === undefined) return undefined
    const all = await textsOf(found)
    return texts.every(each => all.includes(each)) && found
  })
}

describe('conversations', () => {
  it('[DM5, DM6, ND43] two people of one server write to each other, and one reads what was written while away', async () => {
    const [ada, grace] = (await fellows('ada', 'grace')) as [Client, Client]
    const there = await ada.conversations.open(grace.identity.id)
    expect((await ada.conversations.open([grace.identity.id])).id).toBe(there.id)
    const first = await there.send('hello Grace')
    expect(first).toMatchObject({ content: 'hello Grace', author: { id: ada.identity.id }, deliveredTo: [] })
    const here = await arrives(grace, there.id, ['hello Grace'])
    expect(here.users).toEqual([ada.identity.id, grace.identity.id].sort())
    await here.send('hello Ada', { replyTo: first.id })
    await arrives(ada, there.id, ['hello Ada'])
    await until('delivery is known', async () => (await there.history())[0]?.deliveredTo.length === 1)

    await grace.close()
    for (const each of ['one', 'two', 'three']) await there.send(each)
    await ada.close()
    const adaAgain = await cast.open('ada')
    await adaAgain.conversations.get(there.id)?.send('four')
    const back = await cast.open('grace')
    const again = await arrives(back, there.id, ['one', 'two', 'three', 'four'])
    expect(await textsOf(again)).toEqual(['hello Grace', 'hello Ada', 'one', 'two', 'three', 'four'])
  })

  it('[DM6, DM9] three people: what one wrote reaches another by the third; who leaves hears no more', async () => {
    const [ada, grace, alan] = (await fellows('ada', 'grace', 'alan')) as [Client, Client, Client]
    const { id } = await ada.conversations.open([grace.identity.id, alan.identity.id])
    const at = async (client: Client, ...texts: readonly string[]): Promise<Conversation> =>
      await arrives(client, id, texts)
    await ada.conversations.get(id)?.send('all three')
    await at(grace, 'all three')
    await (await at(alan, 'all three')).send('here I am')
    for (const each of [ada, grace]) await at(each, 'here I am')

    await alan.close()
    await ada.conversations.get(id)?.send('while Alan is away')
    await at(grace, 'while Alan is away')
    await ada.close()
    const alanBack = await cast.open('alan')
    const alans = await at(alanBack, 'while Alan is away')
    const adaBack = await cast.open('ada')
    await at(adaBack, 'while Alan is away')

    await alans.leave()
    await expect(alans.send('once more')).rejects.toMatchObject({ code: 'XCORD_CONVERSATION_LEFT' })
    for (const each of [adaBack, grace])
      await until('they know', () => each.conversations.get(id)?.left.includes(alan.identity.id))
    await adaBack.conversations.get(id)?.send('just us two')
    await at(grace, 'just us two')
    expect(await textsOf(alans)).not.toContain('just us two')
    // With the same people again it is another conversation.
    const other = await adaBack.conversations.open([grace.identity.id, alan.identity.id])
    expect(other.id).not.toBe(id)
    await other.send('once again')
    await arrives(alanBack, other.id, ['once again'])
  })

  it('[DM2, DM8] a device that is added gets what is written from then on, and writes itself', async () => {
    const [ada, grace] = (await fellows('ada', 'grace')) as [Client, Client]
    const { id } = await ada.conversations.open(grace.identity.id)
    await ada.conversations.get(id)?.send('before the phone')
    await arrives(grace, id, ['before the phone'])
    const shown = Promise.withResolvers<string>()
    const linking = linkDevice({
      store: folder(join(cast.home, 'phone')),
      network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false },
      deviceName: 'phone',
      onCode: shown.resolve,
      compare: () => Promise.resolve(true)
    })
    const [phone] = await Promise.all([
      linking,
      ada.devices.link(await shown.promise, { compare: () => Promise.resolve(true) })
    ])
    try {
      await until('the phone has the conversation', () => phone.conversations.get(id))
      // Written until its prekey is known: then it is among those who are sealed to.
      await until('the phone reads', async () => {
        await ada.conversations.get(id)?.send('to both')
        const here = phone.conversations.get(id) as Conversation
        return (await textsOf(here)).includes('to both')
      })
      expect(await textsOf(phone.conversations.get(id) as Conversation)).not.toContain('before the phone')
      await phone.conversations.get(id)?.send('from the phone')
      for (const each of [ada, grace]) await arrives(each, id, ['from the phone'])
    } finally {
      await phone.close()
    }
  })

  it('[DM10] what disappears is erased here and there, and is not passed on any more', async () => {
    const [ada, grace] = (await fellows('ada', 'grace')) as [Client, Client]
    const gone: unknown[] = []
    grace.on('conversation:delete', data => void gone.push(data))
    const there = await ada.conversations.open(grace.identity.id)
    await there.send('stays')
    await there.setLifetime(5)
    const short = await there.send('goes')
    expect(short.expiresAt).not.toBeNull()
    await until('grace is told that it is gone', () => gone.length > 0)
    expect(gone[0]).toMatchObject({ conversation: there.id, message: short.id, expired: true })
    await until('it is gone at both', async () => {
      const here = grace.conversations.get(there.id) as Conversation
      return [...(await textsOf(there)), ...(await textsOf(here))].join() === 'stays,stays'
    })
    await grace.close()
    await there.setLifetime(1)
    await there.send('never read by Grace')
    await until('it is gone', async () => (await textsOf(there)).length === 1)
    await there.setLifetime(0)
    const kept = await there.send('kept')
    const back = await cast.open('grace')
    const here = await arrives(back, there.id, ['stays', 'kept'])
    expect(await textsOf(here)).toEqual(['stays', 'kept'])
    await there.delete(kept.id)
    await until('it is deleted there', async () => (await textsOf(here)).length === 1)
    await expect(here.delete((await here.history())[0]?.id ?? '')).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
  })

  it('[DM5] nobody is written to who is not known, and nothing is taken of who is blocked', async () => {
    const [ada, grace] = (await fellows('ada', 'grace')) as [Client, Client]
    const mallory = await cast.open('mallory')
    await mallory.connect(ada.addresses()[0] as string)
    await expect(mallory.conversations.open(ada.identity.id)).rejects.toMatchObject({
      code: 'XCORD_USER_NOT_FOUND'
    })
    const there = await grace.conversations.open(ada.identity.id)
    await there.send('before')
    const here = await arrives(ada, there.id, ['before'])
    await ada.conversations.block(grace.identity.id)
    expect(ada.conversations.blocked).toEqual([grace.identity.id])
    await there.send('blocked')
    expect(await textsOf(here)).toEqual([])
    await expect(here.send('no')).rejects.toMatchObject({ code: 'XCORD_USER_BLOCKED' })
    await expect(ada.conversations.open(grace.identity.id)).rejects.toMatchObject({
      code: 'XCORD_USER_BLOCKED'
    })
    await ada.conversations.unblock(grace.identity.id)
    await arrives(ada, there.id, ['before', 'blocked'])
  })
})
