import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { Random, Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import {
  type Account,
  appendLinkedDevice,
  appendRevocation,
  copyIdentityLog,
  createAccount,
  createDevice,
  createLinkCode,
  type DeviceSecret,
  encodeIdentityLog,
  LINK_SIGNS,
  type LinkCode,
  linkedAccount,
  LinkGiver,
  LinkTaker,
  parseLinkCode
} from './index.ts'
import { seededRandom } from './log.fixture.ts'

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

const AT = 1_764_000_000_000

function value<T>(verdict: Verdict<T>): T {
  if (!verdict.ok) throw new Error(`${verdict.rule}: ${verdict.reason}`)
  return verdict.value
}

interface Pair {
  readonly random: Random
  readonly ada: Account
  readonly device: DeviceSecret
  readonly code: LinkCode
  readonly giver: LinkGiver
  readonly taker: LinkTaker
}

function pair(init: { readonly giverCode?: (code: LinkCode) => LinkCode } = {}): Pair {
  const random = seededRandom(suite, 'link')
  const ada = createAccount(suite, random, AT)
  const device = createDevice(suite, random)
  const code = createLinkCode(random, device, ['/ip4/192.0.2.7/tcp/4001'])
  const giver = new LinkGiver(suite, random, {
    code: init.giverCode?.(code) ?? code,
    device: ada.device.device,
    genesis: ada.log.genesis
  })
  const taker = new LinkTaker(suite, random, { code, device, old: ada.device.device })
  return { random, ada, device, code, giver, taker }
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice()
  copy[at] = (copy[at] as number) ^ 1
  return copy
}

describe('linking', () => {
  test('[ID10] both sides show the same six signs, and the new device holds the account', () => {
    const { random, ada, device, giver, taker } = pair()
    const f3 = value(giver.reveal(value(taker.commit(giver.begin()))))
    const { frame: f5, signs } = value(giver.prove(value(taker.reveal(f3))))
    const seen = value(taker.prove(f5))
    expect(seen.signs).toEqual(signs)
    expect(signs).toHaveLength(6)
    expect(seen.genesis.user).toBe(ada.user)
    const consent = value(giver.consent(taker.consent({ manage: true, name: 'phone' })))
    appendLinkedDevice(suite, random, ada.log, ada.device, ada.userKeys.at(-1), consent)
    const contents = {
      log: encodeIdentityLog(ada.log),
      servers: [],
      userKeys: ada.userKeys,
      contacts: [],
      extensions: []
    }
    const taken = value(taker.take(giver.give(random, contents)))
    const account = value(linkedAccount(suite, device, seen.genesis.user, taken, AT))
    expect(account.user).toBe(ada.user)
    expect(account.log.state().device(device.device)).toMatchObject({ active: true, manage: true })
    expect(account.userKeys.map(each => each.keyId)).toEqual(ada.userKeys.map(each => each.keyId))
    expect(value(giver.end(taker.end()))).toBe(true)
    // A copied package is nobody else's.
    const other = createDevice(suite, random)
    expect(linkedAccount(suite, other, ada.user, taken, AT)).toMatchObject({ ok: false, rule: 'ID10' })
  })

  test('[ID10] a nonce changed after its commitment is refused on both sides', () => {
    const first = pair()
    const f3 = value(first.giver.reveal(value(first.taker.commit(first.giver.begin()))))
    expect(first.taker.reveal(flipped(f3, 5))).toMatchObject({ ok: false, rule: 'ID10' })
    const second = pair()
    const f4 = value(
      second.taker.reveal(value(second.giver.reveal(value(second.taker.commit(second.giver.begin())))))
    )
    expect(second.giver.prove(flipped(f4, 5))).toMatchObject({
      ok: false,
      rule: 'ID10',
      reason: 'the nonce is not the one committed to'
    })
  })

  test('[ID10] a wrong secret proves nothing, to either side', () => {
    const { giver, taker } = pair({
      giverCode: code => createLinkCode(seededRandom(suite, 'other'), deviceOf(code), code.addresses)
    })
    const f4 = value(taker.reveal(value(giver.reveal(value(taker.commit(giver.begin()))))))
    expect(giver.prove(f4)).toMatchObject({
      ok: false,
      reason: 'the other side does not know the secret of the code'
    })
    const second = pair()
    const f3 = value(second.giver.reveal(value(second.taker.commit(second.giver.begin()))))
    const { frame } = value(second.giver.prove(value(second.taker.reveal(f3))))
    expect(second.taker.prove(flipped(frame, frame.length - 1))).toMatchObject({ ok: false, rule: 'ID10' })
  })

  test('[ID10] frames of another step, from another linking or altered are refused', () => {
    const { giver, taker, random } = pair()
    const f1 = giver.begin()
    expect(giver.reveal(f1)).toMatchObject({ ok: false, rule: 'ID10' })
    const f2 = value(taker.commit(f1))
    expect(taker.commit(f2)).toMatchObject({ ok: false, rule: 'ID10' })
    const f3 = value(giver.reveal(f2))
    const f4 = value(taker.reveal(f3))
    const { frame: f5 } = value(giver.prove(f4))
    value(taker.prove(f5))
    const contents = { log: new Uint8Array(1), servers: [], userKeys: [], contacts: [], extensions: [] }
    const f7 = giver.give(random, contents)
    expect(taker.take(flipped(f7, f7.length - 1))).toMatchObject({
      ok: false,
      reason: 'the account is not sealed to this device'
    })
    const elsewhere = pair()
    expect(elsewhere.taker.take(f7)).toMatchObject({ ok: false, rule: 'ID10' })
    expect(() => elsewhere.taker.consent({ manage: true, name: null })).toThrow(TypeError)
  })

  test('[ID10] one side in the middle shows other signs on both screens', () => {
    const { random, ada, code, device } = pair()
    // Mallory knows the code, and speaks to both with a device of her own.
    const mallory = createAccount(suite, random, AT)
    const ownCode = createLinkCode(random, mallory.device, [])
    const left = new LinkGiver(suite, random, {
      code: ownCode,
      device: ada.device.device,
      genesis: ada.log.genesis
    })
    const leftTaker = new LinkTaker(suite, random, {
      code: ownCode,
      device: mallory.device,
      old: ada.device.device
    })
    const right = new LinkGiver(suite, random, {
      code,
      device: mallory.device.device,
      genesis: ada.log.genesis
    })
    const rightTaker = new LinkTaker(suite, random, { code, device, old: mallory.device.device })
    const signsOf = (giver: LinkGiver, taker: LinkTaker) =>
      value(giver.prove(value(taker.reveal(value(giver.reveal(value(taker.commit(giver.begin())))))))).signs
    expect(signsOf(left, leftTaker)).not.toEqual(signsOf(right, rightTaker))
  })

  test('[ID10, ID5] a device that was revoked enrols nobody, and consent to more than was agreed is refused', () => {
    const { random, ada, giver, taker } = pair()
    const f3 = value(giver.reveal(value(taker.commit(giver.begin()))))
    value(taker.prove(value(giver.prove(value(taker.reveal(f3)))).frame))
    const consent = value(giver.consent(taker.consent({ manage: false, name: null })))
    expect(() =>
      appendLinkedDevice(suite, random, copyIdentityLog(suite, ada.log), ada.device, undefined, {
        ...consent,
        caps: 1
      })
    ).toThrow(TypeError)
    const phone = createDevice(suite, random)
    const revoked = copyIdentityLog(suite, ada.log)
    appendRevocation(suite, revoked, ada.device, ada.device.device)
    expect(() => appendLinkedDevice(suite, random, revoked, ada.device, undefined, consent)).toThrow('ID5')
    expect(revoked.state().device(phone.device)).toBeUndefined()
  })
})

/** What `createLinkCode` asks of a device. */
const deviceOf = (code: LinkCode): DeviceSecret =>
  ({ device: code.device, boxPublicKey: code.boxPublicKey }) as DeviceSecret

describe('codes', () => {
  test('[ID10] are read as pasted, broken lines too, and refused when altered', () => {
    const { code } = pair()
    const text = `  ${code.text.slice(0, 40)}\n${code.text.slice(40)} `
    expect(value(parseLinkCode(text))).toMatchObject({ device: code.device, addresses: code.addresses })
    for (const bad of ['', 'xcord-link-', code.text.slice(0, -3), `${code.text}AAAA`, `x${code.text}`])
      expect(parseLinkCode(bad)).toMatchObject({ ok: false })
    expect(parseLinkCode('xcord-link-'.padEnd(5_000, 'A'))).toMatchObject({ ok: false, rule: 'ID10' })
  })

  test('[CR8] the secret of a code is met by nobody by chance', () => {
    const { code } = pair()
    expect(Object.keys(code)).not.toContain('secret')
  })

  test('[ID10] the list of signs has 64, all different', () => {
    expect(new Set(LINK_SIGNS.map(each => each.name)).size).toBe(64)
    expect(new Set(LINK_SIGNS.map(each => each.sign)).size).toBe(64)
  })
})
