import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApi } from '../api/api.ts'
import { createSocketTransport } from '../api/socket-transport.ts'
import { createFakeClient, type FakeClient, fakeId } from '../../test/fake-client.ts'
import { schemaDocument } from './document.ts'
import { createGateway } from './gateway.ts'
import { listenOn } from './listen.ts'
import { ROUTES } from './routes.ts'

const OPENAPI = new URL('../../openapi.json', import.meta.url)
const headers = { host: 'localhost' }
let client: FakeClient
let app: FastifyInstance
let folder: string
let stopped = 0
const faults: unknown[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'xcord-gateway-'))
  client = createFakeClient()
  stopped = 0
  faults.length = 0
  app = await createGateway({
    client,
    profile: 'default',
    socket: join(folder, 's'),
    version: '1.2.3',
    host: 'daemon',
    now: () => 5,
    stop: () => (stopped += 1),
    onFault: error => faults.push(error)
  })
})
afterEach(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

const seeded = async () => {
  const server = await client.servers.create({ name: 'Engine' })
  return { server, channel: server.channel('general') }
}

/** A request byte by byte, as no well-behaved client sends it. */
function raw(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.end(text))
    let answer = ''
    socket.on('data', part => (answer += part.toString()))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

describe('routes', () => {
  test('strip what no schema declares, both ways', async () => {
    const made = await app.inject({
      method: 'POST',
      url: '/v1/servers',
      headers,
      payload: { name: 'Engine', fromTheFuture: 1 }
    })
    expect(made.statusCode).toBe(201)
    expect(Object.keys(made.json()).sort()).toEqual([
      'channels',
      'description',
      'id',
      'members',
      'name',
      'owner',
      'stateHash',
      'unread'
    ])
  })

  test('page messages, oldest first, with a cursor for the next page', async () => {
    const { channel } = await seeded()
    for (let at = 0; at < 7; at += 1) await channel.send(`m${at}`)
    const url = `/v1/channels/${channel.id}/messages`
    const first = (await app.inject({ url: `${url}?limit=5`, headers })).json<{
      items: { content: string; id: string }[]
      next: string
    }>()
    expect(first.items.map(each => each.content)).toEqual(['m2', 'm3', 'm4', 'm5', 'm6'])
    expect(first.next).toBe(first.items[0]!.id)
    const rest = (await app.inject({ url: `${url}?limit=5&before=${first.next}`, headers })).json<{
      items: { content: string }[]
      next: null
    }>()
    expect(rest.items.map(each => each.content)).toEqual(['m0', 'm1'])
    expect(rest.next).toBeNull()
  })

  test('answer a deadline as 504, and the message is kept', async () => {
    const { channel } = await seeded()
    const sent = await channel.send('hi')
    const late = await app.inject({
      url: `/v1/messages/${sent.id}/delivery?reach=stored&timeoutMs=20`,
      headers
    })
    expect([late.statusCode, late.json<{ code: string }>().code]).toEqual([504, 'XCORD_DEADLINE'])
    client.fake.deliver(sent.id, 'delivered', 2)
    const there = await app.inject({
      url: `/v1/messages/${sent.id}/delivery?reach=stored&timeoutMs=20`,
      headers
    })
    expect(there.json()).toEqual({ state: 'delivered', holders: 2 })
  })

  test.each([
    ['GET', '/v1/servers/s1', undefined, 404, 'XCORD_SERVER_NOT_FOUND'],
    ['GET', `/v1/channels/${fakeId('c')}`, undefined, 404, 'XCORD_CHANNEL_NOT_FOUND'],
    ['GET', '/v1/messages/garbage', undefined, 404, 'XCORD_MESSAGE_NOT_FOUND'],
    ['POST', '/v1/join', { link: 'garbage' }, 400, 'XCORD_INVITE_INVALID'],
    ['POST', '/v1/join', {}, 400, 'XCORD_USAGE'],
    ['GET', '/v1/nothing', undefined, 404, 'XCORD_DAEMON_REFUSED'],
    ['GET', '/v1/events?types=nonsense', undefined, 400, 'XCORD_USAGE']
  ] as const)('%s %s is a problem with its code', async (method, url, payload, status, code) => {
    const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code])
    expect(Object.keys(answer.json()).sort()).toEqual(['code', 'details', 'status', 'title', 'type'])
  })

  test('a denial names permission and rule; a body too large is a limit; garbage is usage', async () => {
    const { channel } = await seeded()
    client.fake.deny('send')
    const url = `/v1/channels/${channel.id}/messages`
    const denied = await app.inject({ method: 'POST', url, headers, payload: { content: 'x' } })
    expect(denied.json()).toMatchObject({
      status: 403,
      code: 'XCORD_PERMISSION_DENIED',
      details: { rule: 'AU29' }
    })
    const large = await app.inject({
      method: 'POST',
      url,
      headers,
      payload: { content: 'x'.repeat(200_000) }
    })
    expect(large.json()).toMatchObject({ status: 413, code: 'XCORD_LIMIT' })
    const garbage = await app.inject({
      method: 'POST',
      url,
      headers: { ...headers, 'content-type': 'application/json' },
      payload: '{'
    })
    expect(garbage.json()).toMatchObject({ status: 400, code: 'XCORD_USAGE' })
  })

  test('a fault of ours is told to the log, and to the caller without a stack', async () => {
    client.describe = () => {
      throw new Error('broken inside')
    }
    const answer = await app.inject({ url: '/v1/me', headers })
    expect(answer.json()).toMatchObject({ status: 500, code: 'XCORD_INTERNAL' })
    expect(answer.body).not.toContain('gateway')
    expect(faults).toHaveLength(1)
  })

  test('stopping is the process’s own business, and refused where none may', async () => {
    expect((await app.inject({ method: 'POST', url: '/v1/daemon/stop', headers })).statusCode).toBe(202)
    expect(stopped).toBe(1)
    const tui = await createGateway({
      client,
      profile: 'p',
      socket: null,
      version: '0',
      host: 'tui',
      now: () => 0
    })
    expect((await tui.inject({ method: 'POST', url: '/v1/daemon/stop', headers })).json()).toMatchObject({
      status: 409,
      code: 'XCORD_DAEMON_REFUSED'
    })
    await tui.close()
  })
})

describe('Idempotency-Key', () => {
  test('a repetition gets the first answer and does nothing, even while the first is under way', async () => {
    const { channel } = await seeded()
    const request = {
      method: 'POST' as const,
      url: `/v1/channels/${channel.id}/messages`,
      headers: { ...headers, 'idempotency-key': 'k1' },
      payload: { content: 'once' }
    }
    const [one, two] = await Promise.all([app.inject(request), app.inject(request)])
    const three = await app.inject(request)
    expect(two.body).toBe(one.body)
    expect(three.body).toBe(one.body)
    expect([three.statusCode, three.headers['idempotency-replayed']]).toEqual([201, 'true'])
    expect(await channel.page()).toHaveLength(1)
    expect((await app.inject({ ...request, payload: { content: 'other' } })).json()).toMatchObject({
      code: 'XCORD_USAGE'
    })
  })

  test('a fault does not use the key up', async () => {
    const create = client.servers.create
    const request = {
      method: 'POST' as const,
      url: '/v1/servers',
      headers: { ...headers, 'idempotency-key': 'k2' },
      payload: { name: 'S' }
    }
    client.servers.create = () => Promise.reject(new Error('broken'))
    expect((await app.inject(request)).statusCode).toBe(500)
    client.servers.create = create
    expect((await app.inject(request)).statusCode).toBe(201)
  })
})

describe('local security', () => {
  test('the socket is its owner’s alone, a dead one is replaced, a live one is not', async () => {
    const path = join(folder, 's')
    await listenOn(app, path, folder)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const other = await createGateway({
      client,
      profile: 'p',
      socket: path,
      version: '0',
      host: 'daemon',
      now: () => 0
    })
    await expect(listenOn(other, path, folder)).rejects.toMatchObject({ code: 'XCORD_PROFILE_IN_USE' })
    await other.close()
    expect((await createApi(createSocketTransport(path)).call('getDaemon')).version).toBe('1.2.3')
  })

  test('a folder others may write to holds no socket of ours', async () => {
    chmodSync(folder, 0o777)
    await expect(listenOn(app, join(folder, 's'), folder)).rejects.toMatchObject({
      code: 'XCORD_STORE_FAILED'
    })
  })

  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  test.each([
    ['a rebound name', 'GET /v1/me HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n', '421'],
    ['no host', 'GET /v1/me HTTP/1.0\r\n\r\n', '421'],
    [
      'a page',
      'GET /v1/me HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\nConnection: close\r\n\r\n',
      '403'
    ],
    [
      'a page of origin null',
      'GET /v1/me HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nConnection: close\r\n\r\n',
      '403'
    ],
    [
      'a page’s plain form',
      'POST /v1/daemon/stop HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      '403'
    ],
    [
      'a page’s upgrade',
      `GET /v1/events HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n${upgrade}\r\n`,
      '403'
    ],
    ['a rebound upgrade', `GET /v1/events HTTP/1.1\r\nHost: evil.example\r\n${upgrade}\r\n`, '421'],
    ['an upgrade elsewhere', `GET /v1/me HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`, '404'],
    [
      'an upgrade with a wrong type',
      `GET /v1/events?types=nonsense HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`,
      '400'
    ]
  ])('%s is refused', async (_, request, status) => {
    const path = join(folder, 's')
    await listenOn(app, path, folder)
    const answer = await raw(path, request)
    expect(answer.split('\r\n')[0]).toContain(` ${status} `)
    expect(stopped).toBe(0)
  })

  test('no answer allows another origin', async () => {
    const answer = await app.inject({ method: 'OPTIONS', url: '/v1/me', headers })
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('documents', () => {
  test('OpenAPI names every route and its answers', async () => {
    const document = (await app.inject({ url: '/openapi.json', headers })).json<{
      openapi: string
      paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>
    }>()
    const operations = Object.values(document.paths).flatMap(path => Object.values(path))
    expect(operations.map(each => each.operationId).sort()).toEqual(Object.keys(ROUTES).sort())
    for (const each of operations) expect(Object.keys(each.responses).length).toBeGreaterThanOrEqual(3)
    const refs = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? []
    for (const ref of new Set(refs)) expect(JSON.stringify(document)).toContain(`"${ref.split('/').pop()}":{`)
    const published = {
      ...document,
      info: { ...(document as object as { info: object }).info, version: 'v1' }
    }
    if (process.env['XCORD_UPDATE'] === '1')
      writeFileSync(OPENAPI, `${JSON.stringify(published, undefined, 2)}\n`)
    // The committed document is the generated one: XCORD_UPDATE=1 writes it anew.
    expect(published).toEqual(JSON.parse(readFileSync(OPENAPI, 'utf8')))
  })

  test('the JSON Schema resolves all its references', () => {
    const document = schemaDocument() as { $defs: Record<string, unknown> }
    const refs = new Set(
      [...JSON.stringify(document).matchAll(/"#\/\$defs\/(\w+)"/g)].map(match => match[1]!)
    )
    expect(refs.size).toBeGreaterThan(10)
    for (const ref of refs) expect(Object.keys(document.$defs)).toContain(ref)
  })
})
