/** Invites by their terms, with real daemons: uses, expiry, revocation, and links that ask. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { InviteJson, JoinRequestJson, MemberJson, ServerJson } from '@xcord/sdk'
import { createHome, type Home } from './processes.ts'

const WAIT = { timeout: 300_000, interval: 250 }
const LONG = 900_000

let home: Home
beforeEach(async () => {
  home = createHome()
  for (const name of ['ada', 'grace', 'alan']) {
    const made = await home.xcord(['init', '--profile', name, '--name', name, '--json'])
    expect([made.err, made.code]).toEqual(['', 0])
    await home.daemon(name)
  }
  await as('ada', 'server', 'create', 'Engine')
}, LONG)
afterEach(async () => home.close())

const run = async (who: string, ...argv: string[]) =>
  await home.xcord([...argv, '--profile', who, '--json', '--yes'])
async function as<T>(who: string, ...argv: string[]): Promise<T[]> {
  const done = await run(who, ...argv)
  expect([argv.join(' '), done.err, done.code]).toEqual([argv.join(' '), '', 0])
  return done.lines<T>()
}
const invite = async (...flags: string[]): Promise<InviteJson> =>
  (await as<InviteJson>('ada', 'invite', 'create', ...flags))[0] as InviteJson
async function refusal(who: string, link: string | undefined, ...flags: string[]): Promise<unknown[]> {
  const done = await run(who, 'server', 'join', link ?? '', ...flags)
  expect(done.out).toBe('')
  return [done.code, done.error().code]
}

describe('invites', () => {
  test(
    '[AU26, IV5] end by uses, by time and by hand, each said to whoever comes too late',
    async () => {
      const once = await invite('--max-uses', '1', '--reason', 'for grace')
      await as('grace', 'server', 'join', once.link ?? '')
      expect(await refusal('alan', once.link)).toEqual([expect.any(Number), 'XCORD_INVITE_USED'])
      const brief = await invite('--expires', '1s')
      await vi.waitFor(async () => {
        const all = await as<InviteJson>('ada', 'invite', 'list')
        const found = all.find(each => each.id === brief.id)
        expect(Date.parse(found?.expiresAt ?? '')).toBeLessThan(Date.now())
      }, WAIT)
      expect(await refusal('alan', brief.link)).toEqual([expect.any(Number), 'XCORD_INVITE_EXPIRED'])
      const closed = await invite('--expires', 'never')
      await as('ada', 'invite', 'revoke', closed.id.slice(0, 10), '--reason', 'leaked')
      expect(await refusal('alan', closed.link)).toEqual([expect.any(Number), 'XCORD_INVITE_REVOKED'])
      const all = await as<InviteJson>('ada', 'invite', 'list')
      const terms = ({ id, uses, maxUses, open }: InviteJson) => [id, uses, maxUses, open]
      expect(all.map(terms)).toEqual(
        expect.arrayContaining([
          [once.id, 1, 1, true],
          [brief.id, 0, null, true],
          [closed.id, 0, null, false]
        ])
      )
    },
    LONG
  )

  test(
    '[IV4] that ask: a request waits for an answer, an answer for whoever asked',
    async () => {
      const asks = await invite('--approval')
      expect(asks.mode).toBe('approval')
      const pending = await refusal('grace', asks.link, '--message', 'from the navy', '--timeout', '4s')
      expect(pending).toEqual([7, 'XCORD_APPROVAL_PENDING'])
      expect((await refusal('alan', asks.link, '--timeout', '4s'))[1]).toBe('XCORD_APPROVAL_PENDING')
      const requests = await as<JoinRequestJson>('ada', 'invite', 'requests')
      expect(requests.map(each => [each.name, each.message, each.standing]).sort()).toEqual([
        ['alan', '', 'waiting'],
        ['grace', 'from the navy', 'waiting']
      ])
      const shown = await home.xcord(['invite', 'requests', '--profile', 'ada'])
      expect(shown.out).toMatch(/grace +\S.* waiting +from the navy/)
      await as('ada', 'invite', 'refuse', '@alan')
      expect(await refusal('alan', asks.link)).toEqual([4, 'XCORD_APPROVAL_REFUSED'])
      await as('ada', 'invite', 'accept', '@grace', '--reason', 'welcome')
      const [joined] = await as<ServerJson>('grace', 'server', 'join', asks.link ?? '')
      expect(joined?.name).toBe('Engine')
      const members = await as<MemberJson>('ada', 'member', 'list')
      expect(members.map(each => each.name).sort()).toEqual(['ada', 'grace'])
      expect(
        (await as<JoinRequestJson>('ada', 'invite', 'requests')).map(each => [each.name, each.standing])
      ).toEqual([['alan', 'refused']])
      const nobody = await run('ada', 'invite', 'accept', '@nobody')
      expect([nobody.code, nobody.error().code]).toEqual([3, 'XCORD_REQUEST_NOT_FOUND'])
    },
    LONG
  )
})
