/** A server as a file: out of one profile, into others, and checked by nobody's leave. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Client, type Server, verifyServerExport } from '@xcord/sdk'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

async function bytesOf(server: Server, content = false): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of server.export({ content })) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000)
}

interface Founded {
  readonly ada: Client
  readonly server: Server
  readonly link: string
  readonly phrase: string
}

async function founded(): Promise<Founded> {
  let phrase = ''
  const ada = await cast.open('ada', { onPhrase: words => void (phrase = words) })
  const server = await ada.servers.create({ name: 'Engine' })
  const role = await server.roles.create({ name: 'crew', permissions: ['ManageMessages'], color: '#5865f2' })
  await role.grant(ada.identity.id)
  await server.channels.create({ name: 'hidden-plans', private: true })
  await server.channel('general').send('secret words')
  const link = (await server.invites.create()).link as string
  return { ada, server, link, phrase }
}

describe('exporting', () => {
  it('[SX4, SX7] verifies without profile or peer, and says who is in and what they may', async () => {
    const { ada, server, link } = await founded()
    const grace = await cast.open('grace')
    await grace.servers.join(link)
    const seen = await until('grace has told her name', async () => {
      const file = await verifyServerExport(pieces(await bytesOf(server)))
      return file.members.every(each => each.name !== null) && file
    })
    expect(seen).toMatchObject({
      valid: true,
      server: server.id,
      name: 'Engine',
      owner: ada.identity.id,
      stateHash: server.stateHash,
      heads: server.heads().heads,
      operations: server.heads().operations,
      voided: 0,
      exportedBy: ada.identity.id,
      content: null
    })
    expect(seen.members.map(each => [each.name, each.owner, each.roles.length]).sort()).toEqual([
      ['ada', true, 1],
      ['grace', false, 0]
    ])
    expect(seen.roles.map(each => [each.name, each.position, each.color, each.members])).toEqual([
      ['@everyone', 0, null, 2],
      ['crew', 1, '#5865f2', 1]
    ])
  })

  it('[SX10] tells nothing of messages and private names, with content or without', async () => {
    const { server } = await founded()
    for (const content of [false, true]) {
      const bytes = await bytesOf(server, content)
      expect([bytes.includes('secret words'), bytes.includes('hidden-plans')]).toEqual([false, false])
    }
  })

  it('[SX2, SX3, SX7] refuses what was cut, altered or expected of another, by its rule', async () => {
    const { server } = await founded()
    const bytes = await bytesOf(server, true)
    const ruleOf = async (file: Uint8Array, options = {}): Promise<unknown> =>
      await verifyServerExport(pieces(file), options).catch(({ code, details }) => [code, details.rule])
    expect(await ruleOf(bytes.subarray(0, -1))).toEqual(['XCORD_EXPORT_INVALID', 'SX2'])
    expect(await ruleOf(Buffer.concat([bytes, Buffer.of(0)]))).toEqual(['XCORD_EXPORT_INVALID', 'SX2'])
    expect(await ruleOf(Buffer.from('no export'))).toEqual(['XCORD_EXPORT_INVALID', 'SX1'])
    const other = `${server.id.slice(0, -3)}aaa`
    expect(await ruleOf(bytes, { server: other })).toEqual(['XCORD_EXPORT_INVALID', 'SX3'])
    expect(await ruleOf(bytes, { server: server.id })).toMatchObject({ valid: true })
  })
})

describe('importing', () => {
  it('[SX11] brings a member up to the file, and an old file takes nothing back', async () => {
    const { ada, server, link } = await founded()
    const grace = await cast.open('grace')
    const graces = await grace.servers.join(link)
    await until('the same', () => graces.stateHash === server.stateHash)
    const old = await bytesOf(server)
    await grace.close()
    await server.roles.create({ name: 'later' })
    await server.edit({ name: 'Engine 2' })
    const file = await bytesOf(server)
    const { stateHash } = server
    await ada.close()

    const back = await cast.open('grace')
    expect(back.servers.all[0]?.name).toBe('Engine')
    const done = await back.servers.import(pieces(file))
    expect(done.toJSON()).toMatchObject({
      fresh: 2,
      stateHash,
      merged: stateHash,
      part: 'member',
      enrolled: null
    })
    expect([done.server.stateHash, done.server.name]).toEqual([stateHash, 'Engine 2'])
    const again = await back.servers.import(pieces(old))
    expect(again.toJSON()).toMatchObject({ fresh: 0, merged: stateHash })
    expect(back.servers.all[0]?.stateHash).toBe(stateHash)
    await back.close()
    const third = await cast.open('grace')
    expect(third.servers.all.map(each => each.stateHash)).toEqual([stateHash])
  })

  it('[SX11] keeps nothing for whoever is no member, nor of a broken file', async () => {
    const { server, link } = await founded()
    const file = await bytesOf(server)
    const mallory = await cast.open('mallory')
    await expect(mallory.servers.import(pieces(file))).rejects.toMatchObject({
      code: 'XCORD_NOT_A_MEMBER',
      message: expect.stringContaining('Engine')
    })
    await expect(mallory.servers.import(pieces(file.subarray(0, -9)))).rejects.toMatchObject({
      code: 'XCORD_EXPORT_INVALID',
      details: { rule: 'SX2' }
    })
    expect(mallory.servers.all).toEqual([])
    // And what was refused is in nobody's way.
    expect((await mallory.servers.join(link)).name).toBe('Engine')
  })

  it('[SX11, ND12] gives an account that came back by its words its server, first to read, then by a link', async () => {
    const { ada, server, phrase, link } = await founded()
    const file = await bytesOf(server, true)
    const again = await cast.open('ada2', { phrase })
    const done = await again.servers.import(pieces(file))
    expect(done.toJSON()).toMatchObject({
      part: 'reader',
      stateHash: server.stateHash,
      merged: server.stateHash,
      enrolled: null
    })
    const read = done.server
    expect([read.imported, read.stateHash, read.name]).toEqual([true, server.stateHash, 'Engine'])
    expect(read.members.all.map(each => [each.name, each.owner])).toEqual([['ada', true]])
    expect(read.toJSON()).toMatchObject({ imported: true, channels: 2 })
    await expect(read.channel('general').send('x')).rejects.toMatchObject({ code: 'XCORD_NOT_A_MEMBER' })
    await expect(bytesOf(read)).rejects.toMatchObject({ code: 'XCORD_NOT_A_MEMBER' })

    const joined = await again.servers.join(link)
    expect(joined.imported).toBe(false)
    await until('the same again', () => joined.stateHash === server.stateHash)
    await joined.channel('general').send('back')
    await until('ada hears it', async () => (await texts(server)).includes('back'))
    await ada.close()
  })

  it('[SX11] brings a server up again where nobody is left but its owner’s words', async () => {
    const { ada, server, phrase } = await founded()
    const file = await bytesOf(server)
    await ada.close()
    const again = await cast.open('ada2', { phrase })
    const done = await again.servers.import(pieces(file), { enrol: true })
    expect(done.toJSON()).toMatchObject({
      part: 'member',
      merged: done.stateHash,
      enrolled: expect.stringMatching(/^o/)
    })
    expect(done.server.imported).toBe(false)
    await done.server.channel('general').send('anybody there?')
    const link = (await done.server.invites.create()).link as string
    const grace = await cast.open('grace')
    const graces = await grace.servers.join(link)
    await until('grace reads', async () => (await texts(graces)).includes('anybody there?'))
    await until('one state', () => graces.stateHash === done.server.stateHash)
  })

  it('[SX11, EK12] whoever came back alone meets the others by a link, and all read all', async () => {
    const { ada, server, link, phrase } = await founded()
    const grace = await cast.open('grace')
    const graces = await grace.servers.join(link)
    await until('grace reads', async () => (await texts(graces)).includes('secret words'))
    await until('the same', () => graces.stateHash === server.stateHash)
    const file = await bytesOf(server, true)
    await ada.close()
    const again = await cast.open('ada2', { phrase })
    const { server: alone } = await again.servers.import(pieces(file), { enrol: true })
    // The keys that stand in the file do not open for a new device, so new ones are made.
    await alone.roles.create({ name: 'alone' })
    await alone.channel('general').send('from the ashes')
    await graces.channel('general').send('still alive')
    const way = (await graces.invites.create()).link as string
    await again.servers.join(way)
    await until('one state', () => alone.stateHash === graces.stateHash)
    for (const side of [alone, graces]) {
      await until('all read all', async () => {
        const all = await texts(side)
        return ['from the ashes', 'still alive'].every(each => all.includes(each))
      })
    }
    await alone.channel('general').send('together')
    await until('and go on', async () => (await texts(graces)).includes('together'))
  })

  it('[SX11] who left stays gone: what is known of it here is newer than the file', async () => {
    const { ada, server, link } = await founded()
    const grace = await cast.open('grace')
    const graces = await grace.servers.join(link)
    await until('the same', () => graces.stateHash === server.stateHash)
    const file = await bytesOf(server)
    await graces.leave()
    await until('gone', () => grace.servers.all.length === 0)
    await expect(grace.servers.import(pieces(file), { enrol: true })).rejects.toMatchObject({
      code: 'XCORD_NOT_A_MEMBER'
    })
    expect(grace.servers.all).toEqual([])
    await ada.close()
  })

  it('[SX11, AU39] a device that lost what it wrote reads what a file brings, and gives out no number twice', async () => {
    const { server, link } = await founded()
    const grace = await cast.open('grace')
    const graces = await grace.servers.join(link)
    await graces.channel('general').send('mine')
    await until('the same', () => graces.stateHash === server.stateHash)
    const file = await bytesOf(server)
    await grace.close()
    await rm(join(cast.home, 'grace', 'database'), { recursive: true })

    const bare = await cast.open('grace')
    expect(bare.servers.all).toEqual([])
    await expect(bare.servers.import(pieces(file), { enrol: true })).rejects.toMatchObject({
      code: 'XCORD_CONFLICT',
      details: { rule: 'SX11' }
    })
    const done = await bare.servers.import(pieces(file))
    expect(done.toJSON()).toMatchObject({ part: 'reader', merged: server.stateHash })
    await expect(done.server.channel('general').send('again')).rejects.toMatchObject({
      code: 'XCORD_NOT_A_MEMBER'
    })
  })

  it('[SX8, SX9, SX11] takes content through the door: a member reads what only the file brought', async () => {
    const { ada, server, link } = await founded()
    const grace = await cast.open('grace')
    const graces = await grace.servers.join(link)
    await until('grace reads', async () => (await texts(graces)).includes('secret words'))
    await grace.close()
    await server.channel('general').send('while you were out')
    const file = await bytesOf(server, true)
    await ada.close()
    const back = await cast.open('grace')
    const done = await back.servers.import(pieces(file))
    expect(done.content?.envelopes).toBeGreaterThan(1)
    expect(await texts(done.server)).toEqual(['secret words', 'while you were out'])
    const again = await back.servers.import(pieces(file))
    expect(again.fresh).toBe(0)
    expect(await texts(again.server)).toEqual(['secret words', 'while you were out'])
  })
})
