/** What a newcomer is told while history comes, and what a metered line makes of it (SY19): peers over loopback. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MessageId } from '@xcord/core'
import type { Client, ClientEvents, Server } from '@xcord/sdk'
import { type Cast, createCast, until } from './peers.fixture.ts'

type Progress = ClientEvents['sync:progress'] & { readonly cursor: string }

const HOUR_MS = 3_600_000
const MESSAGES = 260

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

/** Ada's server with messages in two channels. */
async function engine(): Promise<{ ada: Client; server: Server; link: string }> {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine', channels: ['general', 'old'] })
  const write = async (name: string): Promise<void> => {
    const channel = server.channel(name)
    await Promise.all(Array.from({ length: MESSAGES }, async (_, i) => await channel.send(`${name} ${i}`)))
  }
  await write('old')
  await write('general')
  return { ada, server, link: (await server.invites.create()).link as string }
}

function listen(client: Client): Progress[] {
  const heard: Progress[] = []
  client.on('sync:progress', data => {
    if (data.phase === 'messages') heard.push(data)
  })
  return heard
}

async function count(server: Server, channel: string): Promise<number> {
  let held = 0
  let before: MessageId | undefined
  for (;;) {
    const page = await server
      .channel(channel)
      .page({ limit: 100, ...(before === undefined ? {} : { before }) })
    held += page.length
    if (page.length < 100) return held
    before = page[0]?.id
  }
}

test('[SY8] progress tells messages and bytes as they come, by channel, until nothing is missing', async () => {
  const { link } = await engine()
  const grace = await cast.open('grace')
  const heard = listen(grace)
  const server = await grace.servers.join(link)
  await until('all is there', () => heard.some(each => each.done && each.received >= 2 * MESSAGES))

  for (const [i, each] of heard.entries()) {
    expect(each).toMatchObject({ server: server.id, budget: null })
    expect(typeof each.cursor).toBe('string')
    expect(each.received).toBeLessThanOrEqual(each.expected ?? Infinity)
    expect(each.received).toBeGreaterThan(heard[i - 1]?.received ?? 0)
    expect(each.bytes).toBeGreaterThan(heard[i - 1]?.bytes ?? 0)
    expect(each.done).toBe(each.received === each.expected)
  }
  // An envelope of a short message is some 400 bytes; nothing comes twice.
  expect(heard.at(-1)?.bytes).toBeGreaterThan(2 * MESSAGES * 200)
  expect(heard.at(-1)?.bytes).toBeLessThan(2 * MESSAGES * 1_500)
  const byChannel = new Map<string, number>()
  for (const { channels } of heard)
    for (const { channel, received } of channels)
      byChannel.set(channel, (byChannel.get(channel) ?? 0) + received)
  expect(Object.fromEntries(byChannel)).toEqual({
    [server.channel('general').id]: MESSAGES,
    [server.channel('old').id]: MESSAGES
  })
  expect(grace.sync.status()).toMatchObject({ budget: null, servers: [{ server: server.id, done: true }] })
})

test('[SY19] a spent budget holds back what is old, not what is looked at nor what is new; raising it brings all', async () => {
  const { ada, server, link } = await engine()
  const budget = { bytes: 20_000, periodMs: HOUR_MS }
  let grace = await cast.open('grace', { sync: { budget } })
  const heard = listen(grace)
  let hers = await grace.servers.join(link)
  const held = await until('it waits', () => heard.find(each => each.budget?.resumesAt !== null))
  expect(held).toMatchObject({ done: false, budget })
  expect(held.budget?.spentBytes).toBeGreaterThanOrEqual(budget.bytes)
  expect(held.budget?.leftBytes).toBe(0)
  expect(held.received).toBeLessThan(held.expected as number)
  expect(Date.parse(held.budget?.resumesAt as string)).toBeGreaterThan(Date.now())
  expect((await grace.doctor()).checks.find(each => each.check === 'budget')).toMatchObject({ ok: true })

  // Somebody opens a channel: its page comes. What nobody looks at stays away.
  const numbered = async (options: { before?: MessageId; limit: number }): Promise<number[]> =>
    (await hers.channel('old').page(options)).map(each => Number(each.content.slice(4)))
  await until('the page is there', async () => {
    const page = await numbered({ limit: 50 })
    return page.length === 50 && page.every(each => each >= MESSAGES - 100)
  })
  const [first] = await hers.channel('old').page({ limit: 50 })
  await until(
    'an older page is there',
    async () => (await numbered({ limit: 50, before: first?.id as MessageId })).length === 50
  )
  // What is new comes, too.
  await server.channel('general').send('now')
  await until('the new message', async () =>
    (await hers.channel('general').page({ limit: 100 })).some(each => each.content === 'now')
  )
  expect(grace.sync.status().servers).toMatchObject([{ server: server.id, done: false }])

  // Restarting fills nothing up.
  await grace.close()
  grace = await cast.open('grace')
  expect(grace.sync.status().budget).toMatchObject(budget)
  expect(grace.sync.status().budget?.leftBytes).toBe(0)
  hers = grace.servers.get(server.id) as Server
  const again = listen(grace)
  await grace.connect(ada.addresses()[0] as string)
  await until('it waits again', () => again.find(each => each.budget?.resumesAt !== null && !each.done))
  expect((await count(hers, 'general')) + (await count(hers, 'old'))).toBeLessThan(2 * MESSAGES)

  await grace.sync.setBudget({ bytes: 50_000_000, periodMs: HOUR_MS })
  await until('all is there', () => again.some(each => each.done))
  expect(again.at(-1)?.budget).toMatchObject({ bytes: 50_000_000, resumesAt: null })
  expect([await count(hers, 'old'), await count(hers, 'general')]).toEqual([MESSAGES, MESSAGES + 1])
  await expect(grace.sync.setBudget({ bytes: 1, periodMs: 1 })).rejects.toThrow(RangeError)
})

test('[SY19] a file that is opened comes whatever is spent, and counts; those of others are served once there is budget', async () => {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine', channels: ['general'] })
  const bytes = new Uint8Array(60_000).map((_, at) => at % 251)
  await server.channel('general').send({ content: 'a plan', files: [{ name: 'plan.bin', bytes }] })
  const link = (await server.invites.create()).link as string
  const budget = { bytes: 20_000, periodMs: HOUR_MS }
  const grace = await cast.open('grace', { sync: { budget } })
  const hers = await grace.servers.join(link)
  const fileOf = async (at: Server) => (await at.channel('general').page({ limit: 5 }))[0]?.attachments[0]
  const file = await until('Grace has the message', async () => await fileOf(hers))
  expect((await file.read()).length).toBe(bytes.length)
  const { spentBytes, leftBytes } = grace.sync.status().budget ?? {}
  expect(spentBytes).toBeGreaterThan(bytes.length)
  expect(leftBytes).toBe(0)

  const alan = await cast.open('alan')
  const his = await alan.servers.join(link)
  const same = await until('Alan has the message', async () => await fileOf(his))
  await until(
    'Alan and Grace know each other',
    () => alan.peers().filter(each => each.kind === 'member').length === 2
  )
  await ada.close()
  await expect(same.read()).rejects.toMatchObject({ code: 'XCORD_ATTACHMENT_UNAVAILABLE' })
  await grace.sync.setBudget(null)
  expect((await same.read()).length).toBe(bytes.length)
})
