/** `dm …` against real peers. */
import { mkdtempSync, rmSync } from 'node:fs'
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
let grace: Client

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
  grace = await peer('grace')
  const server = await ada.servers.create({ name: 'Engine' })
  await grace.servers.join((await server.invites.create()).link as string)
  await expect.poll(() => server.members.get('grace') !== undefined, { timeout: 60_000 }).toBe(true)
}, 120_000)
afterEach(async () => {
  await grace.close()
  await ada.close()
  rmSync(home, { recursive: true })
})

describe('dm', () => {
  test('[DM6] opens, sends, lists, shows, deletes, lets disappear, leaves', SLOW, async () => {
    const [opened] = await ok('dm', 'open', '@grace')
    const id = opened?.['id'] as string
    expect(opened).toMatchObject({ names: expect.arrayContaining(['ada', 'grace']), lifetimeSeconds: 0 })
    expect(await ok('dm', 'send', '@grace', 'hello', 'Grace')).toMatchObject([
      { conversation: id, content: 'hello Grace', deliveredTo: [grace.identity.id] }
    ])
    expect(await ok('dm', 'list')).toMatchObject([{ id }])
    const [first] = await ok('dm', 'history', id.slice(0, 8))
    expect(first).toMatchObject({ authorName: 'ada', content: 'hello Grace' })
    expect(await ok('dm', 'send', id, 'again', '--reply', first?.['id'] as string)).toMatchObject([
      { replyTo: first?.['id'] }
    ])
    expect(await ok('dm', 'disappear', '@grace', '2h')).toMatchObject([{ lifetimeSeconds: 7_200 }])
    expect((await xcord('dm', 'list')).out).toContain('2 h')
    expect((await ok('dm', 'send', '@grace', 'soon gone'))[0]?.['expiresAt']).toBeDefined()
    expect((await xcord('dm', 'history', '@grace')).out).toMatch(/soon gone/)
    await ok('dm', 'disappear', '@grace', 'off')
    await ok('dm', 'delete', '@grace', first?.['id'] as string)
    expect((await ok('dm', 'history', '@grace')).map(each => each['content'])).toEqual(['again', 'soon gone'])
    await ok('dm', 'leave', id)
    expect(await refused('dm', 'send', id, 'still?')).toBe('XCORD_CONVERSATION_LEFT')
  })

  test('[DM5] blocks and unblocks; says who is nobody', SLOW, async () => {
    expect(await refused('dm', 'open', '@nobody')).toBe('XCORD_USER_NOT_FOUND')
    expect(await refused('dm', 'send', 'v'.repeat(53), 'hello')).toBe('XCORD_USER_NOT_FOUND')
    await ok('dm', 'block', '@grace')
    expect(await ok('dm', 'blocked')).toEqual([{ user: grace.identity.id }])
    expect(await refused('dm', 'open', '@grace')).toBe('XCORD_USER_BLOCKED')
    await ok('dm', 'unblock', '@grace')
    expect(await ok('dm', 'blocked')).toEqual([])
    expect(await refused('dm', 'disappear', '@grace', 'soon')).toBe('XCORD_USAGE')
  })

  test('[ID8, ID14] safety numbers: the same at both, compared, taken back', SLOW, async () => {
    const [shown] = await ok('safety', 'show', '@grace')
    expect(shown?.['number']).toBe(grace.safety.of(ada.identity.id).number)
    expect(shown).toMatchObject({ verifiedAt: null, added: [] })
    expect(await refused('safety', 'verify', '@grace', '--number', '12345 '.repeat(12))).toBe(
      'XCORD_SAFETY_MISMATCH'
    )
    expect(await ok('safety', 'list')).toEqual([])
    const digits = (shown?.['number'] as string).replace(/ /g, '')
    expect((await ok('safety', 'verify', '@grace', '--number', digits))[0]?.['verifiedAt']).not.toBeNull()
    expect(await ok('safety', 'list')).toMatchObject([{ name: 'grace' }])
    expect((await xcord('safety', 'show', '@grace')).out).toContain('Compared')
    await ok('safety', 'verify', '@grace')
    expect(await ok('safety', 'forget', '@grace')).toMatchObject([{ verifiedAt: null }])
  })
})
