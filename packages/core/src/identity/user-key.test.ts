import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { Suite } from '../crypto/index.ts'
import {
  appendDevice,
  appendRevocation,
  appendUserKey,
  createAccount,
  createUserKey,
  type IdentityBody,
  openUserKeys,
  rootFromPhrase,
  sealUserKey,
  userKeyRecipients
} from './index.ts'
import { castLog, type LogCast, seededRandom } from './log.fixture.ts'

let suite: Suite
let cast: LogCast
beforeAll(async () => {
  suite = await createNodeSuite()
  cast = castLog(suite, 'ada')
})

describe('[ID7] user keys', () => {
  test('each device and the phrase open the newest, and walk back', () => {
    const account = createAccount(suite, seededRandom(suite, 'uk'), 0)
    const log = account.log
    const second = cast.newDevice()
    appendDevice(suite, log, account.device, second, { manage: false })
    const two = appendUserKey(suite, cast.random, log, account.device, account.userKeys[0])
    const three = appendUserKey(suite, cast.random, log, account.device, two)
    for (const opener of [account.device, second]) {
      expect(
        openUserKeys(suite, log.entries(), opener).map(({ generation, seed }) => [generation, seed])
      ).toEqual([
        [1, account.userKeys[0]?.seed],
        [2, two.seed],
        [3, three.seed]
      ])
    }
    expect(openUserKeys(suite, log.entries(), cast.newDevice())).toEqual([])
    expect(log.state().userKey).toMatchObject({ generation: 3, stale: false })
    appendRevocation(suite, log, account.device, second.device)
    expect(log.state().userKey).toMatchObject({ generation: 3, stale: true })
    appendUserKey(suite, cast.random, log, account.device, three)
    expect(log.state().userKey).toMatchObject({ generation: 4, stale: false })
    expect(openUserKeys(suite, log.entries(), second).map(({ generation }) => generation)).toEqual([1, 2, 3])
  })

  test('generations follow each other; only the root may leap', () => {
    const account = createAccount(suite, seededRandom(suite, 'leap'), 0)
    const { log, device } = account
    expect(() => appendUserKey(suite, cast.random, log, device, undefined, 3)).toThrow(/ID7/)
    expect(() => appendUserKey(suite, cast.random, log, device, undefined, 1)).toThrow(/ID7/)
    const phraseRoot = rootFromPhrase(suite, account.phrase)
    if (!phraseRoot.ok) throw new Error(phraseRoot.reason)
    expect(() => appendUserKey(suite, cast.random, log, phraseRoot.value, undefined, 1)).toThrow(/ID7/)
    appendUserKey(suite, cast.random, log, phraseRoot.value, undefined, 30_000_000)
    expect(log.state().userKey?.generation).toBe(30_000_000)
    appendUserKey(suite, cast.random, log, device)
    expect(log.state().userKey?.generation).toBe(30_000_001)
  })

  test("T22: a body whose key id or public key is not the seed's does not open", () => {
    const account = createAccount(suite, seededRandom(suite, 'liar'), 0)
    const key = createUserKey(suite, cast.random, 2)
    const honest = sealUserKey(suite, cast.random, key, userKeyRecipients(account.log))
    const entry = (body: IdentityBody): Parameters<typeof openUserKeys>[1] => [
      { ...account.log.entries()[0]!, body }
    ]
    expect(openUserKeys(suite, entry(honest), account.device)).toHaveLength(1)
    expect(
      openUserKeys(suite, entry({ ...honest, boxPublicKey: new Uint8Array(32) }), account.device)
    ).toEqual([])
    expect(openUserKeys(suite, entry({ ...honest, keyId: new Uint8Array(16) }), account.device)).toEqual([])
  })
})
