/** The key store of a profile on disk: what is told of an older copy that was put back (KS9). */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Client, createClient, isXcordError } from '@xcord/sdk'
import { folder } from '@xcord/sdk/node'
import { until } from './peers.fixture.ts'

const [OLD, NEW, NEWEST] = ['correct horse', 'battery staple', 'another day!'] as const

let home: string
let client: Client | undefined
const reported: unknown[] = []
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'xcord-test-'))
  reported.length = 0
})
afterEach(async () => {
  await client?.close()
  await rm(home, { recursive: true, force: true })
})

async function open(password: string): Promise<Client> {
  await client?.close()
  client = await createClient({
    profile: { name: 'ada' },
    store: folder(join(home, 'ada'), { password }),
    network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
  })
  client.on('error', ({ error }) => void reported.push(error))
  return client
}

const check = async (): Promise<object | undefined> =>
  (await client?.doctor())?.checks.find(each => each.check === 'keystore')

it('[KS9] T27: an older copy that was put back is reported at each opening, until a password is set under it', async () => {
  const [path, copy] = [join(home, 'ada', 'keystore'), join(home, 'copy')]
  const ada = await open(OLD)
  const server = await ada.servers.create({ name: 'Engine' })
  await copyFile(path, copy)
  await ada.changePassword(OLD, NEW)
  await open(NEW)
  expect(await check()).toMatchObject({ ok: true })
  await client?.close()

  await copyFile(copy, path)
  for (let n = 1; n <= 2; n++) {
    await open(OLD)
    await until('it is reported', () => reported.length === n)
    expect(isXcordError(reported[n - 1], 'XCORD_KEYSTORE_OLDER')).toBe(true)
    expect(reported[n - 1]).toMatchObject({ details: { epoch: 1, seen: 2 } })
    expect(await check()).toMatchObject({ ok: false, cause: 'older-copy' })
  }
  // Nothing is lost, and the place in the chain is that of the database.
  const again = client?.servers.get(server.id)
  await again?.channel('general').send('as ever')
  expect((await again?.channel('general').page())?.map(each => each.content)).toEqual(['as ever'])

  await client?.changePassword(OLD, NEWEST)
  expect(await check()).toMatchObject({ ok: true })
  await open(NEWEST)
  expect(await check()).toMatchObject({ ok: true })
  expect(reported).toHaveLength(2)
})
