import { render } from 'ink-testing-library'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createFakeClient, type FakeClient } from '../../test/fake-client.ts'
import { type Api, createApi } from '../api/api.ts'
import { createLocalTransport } from '../api/local-transport.ts'
import { createGateway } from '../gateway/gateway.ts'
import { textWidth } from '../render/width.ts'
import { App } from './app.tsx'
import { createController } from './controller.ts'
import { createStore, type Store } from './store.ts'

const ENTER = '\r'
const ESCAPE = '\u001b'
const UP = '\u001b[A'

let client: FakeClient
let api: Api
let end: AbortController
let store: Store
let screen: ReturnType<typeof render>
let quits: number

function show(columns = 110, rows = 30, idleMs: number | null = null) {
  store = createStore()
  quits = 0
  const controller = createController({
    api,
    store,
    signal: end.signal,
    quit: () => (quits += 1),
    now: () => 0,
    idleMs
  })
  const tree = (size: { columns: number; rows: number }) => (
    <App store={store} controller={controller} colour={false} size={size} />
  )
  screen = render(tree({ columns, rows }))
  return { resize: (size: { columns: number; rows: number }) => screen.rerender(tree(size)) }
}
const frame = () => screen.lastFrame() ?? ''
const sees = (text: string | RegExp) =>
  vi.waitFor(() => expect(frame()).toMatch(text), { timeout: 8_000, interval: 10 })
const place = () => {
  const { mode, selected, replyTo, editing } = store.get()
  return { mode, selected, replyTo, editing }
}
/** Escape alone is told from a sequence by the pause behind it, so wait until it has had its effect. */
const press = async (...keys: string[]) => {
  for (const key of keys) {
    const before = place()
    screen.stdin.write(key)
    if (key === ESCAPE)
      await vi.waitFor(() => expect(place()).not.toEqual(before), { timeout: 8_000, interval: 5 })
  }
}

beforeEach(async () => {
  client = createFakeClient({ name: 'Ada' })
  const server = await client.servers.create({ name: 'Difference Engine', channels: ['general', 'ideas'] })
  client.fake.setOnline('Grace', true)
  client.fake.receive('general', 'Grace', 'Hello Ada')
  await server.channel('general').send('Hello Grace')
  client.fake.receive('ideas', 'Grace', 'an idea')
  end = new AbortController()
  const app = await createGateway({
    client,
    profile: 'p',
    socket: null,
    version: '0',
    host: 'tui',
    now: () => 0
  })
  api = createApi(createLocalTransport(app, { client, version: '0' }, async () => app.close()))
})
afterEach(async () => {
  end.abort()
  screen.unmount()
  await api.close()
})

describe('the screen', () => {
  test('shows servers, channels with unread counts, messages, members and their state in words', async () => {
    show()
    await sees('Hello Grace')
    for (const text of [
      '1 Difference Engine',
      '>#general',
      '#ideas (1)',
      'Hello Ada',
      '[local]',
      'online (2)',
      '● Ada · owner',
      '· live ·'
    ])
      expect(frame()).toContain(text)
  })

  test('is never wider or higher than the terminal, at any size', async () => {
    client.fake.receive('general', 'Grace', '你好👩‍👩‍👧 '.repeat(60))
    const { resize } = show()
    await sees('Hello Grace')
    for (const [columns, rows] of [
      [110, 30],
      [80, 24],
      [61, 12],
      [40, 10],
      [30, 8],
      [200, 60],
      [20, 5]
    ] as const) {
      resize({ columns, rows })
      await vi.waitFor(() => {
        const lines = frame().split('\n')
        expect(lines.length).toBeLessThanOrEqual(rows)
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns)
      })
    }
  })

  test('peers’ text commands nothing', async () => {
    client.fake.receive('general', 'Gr\u001b[2Jace', 'x\u001b]0;t\u0007y\u202ez\u009b31m')
    show()
    await sees('x␛]0;t␇y�z�31m')

    expect(frame().replace(/\u001b\[[0-9;]*m/g, '')).not.toMatch(/[\u001b\u0007\u009b\u202e]/)
  })
})

describe('the keys', () => {
  test('write, send, and see the delivery rise', async () => {
    show()
    await sees('live')
    await press('how are you', ENTER)
    await sees(/how are you \[local\]/)
    const sent = (await client.servers.all[0]!.channel('general').page()).at(-1)!
    client.fake.deliver(sent.id, 'delivered', 1)
    await sees(/how are you \[delivered\]/)
    client.fake.receive('general', 'Grace', 'very well')
    await sees('very well')
  })

  test('reply, react, edit and delete a selected message', async () => {
    show()
    await sees('Hello Grace')
    await press(ESCAPE, UP, 'r')
    await sees('Replying to Grace: Hello Ada')
    await press('indeed', ENTER)
    await sees('↳ Grace: Hello Ada')
    await press(ESCAPE, '+', '👍', ENTER)
    await sees('👍 1 (you)')
    await press(ESCAPE, ESCAPE, 'e')
    await sees('Editing')
    await press('!', ENTER)
    await sees(/indeed! \[edited, local\]/)
    await press(ESCAPE, 'd')
    await sees('Delete "Ada: indeed!"')
    await press('n')
    await press('d', 'y')
    await sees('(message deleted)')
  })

  test('switch channels: Alt-Down, Alt-A, Ctrl-K; opening one marks it read', async () => {
    show()
    await sees('Hello Grace')
    await press('\u001ba')
    await sees('an idea')
    await sees('new messages')
    await vi.waitFor(() => expect(client.servers.all[0]!.channel('ideas').unread).toBe(0))
    await press('\u001b[1;3A')
    await sees('Hello Grace')
    await press('\u000b', 'ide')
    await sees(/> #ideas · Difference Engine/)
    await press(ENTER)
    await sees('>#ideas')
  })

  test('several lines, help, quitting', async () => {
    show()
    await sees('live')
    await press('?')
    await sees('go to a channel by letters')
    await press('x', 'one', '\u001b\r', 'two')
    await sees('> one')
    await press('\u0003')
    await sees('again to quit')
    expect(quits).toBe(0)
    await press('\u0003')
    expect(quits).toBe(1)
  })

  test('slash commands, and errors with code and remedy', async () => {
    show()
    await sees('live')
    await press('/join garbage', ENTER)
    await sees(/Error XCORD_INVITE_INVALID: .* Copy the whole link/)
    await press(`/join ${client.fake.link}`, ENTER)
    await sees('Joined "Analytical Engine"')
    await press('/invite', ENTER)
    await sees('xcord://join/i')
    await press('/nonsense', ENTER)
    await sees('there is no command "/nonsense"')
    await press('//not a command', ENTER)
    await sees('/not a command [local]')
  })

  test('voice channels, with who is in them and what they do', async () => {
    show()
    await sees('live')
    await client.servers.all[0]?.channels.create({ kind: 'voice', name: 'lounge' })
    await sees('♪lounge')
    client.fake.talks('Grace', 'lounge', { speaking: true })
    client.fake.talks('Alan\u001b[2J', 'lounge', { muted: true })
    client.fake.talks('Edsger', 'lounge', { silenced: true, muted: true })
    await sees('♪lounge (3)')
    await sees('Grace (speaking)')
    await sees(/Alan\S* \(muted\)/)
    expect(frame()).toContain('Edsger (silenced)')
    await press('/voice nowhere', ENTER)
    await sees('there is no voice channel "nowhere"')
    await press('/voice lounge', ENTER)
    await sees('XCORD_VOICE_UNAVAILABLE')
    await press('/voice leave', ENTER)
    await sees('You are in no voice channel')
  })

  test('who is there, with signs and words, and what one says oneself', async () => {
    show()
    await sees('online (2)')
    client.fake.setPresence('Grace', { status: 'dnd', text: 'wri\u001b[2Jting\u202e' })
    await sees('⊘ Grace')
    await sees(/ {2}wri␛\[2Jting/)
    client.fake.setPresence('Grace', { status: 'idle', text: null })
    await sees('◐ Grace')
    client.fake.setPresence('Grace', null)
    await sees('offline (1)')
    await sees('○ Grace')
    await press('/status dnd back at five', ENTER)
    await sees('Others see you as dnd: back at five.')
    await sees('⊘ Ada · owner')
    await sees('Ada (dnd) ·')
    await press('/status clear', ENTER)
    await sees('Others see you as dnd.')
    await press('/status invisible', ENTER)
    await sees('Others see you as offline.')
    await sees('○ Ada · owner')
    await sees('Ada (invisible) ·')
    await press('/status away', ENTER)
    await sees('/status takes online, idle, dnd, invisible')
    await press('/status', ENTER)
    await sees('Others see you as offline.')
  })

  test('without a key for a while nobody is here; with the next key somebody is', async () => {
    show(110, 30, 150)
    await sees('◐ Ada · owner')
    await sees('Ada (idle) ·')
    expect(client.presence.current).toMatchObject({ status: 'online', away: true })
    // Each key takes it back; it comes again by itself.
    await vi.waitFor(
      async () => {
        screen.stdin.write('x')
        expect(client.presence.current.away).toBeUndefined()
      },
      { timeout: 8_000, interval: 10 }
    )
    await sees('◐ Ada · owner')
  })

  test('a refusal keeps what was written', async () => {
    show()
    await sees('live')
    client.fake.deny('send')
    await press('precious words', ENTER)
    await sees('XCORD_PERMISSION_DENIED')
    expect(frame()).toContain('> precious words')
  })
})
