/** `xcord explain` with a real peer, and `explain verify` with none. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, createClient, type ExplanationJson, verifyExplanation } from '@xcord/sdk'
import { memory } from '@xcord/sdk/node'
import { markProfile, runFake } from '../../test/fake-terminal.ts'

let home: string
let ada: Client
let opened: Client

const asAda = (...argv: string[]) =>
  runFake(argv, { home, open: async () => opened, now: () => Date.now(), env: { XCORD_TIMEOUT: '100ms' } })
const asNobody = (...argv: string[]) =>
  runFake(argv, {
    home: join(home, 'nothing'),
    open: async () => {
      throw new Error('no profile is needed')
    }
  })
const errorOf = (err: string) => (JSON.parse(err) as { error: { code: string } }).error.code

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'xcord-cli-'))
  markProfile(home)
  ada = await createClient({
    profile: { name: 'ada' },
    store: memory(),
    network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
  })
  opened = new Proxy(ada, {
    get: (target, key) => {
      if (key === 'close') return async () => undefined
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    }
  })
  await ada.servers.create({ name: 'Engine', channels: ['general'] })
})
afterAll(async () => {
  await ada.close()
  rmSync(home, { recursive: true })
})

describe('xcord explain', () => {
  test('tells a permission in numbered steps, with names and rules', async () => {
    const { code, out } = await asAda('explain', 'permission', 'ada', 'SendMessages', '#general')
    expect(code).toBe(0)
    const lines = out.split('\n')
    expect(lines[0]).toBe('ada may SendMessages in #general: owners hold everything.')
    expect(out).toMatch(/^\d+\. \[AU27\] #general exists — channel create \S+ by ada \(\d+\)$/m)
    expect(out).toMatch(/^\d+\. \[AU29\] ada owns the server — founding of the server \S+ by ada \(\d+\)$/m)
    expect(out).toContain('Proof: 2 operations judged')
  })

  test('what --json writes is verified by whoever has no profile; a changed one ends with 9', async () => {
    const { out } = await asAda('explain', 'permission', 'ada', 'KickMembers', '--json')
    const file = join(home, 'why.json')
    writeFileSync(file, out)
    const good = await asNobody('explain', 'verify', file)
    expect([good.code, good.out.split('\n')[0]]).toEqual([
      0,
      `Verified. ${ada.identity.id.slice(0, 9)} may KickMembers in the server: owners hold everything.`
    ])
    expect(await verifyExplanation(JSON.parse(out))).toMatchObject({ allowed: true, code: 'owner' })
    const lie = { ...(JSON.parse(out) as ExplanationJson), allowed: false }
    writeFileSync(file, JSON.stringify(lie))
    const bad = await asNobody('explain', 'verify', file, '--json')
    expect([bad.code, errorOf(bad.err)]).toEqual([9, 'XCORD_PROOF_INVALID'])
    writeFileSync(file, 'no JSON')
    expect((await asNobody('explain', 'verify', file)).code).toBe(9)
    expect((await asNobody('explain', 'verify', join(home, 'nothing here'))).code).toBe(2)
    expect(readFileSync(file, 'utf8')).toBe('no JSON')
  })

  test('takes an operation by the id that the audit log shows, whole or its beginning', async () => {
    const { out } = await asAda('audit', 'list', '--action', 'channel:create', '--json')
    const { operation } = JSON.parse(out.split('\n')[0] as string) as { operation: string }
    for (const id of [operation, operation.slice(0, 10)]) {
      const told = await asAda('explain', 'operation', id)
      expect(told.out).toContain(`The channel create ${operation.slice(0, 9)} by ada stands.`)
    }
    const complete = await asAda('explain', 'operation', operation, '--complete', '--json')
    expect((JSON.parse(complete.out) as ExplanationJson).completeness.kind).toBe('closure')
  })

  test('tells why a message is visible', async () => {
    const message = await ada.servers.all[0]?.channel('general').send('hello')
    const { code, out } = await asAda('explain', 'message', message?.id ?? '')
    expect(code).toBe(0)
    expect(out).toContain(`The message ${message?.id.slice(0, 9)} is visible.`)
    expect(out).toMatch(/\[AU35\] What ada had seen permitted it/)
  })

  test('refuses questions that make no sense', async () => {
    const runs = [
      ['explain', 'permission', 'ada', 'Fly'],
      ['explain', 'permission', 'ada', 'SendMessages', '--at', 'soon'],
      ['explain', 'operation', 'o00000000']
    ]
    for (const run of runs) {
      const { code, err } = await asAda(...run, '--json')
      expect([code, errorOf(err)]).toEqual([2, 'XCORD_USAGE'])
    }
    const message = `m${'0'.repeat(52)}`
    expect(errorOf((await asAda('explain', 'message', message, '--json')).err)).toBe(
      'XCORD_MESSAGE_NOT_FOUND'
    )
  })
})
