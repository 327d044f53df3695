/** Verbs of voice against real peers; the audio stays in memory. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import { createMemoryMedia, type MemoryMedia } from '@xcord/core/testing'
import { type Client, createClient, type VoiceSession } from '@xcord/sdk'
import { memory } from '@xcord/sdk/node'
import { lasting, markProfile, runFake } from '../../test/fake-terminal.ts'

/** Each run of a verb sets a whole gateway up. */
const SLOW = { timeout: 600_000 }
const WAIT = { timeout: 60_000 }

let home: string
let media: MemoryMedia
let ada: Client
let grace: Client
let hers: VoiceSession
/** One client from run to run, as a daemon has. */
let served: Client

const xcord = (...argv: string[]) =>
  runFake([...argv, '--yes'], {
    home,
    open: async () => served,
    now: () => Date.now(),
    env: { XCORD_TIMEOUT: '100ms' }
  })
const ok = async (...argv: string[]) => {
  const run = await xcord(...argv, '--json')
  expect([run.err, run.code]).toEqual(['', 0])
  return run.json() as Record<string, unknown>[]
}
const refused = async (...argv: string[]) =>
  (JSON.parse((await xcord(...argv, '--json')).err) as { error: { code: string } }).error.code

const peer = async (name: string): Promise<Client> =>
  await createClient({
    profile: { name },
    store: memory(),
    media: media.port(),
    network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
  })

const lounge = () => ada.servers.all[0]?.channels.get('lounge')
/** Where Ada sees people. */
const seen = () =>
  ada.servers.all[0]?.channels.all.flatMap(({ name, voice }) => voice.occupants.map(() => name))

/** Ada has a lounge and an attic, and Grace is in the lounge. */
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'xcord-cli-'))
  markProfile(home)
  media = createMemoryMedia({ timers: systemTimers, random: systemRandom })
  ada = await peer('ada')
  served = lasting(ada)
  grace = await peer('grace')
  const server = await ada.servers.create({ name: 'Engine' })
  for (const name of ['lounge', 'attic']) await server.channels.create({ kind: 'voice', name })
  const joined = await grace.servers.join((await server.invites.create()).link as string)
  await expect.poll(() => joined.channels.get('attic'), WAIT).toBeDefined()
  await expect.poll(() => server.members.get('grace'), WAIT).toBeDefined()
  hers = await joined.channel('lounge').voice.join()
}, SLOW.timeout)
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all([ada.close(), grace.close()])
  rmSync(home, { recursive: true })
})

test(
  'voice list shows who is where before joining, and status says that one is in no call',
  SLOW,
  async () => {
    await expect.poll(seen, WAIT).toEqual(['lounge'])
    expect(await ok('voice', 'list')).toMatchObject([
      { name: 'grace', channelName: 'lounge', muted: false, silenced: false }
    ])
    hers.deafen()
    await expect.poll(() => lounge()?.voice.occupants[0]?.deafened, WAIT).toBe(true)
    expect((await xcord('voice', 'list')).out).toMatch(/lounge\s+grace\s+deafened/)
    expect(await ok('voice', 'status')).toEqual([{ call: null, ended: null }])
    expect(await refused('voice', 'mute')).toBe('XCORD_VOICE_ABSENT')
  }
)

test('a call is joined by key or voice, changed, moved and left', SLOW, async () => {
  // The verb that joins stays until it is interrupted; what a daemon does is the call of its own.
  await ada.servers.all[0]?.channel('lounge').voice.join({ muted: true })
  await expect.poll(() => ada.servers.all[0]?.voice?.participants[0]?.path, WAIT).toBe('connected')
  expect(await ok('voice', 'status')).toMatchObject([
    { call: { name: 'lounge', muted: true, pushToTalk: false, pairs: [{ name: 'grace' }] } }
  ])
  expect(await ok('voice', 'unmute')).toMatchObject([{ muted: false }])
  expect(await ok('voice', 'deafen')).toMatchObject([{ deafened: true }])
  expect((await xcord('voice', 'status')).out).toMatch(/In "lounge" \(deafened\), with grace\.\nCode/)
  expect(await ok('voice', 'undeafen')).toMatchObject([{ deafened: false }])
  expect(await ok('voice', 'push-to-talk', 'on')).toMatchObject([{ pushToTalk: true, talking: false }])
  expect(await ok('voice', 'talk', 'on')).toMatchObject([{ talking: true }])
  expect(await refused('voice', 'talk', 'loudly')).toBe('XCORD_USAGE')
  expect(await ok('voice', 'priority', 'on')).toMatchObject([{ priority: true }])
  await ok('voice', 'volume', 'grace', '30')
  expect(await refused('voice', 'volume', 'grace', '201')).toBe('XCORD_USAGE')
  const grown = await ok('voice', 'status')
  expect(Object.values((grown[0] as { call: { volumes: object } }).call.volumes)).toEqual([30])
  expect(await ok('voice', 'move', 'attic')).toMatchObject([{ name: 'attic' }])
  expect(await ok('voice', 'leave')).toEqual([{ left: true, files: {} }])
})

test('joining takes mute, deafen and the key along', SLOW, async () => {
  let interrupt: () => void = () => undefined
  const run = runFake(
    ['voice', 'join', 'lounge', '--no-input', '--output', home, '--deafened', '--push-to-talk', '--json'],
    { home, open: async () => served, interrupt: new Promise(resolve => (interrupt = resolve)) }
  )
  await expect.poll(() => ada.servers.all[0]?.voice, WAIT).toMatchObject({ deafened: true, pushToTalk: true })
  interrupt()
  expect((await run).json()).toMatchObject([{ deafened: true, pushToTalk: true }, { left: true }])
})

test('whoever says nothing for as long as the server allows is taken aside, and told why', SLOW, async () => {
  await ok('channel', 'create', 'aside', '--kind', 'voice')
  expect(await refused('server', 'edit', '--afk-channel', 'general')).toBe('XCORD_CHANNEL_KIND')
  await ok('server', 'edit', '--afk-channel', 'aside', '--afk-after', '2m')
  expect(await ok('server', 'show')).toMatchObject([{ afk: { seconds: 120 } }])
  await ada.servers.all[0]?.channel('lounge').voice.join()
  expect(await ok('voice', 'status')).toMatchObject([{ call: { name: 'lounge', cause: 'self' } }])
  // The clock of the whole machine is two minutes on.
  const now = Date.now.bind(Date)
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 121_000)
  await expect.poll(() => ada.servers.all[0]?.voice?.channel.name, WAIT).toBe('aside')
  expect(await ok('voice', 'status')).toMatchObject([{ call: { name: 'aside', cause: 'idle' } }])
  expect((await xcord('voice', 'status')).out).toMatch(/In "aside".*\nYou were brought here because/)
  await ok('server', 'edit', '--no-afk-channel')
  expect((await ok('server', 'show'))[0]).not.toHaveProperty('afk')
})

test('a moderator sends a member elsewhere and out, and only to where people talk', SLOW, async () => {
  await expect.poll(seen, WAIT).toEqual(['lounge'])
  expect(await refused('member', 'move', 'grace', 'general')).toBe('XCORD_CHANNEL_KIND')
  await ok('member', 'move', 'grace', 'attic')
  await expect.poll(() => hers.channel.name, WAIT).toBe('attic')
  await expect.poll(seen, WAIT).toEqual(['attic'])
  await ok('member', 'disconnect', 'grace')
  await expect.poll(() => hers.ended, WAIT).toBe('moved')
  await expect.poll(seen, WAIT).toEqual([])
  expect(await refused('member', 'disconnect', 'grace')).toBe('XCORD_MEMBER_NOT_FOUND')
})
