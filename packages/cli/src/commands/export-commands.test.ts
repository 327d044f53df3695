/** A server as a file on the command line: real peers, in this process and over a socket. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Client, type Server, createClient, type ExportJson, type ImportJson } from '@xcord/sdk'
import { memory } from '@xcord/sdk/node'
import { markProfile, runFake } from '../../test/fake-terminal.ts'
import { createApi } from '../api/api.ts'
import { createSocketTransport } from '../api/socket-transport.ts'
import { createGateway } from '../gateway/gateway.ts'
import { listenOn } from '../gateway/listen.ts'

let home: string
let ada: Client
let grace: Client

const lasting = (client: Client): Client =>
  new Proxy(client, {
    get: (target, key) => {
      if (key === 'close') return async () => undefined
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    }
  })
const as = (client: Client, ...argv: string[]) =>
  runFake(argv, {
    home,
    open: async () => lasting(client),
    now: () => Date.now(),
    env: { XCORD_TIMEOUT: '100ms' }
  })
const nobody = (...argv: string[]) =>
  runFake(argv, {
    home: join(home, 'nothing'),
    open: async () => {
      throw new Error('no profile is needed')
    }
  })
const open = async (name: string) =>
  await createClient({
    profile: { name },
    store: memory(),
    network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
  })
const errorOf = (err: string) =>
  (JSON.parse(err) as { error: { code: string; details: { rule?: string } } }).error

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'xcord-cli-'))
  markProfile(home)
  ada = await open('ada')
  grace = await open('grace')
  const server = await ada.servers.create({ name: 'Engine' })
  await (await server.roles.create({ name: 'crew', permissions: ['ManageMessages'] })).grant(ada.identity.id)
})
afterEach(async () => {
  await ada.close()
  await grace.close()
  rmSync(home, { recursive: true })
})

describe('export, verify, import', () => {
  test('write a file, check it with nothing else at hand, take it in', async () => {
    const file = join(home, 'engine.xcord')
    const written = await as(ada, 'server', 'export', 'Engine', '-o', file)
    expect([written.code, written.out]).toEqual([
      0,
      expect.stringMatching(/^Exported "Engine" to .*: \d+ bytes\.\n$/)
    ])
    expect(written.err).toContain('It holds no key and no message.')
    expect(existsSync(`${file}.part`)).toBe(false)

    const seen = await nobody('server', 'verify', file)
    expect([seen.code, seen.err]).toEqual([0, ''])
    expect(seen.out).toMatch(/verdict +true/)
    expect(seen.out).toContain(ada.servers.all[0]?.stateHash)
    expect(seen.out).toMatch(/ada +owner, crew/)
    const json = (await nobody('server', 'verify', file, '--json')).json() as ExportJson[]
    expect(json).toMatchObject([
      { valid: true, name: 'Engine', members: [{ name: 'ada', owner: true }], content: null }
    ])

    const taken = await as(ada, 'server', 'import', file, '--json')
    expect(taken.json() as ImportJson[]).toMatchObject([
      { fresh: 0, part: 'member', merged: ada.servers.all[0]?.stateHash }
    ])
    expect((await as(ada, 'server', 'import', file)).out).toMatch(/all \d operations were known already/)
  })

  test('say no to whoever is no member, and to what is no export, each with its code', async () => {
    const file = join(home, 'engine.xcord')
    await as(ada, 'server', 'export', '-o', file, '--content', '--json')
    const whole = readFileSync(file)
    const stranger = await as(grace, 'server', 'import', file, '--json')
    expect([stranger.code, errorOf(stranger.err).code]).toEqual([4, 'XCORD_NOT_A_MEMBER'])
    const garbled = whole.map((byte, at) => (at === 900 ? byte ^ 1 : byte))
    for (const [bytes, rule] of [
      [whole.subarray(0, whole.length - 1), 'SX2'],
      [garbled, expect.stringMatching(/^[A-Z]{2}\d+$/)],
      [Buffer.from('hello'), 'SX1'],
      [Buffer.alloc(0), 'SX1']
    ] as const) {
      writeFileSync(file, bytes)
      for (const run of [
        await nobody('server', 'verify', file, '--json'),
        await as(ada, 'server', 'import', file, '--json')
      ]) {
        const error = errorOf(run.err)
        expect([run.code, run.out, error.code, error.details.rule]).toEqual([
          9,
          '',
          'XCORD_EXPORT_INVALID',
          rule
        ])
      }
    }
    writeFileSync(file, whole)
    const other = await nobody(
      'server',
      'verify',
      file,
      '--server',
      grace.identity.id.replace('u', 's'),
      '--json'
    )
    expect([other.code, errorOf(other.err).details.rule]).toEqual([9, 'SX3'])
  })

  test('mind files: none is replaced unasked, none half-written, none read that is not there', async () => {
    const file = join(home, 'engine.xcord')
    writeFileSync(file, 'precious')
    const kept = await as(ada, 'server', 'export', '-o', file, '--json')
    expect([kept.code, errorOf(kept.err).code, readFileSync(file, 'utf8')]).toEqual([
      2,
      'XCORD_USAGE',
      'precious'
    ])
    expect((await as(ada, 'server', 'export', '-o', file, '--force')).code).toBe(0)
    const [missing, nowhere, bare] = [
      await nobody('server', 'verify', join(home, 'no such file'), '--json'),
      await as(ada, 'server', 'export', '-o', join(home, 'no', 'folder'), '--json'),
      await as(ada, 'server', 'export', '--json')
    ]
    for (const run of [
      missing,
      nowhere,
      bare,
      await as(ada, 'server', 'import', join(home, 'no such file'), '--json')
    ])
      expect([run.code, errorOf(run.err).code]).toEqual([2, 'XCORD_USAGE'])
    const unknown = await as(ada, 'server', 'export', 'Nothing', '-o', join(home, 'x'), '--json')
    expect([unknown.code, existsSync(join(home, 'x'))]).toEqual([3, false])
  })

  test('[SX12] are of the past, and say so; an operation or a time is named, and nothing else', async () => {
    const server = ada.servers.all[0] as Server
    const first = (await server.audit({ limit: 100 })).items.at(-2)?.operation ?? ''
    const path = join(home, 'past')
    const run = await as(ada, 'server', 'export', '--before', first, '-o', path, '--json')
    expect(run.code).toBe(0)
    const told = await as(ada, 'server', 'verify', path, '--json')
    expect(JSON.parse(told.out)).toMatchObject({ past: true, operations: 1 })
    for (const wrong of [
      ['--until', 'yesterday'],
      ['--before', server.id],
      ['--until', first, '--content']
    ]) {
      const refused = await as(ada, 'server', 'export', ...wrong, '-o', join(home, 'no'), '--json')
      expect([refused.code, errorOf(refused.err).code]).toEqual([2, 'XCORD_USAGE'])
    }
  })

  test('travel over the socket of a daemon as within one process', async () => {
    const app = await createGateway({
      client: ada,
      profile: 'default',
      socket: join(home, 's'),
      version: '1',
      host: 'daemon',
      now: () => Date.now()
    })
    await listenOn(app, join(home, 's'), home)
    try {
      const api = createApi(createSocketTransport(join(home, 's')))
      const server = ada.servers.all[0]?.id ?? ''
      const parts: Uint8Array[] = []
      for await (const part of api.download('exportServer', { params: { server }, query: { content: true } }))
        parts.push(part)
      const bytes = Buffer.concat(parts)
      async function* pieces(cut = bytes.length) {
        for (let at = 0; at < cut; at += 700) yield bytes.subarray(at, Math.min(cut, at + 700))
      }
      expect(await api.upload('verifyExport', { query: {} }, pieces())).toMatchObject({ valid: true, server })
      expect(await api.upload('importServer', { query: { enrol: false } }, pieces())).toMatchObject({
        fresh: 0
      })
      await expect(api.upload('importServer', { query: {} }, pieces(800))).rejects.toMatchObject({
        code: 'XCORD_EXPORT_INVALID',
        details: { rule: 'SX2' }
      })
      async function* broken() {
        yield bytes.subarray(0, 10)
        throw new RangeError('the disk is gone')
      }
      await expect(api.upload('importServer', { query: {} }, broken())).rejects.toThrow('the disk is gone')
      const unknown = api.download('exportServer', { params: { server: grace.identity.id }, query: {} })
      await expect(unknown[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'XCORD_SERVER_NOT_FOUND'
      })
      const copied = await api.upload('copyServer', { query: { name: 'Another' } }, pieces())
      expect(copied).toMatchObject({ name: 'Another', unnamed: [] })
      await expect(api.upload('copyServer', { query: {} }, pieces(bytes.length - 1))).rejects.toMatchObject({
        code: 'XCORD_EXPORT_INVALID'
      })
      // The daemon is well after all of it, and only the whole file founded anything.
      expect((await api.call('listServers')).items).toHaveLength(2)
    } finally {
      await app.close()
    }
  })
})
