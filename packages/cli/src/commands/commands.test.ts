import { mkdtempSync, rmSync, statSync, writeFileSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { XcordError } from '@xcord/core'
import { createFakeClient, type FakeClient } from '../../test/fake-client.ts'
import { markProfile, runFake } from '../../test/fake-terminal.ts'
import type { OpenInit } from '../terminal/terminal.ts'

let home: string
let client: FakeClient
let opened: OpenInit[]
/** The fake is used run after run, as a store is. */
const open = async (init: OpenInit) => {
  opened.push(init)
  return client
}
const xcord = (...argv: string[]) => runFake(argv, { home, open })
const errorOf = (err: string) =>
  (JSON.parse(err) as { error: { code: string; message: string; details: unknown; docs: string } }).error

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'xcord-cli-'))
  client = createFakeClient()
  opened = []
  markProfile(home)
  await client.servers.create({ name: 'Engine', channels: ['general', 'ideas'] })
})
afterEach(() => rmSync(home, { recursive: true }))

describe('sending and reading', () => {
  test('send prints the message, names work with and without #, ids by six characters', async () => {
    const sent = await xcord('send', '#general', 'hi', 'there', '--json')
    expect(sent.code).toBe(0)
    const [message] = sent.json() as [{ id: string; content: string; delivery: { state: string } }]
    expect(message).toMatchObject({
      content: 'hi there',
      standing: 'effective',
      delivery: { state: 'local', holders: 0 }
    })
    const shown = await xcord('message', 'show', message.id.slice(0, 6), '--json')
    expect(shown.json()).toMatchObject([{ id: message.id }])
    const channel = client.servers.all[0]!.channel('ideas')
    expect((await xcord('send', channel.id.slice(0, 6), 'by prefix')).code).toBe(0)
    expect((await xcord('message', 'list', 'IDEAS', '--json')).json()).toMatchObject([
      { content: 'by prefix' }
    ])
  })

  test('reads the message from standard input, several lines of it', async () => {
    const sent = await runFake(['send', 'general', '--json'], { home, open, stdin: 'one\ntwo\n' })
    expect(sent.json()).toMatchObject([{ content: 'one\ntwo' }])
  })

  test('message list goes through all pages, oldest first', async () => {
    const channel = client.servers.all[0]!.channel('general')
    for (let at = 0; at < 450; at += 1) await channel.send(`m${at}`)
    const contents = (run: { json: () => unknown[] }) =>
      (run.json() as { content: string }[]).map(each => each.content)
    expect(contents(await xcord('message', 'list', 'general', '--all', '--json'))).toEqual(
      [...Array(450).keys()].map(at => `m${at}`)
    )
    expect(contents(await xcord('message', 'list', 'general', '--limit', '3', '--json'))).toEqual([
      'm447',
      'm448',
      'm449'
    ])
  })

  test('edit, react, delete', async () => {
    const message = await client.servers.all[0]!.channel('general').send('hi')
    expect((await xcord('message', 'edit', message.id, 'ho', '--json')).json()).toMatchObject([
      { content: 'ho' }
    ])
    expect((await xcord('message', 'react', message.id, '👍', '--json')).json()).toMatchObject([
      { reactions: [{ emoji: '👍' }] }
    ])
    expect((await xcord('message', 'unreact', message.id, '👍', '--json')).json()).toMatchObject([
      { reactions: [] }
    ])
    expect((await xcord('message', 'delete', message.id, '--json')).json()).toMatchObject([
      { deleted: true, content: '' }
    ])
  })

  test('people see a peer’s text without its terminal commands', async () => {
    client.fake.receive('general', 'Gra\u001b]0;x\u0007ce', 'evil\u001b[2J\u202e')
    const list = await xcord('message', 'list', 'general')
    expect(list.out).toContain('evil␛[2J�')
    expect(list.out).not.toContain('\u001b')
  })

  test('an unmet --wait prints what is kept, and exits with 7', async () => {
    const late = await xcord('send', 'general', 'hi', '--wait=stored', '--timeout=30ms', '--json')
    expect(late.code).toBe(7)
    expect(late.json()).toMatchObject([{ content: 'hi', delivery: { state: 'local' } }])
    expect(errorOf(late.err).code).toBe('XCORD_DEADLINE')
  })

  test('a one-shot send stays until somebody has it', async () => {
    client.fake.join('Engine', 'Grace')
    const off = client.on(
      'message:create',
      ({ message }) => void setTimeout(() => client.fake.deliver(message.id, 'sent', 1), 20)
    )
    const sent = await xcord('send', 'general', 'hi', '--json')
    off()
    expect(sent.json()).toMatchObject([{ delivery: { state: 'sent', holders: 1 } }])
  })
})

describe('errors', () => {
  test.each([
    [['nonsense'], 2, 'XCORD_USAGE'],
    [['server'], 2, 'XCORD_USAGE'],
    [['send'], 2, 'XCORD_USAGE'],
    [['send', 'general', 'x', '--wait=maybe'], 2, 'XCORD_CONFIG_INVALID'],
    [['server', 'list', '--wait=stored'], 2, 'XCORD_USAGE'],
    [['message', 'list', 'general', '--limit', '0'], 2, 'XCORD_USAGE'],
    [['send', 'general', ' '], 2, 'XCORD_USAGE'],
    [['--profile', '../x', 'server', 'list'], 2, 'XCORD_USAGE'],
    [['server', 'join', 'garbage'], 2, 'XCORD_INVITE_INVALID'],
    [['send', 'nowhere', 'x'], 3, 'XCORD_CHANNEL_NOT_FOUND'],
    [['message', 'show', 'mzzzzzz'], 3, 'XCORD_MESSAGE_NOT_FOUND'],
    [['member', 'kick', '@nobody', '--yes'], 3, 'XCORD_MEMBER_NOT_FOUND'],
    [['role', 'grant', 'none', '@Ada'], 3, 'XCORD_ROLE_NOT_FOUND'],
    [['invite', 'revoke', 'none'], 3, 'XCORD_INVITE_NOT_FOUND'],
    [['--profile', 'other', 'server', 'list'], 3, 'XCORD_NO_PROFILE'],
    [['daemon', 'status'], 6, 'XCORD_DAEMON_UNREACHABLE'],
    [['daemon', 'stop'], 6, 'XCORD_DAEMON_UNREACHABLE'],
    [['init', '--name', 'X'], 8, 'XCORD_PROFILE_EXISTS'],
    [['send', 'general', 'x'.repeat(8_001)], 10, 'XCORD_MESSAGE_TOO_LONG'],
    [['channel', 'delete', 'general'], 2, 'XCORD_USAGE']
  ] as const)('%j exits with %i, %s', async (argv, code, name) => {
    const failed = await xcord(...argv, '--json')
    expect([failed.code, errorOf(failed.err).code]).toEqual([code, name])
    expect(Object.keys(errorOf(failed.err)).sort()).toEqual(['code', 'details', 'docs', 'message'])
    expect(failed.out).toBe('')
  })

  test('people get a sentence, what to do, and the code', async () => {
    const { err } = await xcord('send', 'nowhere', 'x')
    expect(err).toBe(
      'xcord: "Engine" has no channel "nowhere".\n  List channels with "xcord channel list". (XCORD_CHANNEL_NOT_FOUND)\n'
    )
  })

  test('a denial exits with 4', async () => {
    client.fake.deny('send')
    const denied = await xcord('send', 'general', 'x', '--json')
    expect([denied.code, errorOf(denied.err).details]).toEqual([
      4,
      { permission: 'send', rule: 'AU29', action: 'send' }
    ])
  })

  test('two owners are refused with a sentence, after some patience', async () => {
    const refused = await runFake(['server', 'list', '--json'], {
      home,
      open: () =>
        Promise.reject(
          new XcordError('XCORD_PROFILE_IN_USE', 'process 7 has this profile open', { path: home, pid: 7 })
        )
    })
    expect([refused.code, errorOf(refused.err).code]).toEqual([8, 'XCORD_PROFILE_IN_USE'])
  })

  test('interrupted, it ends with 130 and closes the profile', async () => {
    const ended = await runFake(['events'], {
      home,
      open,
      interrupt: new Promise(resolve => setTimeout(resolve, 300))
    })
    expect(ended.code).toBe(130)
    expect(client.fake.closed).toBe(true)
  })
})

describe('passwords', () => {
  const locked = (init: OpenInit) => {
    opened.push(init)
    if (init.password === undefined)
      return Promise.reject(new XcordError('XCORD_KEYSTORE_LOCKED', 'the key store wants its password', {}))
    if (init.password !== 'right horse')
      return Promise.reject(
        new XcordError('XCORD_KEYSTORE_REFUSED', 'wrong password, or the key store was altered', {})
      )
    return Promise.resolve(client)
  }
  test('come from a file, else from standard input, never from an argument', async () => {
    const file = join(home, 'password')
    writeFileSync(file, 'right horse\n')
    expect((await runFake(['server', 'list', '--password-file', file], { home, open: locked })).code).toBe(0)
    expect(
      (await runFake(['server', 'list'], { home, open: locked, env: { XCORD_PASSWORD_FILE: file } })).code
    ).toBe(0)
    expect((await runFake(['server', 'list'], { home, open: locked, stdin: 'right horse\n' })).code).toBe(0)
    expect(
      (await runFake(['server', 'list', '--password', 'right horse'], { home, open: locked })).code
    ).toBe(2)
  })
  test('wrong or absent, exit with 5', async () => {
    const wrong = await runFake(['server', 'list', '--json'], { home, open: locked, stdin: 'wrong\n' })
    expect([wrong.code, errorOf(wrong.err).code]).toEqual([5, 'XCORD_KEYSTORE_REFUSED'])
    const none = await runFake(['server', 'list', '--json'], { home, open: locked })
    expect([none.code, errorOf(none.err).code]).toEqual([5, 'XCORD_KEYSTORE_LOCKED'])
  })
})

describe('a new profile', () => {
  const phrase = `${'abandon '.repeat(23)}art`
  const making = (init: OpenInit) => {
    opened.push(init)
    if (init.phrase === undefined) init.onPhrase?.(phrase)
    markProfile(home, 'fresh')
    return Promise.resolve(client)
  }
  const fresh = (argv: string[], stdin = '') =>
    runFake(['--profile', 'fresh', ...argv], { home, open: making, stdin })

  test('init takes name and password, shows the words once, uses no network', async () => {
    const made = await fresh(['init', '--name', 'Ada'], 'correct horse\n')
    expect(made.code).toBe(0)
    expect(made.out).toContain('24. art')
    expect(opened[0]).toMatchObject({
      profile: { name: 'Ada' },
      password: 'correct horse',
      bootstrap: [],
      network: { listen: [], mdns: false }
    })
    expect((await fresh(['init', '--name', 'Ada'])).code).toBe(8)
  })
  test('--json carries the words, --phrase-file keeps them out', async () => {
    expect((await fresh(['init', '--name', 'Ada', '--json'], 'correct horse\n')).json()).toMatchObject([
      { name: 'Ada', phrase }
    ])
    rmSync(join(home, 'fresh'), { recursive: true })
    const file = join(home, 'words')
    const made = await fresh(['init', '--name', 'Ada', '--json', '--phrase-file', file], 'correct horse\n')
    expect(made.out).not.toContain('abandon')
    expect([readFileSync(file, 'utf8').trim(), statSync(file).mode & 0o777]).toEqual([phrase, 0o600])
  })
  test('without a password it says how to give one', async () => {
    const refused = await fresh(['init', '--name', 'Ada', '--json'])
    expect([refused.code, errorOf(refused.err).code]).toEqual([2, 'XCORD_USAGE'])
    expect((await fresh(['init', '--name', 'Ada', '--no-password'])).code).toBe(0)
    expect(opened[0]).not.toHaveProperty('password')
  })
  test('recover takes words, name, password and links from standard input', async () => {
    const back = await fresh(
      ['recover', '--json'],
      `${phrase.toUpperCase()}\nAda\ncorrect horse\n${client.fake.link}\n`
    )
    expect(back.code).toBe(0)
    expect(opened[0]).toMatchObject({ phrase, profile: { name: 'Ada' }, password: 'correct horse' })
    expect(back.json()).toMatchObject([{ name: 'Ada', servers: [expect.stringMatching(/^s/)] }])
  })
})

describe('servers, people, invites', () => {
  test('with several servers, --server or the last one used', async () => {
    await client.servers.create({ name: 'Second', channels: ['lobby'] })
    const unsure = await xcord('channel', 'list', '--json')
    expect([unsure.code, errorOf(unsure.err).code]).toEqual([2, 'XCORD_USAGE'])
    expect((await xcord('channel', 'list', '--server', 'second', '--json')).json()).toMatchObject([
      { name: 'lobby' }
    ])
    expect((await xcord('channel', 'list', '--json')).json()).toMatchObject([{ name: 'lobby' }])
    expect(
      (await xcord('channel', 'list', '--server', client.servers.all[0]!.id.slice(0, 6), '--json')).json()
    ).toHaveLength(2)
  })
  test('join, create, edit, delete, leave', async () => {
    client.fake.setOnline('Grace', true)
    expect((await xcord('server', 'join', client.fake.link, '--json')).json()).toMatchObject([
      { name: 'Analytical Engine' }
    ])
    expect(
      (await xcord('channel', 'create', '#news', '--topic', 'what is new', '--json')).json()
    ).toMatchObject([{ name: 'news', topic: 'what is new' }])
    expect((await xcord('channel', 'edit', 'news', '--topic', '', '--json')).json()).toMatchObject([
      { standing: 'effective' }
    ])
    expect((await xcord('channel', 'delete', 'news', '--yes', '--json')).code).toBe(0)
    expect((await xcord('server', 'leave', '--yes')).code).toBe(0)
    expect((await xcord('server', 'list', '--json')).json()).toHaveLength(1)
  })
  test('an invite is a bare link for people, and can be closed by link', async () => {
    const made = await xcord('invite', 'create', '--max-uses', '2', '--expires', '1h')
    expect(made.out.trim()).toMatch(/^xcord:\S+$/)
    expect(made.err).toContain('Whoever holds this link')
    expect((await xcord('invite', 'revoke', made.out.trim(), '--json')).code).toBe(0)
    expect((await xcord('invite', 'list', '--json')).json()).toMatchObject([{ open: false, maxUses: 2 }])
  })
  test('roles and members', async () => {
    client.fake.setOnline('Grace', true)
    client.fake.join('Engine', 'Grace')
    expect(
      (await xcord('role', 'create', 'guide', '--permission', 'ManageMessages,KickMembers', '--json')).json()
    ).toMatchObject([{ permissions: ['ManageMessages', 'KickMembers'] }])
    expect((await xcord('role', 'grant', 'guide', '@grace')).out).toContain('Grace now has the role "guide"')
    expect((await xcord('member', 'list')).out).toMatch(/Grace .* guide/)
    expect((await xcord('member', 'ban', '@Grace', '--yes', '--reason', 'spam')).code).toBe(0)
    expect((await xcord('member', 'list', '--json')).json()).toHaveLength(1)
  })
})

describe('settings', () => {
  test('flag before variable before file before default', async () => {
    const at = async (argv: string[], env: Record<string, string> = {}) => {
      const list = await runFake(['config', 'get', 'bootstrap', '--json', ...argv], { home, open, env })
      return list.json()[0]
    }
    expect(await at([])).toMatchObject({ value: [], source: 'default' })
    expect((await xcord('config', 'set', 'bootstrap', '/ip4/192.0.2.1/tcp/1')).code).toBe(0)
    expect(await at([])).toMatchObject({ value: ['/ip4/192.0.2.1/tcp/1'], source: 'file' })
    expect(await at([], { XCORD_BOOTSTRAP: '/dns4/a/tcp/2' })).toMatchObject({
      value: ['/dns4/a/tcp/2'],
      source: 'environment'
    })
    await runFake(['peers', '--bootstrap', '/dns4/flag/tcp/3', '--no-mdns'], {
      home,
      open,
      env: { XCORD_BOOTSTRAP: '/dns4/a/tcp/2' }
    })
    expect(opened.at(-1)).toMatchObject({ bootstrap: ['/dns4/flag/tcp/3'], network: { mdns: false } })
  })
  test('a wrong key or value is refused, and so is a damaged file', async () => {
    for (const argv of [
      ['config', 'set', 'colour', 'red'],
      ['config', 'set', 'timeout', 'soon'],
      ['config', 'get', 'x']
    ]) {
      expect(errorOf((await xcord(...argv, '--json')).err).code).toBe('XCORD_CONFIG_INVALID')
    }
    writeFileSync(join(home, 'default', 'config.json'), '{')
    expect((await xcord('server', 'list', '--json')).code).toBe(2)
  })
})

describe('events', () => {
  test('since a cursor, without following: everything in between, then the end', async () => {
    const since = client.cursor
    client.fake.receive('general', 'Grace', 'one')
    client.fake.receive('general', 'Grace', 'two')
    client.fake.join('Engine', 'Alan')
    const run = await xcord('events', '--since', since, '--types', 'message:create', '--no-follow')
    expect(run.code).toBe(0)
    expect(
      (run.json() as { data: { message: { content: string } } }[]).map(each => each.data.message.content)
    ).toEqual(['one', 'two'])
    const cursor = (run.json() as { cursor: string }[])[0]!.cursor
    expect((await xcord('events', '--since', cursor, '--limit', '1')).json()).toMatchObject([
      { data: { message: { content: 'two' } } }
    ])
    expect((await xcord('events', '--types', 'nonsense', '--json')).code).toBe(2)
    // A script whose variable is empty would wait for ever.
    expect((await xcord('events', '--since', '', '--no-follow')).code).toBe(2)
  })
})

describe('help', () => {
  test('schema, version, completion and doctor answer', async () => {
    expect((await xcord('schema')).json).toBeTypeOf('function')
    expect((JSON.parse((await xcord('schema')).out) as { $defs: object }).$defs).toHaveProperty('Message')
    expect((await xcord('version', '--json')).json()).toMatchObject([
      { wire: 1, node: process.versions.node }
    ])
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await xcord('completion', shell)).out).toContain('invite')
    expect((await xcord('completion', 'powershell')).code).toBe(2)
    const doctor = await xcord('doctor')
    expect([doctor.code, doctor.out]).toEqual([6, expect.stringContaining('FAIL  bootstrap')])
    expect((await xcord('--help')).out).toContain('Exit codes')
    expect((await xcord('invite', '--help')).out).toContain('revoke')
  })
})
