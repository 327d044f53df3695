/** One profile on all devices of an account, and what becomes of a device that was put out (ND61, ND63). */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Client, createClient, isXcordError, type Server } from '@xcord/sdk'
import { folder, linkDevice } from '@xcord/sdk/node'
import { replicaOf } from './faults.fixture.ts'
import { type Cast, createCast, until } from './peers.fixture.ts'
import { gif, png } from './pictures.fixture.ts'

let cast: Cast
const opened: Client[] = []
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map(async client => await client.close()))
  await cast.end()
})

async function link(to: Client, name: string): Promise<Client> {
  const shown = Promise.withResolvers<string>()
  const linked = linkDevice({
    store: folder(join(cast.home, name)),
    network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false },
    deviceName: name,
    onCode: shown.resolve,
    compare: () => Promise.resolve(true)
  })
  linked.catch(shown.reject)
  const [client] = await Promise.all([
    linked,
    to.devices.link(await shown.promise, { compare: () => Promise.resolve(true) })
  ])
  opened.push(client)
  return client
}

const shownAt = (server: Server | undefined, id: string): string | undefined =>
  server?.members.all.find(each => each.id === id)?.name

async function held(client: Client): Promise<Uint8Array> {
  return await until('the picture is here', async () => {
    try {
      return (await client.profile.avatar())?.bytes
    } catch (error) {
      if (!isXcordError(error, 'XCORD_ATTACHMENT_UNAVAILABLE')) throw error
      return undefined
    }
  })
}

test('[ND61] what one device sets is that of all, in servers that only another is in, and with a new device', async () => {
  const desk = await cast.open('ada')
  await desk.profile.set({ name: 'Ada of the desk' })
  const server = await desk.servers.create({ name: 'Engine' })
  const grace = await cast.open('grace')
  const graces = await grace.servers.join((await server.invites.create()).link as string)
  const phone = await link(desk, 'phone')
  // A new device is called as the others are.
  expect(phone.identity.name).toBe('Ada of the desk')
  await until('the phone follows', () => phone.servers.get('Engine')?.imported === false)

  const set = await phone.profile.set({ name: 'Ada of the phone', avatar: png('pixels') })
  await until('the desk takes it on', () => desk.profile.current.name === set.name)
  expect(desk.profile.current).toEqual(set)
  await until('grace sees it', () => shownAt(graces, desk.identity.id) === set.name)
  // The desk fetches it by itself, and gives it though the phone is away.
  const picture = await held(desk)
  await phone.close()
  expect(await held(desk)).toEqual(picture)
  expect(
    await until('grace gets it of the desk', async () => {
      try {
        return (await grace.profile.avatar({ user: desk.identity.id }))?.bytes
      } catch (error) {
        if (!isXcordError(error, 'XCORD_ATTACHMENT_UNAVAILABLE')) throw error
        return undefined
      }
    })
  ).toEqual(picture)

  // A server that the phone was never in shows what the phone set; the way back, too.
  const other = await grace.servers.create({ name: 'Hopper' })
  await desk.servers.join((await other.invites.create()).link as string)
  await until('grace sees it there', () => shownAt(other, desk.identity.id) === set.name)
  const last = await desk.profile.set({ name: 'Ada', avatar: gif() })
  await until('grace sees both', () =>
    [graces, other].every(each => shownAt(each, desk.identity.id) === 'Ada')
  )
  const again = await cast.open('phone')
  await until('the phone takes it on', () => again.profile.current.name === 'Ada')
  expect(again.profile.current).toEqual(last)
  expect(await held(again)).toEqual(gif())
})

test('[ND61] [ND63] the name of a device that was put out is said anew by one that is on', async () => {
  const desk = await cast.open('ada')
  const server = await desk.servers.create({ name: 'Engine' })
  const grace = await cast.open('grace')
  const graces = await grace.servers.join((await server.invites.create()).link as string)
  const phone = await link(desk, 'phone')
  await until('the phone follows', () => phone.servers.get('Engine')?.imported === false)
  for (const name of ['one', 'two', 'three']) await phone.profile.set({ name })
  await until('the desk takes it on', () => desk.profile.current.name === 'three')
  await until('grace sees it', () => shownAt(graces, desk.identity.id) === 'three')
  await phone.close()
  await desk.devices.revoke(phone.identity.device)
  const said = () => replicaOf(graces).current.profiles.get(replicaOf(server).current.user)
  await until('the desk says it', () => said()?.device === desk.identity.device)
  expect(said()?.name).toBe('three')
  await desk.profile.set({ name: 'Ada' })
  await until('grace sees it', () => shownAt(graces, desk.identity.id) === 'Ada')
})

test('[ID11] [ND60] who recovers by the words and the backup file is called as they were last', async () => {
  let phrase = ''
  const ada = await cast.open('ada', { onPhrase: words => void (phrase = words) })
  await ada.profile.set({ name: 'Ada Lovelace' })
  await ada.close()
  const backup = await readFile(join(cast.home, 'ada', 'backup'))
  const again = await createClient({
    store: folder(join(cast.home, 'again')),
    phrase,
    backup,
    network: false
  })
  opened.push(again)
  expect(again.profile.current).toEqual({ identity: ada.identity.id, name: 'Ada Lovelace', avatar: null })
})
