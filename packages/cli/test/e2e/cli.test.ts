import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ChannelJson, EventJson, IdentityJson, MessageJson, ServerJson } from '@xcord/sdk'
import { createHome, type Daemon, type Home } from './processes.ts'

const WAIT = { timeout: 60_000, interval: 250 }
const CANARY = 'canary-7f3a-plaintext'

let home: Home
beforeEach(() => {
  home = createHome()
})
afterEach(async () => home.close())

const init = async (profile: string, name: string) => {
  const made = await home.xcord(['init', '--profile', profile, '--name', name, '--json'])
  expect([made.err, made.code]).toEqual(['', 0])
  return made.lines<IdentityJson & { phrase: string }>()[0]!
}
const channelOf = async ({ api }: Daemon, name = 'general'): Promise<ChannelJson> => {
  const servers = await api.call('listServers')
  const { items } = await api.call('listChannels', { params: { server: servers.items[0]!.id } })
  return items.find(each => each.name === name)!
}
const send = async (daemon: Daemon, content: string) =>
  daemon.api.call('sendMessage', { params: { channel: (await channelOf(daemon)).id }, body: { content } })
/** What a person sees: everything but delivery, which each device knows for itself. */
const history = async (profile: string) => {
  const list = await home.xcord(['message', 'list', 'general', '--all', '--json', '--profile', profile])
  expect([list.err, list.code]).toEqual(['', 0])
  return list.lines<MessageJson>().map(({ id, author, content, at }) => ({ id, author, content, at }))
}

/** Ada's server with a daemon for each profile, the others joined by link. */
async function community(names: readonly string[], ...flags: string[]): Promise<Daemon[]> {
  for (const name of names) await init(name.toLowerCase(), name)
  const daemons = await Promise.all(names.map(name => home.daemon(name.toLowerCase(), ...flags)))
  const owner = names[0]!.toLowerCase()
  expect(
    (
      await home.xcord([
        'server',
        'create',
        'Engine',
        '--channel',
        'general',
        '--channel',
        CANARY,
        '--profile',
        owner
      ])
    ).code
  ).toBe(0)
  const invite = await home.xcord(['invite', 'create', '--profile', owner])
  expect(invite.code).toBe(0)
  for (const name of names.slice(1)) {
    const joined = await home.xcord([
      'server',
      'join',
      invite.out.trim(),
      '--profile',
      name.toLowerCase(),
      '--json'
    ])
    expect([joined.err, joined.code]).toEqual(['', 0])
    expect(joined.lines<ServerJson>()[0]).toMatchObject({ name: 'Engine', channels: 2 })
  }
  return daemons
}

describe('three daemons', () => {
  test('send over a hundred messages every way, a node dies midway, and all histories are equal', async () => {
    const node = await home.node()
    const daemons = await community(['Ada', 'Grace', 'Alan'], '--bootstrap', node.address)
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(daemons.map(each => send(each, `${each.profile} ${round}`)))
      if (round === 10) expect(await node.stop()).toBe(0)
    }
    for (let round = 20; round < 36; round += 1)
      await Promise.all(daemons.map(each => send(each, `${each.profile} ${round} ${CANARY}`)))
    const profiles = daemons.map(each => each.profile)
    await vi.waitFor(async () => {
      const all = await Promise.all(profiles.map(history))
      expect(all[0]).toHaveLength(108)
      expect(all[1]).toEqual(all[0])
      expect(all[2]).toEqual(all[0])
    }, WAIT)
    const delivered = await home.xcord([
      'send',
      '#general',
      'last',
      '--wait=delivered',
      '--json',
      '--profile',
      'ada'
    ])
    expect([delivered.code, delivered.lines<MessageJson>()[0]?.delivery.state]).toEqual([0, 'delivered'])
    for (const daemon of daemons) expect(await daemon.stop()).toBe(0)
    expect(home.bytes().includes(CANARY)).toBe(false)
  })

  test('one goes away, misses messages, is killed once, and catches up; its reader of events misses nothing', async () => {
    const [ada, grace] = (await community(['Ada', 'Grace'])) as [Daemon, Daemon]
    const known = await send(grace, 'known')
    await vi.waitFor(
      async () => expect((await history('ada')).map(each => each.id)).toContain(known.id),
      WAIT
    )
    let since = ''
    for await (const frame of grace.api.frames()) {
      if (frame.frame === 'hello') since = frame.cursor
      break
    }
    expect(await grace.stop('SIGKILL')).toBeNull()
    for (let at = 0; at < 10; at += 1) await send(ada, `missed ${at}`)
    const again = await home.daemon('grace')
    await vi.waitFor(async () => expect(await history('grace')).toEqual(await history('ada')), WAIT)
    expect((await history('grace')).map(each => each.id)).toContain(known.id)
    const events = await home.xcord([
      'events',
      '--profile',
      'grace',
      '--since',
      since,
      '--types',
      'message:create',
      '--no-follow'
    ])
    const contents = events
      .lines<EventJson>()
      .flatMap(event => (event.type === 'message:create' ? [event.data.message.content] : []))
    expect(contents).toEqual([...Array(10).keys()].map(at => `missed ${at}`))
    await again.stop()
  })

  test('a one-shot send without a daemon reaches the others', async () => {
    const [, grace] = (await community(['Ada', 'Grace'])) as [Daemon, Daemon]
    await grace.stop()
    const sent = await home.xcord([
      'send',
      'general',
      'one shot',
      '--json',
      '--profile',
      'grace',
      '--no-mdns'
    ])
    expect([sent.err, sent.code]).toEqual(['', 0])
    // A machine that finds nobody in the moment a one-shot write looks for others says so; then the next opening offers it.
    if (sent.lines<MessageJson>()[0]?.delivery.state === 'local') await home.daemon('grace')
    await vi.waitFor(
      async () => expect((await history('ada')).map(each => each.content)).toContain('one shot'),
      WAIT
    )
  })

  test('someone without the permission is refused with 4; a banned member is out', async () => {
    const [, grace] = (await community(['Ada', 'Grace'])) as [Daemon, Daemon]
    const denied = await home.xcord(['channel', 'create', 'mine', '--json', '--profile', 'grace'])
    expect([denied.code, denied.error().code]).toEqual([4, 'XCORD_PERMISSION_DENIED'])
    expect((await home.xcord(['member', 'ban', '@Grace', '--yes', '--profile', 'ada'])).code).toBe(0)
    await vi.waitFor(async () => expect((await grace.api.call('listServers')).items).toEqual([]), WAIT)
  })
})

describe('one profile', () => {
  test('has one owner at a time; verbs share the daemon’s', async () => {
    await init('ada', 'Ada')
    const daemon = await home.daemon('ada')
    const second = await home.xcord(['daemon', 'run', '--profile', 'ada', '--json'])
    expect([second.code, second.error().code]).toEqual([8, 'XCORD_PROFILE_IN_USE'])
    expect((await home.xcord(['server', 'create', 'S', '--profile', 'ada'])).code).toBe(0)
    const status = await home.xcord(['daemon', 'status', '--profile', 'ada', '--json'])
    expect(status.lines()).toMatchObject([{ pid: daemon.process.pid, ready: true, host: 'daemon' }])
    const socket = (status.lines()[0] as { socket: string }).socket
    expect(statSync(socket).mode & 0o777).toBe(0o600)
    expect((await home.xcord(['daemon', 'stop', '--profile', 'ada'])).code).toBe(0)
    expect(existsSync(socket)).toBe(false)
  })

  test('runs in the background: start, status, stop', async () => {
    await init('ada', 'Ada')
    const start = ['daemon', 'start', '--profile', 'ada', '--json', '--no-mdns', '--metrics']
    const wrong = await home.xcord([...start, 'here'])
    expect([wrong.code, wrong.error().code]).toEqual([2, 'XCORD_USAGE'])
    const started = await home.xcord([...start, '127.0.0.1:0'])
    expect([started.err, started.code]).toEqual(['', 0])
    try {
      const status = await home.xcord(['daemon', 'status', '--profile', 'ada', '--json'])
      const [{ metrics } = { metrics: '' }] = status.lines<{ metrics: string }>()
      expect(await (await fetch(metrics)).text()).toContain('xcord_voice_calls 0')
      const again = await home.xcord(['daemon', 'start', '--profile', 'ada', '--json'])
      expect([again.code, again.error().code]).toEqual([8, 'XCORD_PROFILE_IN_USE'])
    } finally {
      expect((await home.xcord(['daemon', 'stop', '--profile', 'ada'])).code).toBe(0)
    }
    const gone = await home.xcord(['daemon', 'status', '--profile', 'ada', '--json'])
    expect([gone.code, gone.error().code]).toEqual([6, 'XCORD_DAEMON_UNREACHABLE'])
  })

  test('a killed daemon leaves a socket that is in nobody’s way', async () => {
    await init('ada', 'Ada')
    const daemon = await home.daemon('ada')
    expect((await home.xcord(['server', 'create', 'Kept', '--profile', 'ada'])).code).toBe(0)
    await daemon.stop('SIGKILL')
    const list = await home.xcord(['server', 'list', '--profile', 'ada', '--json'])
    expect(list.lines<ServerJson>()).toMatchObject([{ name: 'Kept' }])
    await (await home.daemon('ada')).stop()
  })

  test('comes back by its words, and into its server by a link', async () => {
    const { phrase, identity } = await init('ada', 'Ada')
    await init('grace', 'Grace')
    await home.daemon('grace')
    await home.xcord(['server', 'create', 'Engine', '--profile', 'grace'])
    const link = (await home.xcord(['invite', 'create', '--profile', 'grace'])).out.trim()
    const back = await home.xcord(
      ['recover', '--profile', 'ada2', '--name', 'Ada', '--json', '--no-mdns'],
      `${phrase}\n${link}\n`
    )
    expect([back.err, back.code]).toEqual(['', 0])
    expect(back.lines()).toMatchObject([{ identity, servers: [expect.any(String)] }])
    const wrong = await home.xcord(
      ['recover', '--profile', 'ada3', '--name', 'Ada', '--json'],
      `${phrase.split(' ').reverse().join(' ')}\n`
    )
    expect([wrong.code, wrong.error().code]).toEqual([9, 'XCORD_PHRASE_INVALID'])
  })
})

describe('bad input', () => {
  test('wrong password 5, truncated key store 9, and nothing is lost', async () => {
    await init('ada', 'Ada')
    const other = join(home.path, 'other')
    writeFileSync(other, 'not the password\n')
    const wrong = await home.xcord(['server', 'list', '--profile', 'ada', '--json', '--password-file', other])
    expect([wrong.code, wrong.error().code]).toEqual([5, 'XCORD_KEYSTORE_REFUSED'])
    const keystore = join(home.path, 'ada', 'store', 'keystore')
    const whole = readFileSync(keystore)
    truncateSync(keystore, 40)
    const cut = await home.xcord(['server', 'list', '--profile', 'ada', '--json'])
    expect([cut.code, cut.error().code]).toEqual([9, 'XCORD_KEYSTORE_INVALID'])
    writeFileSync(keystore, whole)
    expect((await home.xcord(['server', 'list', '--profile', 'ada'])).code).toBe(0)
  })

  test('a port in use, a garbled invite, an unreachable node: each its code, and the daemon stays up', async () => {
    await init('ada', 'Ada')
    const blocker = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => blocker.once('listening', resolve))
    const { port } = blocker.address() as { port: number }
    const taken = await home.xcord([
      'daemon',
      'run',
      '--profile',
      'ada',
      '--json',
      '--no-mdns',
      '--listen',
      `/ip4/127.0.0.1/tcp/${port}`
    ])
    blocker.close()
    expect([taken.code, taken.error().code]).toEqual([8, 'XCORD_PORT_IN_USE'])
    const nowhere = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWM6yUoBQiPyGgb5d2E96YgtruGPphiWQJVhp2cqnfdGzW'
    const daemon = await home.daemon('ada', '--bootstrap', nowhere)
    await home.xcord(['server', 'create', 'S', '--profile', 'ada'])
    const link = (await home.xcord(['invite', 'create', '--profile', 'ada'])).out.trim()
    for (const garbled of [
      'garbage',
      link.slice(0, -10),
      `${link.slice(0, 60)}${link[60] === 'A' ? 'B' : 'A'}${link.slice(61)}`
    ]) {
      const refused = await home.xcord([
        'server',
        'join',
        garbled,
        '--profile',
        'ada',
        '--json',
        '--timeout',
        '5s'
      ])
      expect([garbled, refused.out, refused.error().code, refused.code]).toEqual([
        garbled,
        '',
        'XCORD_INVITE_INVALID',
        2
      ])
    }
    const doctor = await home.xcord(['doctor', '--profile', 'ada', '--json'])
    expect(doctor.lines()).toMatchObject([
      { checks: expect.arrayContaining([expect.objectContaining({ check: 'bootstrap' })]) }
    ])
    expect((await daemon.api.call('getReadiness')).ready).toBe(true)
    expect(await daemon.stop()).toBe(0)
  })

  test('a message too long is refused with 10', async () => {
    await init('ada', 'Ada')
    await home.xcord(['server', 'create', 'S', '--profile', 'ada'])
    const long = await home.xcord(['send', 'general', '--json', '--profile', 'ada', '-'], 'x'.repeat(8_001))
    expect([long.code, long.error().code]).toEqual([10, 'XCORD_MESSAGE_TOO_LONG'])
  })
})
