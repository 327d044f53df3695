/** A daemon on a metered line (SY19): the budget holds back what is old, and raising it lets it come. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MessageJson, SyncStatusJson } from '@xcord/sdk'
import { createHome, type Daemon, type Home } from './processes.ts'

const LONG = 240_000
const MESSAGES = 120

let home: Home
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await home.close()
})

async function xcord<T>({ profile }: Daemon, ...argv: string[]): Promise<T[]> {
  const ended = await home.xcord(['--profile', profile, '--json', ...argv])
  expect(ended.err).toBe('')
  return ended.lines<T>()
}

async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + LONG / 2
  for (;;) {
    const value = await probe()
    if (value !== undefined) return value
    if (Date.now() > end) throw new Error(`never happened: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

test(
  '[SY19] a budget given to the daemon holds, is shown, is changed while it runs, and outlives it',
  async () => {
    for (const name of ['ada', 'grace'])
      expect((await home.xcord(['init', '--profile', name, '--name', name, '--json'])).code).toBe(0)
    const ada = await home.daemon('ada')
    const server = await ada.api.call('createServer', { body: { name: 'Engine' } })
    const { items: channels } = await ada.api.call('listChannels', { params: { server: server.id } })
    const params = { channel: channels.find(each => each.kind === 'text')?.id as string }
    const texts = Array.from({ length: MESSAGES }, (_, i) => `message ${i}`)
    await Promise.all(texts.map(content => ada.api.call('sendMessage', { params, body: { content } })))
    const [invite] = await xcord<{ link: string }>(ada, 'invite', 'create')

    let grace = await home.daemon('grace', '--sync-budget', '8kB/h')
    await xcord(grace, 'server', 'join', invite?.link as string)
    const status = async (): Promise<SyncStatusJson> =>
      (await xcord<SyncStatusJson>(grace, 'sync', 'status'))[0] as SyncStatusJson
    const held = await until('it waits', async () => {
      const now = await status()
      return now.budget?.resumesAt !== null && now.servers[0]?.done === false ? now : undefined
    })
    expect(held.budget).toMatchObject({ bytes: 8_000, periodMs: 3_600_000, leftBytes: 0 })
    expect(held.servers[0]?.received).toBeLessThan(MESSAGES)
    const told = await home.xcord(['--profile', 'grace', 'sync'])
    expect(told.out).toMatch(/budget +8 kB in h\n *spent .*\n *goes on +20\d\d/)
    expect((await home.xcord(['--profile', 'grace', 'doctor'])).out).toMatch(/metered line: /)

    const [raised] = await xcord<SyncStatusJson>(grace, 'sync', 'budget', '50MB/d')
    expect(raised?.budget).toMatchObject({ bytes: 50_000_000, resumesAt: null })
    await until('all is there', async () => ((await status()).servers[0]?.done === true ? true : undefined))
    const page = await xcord<MessageJson>(grace, 'message', 'list', '#general', '--limit', '100')
    expect(new Set(page.map(each => each.content)).size).toBe(100)

    await grace.stop()
    grace = await home.daemon('grace')
    expect((await status()).budget).toMatchObject({ bytes: 50_000_000, periodMs: 86_400_000 })
    const [off] = await xcord<SyncStatusJson>(grace, 'sync', 'budget', 'off')
    expect(off?.budget).toBeNull()
    const wrong = await home.xcord(['--profile', 'grace', '--json', 'sync', 'budget', 'plenty'])
    expect([wrong.code, wrong.error().code]).toEqual([2, 'XCORD_USAGE'])
  },
  LONG
)
