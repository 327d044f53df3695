/** Verbs of voice, policy, emojis, the schedule and readmission against a real peer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Client, createClient } from '@xcord/sdk'
import { memory } from '@xcord/sdk/node'
import { lasting, markProfile, runFake } from '../../test/fake-terminal.ts'

/** Each run of a verb sets a whole gateway up. */
const SLOW = { timeout: 600_000 }

let home: string
let ada: Client
const others: Client[] = []

const xcord = (...argv: string[]) =>
  runFake([...argv, '--yes'], {
    home,
    open: async () => lasting(ada),
    now: () => Date.now(),
    env: { XCORD_TIMEOUT: '100ms' }
  })
const ok = async (...argv: string[]) => {
  const run = await xcord(...argv, '--json')
  expect(run.err).not.toContain('error')
  expect(run.code).toBe(0)
  return run.json() as Record<string, unknown>[]
}
const refused = async (...argv: string[]) =>
  (JSON.parse((await xcord(...argv, '--json')).err) as { error: { code: string } }).error.code

const peer = async (name: string): Promise<Client> =>
  await createClient({
    profile: { name },
    store: memory(),
    network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
  })

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'xcord-cli-'))
  markProfile(home)
  ada = await peer('ada')
  await ada.servers.create({ name: 'Engine' })
})
afterEach(async () => {
  for (const client of others.splice(0)) await client.close()
  await ada.close()
  rmSync(home, { recursive: true })
})

describe('what a server has', () => {
  test('member mute and deafen, shown by member show; message readmit says why not', SLOW, async () => {
    const grace = await peer('grace')
    others.push(grace)
    const server = ada.servers.all[0]
    await grace.servers.join((await server?.invites.create())?.link ?? '')
    await expect.poll(() => server?.members.get('grace') !== undefined, { timeout: 60_000 }).toBe(true)
    await ok('member', 'mute', '@grace', '--reason', 'echo')
    await ok('member', 'deafen', '@grace')
    expect(await ok('member', 'show', 'grace')).toMatchObject([{ muted: true, deafened: true }])
    expect((await xcord('member', 'show', 'grace')).out).toMatch(/speak, hear/)
    await ok('member', 'undeafen', '@grace')
    expect((await ok('member', 'show', 'grace'))[0]).not.toHaveProperty('deafened')
    expect(await refused('member', 'mute', '@ada')).toBe('XCORD_PERMISSION_DENIED')
    const [said] = await ok('send', 'general', 'hello')
    expect(await refused('message', 'readmit', `${said?.['id']}`)).toBe('XCORD_CONFLICT')
    expect(await ok('message', 'list', 'general', '--hidden')).toHaveLength(1)
  })

  test('server policy and nodes; limits of a channel', SLOW, async () => {
    expect(await ok('server', 'policy')).toMatchObject([{ invites: 'open', transferNeedsPhrase: true }])
    await ok('server', 'policy', '--invites', 'approval', '--no-transfer-phrase')
    expect((await xcord('server', 'policy')).out).toMatch(/approval[\s\S]*any device/)
    expect(await refused('server', 'policy', '--invites', 'never')).toBe('XCORD_USAGE')
    await ok(
      'server',
      'edit',
      '--node',
      '/dns4/node.example/tcp/4001',
      '--node',
      '/dns4/two.example/tcp/4001'
    )
    expect((await ok('server', 'show'))[0]?.['nodes']).toHaveLength(2)
    await ok('server', 'edit', '--no-node')
    expect((await ok('server', 'show'))[0]).not.toHaveProperty('nodes')
    await ok('channel', 'create', 'lounge', '--kind', 'voice')
    await ok('channel', 'edit', 'lounge', '--user-limit', '5', '--bitrate', '64', '--nsfw')
    expect(await ok('channel', 'list')).toContainEqual(
      expect.objectContaining({ name: 'lounge', userLimit: 5, bitrateKbps: 64, nsfw: true })
    )
    await ok('channel', 'edit', 'lounge', '--user-limit', 'none', '--no-nsfw')
    expect(await ok('channel', 'list')).toContainEqual(
      expect.objectContaining({ name: 'lounge', nsfw: false })
    )
  })

  test('emoji add, rename, list, remove; schedule add, edit, list, remove', SLOW, async () => {
    const file = join(home, 'cog.webp')
    writeFileSync(file, 'not really a picture')
    await ok('emoji', 'add', 'cog', file)
    expect(await refused('emoji', 'add', 'cog', join(home, 'cog.exe'))).toBe('XCORD_USAGE')
    expect(await refused('emoji', 'add', 'c o g', file)).toBe('XCORD_USAGE')
    await ok('emoji', 'rename', ':cog:', 'gear')
    expect(await ok('emoji', 'list')).toMatchObject([
      { kind: 'emoji', name: 'gear', mediaType: 'image/webp' }
    ])
    await ok('emoji', 'remove', 'gear')
    expect(await ok('emoji', 'list')).toEqual([])
    await ok('schedule', 'add', 'Demo', '--start', '2027-01-31T18:00Z', '--location', '#general')
    await ok('schedule', 'edit', 'Demo', '--end', '2027-01-31T19:00Z', '--location', '')
    expect(await ok('schedule', 'list')).toMatchObject([
      {
        name: 'Demo',
        startsAt: '2027-01-31T18:00:00.000Z',
        endsAt: '2027-01-31T19:00:00.000Z',
        location: null
      }
    ])
    expect(await refused('schedule', 'add', 'Never', '--start', 'soon')).toBe('XCORD_USAGE')
    await ok('schedule', 'remove', 'Demo')
    expect(await ok('schedule', 'list')).toEqual([])
  })
})
