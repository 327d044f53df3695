import { inspect } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { systemRandom } from '../adapters/runtime-node/index.ts'
import type { Refusal } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../encoding/index.ts'
import {
  accountFromKeyStore,
  changePassword,
  checkCost,
  checkPassword,
  createAccount,
  createKeyStore,
  databaseKeys,
  eraseKeyStore,
  type KeyStore,
  type KeyStoreContents,
  keyStoreContents,
  keyStoreError,
  type NewAccount,
  openKeyStore,
  outlineKeyStore,
  PASSWORD_COST_DEFAULT,
  PASSWORD_COST_LOW_MEMORY,
  rootFromPhrase,
  setKeychainSlot,
  updateKeyStore
} from './index.ts'

const NOW = 1_764_000_000_000
const PASSWORD = 'correct horse battery'
const KEY_FILE = new Uint8Array(32).fill(9)
const cost = PASSWORD_COST_LOW_MEMORY
let suite: Suite
let account: NewAccount
let contents: KeyStoreContents
let store: KeyStore
beforeAll(async () => {
  suite = await createNodeSuite()
  account = createAccount(suite, systemRandom, NOW)
  contents = keyStoreContents(account, [
    ['servers', Uint8Array.of(1, 2)],
    ['a', Uint8Array.of()]
  ])
  store = createKeyStore(suite, systemRandom, NOW, contents, {
    password: { text: PASSWORD, cost },
    keyFile: KEY_FILE,
    recoveryPublicKey: account.log.genesis.recoveryPublicKey
  })
})

function items(bytes: Uint8Array): CborValue[] {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) throw new Error('not an array')
  return [...(decoded.value as CborValue[])]
}

function altered(change: (list: CborValue[]) => void, of = store.bytes): Uint8Array {
  const list = items(of)
  change(list)
  return encodeCbor(list)
}

const open = (bytes: Uint8Array, password = PASSWORD): ReturnType<typeof openKeyStore> =>
  openKeyStore(suite, bytes, { password })
function opened(verdict: ReturnType<typeof openKeyStore>): KeyStore {
  if (!verdict.ok) throw new Error(`${verdict.rule}: ${verdict.reason}`)
  return verdict.value
}

describe('[KS1] [KS2] opening', () => {
  test('by password, key file or phrase: the same contents', () => {
    const root = rootFromPhrase(suite, account.phrase)
    if (!root.ok) throw new Error(root.reason)
    for (const unlock of [
      { password: PASSWORD },
      { keyFile: KEY_FILE },
      { recoverySecret: root.value.recoverySecret }
    ]) {
      const each = opened(openKeyStore(suite, store.bytes, unlock))
      expect(each.masterKey).toEqual(store.masterKey)
      expect(each.contents.device.signSeed).toEqual(account.device.signSeed)
      expect(each.contents.device.boxSecret).toEqual(account.device.boxSecret)
      expect(each.contents.userKeys.map(({ seed }) => seed)).toEqual(account.userKeys.map(({ seed }) => seed))
      expect(each.contents.extensions).toEqual([
        ['a', Uint8Array.of()],
        ['servers', Uint8Array.of(1, 2)]
      ])
      const again = accountFromKeyStore(suite, each.contents)
      expect(again).toMatchObject({ ok: true, value: { user: account.user, created: NOW } })
      expect(again.ok && again.value.credential).toEqual(account.credential)
    }
  })

  test('the outline shows what is in the clear, nothing secret is', () => {
    expect(outlineKeyStore(store.bytes)).toMatchObject({
      ok: true,
      value: { created: NOW, epoch: 1, slots: [1, 2, 3] }
    })
    for (const secret of [
      store.masterKey,
      account.device.signSeed,
      account.device.boxSecret,
      account.userKeys[0]!.seed
    ]) {
      expect(Buffer.from(store.bytes).includes(Buffer.from(secret))).toBe(false)
    }
    expect(Buffer.from(store.bytes).includes(Buffer.from(account.device.signingKey.publicKey))).toBe(false)
    expect(inspect(store, { depth: 4 })).not.toMatch(/masterKey|signSeed|contents/)
  })

  test('a slot that is not there is told so', () => {
    const only = createKeyStore(suite, systemRandom, NOW, contents, { keyFile: KEY_FILE })
    expect(open(only.bytes)).toMatchObject({ ok: false, rule: 'KS2' })
    expect(() => createKeyStore(suite, systemRandom, NOW, contents, {})).toThrow(RangeError)
  })

  test('unknown slots are kept, not tried', () => {
    const foreign: CborValue = [5, 'passkey', new Uint8Array(3)]
    // A mac over the unknown slot can only be had from who holds MK: rewrite through an update.
    const withForeign = {
      ...store,
      masterKey: store.masterKey,
      contents: store.contents,
      bytes: altered(list => {
        list[6] = [foreign, ...(list[6] as CborValue[])]
      })
    } as KeyStore
    const updated = updateKeyStore(suite, systemRandom, withForeign, contents)
    expect(opened(open(updated.bytes)).slots).toEqual([5, 1, 2, 3])
    expect(changePassword(suite, systemRandom, updated, 'another password', { cost }).slots).toEqual([
      1, 5, 2, 3
    ])
  })
})

describe('[KS5] refusals', () => {
  test('T27: wrong password and any altered byte of what is sealed give one refusal', () => {
    const wrong = open(store.bytes, 'wrong password')
    expect(wrong).toMatchObject({ ok: false, rule: 'KS5' })
    const flip = (value: CborValue | undefined): Uint8Array =>
      (value as Uint8Array).map((byte, at) => (at === 0 ? byte ^ 1 : byte))
    const slot = (list: CborValue[], number: number): CborValue[] =>
      (list[6] as CborValue[][]).find(([type]) => type === number) as CborValue[]
    const changes: ((list: CborValue[]) => void)[] = [
      list => {
        list[3] = flip(list[3])
      },
      list => {
        list[4] = 5
      },
      list => {
        list[5] = 7
      },
      list => {
        list[7] = flip(list[7])
      },
      list => {
        list[8] = flip(list[8])
      },
      list => {
        list[9] = flip(list[9])
      },
      list => {
        const s = slot(list, 1)
        s[6] = flip(s[6])
      },
      list => {
        const s = slot(list, 1)
        s[7] = flip(s[7])
      },
      list => {
        const s = slot(list, 1)
        s[8] = flip(s[8])
      },
      list => {
        const s = slot(list, 1)
        s[4] = 3
      },
      list => {
        const s = slot(list, 1)
        s[2] = 18
      },
      list => {
        slot(list, 1).push(0)
      },
      list => {
        ;(list[6] as CborValue[]).reverse()
      },
      list => {
        ;(list[6] as CborValue[]).pop()
      },
      list => {
        const s = slot(list, 3)
        s[1] = flip(s[1])
      }
    ]
    for (const [at, change] of changes.entries()) expect(open(altered(change)), String(at)).toEqual(wrong)
    expect(openKeyStore(suite, store.bytes, { keyFile: new Uint8Array(32) })).toEqual(wrong)
    expect(openKeyStore(suite, store.bytes, { keyFile: new Uint8Array(3) })).toEqual(wrong)
    expect(openKeyStore(suite, store.bytes, { recoverySecret: new Uint8Array(32).fill(1) })).toEqual(wrong)
  })

  test('T27: slots of another store do not open this one', () => {
    const other = createKeyStore(suite, systemRandom, NOW, contents, { password: { text: PASSWORD, cost } })
    expect(
      open(
        altered(list => {
          list[6] = items(other.bytes)[6] as CborValue
        })
      )
    ).toMatchObject({ ok: false, rule: 'KS5' })
  })

  test('cut short, foreign or of no known form: not a key store', () => {
    for (const length of [0, 1, 10, 100, store.bytes.length - 1])
      expect(open(store.bytes.subarray(0, length)), String(length)).toMatchObject({ ok: false, rule: 'KS1' })
    expect(open(new TextEncoder().encode('hello'))).toMatchObject({ ok: false, rule: 'KS1' })
    expect(open(Uint8Array.from([...store.bytes, 0]))).toMatchObject({ ok: false, rule: 'KS1' })
    expect(
      open(
        altered(list => {
          list[0] = 'xcord-kt'
        })
      )
    ).toMatchObject({ ok: false, rule: 'KS1' })
    expect(
      open(
        altered(list => {
          list.pop()
        })
      )
    ).toMatchObject({ ok: false, rule: 'KS1' })
    expect(
      open(
        altered(list => {
          list[1] = 0
        })
      )
    ).toMatchObject({ ok: false, rule: 'KS1' })
  })

  test('[KS10] a newer version or suite is told apart, whatever its form', () => {
    expect(open(encodeCbor(['xcord-ks', 2, 'entirely', 'different']))).toMatchObject({
      ok: false,
      rule: 'KS10'
    })
    expect(
      open(
        altered(list => {
          list[2] = 2
        })
      )
    ).toMatchObject({ ok: false, rule: 'KS10' })
    const bytes = altered(list => {
      list[1] = 3
    })
    expect(keyStoreError(open(bytes) as Refusal, bytes, '/p/keys')).toMatchObject({
      code: 'XCORD_NEWER_VERSION',
      details: { found: 3, supported: 1 }
    })
  })

  test('each refusal becomes its code', () => {
    const code = (bytes: Uint8Array, password?: string): string =>
      keyStoreError(open(bytes, password) as Refusal, bytes).code
    expect(code(store.bytes, 'wrong password')).toBe('XCORD_KEYSTORE_REFUSED')
    expect(code(store.bytes.subarray(5))).toBe('XCORD_KEYSTORE_INVALID')
  })
})

describe('[KS3] [KS4] cost and password', () => {
  test('hostile and weak parameters are refused before Argon2id runs', () => {
    const guarded: Suite = {
      ...suite,
      argon2id: () => {
        throw new Error('argon2id ran')
      }
    }
    const change = (memoryKiB: number, passes: number, lanes = 1): Uint8Array =>
      altered(list => {
        const slot = (list[6] as CborValue[][])[0] as CborValue[]
        slot[3] = memoryKiB
        slot[4] = passes
        slot[5] = lanes
      })
    for (const [m, t, p] of [
      [1_048_577, 3, 1],
      [4_294_967_295, 3, 1],
      [65_536, 17, 1],
      [65_536, 3, 2],
      [65_536, 3, 0],
      [19_455, 2, 1],
      [19_456, 1, 1],
      [47_103, 1, 1],
      [8, 1, 1],
      [65_536, 0, 1]
    ] as const) {
      expect(openKeyStore(guarded, change(m, t, p), { password: PASSWORD }), `${m} ${t} ${p}`).toMatchObject({
        ok: false,
        rule: 'KS3'
      })
    }
    expect(
      openKeyStore(guarded, change(262_145, 3), { password: PASSWORD }, { memoryKiBMax: 262_144 })
    ).toMatchObject({ ok: false, rule: 'KS3' })
    expect(() => openKeyStore(guarded, change(262_144, 3), { password: PASSWORD })).toThrow('argon2id ran')
    for (const each of [PASSWORD_COST_DEFAULT, PASSWORD_COST_LOW_MEMORY, { memoryKiB: 47_104, passes: 1 }])
      expect(checkCost(each).ok).toBe(true)
  })

  test('passwords count by NFKC characters, and open in either form', () => {
    expect(checkPassword('short')).toMatchObject({ ok: false, rule: 'KS4' })
    expect(checkPassword('🦊🦊🦊🦊🦊🦊🦊')).toMatchObject({ ok: false, rule: 'KS4' })
    expect(checkPassword('🦊🦊🦊🦊🦊🦊🦊🦊').ok).toBe(true)
    const composed = createKeyStore(suite, systemRandom, NOW, contents, {
      password: { text: 'caf\u00e9 \ufb01ve six', cost }
    })
    expect(open(composed.bytes, 'cafe\u0301 five six').ok).toBe(true)
    expect(() =>
      createKeyStore(suite, systemRandom, NOW, contents, { password: { text: 'short', cost } })
    ).toThrow(RangeError)
    expect(() =>
      createKeyStore(suite, systemRandom, NOW, contents, {
        password: { text: PASSWORD, cost: { memoryKiB: 8, passes: 1 } }
      })
    ).toThrow(RangeError)
  })
})

describe('changes', () => {
  test('[KS4] T13: a new password alters slot, epoch and mac only', () => {
    const changed = changePassword(suite, systemRandom, store, 'another password', { cost })
    const [before, after] = [items(store.bytes), items(changed.bytes)]
    for (const at of [0, 1, 2, 3, 4, 7, 8]) expect(after[at], String(at)).toEqual(before[at])
    expect(after[5]).toBe(2)
    expect((after[6] as CborValue[]).slice(1)).toEqual((before[6] as CborValue[]).slice(1))
    expect((after[6] as CborValue[])[0]).not.toEqual((before[6] as CborValue[])[0])
    expect(after[9]).not.toEqual(before[9])
    expect(open(changed.bytes)).toMatchObject({ ok: false, rule: 'KS5' })
    expect(opened(open(changed.bytes, 'another password')).masterKey).toEqual(store.masterKey)
    expect(
      changePassword(suite, systemRandom, store, 'another password', { cost, dropKeyFile: true }).slots
    ).toEqual([1, 2])
  })

  test('[KS1] [KS9] each write raises the epoch', () => {
    const updated = updateKeyStore(suite, systemRandom, store, {
      ...contents,
      extensions: [['b', Uint8Array.of(3)]]
    })
    const again = updateKeyStore(suite, systemRandom, updated, contents)
    expect([updated.epoch, again.epoch]).toEqual([2, 3])
    expect(opened(open(updated.bytes)).contents.extensions).toEqual([['b', Uint8Array.of(3)]])
    expect(items(updated.bytes)[7]).not.toEqual(items(store.bytes)[7])
  })

  test('[KS11] a keychain slot is one more way in; slot, epoch and mac change, nothing else', () => {
    const key = new Uint8Array(32).fill(7)
    const given = setKeychainSlot(suite, systemRandom, store, key)
    const [before, after] = [items(store.bytes), items(given.bytes)]
    for (const at of [0, 1, 2, 3, 4, 7, 8]) expect(after[at], String(at)).toEqual(before[at])
    expect([given.epoch, given.slots]).toEqual([2, [1, 2, 3, 4]])
    expect((after[6] as CborValue[]).slice(0, 3)).toEqual(before[6])
    expect(opened(openKeyStore(suite, given.bytes, { keychain: key })).masterKey).toEqual(store.masterKey)
    expect(opened(open(given.bytes)).masterKey).toEqual(store.masterKey)
    // A key file's slot is not a keychain's, though both wrap by 32 bytes.
    expect(openKeyStore(suite, given.bytes, { keyFile: key })).toMatchObject({ ok: false, rule: 'KS5' })
    expect(openKeyStore(suite, given.bytes, { keychain: KEY_FILE })).toMatchObject({ ok: false, rule: 'KS5' })
    const swapped = altered(list => {
      const slots = list[6] as CborValue[][]
      slots[3]![1] = slots[2]![1] as CborValue
      slots[3]![2] = slots[2]![2] as CborValue
    }, given.bytes)
    expect(openKeyStore(suite, swapped, { keychain: KEY_FILE })).toMatchObject({ ok: false, rule: 'KS5' })

    const passworded = changePassword(suite, systemRandom, given, 'another password', {
      cost,
      dropKeyFile: true
    })
    expect(passworded.slots).toEqual([1, 2, 4])
    expect(openKeyStore(suite, passworded.bytes, { keychain: key }).ok).toBe(true)
    const anew = setKeychainSlot(
      suite,
      systemRandom,
      passworded,
      key.map(byte => byte ^ 1)
    )
    expect(anew.slots).toEqual([1, 2, 4])
    expect(openKeyStore(suite, anew.bytes, { keychain: key })).toMatchObject({ ok: false, rule: 'KS5' })
    const none = setKeychainSlot(suite, systemRandom, anew, undefined)
    expect(none.slots).toEqual([1, 2])
    expect(openKeyStore(suite, none.bytes, { keychain: key })).toMatchObject({ ok: false, rule: 'KS2' })
    expect(() => setKeychainSlot(suite, systemRandom, store, new Uint8Array(31))).toThrow(RangeError)
  })

  test('[KS11] a slot of another form refuses the keychain alone; the password opens as ever', () => {
    const key = new Uint8Array(32).fill(7)
    const given = setKeychainSlot(suite, systemRandom, store, key)
    for (const slot of [
      [4],
      [4, new Uint8Array(24)],
      [4, new Uint8Array(24), new Uint8Array(47)],
      [4, 'x', 1]
    ]) {
      const odd = {
        ...given,
        masterKey: given.masterKey,
        contents: given.contents,
        bytes: altered(list => {
          ;(list[6] as CborValue[])[3] = slot
        }, given.bytes)
      } as KeyStore
      const { bytes } = updateKeyStore(suite, systemRandom, odd, contents)
      expect(openKeyStore(suite, bytes, { keychain: key })).toMatchObject({ ok: false, rule: 'KS5' })
      expect(open(bytes).ok).toBe(true)
    }
  })

  test('[KS7] database keys follow from MK, one index key a table', () => {
    const keys = databaseKeys(suite, store.masterKey)
    expect(
      new Set([keys.value, keys.index('a'), keys.index('b'), keys.index('')].map(key => key.join())).size
    ).toBe(4)
    expect(databaseKeys(suite, store.masterKey).index('a')).toEqual(keys.index('a'))
    expect(Object.keys(keys)).toEqual(['index'])
  })

  test('[KS8] erasing leaves nothing usable in the buffers', () => {
    const each = opened(open(store.bytes))
    eraseKeyStore(each)
    for (const secret of [
      each.masterKey,
      each.contents.device.signSeed,
      each.contents.device.boxSecret,
      ...each.contents.userKeys.flatMap(key => [key.seed, key.boxSecret])
    ]) {
      expect(secret.every(byte => byte === 0)).toBe(true)
    }
  })
})
