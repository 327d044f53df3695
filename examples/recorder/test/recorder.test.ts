/** The recorder among people: who agreed is in a file by their tone, who did not is nowhere. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { play, toneSource } from '@xcord/core/adapters/audio-node'
import { systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import { readWav, tonesHeard } from '@xcord/core/audio'
import { createMemoryMedia } from '@xcord/core/testing'
import { type Client, createClient } from '@xcord/sdk'
import { memory } from '@xcord/sdk/node'
import { record } from '../src/recorder.ts'

const WAIT = { timeout: 60_000 }
const TONES = { ada: 440, grace: 660 }

let folder: string
const clients: Client[] = []
const mouths: (() => void)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xcord-recorder-'))
})
afterEach(async () => {
  for (const stop of mouths.splice(0)) stop()
  await Promise.all(clients.splice(0).map(async each => await each.close()))
  rmSync(folder, { recursive: true })
})

it('keeps those who agreed and nobody else, and everybody sees that it does', async () => {
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
  const [ada, grace, bot] = [await open('ada'), await open('grace'), await open('recorder')]
  const server = await ada.servers.create({ name: 'Engine', channels: ['general'] })
  await server.channels.create({ kind: 'voice', name: 'lounge' })
  const link = (await server.invites.create()).link as string
  const hers = await grace.servers.join(link)
  const its = await bot.servers.join(link)
  for (const each of [hers, its]) await expect.poll(() => each.channels.get('lounge'), WAIT).toBeDefined()

  const recording = await record(bot, its, { voice: 'lounge', text: 'general' }, into())
  await expect.poll(() => server.members.get(bot.identity.id)?.nick, WAIT).toBe('🔴 recorder')
  for (const [where, hz] of [
    [server, TONES.ada],
    [hers, TONES.grace]
  ] as const) {
    const voice = await where.channel('lounge').voice.join()
    mouths.push(play(toneSource(hz), frame => voice.ended ?? voice.send(frame)))
  }
  await server.channel('general').send('!yes')
  await expect.poll(() => recording.agreed, WAIT).toEqual([ada.identity.id])
  await expect.poll(() => sizeOf('ada-'), WAIT).toBeGreaterThan(20_000)

  const files = await recording.stop()
  expect(Object.keys(files)).toEqual([expect.stringMatching(/^ada-/)])
  const frames = [...readWav(readFileSync(Object.values(files)[0] as string)).frames()].slice(-10)
  const sound = Int16Array.from(frames.flatMap(each => [...each]))
  expect(tonesHeard(sound, Object.values(TONES))).toEqual([TONES.ada])
  await expect.poll(() => server.members.get(bot.identity.id)?.nick, WAIT).toBeNull()
})

/** A folder that nobody made yet. */
const into = (): string => join(folder, 'recordings')

function sizeOf(speaker: string): number {
  const [file] = existsSync(into()) ? readdirSync(into()).filter(each => each.startsWith(speaker)) : []
  return file === undefined ? 0 : statSync(join(into(), file)).size
}
