/** The music bot among people: silent until asked, heard by its tone, silent again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import { SAMPLE_RATE_HZ, toneFrames, tonesHeard, wavBytes, wavHeader } from '@xcord/core/audio'
import { createMemoryMedia } from '@xcord/core/testing'
import { type Client, createClient } from '@xcord/sdk'
import { memory } from '@xcord/sdk/node'
import { musicBot } from '../src/music-bot.ts'

const WAIT = { timeout: 60_000 }
const SECONDS = 120
const FRAMES = 10

let folder: string
const clients: Client[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xcord-music-'))
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map(async each => await each.close()))
  rmSync(folder, { recursive: true })
})

/** A file that is one long note. */
function writeSong(hz: number): string {
  const path = join(folder, 'song.wav')
  const note = toneFrames(hz)
  const frames = Array.from({ length: SECONDS * 100 }, (_, index) => wavBytes(note(index)))
  writeFileSync(path, Buffer.concat([wavHeader(SECONDS * SAMPLE_RATE_HZ), ...frames]))
  return path
}

it('plays when it is asked to, and stops when it is told to', async () => {
  const media = createMemoryMedia({ timers: systemTimers, random: systemRandom })
  const open = async (name: string): Promise<Client> => {
    const client = await createClient({
      profile: { name },
      store: memory(),
      media: media.port(),
      network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
    })
    clients.push(client)
    return client
  }
  const [ada, bot] = [await open('ada'), await open('music')]
  const server = await ada.servers.create({ name: 'Engine', channels: ['general'] })
  await server.channels.create({ kind: 'voice', name: 'lounge' })
  const its = await bot.servers.join((await server.invites.create()).link as string)
  await expect.poll(() => its.channels.get('lounge'), WAIT).toBeDefined()
  const song = writeSong(523)
  await musicBot(bot, its, 'lounge', song)

  const voice = await server.channel('lounge').voice.join()
  let heard: Int16Array[] = []
  voice.on('audio', ({ frame }) => void heard.push(frame))
  const note = (): number[] =>
    tonesHeard(Int16Array.from(heard.slice(-FRAMES).flatMap(each => [...each])), [523], 0.7)
  await expect.poll(() => voice.participants[0]?.path, WAIT).toBe('connected')
  expect(note()).toEqual([])
  const asked = await server.channel('general').send('!play')
  await expect.poll(note, WAIT).toEqual([523])
  await expect
    .poll(async () => (await server.channel('general').message(asked.id)).reactions[0]?.emoji, WAIT)
    .toBe('▶')
  const told = await server.channel('general').send('!stop')
  await expect
    .poll(async () => (await server.channel('general').message(told.id)).reactions[0]?.emoji, WAIT)
    .toBe('⏹')
  heard = []
  expect(note()).toEqual([])
})
