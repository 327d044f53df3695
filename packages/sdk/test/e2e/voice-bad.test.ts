/** What goes wrong in calls: each is told clearly, the call goes on where it can, and text does in any case. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createMemoryMedia, type MemoryMedia } from '@xcord/core/testing'
import { systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import { encodeFrame, type MediaPort, VOICE_FRAME_BYTES_MAX } from '@xcord/core/voice'
import type { Channel, Client, Server } from '@xcord/sdk'
import { connectSound } from '@xcord/sdk/node'
import { createWorld, type World } from './faults.fixture.ts'
import { until } from './peers.fixture.ts'

/** An engine that takes everything and never says a word. */
const MUTE_ENGINE: MediaPort = {
  open: () => undefined,
  take: () => undefined,
  send: () => undefined,
  setSending: () => undefined,
  setReceiving: () => undefined,
  stats: async () => undefined,
  close: () => undefined,
  listen: () => () => undefined,
  stop: async () => undefined
}

/** An engine that has no Opus: what it offers and answers names another codec. */
function withoutOpus(port: MediaPort): MediaPort {
  return {
    open: (link, init) => port.open(link, init),
    take: (link, signal) => port.take(link, signal),
    send: (links, frame) => port.send(links, frame),
    setSending: (link, on) => port.setSending(link, on),
    setReceiving: (link, on) => port.setReceiving(link, on),
    stats: async link => await port.stats(link),
    close: link => port.close(link),
    stop: async () => await port.stop(),
    listen: listener =>
      port.listen(event => {
        if (event.kind !== 'signal' || event.signal.kind !== 'description') return listener(event)
        const { type, sdp } = event.signal.description
        const description = { type, sdp: sdp.replace('opus', 'speex') }
        listener({ ...event, signal: { kind: 'description', description } })
      })
  }
}

let world: World
let media: MemoryMedia
let folder: string
let aheadMs: number
const path = process.env['PATH']
const clock = { now: () => Date.now() + aheadMs }
beforeEach(async () => {
  aheadMs = 0
  world = await createWorld()
  media = createMemoryMedia({ timers: systemTimers, random: systemRandom })
  folder = mkdtempSync(join(tmpdir(), 'xcord-bad-'))
})
afterEach(async () => {
  process.env['PATH'] = path
  await world.end()
  rmSync(folder, { recursive: true, force: true })
})

interface Two {
  readonly ada: Client
  readonly grace: Client
  readonly server: Server
  readonly hers: Server
  readonly lounge: Channel
  readonly herLounge: Channel
}

/** Ada's server with a lounge, and Grace in it. */
async function two(engine: MediaPort = media.port(), hostile = false): Promise<Two> {
  const ada = await world.open('Ada', { media: media.port(), clock })
  const grace = await world.open('Grace', { media: engine, clock, hostile })
  const server = await ada.servers.create({ name: 'Engine' })
  const lounge = await server.channels.create({ kind: 'voice', name: 'lounge' })
  const hers = await grace.servers.join((await server.invites.create()).link as string)
  const herLounge = await until('the lounge is seen', () => hers.channels.get('lounge'))
  await until('Grace is seen', () => server.members.get('Grace'))
  return { ada, grace, server, hers, lounge, herLounge }
}

/** Text arrives as if nothing were. */
async function untilText({ server, hers }: Two, text: string): Promise<void> {
  await server.channel('general').send(text)
  await until(`"${text}" arrives`, async () =>
    (await hers.channel('general').page()).some(each => each.content === text)
  )
}

/** A program of the system that stands in for sound. */
function install(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, name), 0o755)
}

it('[VX68] no microphone: the error names what is missing, and one stays in the call', async () => {
  const all = await two()
  const call = await all.lounge.voice.join()
  process.env['PATH'] = folder
  await expect(connectSound(call, { microphone: true })).rejects.toMatchObject({
    code: 'XCORD_AUDIO_DEVICE',
    message: expect.stringMatching(/parec, arecord, ffmpeg/)
  })
  process.env['PATH'] = path
  expect(call.ended).toBeNull()
  await untilText(all, 'no microphone')
})

it('[VX68] a device that vanishes during a call is told once, with what it said; the call goes on', async () => {
  const all = await two()
  const [call, other] = [await all.lounge.voice.join(), await all.herLounge.voice.join()]
  await until('they are connected', () => call.participants[0]?.hears === 'yes')
  install('parec', '/usr/bin/head -c 9600 /dev/zero\necho "Connection terminated" >&2\nexit 1')
  process.env['PATH'] = folder
  const errors: unknown[] = []
  await connectSound(call, { microphone: true, onError: error => void errors.push(error) })
  process.env['PATH'] = path
  await until('the device is missed', () => errors.length > 0)
  expect(errors).toEqual([
    expect.objectContaining({
      code: 'XCORD_AUDIO_DEVICE',
      details: expect.objectContaining({ reason: 'Connection terminated' })
    })
  ])
  expect([call.ended, other.ended]).toEqual([null, null])
  await untilText(all, 'unplugged')
})

it('[VX61] a file that is no sound is refused with its path and the reason', async () => {
  const all = await two()
  const call = await all.lounge.voice.join()
  const input = join(folder, 'song.wav')
  writeFileSync(input, 'ID3 this is another format')
  await expect(connectSound(call, { input })).rejects.toMatchObject({
    code: 'XCORD_AUDIO_FORMAT',
    message: expect.stringContaining('song.wav')
  })
  await expect(connectSound(call, { input: join(folder, 'none.wav') })).rejects.toMatchObject({
    code: 'XCORD_AUDIO_FORMAT'
  })
  expect(call.ended).toBeNull()
  await untilText(all, 'not a song')
})

it('[VX4] [VX6] without Connect, and where no place is left: refused before anything begins', async () => {
  const all = await two()
  const { server, lounge, herLounge } = all
  await lounge.edit({ userLimit: 1 })
  await lounge.voice.join()
  await until('Grace sees the limit and Ada', () => herLounge.userLimit === 1 && herLounge.voice.occupants[0])
  await expect(herLounge.voice.join()).rejects.toMatchObject({
    code: 'XCORD_VOICE_FULL',
    details: expect.objectContaining({ places: 1 })
  })
  await lounge.permit(server.roles.all.at(-1)?.id as never, { deny: ['Connect'] })
  await until('Grace learns of it', () => !herLounge.permits('Connect'))
  await expect(herLounge.voice.join()).rejects.toMatchObject({
    code: 'XCORD_PERMISSION_DENIED',
    details: expect.objectContaining({ permission: 'Connect' })
  })
  await untilText(all, 'outside')
})

it('[VX7] [VX8] whoever floods candidates is cut off; the call of the others and text go on', async () => {
  const all = await two(media.port(), true)
  const { ada, grace, server, lounge, herLounge } = all
  const alan = await world.open('Alan', { media: media.port(), clock })
  const his = await alan.servers.join((await server.invites.create()).link as string)
  const hisLounge = await until('the lounge is seen', () => his.channels.get('lounge'))
  const [call, other] = [await lounge.voice.join(), await hisLounge.voice.join()]
  await until('they are connected', () => call.participants[0]?.hears === 'yes')
  const device = ada.identity.device
  const [connection] = world.transportOf('Grace').connections(device)
  const stream = await connection?.openStream('/xcord/voice/1', { frameBytesMax: VOICE_FRAME_BYTES_MAX })
  const flood = async (): Promise<void> => {
    for (let n = 0; n < 100_000; n++)
      await stream?.send(
        encodeFrame({
          server: server.id,
          channel: herLounge.id,
          from: 'ee'.repeat(16),
          to: null,
          signal: { kind: 'candidate', attempt: 1, candidate: `candidate:${n}`, mid: null, line: null }
        })
      )
  }
  await expect(flood()).rejects.toThrow()
  expect(call.participants.map(each => [each.member.name, each.path])).toEqual([['Alan', 'connected']])
  expect([call.ended, other.ended]).toEqual([null, null])
  expect(grace.identity.id).not.toBe(ada.identity.id)
  await untilText(all, 'above the flood')
})

it('[VX64] whoever has no Opus is said to have none, and asked less and less; text goes on both ways', async () => {
  const all = await two(withoutOpus(media.port()))
  const { ada, hers, server } = all
  const call = await all.lounge.voice.join()
  const other = await all.herLounge.voice.join()
  await until('it is said why', () => call.participants[0]?.trouble === 'codec')
  await untilText(all, 'no common codec')
  // Attempts follow each other after 0.25 to 10 seconds.
  await until('she is shown as unreachable', () => {
    aheadMs += 250
    return call.participants[0]?.path === 'unreachable'
  })
  expect(await call.stats()).toMatchObject([{ name: 'Grace', trouble: 'codec', heard: 'unknown' }])
  expect([call.ended, other.ended]).toEqual([null, null])
  await hers.channel('general').send('in writing, then')
  await until('hers arrives, too', async () =>
    (await server.channel('general').page()).some(each => each.content === 'in writing, then')
  )
  expect(ada.servers.all).toHaveLength(1)
})

it('[VX8] whoever never answers is shown as unreachable, and asked less and less', async () => {
  const all = await two(MUTE_ENGINE)
  const { lounge, herLounge } = all
  const call = await lounge.voice.join()
  await herLounge.voice.join()
  await until('Grace is there', () => call.participants.length === 1)
  // Attempts take 6, 12 and 24 seconds of everybody's clock.
  await until('she is shown as unreachable', () => {
    aheadMs += 250
    return call.participants[0]?.path === 'unreachable'
  })
  expect(call.participants[0]).toMatchObject({ trouble: 'unanswered', heard: 'unknown', hears: 'unknown' })
  expect(call.ended).toBeNull()
  await untilText(all, 'in writing then')
})
