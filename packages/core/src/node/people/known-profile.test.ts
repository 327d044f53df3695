/** Which profiles are well-formed, and which counts (ID13, AT9, ND63). */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../../adapters/crypto-node/index.ts'
import { type DeviceId, idFromBytes } from '../../base/index.ts'
import { sealWhole, seeded } from '../../attachment/attachment.fixture.ts'
import { avatarRow, type SealedAvatar } from '../../attachment/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { CborValue } from '../../encoding/index.ts'
import { type Account, createAccount, signProfile } from '../../identity/index.ts'
import { type KnownProfile, looksAs, outranks, takeKnown } from './known-profile.ts'

let suite: Suite
let ada: Account
let mallory: Account
let avatar: SealedAvatar
beforeAll(async () => {
  suite = await createNodeSuite()
  ada = createAccount(suite, seeded(1), 1)
  mallory = createAccount(suite, seeded(2), 1)
  avatar = { ...sealWhole(suite, new Uint8Array(500).fill(1)).file, type: 'image/png' }
})

describe('a profile that an envelope brought', () => {
  const signed = (shown: CborValue, by = ada, user = ada.user): Uint8Array =>
    signProfile(suite, user, by.device, { revision: 3, name: 'Ada', avatar: shown })
  const signer = () => ({ user: ada.user, device: ada.device.device })

  it('[ID13] is taken of the user’s own device', () => {
    expect(takeKnown(suite, signed(avatarRow(avatar)), signer())).toEqual({
      ok: true,
      value: { name: 'Ada', avatar, revision: 3, device: ada.device.device }
    })
    expect(takeKnown(suite, signed(null), signer())).toMatchObject({ ok: true, value: { avatar: null } })
  })

  it('[ID13] [AT9] is refused of another device, of another user, altered, or with an avatar that is none', () => {
    const good = signed(avatarRow(avatar))
    const row = (change: Partial<SealedAvatar>): Uint8Array => signed(avatarRow({ ...avatar, ...change }))
    const wrong: readonly (readonly [string, Uint8Array, string])[] = [
      ['another user’s', signed(null, mallory, mallory.user), 'ID13'],
      ['of a strange device', signed(null, mallory), 'ID13'],
      ['a stranger’s name', signed(null, ada, mallory.user), 'ID13'],
      ['altered', good.map((byte, at) => (at === good.length - 1 ? byte ^ 1 : byte)), 'ID13'],
      ['cut', good.subarray(0, good.length - 1), 'ID13'],
      ['too large', row({ size: 262_145 }), 'AT9'],
      ['of no picture', row({ type: 'text/html' as 'image/png' }), 'AT9'],
      ['another shape', signed([1, 2]), 'AT9'],
      ['another key', row({ key: new Uint8Array(32) }), 'AT3'],
      ['another address', row({ blob: idFromBytes('b', new Uint8Array(32)) }), 'AT3']
    ]
    for (const [note, bytes, rule] of wrong)
      expect(takeKnown(suite, bytes, signer()), note).toMatchObject({ ok: false, rule })
    // 2,048 bytes in all: nothing larger is looked at.
    const large = new Uint8Array(3_000)
    large.set(good)
    expect(takeKnown(suite, large, signer())).toMatchObject({ ok: false, rule: 'ID13' })
  })
})

const devices = [1, 2, 3, 4].map(each => idFromBytes('d', new Uint8Array(32).fill(each)))
const profile = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  avatar: fc.constant(null),
  revision: fc.integer({ min: 1, max: 4 }),
  device: fc.constantFrom(...devices)
})

describe('which profile counts', () => {
  it('[ND63] any order of arrival ends the same, and repeats change nothing', () => {
    // One device says one thing under one number: two of them would be the fork of a chain.
    const said = fc.uniqueArray(profile, {
      selector: each => `${each.revision} ${each.device}`,
      minLength: 1,
      maxLength: 12
    })
    const arrivals = said.chain(all =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }),
        fc.subarray(devices)
      )
    )
    fc.assert(
      fc.property(arrivals, ([first, second, on]) => {
        const isOn = (device: DeviceId): boolean => on.includes(device)
        const last = (all: readonly KnownProfile[]): KnownProfile | undefined =>
          all.reduce<KnownProfile | undefined>(
            (known, each) => (outranks(each, known, isOn) ? each : known),
            undefined
          )
        expect(last(second)).toEqual(last(first))
        // Of those that are on the highest, else of all.
        const heard = first.filter(each => isOn(each.device))
        const best = Math.max(...(heard.length > 0 ? heard : first).map(each => each.revision))
        expect(last(first)?.revision).toBe(best)
      }),
      { numRuns: Number(process.env['XCORD_RUNS'] ?? 300) }
    )
  })

  it('[ND63] a device that was put out does not hold a name with the highest number there is', () => {
    const [stolen, kept] = devices as [DeviceId, DeviceId]
    const isOn = (device: DeviceId): boolean => device === kept
    const held = { revision: Number.MAX_SAFE_INTEGER, device: stolen }
    expect(outranks({ revision: 1, device: kept }, held, isOn)).toBe(true)
    expect(outranks(held, { revision: 1, device: kept }, isOn)).toBe(false)
    expect(outranks(held, undefined, isOn)).toBe(true)
  })

  it('[ND63] looks are name and picture', () => {
    const shown = { name: 'Ada', avatar }
    expect(looksAs(shown, { name: 'Ada', avatar: { ...avatar } })).toBe(true)
    expect(looksAs(shown, { name: 'Ada', avatar: null })).toBe(false)
    expect(looksAs(shown, { name: 'Eve', avatar })).toBe(false)
  })
})
