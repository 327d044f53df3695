import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { WebSocket } from 'ws'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createApi, type Api } from '../api/api.ts'
import { createSocketTransport } from '../api/socket-transport.ts'
import { createFakeClient, type FakeClient } from '../../test/fake-client.ts'
import { createGateway } from './gateway.ts'
import { listenOn } from './listen.ts'
import type { EventFrame, Frame } from './frames.ts'

const KILLS = Number(process.env['XCORD_KILLS'] ?? 150)

let client: FakeClient
let app: FastifyInstance
let folder: string
let path: string
let api: Api

async function serve(init: { retention?: number; stalledMs?: number; bufferBytes?: number } = {}) {
  client = createFakeClient(init.retention === undefined ? {} : { retention: init.retention })
  await client.servers.create({ name: 'Engine' })
  app = await createGateway({
    client,
    profile: 'default',
    socket: path,
    version: '0',
    host: 'daemon',
    now: () => 0,
    ...(init.stalledMs === undefined ? {} : { stalledMs: init.stalledMs }),
    ...(init.bufferBytes === undefined ? {} : { bufferBytes: init.bufferBytes })
  })
  await listenOn(app, path, folder)
  api = createApi(createSocketTransport(path))
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xcord-events-'))
  path = join(folder, 's')
})
afterEach(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

/** Reads frames until `enough`; the stream is then dropped without a word. */
async function read(
  options: { since?: string; types?: readonly ['message:create'] },
  enough: (frames: Frame[]) => boolean
): Promise<Frame[]> {
  const stop = new AbortController()
  const frames: Frame[] = []
  for await (const frame of api.frames({ ...options, signal: stop.signal })) {
    frames.push(frame)
    if (enough(frames)) break
  }
  stop.abort()
  return frames
}
const eventsOf = (frames: Frame[]) => frames.filter((frame): frame is EventFrame => frame.frame === 'event')

describe('the event stream', () => {
  test('says hello with the newest cursor; what follows that cursor is all there is', async () => {
    await serve()
    const [hello] = await read({}, () => true)
    expect(hello).toMatchObject({ frame: 'hello', identity: client.identity.id, cursor: client.cursor })
    client.fake.receive('general', 'Grace', 'while nobody listens')
    const frames = await read(
      { since: (hello as { cursor: string }).cursor },
      all => eventsOf(all).length === 1
    )
    expect(eventsOf(frames)[0]).toMatchObject({
      type: 'message:create',
      data: { message: { content: 'while nobody listens' } }
    })
  })

  test('filters by type', async () => {
    await serve()
    const since = client.cursor
    client.fake.join('Engine', 'Grace')
    client.fake.receive('general', 'Grace', 'hi')
    const frames = await read({ since, types: ['message:create'] }, all => eventsOf(all).length === 1)
    expect(eventsOf(frames).map(frame => frame.type)).toEqual(['message:create'])
  })

  test('says gap where events are no longer kept, and goes on', async () => {
    await serve({ retention: 3 })
    const since = client.cursor
    for (let at = 0; at < 10; at += 1) client.fake.receive('general', 'Grace', `m${at}`)
    const frames = await read({ since }, all => eventsOf(all).length === 3)
    expect(frames.map(frame => frame.frame)).toEqual(['hello', 'gap', 'event', 'event', 'event'])
  })

  test('a cursor of nobody is an error frame, not silence', async () => {
    await serve()
    const frames = await read({ since: 'garbage' }, all => all.length === 2)
    expect(frames[1]).toMatchObject({ frame: 'error', error: { code: 'XCORD_CURSOR_EXPIRED' } })
  })

  test('survives a restart of the daemon: the reader goes on from its cursor', async () => {
    await serve()
    const before = await read({}, () => true)
    const since = (before[0] as { cursor: string }).cursor
    const kept = client
    await app.close()
    await expect(read({ since }, () => true)).rejects.toMatchObject({ code: 'XCORD_DAEMON_UNREACHABLE' })
    kept.fake.receive('general', 'Grace', 'meanwhile')
    app = await createGateway({
      client: kept,
      profile: 'default',
      socket: path,
      version: '0',
      host: 'daemon',
      now: () => 0
    })
    await listenOn(app, path, folder)
    const frames = await read({ since }, all => eventsOf(all).length === 1)
    expect(eventsOf(frames)[0]).toMatchObject({ data: { message: { content: 'meanwhile' } } })
  })

  test(`loses nothing when the reader is killed ${KILLS} times at random; repeats share a cursor`, async () => {
    await serve()
    let since = client.cursor
    let sent = 0
    let random = 42
    const next = (below: number) => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
      return random % below
    }
    const seen = new Map<string, string>()
    for (let kill = 0; kill < KILLS; kill += 1) {
      for (let burst = next(6); burst >= 0; burst -= 1)
        client.fake.receive('general', 'Grace', `m${(sent += 1)}`)
      // Taken, but only sometimes written down: as a consumer that dies between the two.
      const wanted = 1 + next(4)
      for (const frame of eventsOf(
        await read({ since }, all => eventsOf(all).length >= wanted || all.length > seen.size + sent)
      )) {
        if (frame.type !== 'message:create') continue
        const { content } = frame.data.message
        expect(seen.get(frame.cursor) ?? content).toBe(content)
        seen.set(frame.cursor, content)
        if (next(3) > 0) since = frame.cursor
      }
      if (Number(since) === Number(client.cursor)) client.fake.receive('general', 'Grace', `m${(sent += 1)}`)
    }
    await read({ since }, all => {
      for (const frame of eventsOf(all))
        if (frame.type === 'message:create') seen.set(frame.cursor, frame.data.message.content)
      return eventsOf(all).at(-1)?.cursor === client.cursor
    })
    expect(new Set(seen.values()).size).toBe(sent)
    expect(seen.size).toBe(sent)
  })

  test('a reader that takes nothing is cut off with its cursor, and misses nothing when it returns', async () => {
    await serve({ stalledMs: 100, bufferBytes: 1 })
    const since = client.cursor
    const socket = new WebSocket(`ws+unix://${path}:/v1/events?since=${since}`, {
      headers: { host: 'localhost' }
    })
    const cursors: string[] = []
    const closed = new Promise<{ code: number; cursor: string }>(resolve =>
      socket.on('close', (code, reason) => resolve({ code, cursor: reason.toString() }))
    )
    socket.on('message', (bytes: Buffer) => {
      const frame = JSON.parse(bytes.toString()) as Frame
      if (frame.frame === 'event') cursors.push(frame.cursor)
    })
    await new Promise(resolve => socket.once('message', resolve))
    socket.pause()
    for (let at = 0; at < 2_000; at += 1) client.fake.receive('general', 'Grace', 'x'.repeat(4_000))
    await vi.waitFor(() => expect(app.websocketServer.clients.size).toBe(0), {
      timeout: 20_000,
      interval: 20
    })
    socket.resume()
    const { code } = await closed
    expect([1006, 4008]).toContain(code)
    expect(cursors.length).toBeLessThan(2_000)
    const frames = await read(
      { since: cursors.at(-1) ?? since },
      all => eventsOf(all).at(-1)?.cursor === client.cursor
    )
    expect(cursors.length + eventsOf(frames).length).toBe(2_000)
  })

  test('a reader that is slow but alive gets all, through disconnections it does not see', async () => {
    await serve({ stalledMs: 30, bufferBytes: 1 })
    const since = client.cursor
    for (let at = 0; at < 3_000; at += 1) client.fake.receive('general', 'Grace', 'x'.repeat(2_000))
    let count = 0
    const stop = new AbortController()
    for await (const frame of api.frames({ since, signal: stop.signal })) {
      if (frame.frame !== 'event') continue
      count += 1
      if (count % 600 === 0) await new Promise(resolve => setTimeout(resolve, 80))
      if (frame.cursor === client.cursor) break
    }
    stop.abort()
    expect(count).toBe(3_000)
  })

  test('garbage from a reader ends its stream only', async () => {
    await serve()
    const socket = new WebSocket(`ws+unix://${path}:/v1/events`, { headers: { host: 'localhost' } })
    const closed = new Promise<number>(resolve => socket.on('close', resolve))
    await new Promise(resolve => socket.once('open', resolve))
    socket.send('{')
    expect(await closed).toBe(4_000)
    expect((await api.call('getHealth')).ok).toBe(true)
  })
})
