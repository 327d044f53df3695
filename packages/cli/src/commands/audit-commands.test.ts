/** The audit log by each of its filters, on a server of a real peer. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuditJson, type Client, createClient } from '@xcord/sdk'
import { memory } from '@xcord/sdk/node'
import { markProfile, runFake } from '../../test/fake-terminal.ts'

let home: string
let ada: Client
let all: AuditJson[]

const lasting = (client: Client): Client =>
  new Proxy(client, {
    get: (target, key) => {
      if (key === 'close') return async () => undefined
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    }
  })
const run = (...argv: string[]) =>
  runFake(['audit', 'list', ...argv], { home, open: async () => lasting(ada), now: () => Date.now() })
const list = async (...argv: string[]): Promise<AuditJson[]> => {
  const done = await run(...argv, '--json')
  expect([done.err.includes('error'), done.code]).toEqual([false, 0])
  return done.json() as AuditJson[]
}
const actions = async (...argv: string[]) => (await list(...argv)).map(each => each.action)
const codeOf = async (...argv: string[]) => {
  const done = await run(...argv, '--json')
  return [done.code, (JSON.parse(done.err) as { error: { code: string } }).error.code]
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'xcord-cli-'))
  markProfile(home)
  ada = await createClient({
    profile: { name: 'ada' },
    store: memory(),
    network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
  })
  const server = await ada.servers.create({ name: 'Engine' })
  const role = await server.roles.create({ name: 'crew' }, { reason: 'we need hands' })
  await role.grant(ada.identity.id, { reason: 'first' })
  await role.revoke(ada.identity.id)
  await server.channels.create({ name: 'plans' })
  await server.channel('plans').edit({ topic: 'secret' }, { reason: 'said so' })
  all = await list()
})
afterAll(async () => {
  await ada.close()
  rmSync(home, { recursive: true })
})

describe('xcord audit list', () => {
  test('shows all, newest first, with who, what, whom and why', () => {
    expect(all.map(each => [each.action, each.reason])).toEqual([
      ['channel:edit', 'said so'],
      ['channel:create', null],
      ['role:revoke', null],
      ['role:grant', 'first'],
      ['role:create', 'we need hands'],
      ['channel:create', null],
      ['server:create', null]
    ])
    expect(new Set(all.map(each => [each.actorName, each.standing].join()))).toEqual(
      new Set(['ada,effective'])
    )
  })

  test('--action takes a kind or all of a noun', async () => {
    expect(await actions('--action', 'role')).toEqual(['role:revoke', 'role:grant', 'role:create'])
    expect(await actions('--action', 'role:grant')).toEqual(['role:grant'])
    expect(await actions('--action', 'rol')).toEqual([])
  })

  test('--actor and --target take names and ids, gone members too', async () => {
    expect(await actions('--actor', '@ada')).toHaveLength(7)
    expect(await actions('--actor', ada.identity.id, '--action', 'role:create')).toEqual(['role:create'])
    const stranger = `${ada.identity.id.slice(0, -4)}aaa${ada.identity.id.at(-1)}`
    expect(await actions('--actor', stranger)).toEqual([])
    expect(await actions('--target', '@ada')).toEqual(['role:revoke', 'role:grant'])
    const channel = all[0]?.target ?? ''
    expect(await actions('--target', channel)).toEqual(['channel:edit', 'channel:create'])
    expect(await codeOf('--actor', '@nobody')).toEqual([3, 'XCORD_MEMBER_NOT_FOUND'])
  })

  test('--since and --until take a moment from its start to before its end', async () => {
    const at = (index: number) => all[index]?.at ?? ''
    const expected = all.filter(each => each.at >= at(3) && each.at < at(0)).map(each => each.action)
    expect(expected.length).toBeGreaterThan(0)
    expect(await actions('--since', at(3), '--until', at(0))).toEqual(expected)
    expect(await actions('--until', at(6))).toEqual([])
    expect(await actions('--until', '1h')).toEqual([])
    expect(await codeOf('--until', 'tomorrow')).toEqual([2, 'XCORD_USAGE'])
    expect(await codeOf('--since', '2026-99-99')).toEqual([2, 'XCORD_USAGE'])
  })

  test('--limit and --after page through what the other filters leave', async () => {
    const [first] = await list('--action', 'role', '--limit', '1')
    expect(await actions('--action', 'role', '--limit', '1', '--after', first?.operation ?? '')).toEqual([
      'role:grant'
    ])
    expect((await run('--limit', '1')).err).toContain(`More: --after ${all[0]?.operation}`)
    expect(await codeOf('--after', 'garbage')).toEqual([2, 'XCORD_USAGE'])
  })

  test('--voided shows what was set aside, here nothing; text says who and why', async () => {
    expect(await list('--voided')).toEqual([])
    const { out } = await run('--action', 'role:create')
    expect(out).toMatch(/ada +role:create +\S+ +we need hands/)
  })
})
