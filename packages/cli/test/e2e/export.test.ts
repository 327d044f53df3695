/** A server leaves as a file and comes up elsewhere, with real processes: daemon, no daemon, no profile at all. */
import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ExportJson, ImportJson, MessageJson, ServerJson, StateJson } from '@xcord/sdk'
import { createHome, type Home } from './processes.ts'

const LONG = 900_000

let home: Home
beforeEach(() => {
  home = createHome()
})
afterEach(async () => home.close())

const run = async (who: string, ...argv: string[]) =>
  await home.xcord([...argv, '--profile', who, '--json', '--yes', '--no-mdns'])
async function as<T>(who: string, ...argv: string[]): Promise<T> {
  const done = await run(who, ...argv)
  expect([argv.join(' '), done.err, done.code]).toEqual([argv.join(' '), '', 0])
  return done.lines<T>()[0] as T
}

test(
  '[SX4, SX7, SX11] export, verify, import: the same state hash on every machine',
  async () => {
    const { phrase } = await as<{ phrase: string }>('ada', 'init', '--name', 'ada')
    await as('grace', 'init', '--name', 'grace')
    const daemon = await home.daemon('ada')
    const server = await as<ServerJson>('ada', 'server', 'create', 'Engine')
    await as('ada', 'role', 'create', 'crew', '--permission', 'KickMembers')
    const { link } = await as<{ link: string }>('ada', 'invite', 'create')
    await home.daemon('grace').then(async graces => {
      await as('grace', 'server', 'join', link)
      expect(await graces.stop()).toBe(0)
    })
    await as('ada', 'role', 'grant', 'crew', '@grace')
    await as('ada', 'send', '#general', 'while you were away')
    const file = join(home.path, 'engine.xcord')
    const there = await as<StateJson>('ada', 'state', 'heads')
    await as('ada', 'server', 'export', '-o', file, '--content')
    expect(readFileSync(file).includes('while you were away')).toBe(false)
    expect(await daemon.stop()).toBe(0)

    // No profile, no peer: whoever has the file.
    const seen = await as<ExportJson>('nobody', 'server', 'verify', file)
    expect(seen).toMatchObject({
      valid: true,
      server: server.id,
      stateHash: there.stateHash,
      heads: there.heads
    })
    expect(seen.members.map(each => each.name).sort()).toEqual(['ada', 'grace'])

    // A member who was away is brought up to it, messages included; nobody of the server is online.
    const brought = await as<ImportJson>('grace', 'server', 'import', file)
    expect(brought).toMatchObject({ part: 'member', merged: there.stateHash })
    expect((await as<StateJson>('grace', 'state', 'heads')).stateHash).toBe(there.stateHash)
    const list = await run('grace', 'message', 'list', 'general')
    expect(list.lines<MessageJson>().map(each => each.content)).toEqual(['while you were away'])

    // Another machine of the owner: first to read, the same hash; then, by --enrol, to act.
    const back = await home.xcord(
      ['recover', '--profile', 'laptop', '--name', 'ada', '--json', '--no-mdns'],
      `${phrase}\n\n`
    )
    expect([back.err, back.code]).toEqual(['', 0])
    const read = await as<ImportJson>('laptop', 'server', 'import', file)
    expect(read).toMatchObject({ part: 'reader', stateHash: there.stateHash, merged: there.stateHash })
    expect(await as<StateJson>('laptop', 'state', 'heads')).toEqual(there)
    expect((await run('laptop', 'send', '#general', 'x')).error().code).toBe('XCORD_NOT_A_MEMBER')
    const enrolled = await as<ImportJson>('laptop', 'server', 'import', file, '--enrol')
    expect(enrolled).toMatchObject({ part: 'member', fresh: 0, enrolled: expect.stringMatching(/^o/) })
    await as('laptop', 'role', 'create', 'after the fire')

    // Somebody else, and a file that lost its end.
    await as('mallory', 'init', '--name', 'mallory')
    const stranger = await run('mallory', 'server', 'import', file)
    expect([stranger.code, stranger.error().code]).toEqual([4, 'XCORD_NOT_A_MEMBER'])
    truncateSync(file, readFileSync(file).length - 1)
    for (const verb of ['verify', 'import']) {
      const refused = await run('grace', 'server', verb, file)
      expect([refused.code, refused.error().code]).toEqual([9, 'XCORD_EXPORT_INVALID'])
    }
  },
  LONG
)
