/** A server changes hands: with consent and 24 words, while the owner is away, and twice at once. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AuditJson, MemberJson, OperationJson, ServerJson } from '@xcord/sdk'
import {
  agree,
  closeHome,
  community,
  heal,
  home,
  LONG,
  openHome,
  part,
  type Peer,
  serverOf,
  start,
  stateOf,
  WAIT,
  xcord
} from './parted.ts'

beforeEach(openHome)
afterEach(closeHome)

const consentOf = async (who: Peer): Promise<string> =>
  (await xcord<{ consent: string }>(who, 'server', 'consent', 'Engine'))[0]?.consent ?? ''

/** The owner types 24 words. */
const transfer = async (owner: Peer, to: string, consent: string, words: string) =>
  await home.xcord(
    [
      'server',
      'transfer',
      `@${to}`,
      '--consent',
      consent,
      '--reason',
      'time',
      '--yes',
      '--json',
      '--profile',
      owner.name
    ],
    `${words}\n`
  )
const ownerName = async (who: Peer): Promise<string | undefined> =>
  (await xcord<MemberJson>(who, 'member', 'list')).find(each => each.owner)?.name

describe('a server changes hands', () => {
  test(
    '[AU21, ND14] by consent and words; a wrong one of either is refused; a worn-out consent too',
    async () => {
      const [ada, grace, alan] = (await community('ada', 'grace', 'alan')) as [Peer, Peer, Peer]
      const consent = await consentOf(grace)
      const refusals = [
        [await transfer(ada, 'grace', `${consent.slice(0, -2)}xx`, ada.words), 'XCORD_CONSENT_INVALID'],
        [await transfer(ada, 'alan', consent, ada.words), 'XCORD_CONSENT_INVALID'],
        [await transfer(ada, 'grace', consent, grace.words), 'XCORD_PHRASE_INVALID'],
        [await transfer(ada, 'grace', consent, ''), 'XCORD_PHRASE_INVALID'],
        [await transfer(alan, 'grace', consent, alan.words), 'XCORD_PERMISSION_DENIED']
      ] as const
      for (const [run, code] of refusals) expect([run.out, run.error().code]).toEqual(['', code])
      const done = await transfer(ada, 'grace', consent, ada.words)
      expect([done.err, done.code]).toEqual(['', 0])
      await agree(ada, grace, alan)
      expect(await Promise.all([ada, grace, alan].map(ownerName))).toEqual(['grace', 'grace', 'grace'])
      // Ada is a member like others now, and what she was consented to does not serve again.
      const again = await transfer(grace, 'grace', consent, grace.words)
      expect(again.error().code).toBe('XCORD_CONSENT_INVALID')
      const denied = await home.xcord(['server', 'edit', '--name', 'Mine', '--json', '--profile', 'ada'])
      expect([denied.code, denied.error().code]).toEqual([4, 'XCORD_PERMISSION_DENIED'])
      await xcord(grace, 'server', 'edit', '--description', 'under new management')
      const [entry] = await xcord<AuditJson>(grace, 'audit', 'list', '--action', 'server:transfer')
      expect(entry).toMatchObject({ actorName: 'ada', reason: 'time', standing: 'effective' })
    },
    LONG
  )

  test(
    '[AU21] an owner who is away: nobody else can, and what they sign offline counts once they are back',
    async () => {
      const [ada, grace, alan] = (await community('ada', 'grace', 'alan')) as [Peer, Peer, Peer]
      expect(await ada.daemon.stop()).toBe(0)
      // Consent needs no owner; the transfer does.
      const consent = await consentOf(grace)
      const usurped = await transfer(grace, 'grace', consent, grace.words)
      expect(usurped.code).not.toBe(0)
      expect(await ownerName(grace)).toBe('ada')
      await ada.forwarder.sever()
      await grace.forwarder.sever()
      await alan.forwarder.sever()
      const alone = await transfer(ada, 'grace', consent, ada.words)
      expect([alone.code, alone.lines<OperationJson>()[0]?.standing]).toEqual([0, 'effective'])
      expect(await ownerName(grace)).toBe('ada')
      await Promise.all([grace, alan].map(async each => await each.forwarder.restore()))
      const back = await start('ada', ada.words)
      await heal(grace, alan, back)
      await agree(back, grace, alan)
      expect(await Promise.all([back, grace, alan].map(ownerName))).toEqual(['grace', 'grace', 'grace'])
    },
    LONG
  )

  test(
    '[AU21] handed to two at once by two devices: one of them owns it, the same for all',
    async () => {
      const [ada, grace, alan] = (await community('ada', 'grace', 'alan')) as [Peer, Peer, Peer]
      const [invite] = await xcord<{ link: string }>(ada, 'invite', 'create')
      const back = await home.xcord(
        ['recover', '--profile', 'second', '--name', 'ada', '--json', '--no-mdns'],
        `${ada.words}\n${invite?.link}\n`
      )
      expect([back.err, back.code]).toEqual(['', 0])
      const second = await start('second', ada.words)
      await second.daemon.api.call('connectPeer', { body: { address: ada.announced } })
      await agree(ada, grace, alan, second)

      await part([ada, grace], [second, alan])
      const one = await transfer(ada, 'grace', await consentOf(grace), ada.words)
      const other = await transfer(second, 'alan', await consentOf(alan), ada.words)
      expect([one.code, other.code]).toEqual([0, 0])
      await agree(ada, grace)
      await agree(second, alan)
      expect([await ownerName(ada), await ownerName(second)]).toEqual(['grace', 'alan'])
      // Each rules as if it were theirs.
      await xcord(grace, 'server', 'edit', '--description', 'graces')
      await xcord(alan, 'server', 'edit', '--description', 'alans')

      await heal(ada, grace, alan, second)
      await agree(ada, grace, alan, second)
      const owners = await Promise.all([ada, grace, alan, second].map(ownerName))
      expect(new Set(owners).size).toBe(1)
      expect(['grace', 'alan']).toContain(owners[0])
      const [server] = await xcord<ServerJson>(ada, 'server', 'show')
      expect(server?.description).toBe(`${owners[0]}s`)
      // The owner sees both, and which rule set the loser's aside.
      const owner = owners[0] === 'grace' ? grace : alan
      const handed = await xcord<AuditJson>(owner, 'audit', 'list', '--action', 'server:transfer')
      expect(handed.map(each => each.standing).sort()).toEqual(['effective', 'voided'])
      expect(handed.find(each => each.standing === 'voided')?.rule).toBe('AU21')
      await vi.waitFor(
        async () => expect((await serverOf(alan))?.stateHash).toBe((await stateOf(ada)).stateHash),
        WAIT
      )
    },
    LONG
  )
})
