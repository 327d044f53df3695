/** Verbs of moderation against a real peer with nobody else about, and a second one where two are needed. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '@xcord/sdk'
import { codeOf, createDesk, type Desk } from '../../test/desk.ts'

let desk: Desk
let ada: Client
let phrase: string

const xcord = (...argv: string[]) => desk.as(ada, argv)
const ok = (...argv: string[]) => desk.answers(ada, argv)

async function until(probe: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !probe(); await new Promise(done => setTimeout(done, 20)))
    if (Date.now() > end) throw new Error(`never: ${probe.toString()}`)
}

async function grace(): Promise<Client> {
  const client = await desk.open('grace')
  const server = ada.servers.all[0]
  await client.servers.join((await server?.invites.create())?.link ?? '')
  await until(() => server?.members.get('grace') !== undefined)
  return client
}

beforeEach(async () => {
  desk = createDesk()
  ada = await desk.open('ada', {
    onPhrase: words => {
      phrase = words
    }
  })
  await ada.servers.create({ name: 'Engine' })
})
afterEach(async () => await desk.end())

describe('roles and channels', () => {
  test('role edit, move, delete, list', async () => {
    await ok('role', 'create', 'low')
    await ok('role', 'create', 'lower')
    await ok(
      'role',
      'edit',
      'low',
      '--name',
      'high',
      '--color',
      '#112233',
      '--allow',
      'KickMembers,BanMembers',
      '--hoist'
    )
    await ok('role', 'edit', 'high', '--deny', 'KickMembers')
    await ok('role', 'move', 'lower', '2')
    expect(await ok('role', 'list')).toMatchObject([
      { name: 'lower', position: 2, members: 0 },
      { name: 'high', position: 1, color: '#112233', permissions: ['BanMembers'], hoist: true },
      { name: '@everyone', position: 0, members: 1 }
    ])
    await ok('role', 'delete', 'high')
    expect(await ok('role', 'list')).toHaveLength(2)
    expect((await xcord('role', 'edit', 'lower')).code).toBe(2)
    expect((await xcord('role', 'edit', 'lower', '--allow', 'Nonsense', '--json')).code).toBe(2)
    expect((await xcord('role', 'move', 'nobody', '1')).code).toBe(3)
  })

  test('channel create, move, permit, sync', async () => {
    await ok('channel', 'create', 'attic', '--kind', 'category')
    await ok('role', 'create', 'staff')
    const [made] = await ok(
      'channel',
      'create',
      'ideas',
      '--kind',
      'forum',
      '--parent',
      'attic',
      '--slowmode',
      '30'
    )
    expect(made).toMatchObject({ kind: 'forum', synced: true, slowmodeSeconds: 30, history: 'all' })
    expect((await ok('channel', 'create', 'quiet', '--history', 'join'))[0]).toMatchObject({
      history: 'join'
    })
    expect((await ok('channel', 'create', 'week', '--history', '7d'))[0]).toMatchObject({
      history: 'window',
      historyDays: 7
    })
    await ok('channel', 'edit', 'week', '--history', 'all')
    expect((await xcord('channel', 'edit', 'week', '--history', '0d', '--json')).code).toBe(2)
    const [permitted] = await ok(
      'channel',
      'permit',
      '#ideas',
      '@everyone',
      '--deny',
      'SendMessages',
      '--allow',
      'AddReactions'
    )
    expect(permitted).toMatchObject({
      standing: 'effective',
      deny: ['SendMessages'],
      allow: ['AddReactions']
    })
    expect((await ok('channel', 'permit', 'ideas', '@everyone', '--none', 'AddReactions'))[0]).toMatchObject({
      allow: []
    })
    await ok('channel', 'sync', 'ideas')
    await ok('channel', 'move', 'ideas', '--parent', 'none', '--position', '0')
    const list = await ok('channel', 'list')
    expect(list.find(each => each['name'] === 'ideas')).toMatchObject({
      parent: null,
      position: 0,
      synced: false
    })
    const [closed] = await ok('channel', 'create', 'secret', '--private', '--allow', 'staff')
    expect(closed).toMatchObject({
      name: 'secret',
      overwrites: expect.arrayContaining([expect.objectContaining({ deny: ['ViewChannel'] })]) as unknown
    })
    expect((await xcord('channel', 'permit', 'ideas', 'nobody', '--allow', 'SendMessages')).code).toBe(3)
    expect((await xcord('channel', 'permit', 'ideas', '@everyone')).code).toBe(2)
  })
})

describe('server, automod, audit', () => {
  test('server edit, state heads, audit list', async () => {
    await ok('server', 'edit', '--name', 'Analytical', '--description', 'for all', '--reason', 'bigger')
    expect((await ok('server', 'show'))[0]).toMatchObject({ name: 'Analytical', description: 'for all' })
    const [state] = await ok('state', 'heads')
    expect(state).toMatchObject({ stateHash: ada.servers.all[0]?.stateHash, forks: [] })
    expect((await ok('audit', 'list', '--limit', '1'))[0]).toMatchObject({
      action: 'server:edit',
      actorName: 'ada',
      reason: 'bigger',
      standing: 'effective'
    })
    expect(await ok('audit', 'list', '--action', 'channel', '--since', '1h', '--actor', '@ada')).toHaveLength(
      1
    )
    expect((await xcord('audit', 'list')).out).toContain('server:edit')
    expect((await xcord('audit', 'list', '--since', 'yesterday')).code).toBe(2)
  })

  test('automod set, list, remove', async () => {
    await ok('automod', 'set', 'no spam', '--rule', 'words', '--word', 'spam,scam*')
    await ok('automod', 'set', 'no spam', '--no-enabled')
    expect(await ok('automod', 'list')).toMatchObject([
      { name: 'no spam', rule: 'words', words: ['spam', 'scam*'], enabled: false, action: 'block' }
    ])
    await ok('automod', 'set', 'no mobs', '--rule', 'mentions', '--max', '3')
    await ok('automod', 'remove', 'no spam')
    expect(await ok('automod', 'list')).toMatchObject([{ name: 'no mobs', max: 3 }])
    expect((await xcord('automod', 'set', 'x', '--rule', 'smells')).code).toBe(2)
  })
})

describe('members', () => {
  test('timeout, nick, bans, unban; others are denied with exit code 4', async () => {
    const her = await grace()
    const hers = () => her.servers.all[0]
    await ok('member', 'timeout', 'grace', '10m', '--reason', 'calm down')
    expect((await ok('member', 'show', 'grace'))[0]).toHaveProperty('timeoutUntil')
    await until(() => hers()?.me.timeoutUntil !== null)
    const refused = await desk.as(her, ['send', '#general', 'but', '--json'])
    expect([refused.code, codeOf(refused)]).toEqual([4, 'XCORD_PERMISSION_DENIED'])
    await ok('member', 'timeout', 'grace', '0')
    expect((await ok('member', 'show', 'grace'))[0]).not.toHaveProperty('timeoutUntil')
    await ok('member', 'nick', 'grace', 'Amazing')
    expect((await ok('member', 'show', 'Amazing'))[0]).toMatchObject({ nick: 'Amazing' })
    await ok('member', 'nick', 'Amazing')
    await ok('automod', 'set', 'no spam', '--rule', 'words', '--word', 'spam')
    await ok('channel', 'edit', 'general', '--slowmode', '600')
    await until(() => hers()?.automod.all.length === 1 && hers()?.channel('general').slowmodeSeconds === 600)
    const blocked = await desk.as(her, ['send', '#general', 'spam', '--json'])
    expect([blocked.code, codeOf(blocked)]).toEqual([4, 'XCORD_AUTOMOD_BLOCKED'])
    expect((await desk.as(her, ['send', '#general', 'ham', '--json'])).code).toBe(0)
    const slow = await desk.as(her, ['send', '#general', 'more', '--json'])
    expect([slow.code, codeOf(slow)]).toEqual([10, 'XCORD_SLOW_MODE'])
    expect((await desk.as(her, ['audit', 'list'])).code).toBe(4)
    await ok('member', 'ban', 'grace', '--reason', 'spam')
    expect(await ok('member', 'bans')).toMatchObject([{ name: 'grace', reason: 'spam' }])
    await ok('member', 'unban', 'grace')
    expect(await ok('member', 'bans')).toEqual([])
    expect((await xcord('member', 'unban', 'grace')).code).toBe(3)
  })

  test('server consent and transfer: the phrase comes from standard input', async () => {
    const her = await grace()
    const consent = (await desk.as(her, ['server', 'consent'])).out.trim()
    const without = await desk.as(ada, ['server', 'transfer', 'grace', '--consent', consent, '--json'], '')
    expect([without.code, codeOf(without)]).toEqual([9, 'XCORD_PHRASE_INVALID'])
    const garbled = await desk.as(
      ada,
      ['server', 'transfer', 'grace', '--consent', 'nonsense', '--json'],
      `${phrase}\n`
    )
    expect([garbled.code, codeOf(garbled)]).toEqual([9, 'XCORD_CONSENT_INVALID'])
    expect(
      (await desk.as(ada, ['server', 'transfer', 'grace', '--consent', consent], `${phrase}\n`)).code
    ).toBe(0)
    expect((await ok('server', 'show'))[0]).toMatchObject({ owner: her.identity.id })
  })
})
