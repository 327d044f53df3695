/** A profile that is opened without a network: read, written, and caught up with later. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

it('[ND4] reads and writes offline, and what was written leaves when there is a network again', async () => {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const link = (await server.invites.create()).link as string
  const bob = await cast.open('bob')
  const joined = await bob.servers.join(link)
  await server.channel('general').send('before')
  await until('bob has it', async () => (await texts(joined)).includes('before'))
  await ada.close()

  const alone = await cast.open('ada', { network: false })
  expect(alone.addresses()).toEqual([])
  expect(alone.peers()).toEqual([])
  const held = alone.servers.get('Engine')
  if (held === undefined) throw new Error('the server is not held any more')
  expect(await texts(held)).toEqual(['before'])
  const sent = await held.channel('general').send('alone')
  expect(sent.delivery.state).toBe('local')
  await alone.close()

  await cast.open('ada')
  await until('bob has what was written alone', async () => (await texts(joined)).includes('alone'))
}, 120_000)
