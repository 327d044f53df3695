/** Names and pictures of people, with real peers (ID13, AT9, ND60–ND63). */
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isXcordError, type Member, type Server, verifyServerExport } from '@xcord/sdk'
import { replicaOf } from './faults.fixture.ts'
import { type Cast, createCast, joinAs, openThree, until } from './peers.fixture.ts'
import { gif, png } from './pictures.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

const memberOf = (server: Server, id: string): Member | undefined =>
  server.members.all.find(each => each.id === id)

/** The picture, once somebody who is connected gives it. */
async function pictureOf(member: Member | undefined): Promise<Uint8Array> {
  return await until('the picture comes', async () => {
    try {
      return (await member?.avatar())?.bytes
    } catch (error) {
      if (!isXcordError(error, 'XCORD_ATTACHMENT_UNAVAILABLE')) throw error
      return undefined
    }
  })
}

test('[ID13] [AT9] [ND60] [ND63] name and picture reach members both ways, later ones too, and are kept', async () => {
  const { ada, grace, alan, server, graces, alans } = await openThree(cast)
  const told: string[] = []
  grace.on('member:update', ({ member }) => void told.push(member.name))
  const place = 'CANARY 52.5163 N'
  const picture = png(randomBytes(150_000), { text: place })
  const set = await ada.profile.set({ name: 'Ada Lovelace', avatar: picture })
  expect(set).toMatchObject({ name: 'Ada Lovelace', avatar: { type: 'image/png' } })
  expect(set).toEqual(ada.profile.current)
  expect(ada.identity.name).toBe('Ada Lovelace')
  expect(server.me.toJSON()).toMatchObject({ name: 'Ada Lovelace', avatar: set.avatar })
  const adaAtGrace = (): Member | undefined => memberOf(graces, ada.identity.id)
  await until('grace hears of it', () => adaAtGrace()?.toJSON().avatar?.id === set.avatar?.id)
  await until('it is told', () => told.length > 0)
  const got = Buffer.from(await pictureOf(adaAtGrace()))
  // AT4: the picture, and nothing else of it.
  expect(got.includes(place)).toBe(false)
  expect(got.equals(Buffer.from((await ada.profile.avatar())?.bytes ?? []))).toBe(true)
  expect((await grace.profile.avatar({ user: ada.identity.id }))?.id).toBe(set.avatar?.id)

  expect(told).toEqual(['Ada Lovelace'])

  // The other way.
  await grace.profile.set({ avatar: gif() })
  await until('ada hears of it', () => memberOf(server, grace.identity.id)?.toJSON().avatar !== undefined)
  expect(await pictureOf(memberOf(server, grace.identity.id))).toEqual(gif())

  // The setter goes; who looked gives it on, to somebody who came later.
  await ada.close()
  const link = (await graces.invites.create()).link as string
  const bob = await cast.open('bob')
  const bobs = await bob.servers.join(link)
  await until('bob hears of it', () => memberOf(bobs, ada.identity.id)?.toJSON().avatar !== undefined)
  expect(Buffer.from(await pictureOf(memberOf(bobs, ada.identity.id))).equals(got)).toBe(true)
  expect(memberOf(bobs, ada.identity.id)?.name).toBe('Ada Lovelace')
  expect(alans.members.all.length).toBeGreaterThan(2)
  await alan.close()

  // It is as it was when the profile is opened again, whatever name is given then.
  const again = await cast.open('ada')
  expect(again.profile.current).toEqual(set)
  expect(Buffer.from((await again.profile.avatar())?.bytes ?? []).equals(got)).toBe(true)
  await again.profile.set({ avatar: null })
  expect(await again.profile.avatar()).toBeUndefined()
  await until('bob sees none', () => memberOf(bobs, ada.identity.id)?.toJSON().avatar === undefined)
  expect(await memberOf(bobs, ada.identity.id)?.avatar()).toBeUndefined()
})

test('[AT4] [AT9] [ND62] what is no avatar is refused before anything is said, and the former stays', async () => {
  const ada = await cast.open('ada')
  await ada.servers.create({ name: 'Engine' })
  const before = await ada.profile.set({ avatar: gif() })
  const cursor = ada.cursor
  const refusals: readonly (readonly [Uint8Array, object])[] = [
    [Buffer.from('%PDF-1.7'), { code: 'XCORD_ATTACHMENT_INVALID', details: { rule: 'AT9' } }],
    [new Uint8Array(0), { code: 'XCORD_ATTACHMENT_INVALID', details: { rule: 'AT9' } }],
    [gif(4_097), { code: 'XCORD_ATTACHMENT_INVALID', details: { rule: 'AT9' } }],
    [png('x').subarray(0, 40), { code: 'XCORD_ATTACHMENT_INVALID', details: { rule: 'AT4' } }],
    [png(randomBytes(262_144)), { code: 'XCORD_LIMIT', details: { limit: 262_144 } }]
  ]
  for (const [avatar, error] of refusals)
    await expect(ada.profile.set({ avatar })).rejects.toMatchObject(error)
  await expect(ada.profile.set({ name: ' ' })).rejects.toThrow(TypeError)
  await expect(ada.profile.set({ name: 'ü'.repeat(51) })).rejects.toThrow(RangeError)
  expect([ada.profile.current, ada.cursor]).toEqual([before, cursor])
  // What stays as it was is no change; too many changes are.
  for (let at = 0; at < 30; at++) await ada.profile.set({ name: before.name })
  let changes = 1
  await expect(
    (async () => {
      for (; ; changes++) await ada.profile.set({ name: `ada ${changes}` })
    })()
  ).rejects.toMatchObject({ code: 'XCORD_LIMIT' })
  expect(changes).toBe(20)
})

test('[SX6] [ND60] an export names whoever wears a picture, and holds no key of it', async () => {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const { client: grace, server: graces } = await joinAs(cast, 'grace', server)
  for (const name of ['Ada One', 'Ada Two']) await ada.profile.set({ name, avatar: png(name) })
  await grace.profile.set({ avatar: gif() })
  await until('each knows the other', () =>
    [server, graces].every(each => each.members.all.every(member => member.toJSON().avatar !== undefined))
  )
  for (const each of [server, graces]) {
    const { current } = replicaOf(each)
    const keys = [...current.profiles.values()].map(({ avatar }) => Buffer.from(avatar?.key ?? []))
    expect(keys.map(key => key.length)).toEqual([32, 32])
    await until('both are named', async () => {
      const pieces: Uint8Array[] = []
      for await (const piece of each.export()) pieces.push(piece)
      for (const key of keys) expect(Buffer.concat(pieces).includes(key)).toBe(false)
      const { members } = await verifyServerExport(Readable.from([Buffer.concat(pieces)]))
      return ['Ada Two', 'grace'].every(name => members.some(member => member.name === name))
    })
  }
})

test('[AT9] [AT6] whoever was banned gets no picture any more', async () => {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const { client: mallory, server: mallorys } = await joinAs(cast, 'mallory', server)
  await ada.profile.set({ avatar: png('first') })
  const adaThere = (): Member | undefined => memberOf(mallorys, ada.identity.id)
  await until('mallory hears of it', () => adaThere()?.toJSON().avatar !== undefined)
  const member = adaThere()
  await memberOf(server, mallory.identity.id)?.ban()
  await expect(
    (async () => {
      const fetched = await member?.avatar()
      return fetched?.bytes
    })()
  ).rejects.toMatchObject({ code: 'XCORD_ATTACHMENT_UNAVAILABLE' })
})
