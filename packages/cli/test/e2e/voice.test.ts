/** Three daemons in a voice channel: each a process with its own engine, found and signalled over libp2p. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readWav, tonesHeard } from '@xcord/core/audio'
import type { VoicePairJson } from '@xcord/sdk'
import { createHome, type Daemon, type Home } from './processes.ts'

const WAIT = { timeout: 90_000, interval: 250 }
const PEOPLE = ['ada', 'grace', 'alan'] as const
const TONES = { ada: 440, grace: 660, alan: 990 } as const
type Person = (typeof PEOPLE)[number]

let home: Home
beforeEach(() => {
  home = createHome()
})
afterEach(async () => home.close())

/** A verb that works, and its answer. */
async function say<T>(profile: string, ...argv: string[]): Promise<T> {
  const ended = await home.xcord([...argv, '--profile', profile, '--json'])
  expect([ended.err, ended.code]).toEqual(['', 0])
  return ended.lines<T>()[0] as T
}

/** Everybody in one server that has a lounge. */
async function gather(): Promise<Daemon[]> {
  for (const each of PEOPLE) await say(each, 'init', '--name', each)
  const daemons = await Promise.all(PEOPLE.map(each => home.daemon(each)))
  await say('ada', 'server', 'create', 'Engine')
  await say('ada', 'channel', 'create', 'lounge', '--kind', 'voice')
  const { link } = await say<{ link: string }>('ada', 'invite', 'create')
  for (const each of PEOPLE.slice(1)) {
    await say(each, 'server', 'join', link)
    await expect
      .poll(async () => (await home.xcord(['channel', 'list', '--profile', each])).out, WAIT)
      .toContain('lounge')
  }
  return daemons
}

const folderOf = (person: Person): string => join(home.path, `heard-by-${person}`)

/** The tones in the last tenth of a second of each file, by the speaker the file is named after. */
function heardBy(person: Person): Record<string, number[]> {
  let files: string[] = []
  try {
    files = readdirSync(folderOf(person))
  } catch {
    return {}
  }
  return Object.fromEntries(
    files.map(file => {
      const frames = [...readWav(readFileSync(join(folderOf(person), file))).frames()].slice(-11, -1)
      const sound = Int16Array.from(frames.flatMap(each => [...each]))
      return [file.split('-')[0] ?? '', tonesHeard(sound, Object.values(TONES), 0.5)]
    })
  )
}

describe('voice from the command line', () => {
  test('three daemons hear each other by tone, say how well, and leave files', async () => {
    await gather()
    for (const each of PEOPLE)
      await say(each, 'voice', 'join', 'lounge', '--tone', String(TONES[each]), '--output', folderOf(each))
    for (const each of PEOPLE) {
      const others = Object.fromEntries(
        PEOPLE.filter(other => other !== each).map(other => [other, [TONES[other]]])
      )
      await expect.poll(() => heardBy(each), WAIT).toEqual(others)
    }
    const stats = await home.xcord(['voice', 'stats', '--profile', 'grace', '--json'])
    const pairs = stats.lines<VoicePairJson>()
    expect(pairs.map(({ name }) => name).toSorted()).toEqual(['ada', 'alan'])
    for (const each of pairs) expect(each).toMatchObject({ path: 'connected', route: 'direct', heard: 'yes' })

    const left = await say<{ left: boolean; files: Record<string, string> }>('alan', 'voice', 'leave')
    expect(left.left).toBe(true)
    expect(Object.values(left.files).toSorted()).toEqual(
      readdirSync(folderOf('alan'))
        .map(file => join(folderOf('alan'), file))
        .toSorted()
    )
    await expect
      .poll(
        async () =>
          (await home.xcord(['voice', 'stats', '--profile', 'ada', '--json'])).lines<VoicePairJson>(),
        WAIT
      )
      .toMatchObject([{ name: 'grace' }])
    expect(await say('alan', 'voice', 'leave')).toEqual({ left: false, files: {} })
  })

  test('what cannot be played, or is no voice channel, is refused, and nobody is in a call', async () => {
    await say('ada', 'init', '--name', 'ada')
    await home.daemon('ada')
    await say('ada', 'server', 'create', 'Engine', '--channel', 'general')
    await say('ada', 'channel', 'create', 'lounge', '--kind', 'voice')
    const song = join(home.path, 'song.mp3')
    writeFileSync(song, 'ID3')
    const refused = async (...argv: string[]): Promise<string> =>
      (await home.xcord(['voice', 'join', ...argv, '--profile', 'ada', '--json'])).error().code
    const quiet = ['--output', join(home.path, 'out')]
    expect(await refused('lounge', '--input', song, ...quiet)).toBe('XCORD_AUDIO_FORMAT')
    expect(await refused('general', '--tone', '440', ...quiet)).toBe('XCORD_CHANNEL_KIND')
    expect(await refused('lounge', '--tone', '7', ...quiet)).toBe('XCORD_USAGE')
    expect(await say('ada', 'voice', 'leave')).toEqual({ left: false, files: {} })
  })
})
