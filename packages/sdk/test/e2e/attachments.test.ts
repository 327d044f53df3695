/** Files end to end: real peers over libp2p, folders on disk; hostile members among them (AT). */
import { readdir, readFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { type BlobId, idFromBytes, idToBytes } from '@xcord/core/base'
import { kdf } from '@xcord/core/crypto'
import { decodeCbor, encodeCbor } from '@xcord/core/encoding'
import type { ProtocolName, Transport } from '@xcord/core/net'
import type { Attachment } from '@xcord/core/timeline'
import { isXcordError, type Message, type Server } from '@xcord/sdk'
import { corrupting, createWorld, publishContent, replicaOf } from './faults.fixture.ts'
import { type Cast, createCast, until } from './peers.fixture.ts'

const BLOB: ProtocolName = '/xcord/blob/1'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

async function newest(server: Server, content: string): Promise<Message> {
  return await until(`${content} arrives`, async () =>
    (await server.channel('general').page()).find(each => each.content === content)
  )
}

/** A file that says where it was made: a JPEG with a comment. */
const PLACE = 'CANARY 52.5163 N'
function photo(): Uint8Array {
  const comment = Buffer.from(PLACE)
  return Buffer.concat([
    Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, comment.length + 2]),
    comment,
    Buffer.from([0xff, 0xda, 0, 4, 1, 0, 0x12, 0x34, 0xff, 0xd9])
  ])
}

async function filesBelow(folder: string): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return await Promise.all(
    entries
      .filter(each => each.isFile() && each.name !== 'LOCK')
      .map(async each => await readFile(join(each.parentPath, each.name)))
  )
}

describe('files', () => {
  it('[AT1, AT4, AT6, AT7] are sent, fetched, kept sealed, served on, and gone with their message', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const link = (await server.invites.create()).link as string
    const grace = await cast.open('grace')
    const graces = await grace.servers.join(link)
    const alan = await cast.open('alan')
    const alans = await alan.servers.join(link)
    const secret = Buffer.from('CANARY in a file, again and again. '.repeat(8_000))
    const sent = await server.channel('general').send({
      content: 'two files',
      files: [
        { name: 'notes.txt', bytes: secret, type: 'text/plain' },
        { name: 'me.jpg', bytes: photo() }
      ]
    })
    const told = [
      { name: 'notes.txt', type: 'text/plain', size: secret.length },
      { name: 'me.jpg', type: 'image/jpeg', size: photo().length - PLACE.length - 4 }
    ]
    expect(sent.attachments.map(each => each.toJSON())).toMatchObject(told)
    expect(JSON.stringify(sent)).not.toContain('key')
    // The author's own copy.
    expect(Buffer.from((await sent.attachments[0]?.read()) ?? []).equals(secret)).toBe(true)
    const got = await newest(graces, 'two files')
    expect(got.toJSON().attachments).toEqual(sent.toJSON().attachments)
    expect(Buffer.from((await got.attachments[0]?.read()) ?? []).equals(secret)).toBe(true)
    const picture = Buffer.from((await got.attachments[1]?.read()) ?? [])
    expect(picture.includes('CANARY')).toBe(false)
    expect(picture.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]))
    // The author goes: who read it serves it on. Whoever has nothing says so.
    const held = await newest(alans, 'two files')
    await alan.connect(grace.addresses()[0] as string)
    await ada.close()
    const others = await until('alan reads what grace has', async () => {
      try {
        return await held.attachments[0]?.read()
      } catch (error) {
        if (!isXcordError(error, 'XCORD_ATTACHMENT_UNAVAILABLE')) throw error
        return undefined
      }
    })
    expect(Buffer.from(others).equals(secret)).toBe(true)
    await grace.close()
    // Without anybody: what is held is read, what is not is told.
    await expect(held.attachments[1]?.read()).rejects.toMatchObject({ code: 'XCORD_ATTACHMENT_UNAVAILABLE' })
    expect((await held.attachments[0]?.read())?.length).toBe(secret.length)
    await alan.close()
    for (const bytes of await filesBelow(cast.home)) expect(bytes.includes('CANARY')).toBe(false)
    // Deleted, it is gone from disk; the tombstone carries none.
    const again = await cast.open('ada')
    const mine = await newest(again.servers.all[0] as Server, 'two files')
    await mine.delete()
    const after = await (again.servers.all[0] as Server).channel('general').message(mine.id)
    expect(after.attachments).toEqual([])
    await expect(mine.attachments[0]?.read()).rejects.toMatchObject({ code: 'XCORD_MESSAGE_NOT_FOUND' })
  })

  it('[AT5, TL5] what may not be sent is refused before anything is signed', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const general = server.channel('general')
    const before = server.channel('general').page()
    const file = { name: 'a.bin', bytes: new Uint8Array(3) }
    await expect(
      general.send({ content: '', files: [{ ...file, bytes: new Uint8Array(33_554_433) }] })
    ).rejects.toMatchObject({ code: 'XCORD_LIMIT' })
    await expect(general.send({ content: '', files: Array(11).fill(file) as never })).rejects.toThrow(
      TypeError
    )
    await expect(general.send({ content: '', files: [{ ...file, name: '../a' }] })).rejects.toThrow(TypeError)
    await expect(general.send({ content: '' })).rejects.toThrow(TypeError)
    const damaged = { name: 'me.jpg', bytes: photo().slice(0, 12) }
    await expect(general.send({ content: '', files: [damaged] })).rejects.toMatchObject({
      code: 'XCORD_ATTACHMENT_INVALID',
      details: { rule: 'AT4' }
    })
    expect(await general.page()).toEqual(await before)
    const kept = await general.send({ content: '', files: [{ ...damaged, keepMetadata: true }, file] })
    expect(kept.attachments.map(each => each.size)).toEqual([12, 3])
    expect(await kept.attachments[1]?.read()).toEqual(new Uint8Array(3))
    const grace = await cast.open('grace')
    const graces = await grace.servers.join((await server.invites.create()).link as string)
    const everyone = server.roles.all.find(each => each.name === '@everyone')
    if (everyone === undefined) throw new Error('no everyone')
    await everyone.edit({ deny: ['AttachFiles'] })
    await until('grace knows', () => !graces.channel('general').permits('AttachFiles'))
    await expect(graces.channel('general').send({ content: 'x', files: [file] })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED',
      details: { permission: 'AttachFiles' }
    })
  })
})

/** Chunks are the only frames so large. */
const CHUNK_FRAME_BYTES = 60_000

/** What a member answers when asked so, or `reset`. */
async function answerTo(transport: Transport, question: Uint8Array): Promise<unknown> {
  const [connection] = transport.connections()
  if (connection === undefined) throw new Error('not connected')
  const stream = await connection.openStream(BLOB)
  await stream.send(question)
  try {
    for await (const frame of stream.frames()) return decoded(frame)
  } catch {
    return 'reset'
  }
  return 'ended'
}

function decoded(frame: Uint8Array): unknown {
  const read = decodeCbor(frame)
  if (!read.ok) throw new Error(read.reason)
  return read.value
}

describe('hostile members and strangers', () => {
  it('[AT2, AT6] give nothing that is taken, and get nothing they may not have', async () => {
    const world = await createWorld()
    let bend: ((frame: Uint8Array) => Uint8Array) | undefined
    const wrap = (transport: Transport): Transport =>
      corrupting(transport, frame => [
        frame.length > CHUNK_FRAME_BYTES && bend !== undefined ? bend(frame) : frame
      ])
    try {
      const ada = await world.open('ada', { wrap })
      const server = await ada.servers.create({ name: 'Engine' })
      const grace = await world.open('grace')
      const graces = await grace.servers.join((await server.invites.create()).link as string)
      const bytes = randomBytes(400_000)
      const sent = await server.channel('general').send({ content: 'file', files: [{ name: 'a', bytes }] })
      const got = await newest(graces, 'file')
      const parts = (frame: Uint8Array): [number, Uint8Array, Uint8Array[]] => decoded(frame) as never
      // What ada answers is bent: each kind is refused, and nothing of it is kept.
      const bends: ((frame: Uint8Array) => Uint8Array)[] = [
        frame => frame.map((byte, at) => (at === 500 ? byte ^ 1 : byte)),
        frame => frame.subarray(0, frame.length - 1),
        () => encodeCbor([1, null, []]),
        () => encodeCbor([1, new Uint8Array(65_552), []]),
        () => encodeCbor(['?']),
        frame => encodeCbor([1, parts(frame)[1], [new Uint8Array(32)]]),
        frame => encodeCbor([1, parts(frame)[1].subarray(1), parts(frame)[2]])
      ]
      for (const each of bends) {
        bend = each
        await expect(got.attachments[0]?.read()).rejects.toMatchObject({
          code: 'XCORD_ATTACHMENT_UNAVAILABLE'
        })
      }
      bend = undefined
      expect(Buffer.from((await got.attachments[0]?.read()) ?? []).equals(bytes)).toBe(true)
      // Bad form ends the stream; a stranger is told the same as where nothing is held, address or not.
      const ask = (blob: Uint8Array, count: number): Uint8Array =>
        encodeCbor([1, idToBytes(server.id), blob, 0, count])
      const blob = idToBytes(sent.attachments[0]?.id as BlobId)
      const bad = [
        encodeCbor([2]),
        new Uint8Array([0xff]),
        ask(blob, 17),
        ask(blob, 0),
        ask(blob.subarray(1), 1)
      ]
      for (const each of bad) expect(await answerTo(world.transportOf('grace'), each)).toBe('reset')
      expect(await answerTo(world.transportOf('grace'), ask(blob, 1))).not.toEqual([1, null, []])
      const stranger = await world.open('stranger')
      await stranger.connect(ada.addresses()[0] as string)
      for (const each of [blob, new Uint8Array(32)])
        expect(await answerTo(world.transportOf('stranger'), ask(each, 1))).toEqual([1, null, []])
    } finally {
      await world.end()
    }
  })

  it('[AT1, AT3, AT5] a message that lies about its file opens to nothing, and says why', async () => {
    const world = await createWorld()
    try {
      const ada = await world.open('ada')
      const server = await ada.servers.create({ name: 'Engine' })
      const grace = await world.open('grace')
      const graces = await grace.servers.join((await server.invites.create()).link as string)
      const general = server.channel('general')
      const honest = await general.send({ content: 'true', files: [{ name: 'a', bytes: randomBytes(100) }] })
      const replica = replicaOf(server)
      const row = (await replica.message(general.id, honest.id))?.message.attachments[0] as Attachment
      const suite = await createNodeSuite()
      const key = new Uint8Array(32).fill(5)
      const lies: readonly (readonly [string, Attachment])[] = [
        ['AT3', { ...row, key }],
        ['AT5', { ...row, size: 33_554_433 }],
        ['AT1', { ...row, key, keyCommit: kdf(suite, key, 'att-commit', [idToBytes(row.blob)]) }],
        ['AT1', { ...row, noncePrefix: new Uint8Array(7) }]
      ]
      for (const [at, [rule, attachment]] of lies.entries()) {
        const content = `lie ${at}`
        const mentions = { users: [], roles: [], everyone: false }
        await replica.do(work => {
          publishContent(work, general.id, {
            kind: 'message',
            content,
            replyTo: null,
            mentions,
            attachments: [attachment]
          })
        })
        const told = await newest(graces, content)
        await expect(told.attachments[0]?.read()).rejects.toMatchObject({
          code: 'XCORD_ATTACHMENT_INVALID',
          details: { rule }
        })
      }
      expect((await (await newest(graces, 'true')).attachments[0]?.read())?.length).toBe(100)
      // An edit takes a file away, and brings none.
      const edit = {
        kind: 'edit',
        content: 'edited',
        mentions: { users: [], roles: [], everyone: false }
      } as const
      const strange = { ...row, blob: idFromBytes('b', new Uint8Array(32)) }
      await replica.do(work => {
        publishContent(work, general.id, { ...edit, message: honest.id, attachments: [strange] })
      })
      expect((await newest(graces, 'edited')).attachments).toEqual([])
    } finally {
      await world.end()
    }
  })
})
