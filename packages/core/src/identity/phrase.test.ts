import { entropyToMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { inspect } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { systemRandom } from '../adapters/runtime-node/index.ts'
import { idFromBytes } from '../base/index.ts'
import { kdf, type Suite } from '../crypto/index.ts'
import { createDevice, createPhrase, deviceFromSeeds, readGenesis, rootFromPhrase } from './index.ts'

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

// trezor/python-mnemonic vectors.json, 256 bits.
const ZERO = `${'abandon '.repeat(23)}art`
const ONES = `${'zoo '.repeat(23)}vote`
const SEVENS =
  'legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title'

test('[ID1] the published phrases give their entropy', () => {
  for (const [phrase, byte] of [
    [ZERO, 0],
    [ONES, 0xff],
    [SEVENS, 0x7f]
  ] as const) {
    const root = rootFromPhrase(suite, phrase)
    const entropy = new Uint8Array(32).fill(byte)
    expect(entropyToMnemonic(entropy, wordlist)).toBe(phrase)
    if (!root.ok) throw new Error(root.reason)
    expect(root.value.signingKey.publicKey).toEqual(
      suite.signingKey(kdf(suite, entropy, 'root-sign')).publicKey
    )
    expect(root.value.recoverySecret).toEqual(kdf(suite, entropy, 'root-box'))
    expect(root.value.backupKey).toEqual(kdf(suite, entropy, 'backup'))
  }
})

test('[ID1] a phrase made here reads back, however it is typed', () => {
  const phrase = createPhrase(systemRandom)
  expect(phrase.split(' ')).toHaveLength(24)
  const root = rootFromPhrase(suite, phrase)
  const typed = rootFromPhrase(suite, `  ${phrase.toUpperCase().replaceAll(' ', ' \n\t')}  `)
  if (!root.ok || !typed.ok) throw new Error('refused')
  expect(typed.value.user).toBe(root.value.user)
  expect(createPhrase(systemRandom)).not.toBe(phrase)
})

test('[ID1] a wrong phrase is told by count, position or checksum, never by its words', () => {
  const reason = (phrase: string): string => {
    const root = rootFromPhrase(suite, phrase)
    if (root.ok) throw new Error('accepted')
    expect(root.rule).toBe('ID1')
    return root.reason
  }
  expect(reason('')).toContain('0 words')
  expect(reason(ZERO.slice(0, -4))).toContain('23 words')
  expect(reason(`${ZERO} art`)).toContain('25 words')
  const misspelt = reason(ZERO.replace('abandon', 'abandom'))
  expect(misspelt).toContain('word 1 ')
  expect(misspelt).not.toContain('abandom')
  expect(reason(`${'abandom '.repeat(2)}${'abandon '.repeat(21)}art`)).toContain('words 1, 2 ')
  expect(reason('abandon '.repeat(24))).toContain('checksum')
})

test('[ID2] the genesis is rebuilt by the phrase and read by strangers', () => {
  const root = rootFromPhrase(suite, SEVENS)
  if (!root.ok) throw new Error(root.reason)
  const { genesis } = root.value
  const read = readGenesis(suite, genesis.bytes)
  expect(read.ok && read.value.user).toBe(root.value.user)
  const altered = (at: number, value: number): Uint8Array =>
    genesis.bytes.map((byte, i) => (i === at ? value : byte))
  for (const bytes of [
    genesis.bytes.subarray(1),
    altered(1, 2),
    altered(2, 2),
    altered(genesis.bytes.length - 1, 0x81),
    new Uint8Array(200)
  ]) {
    expect(readGenesis(suite, bytes)).toMatchObject({ ok: false })
  }
  const smallOrder = Uint8Array.from(genesis.bytes)
  smallOrder.set(new Uint8Array(32), 5)
  expect(readGenesis(suite, smallOrder)).toMatchObject({ ok: false, rule: 'CR5' })
})

test('[CR8] secrets are not in JSON, inspection, spreads or keys', () => {
  const root = rootFromPhrase(suite, SEVENS)
  if (!root.ok) throw new Error(root.reason)
  const device = createDevice(suite, systemRandom)
  for (const [owner, names] of [
    [root.value, ['recoverySecret', 'backupKey']],
    [device, ['boxSecret', 'signSeed']]
  ] as const) {
    for (const name of names) {
      expect(owner).toHaveProperty(name)
      expect(Object.keys(owner)).not.toContain(name)
      expect({ ...owner }).not.toHaveProperty(name)
      expect(JSON.stringify(owner)).not.toContain(name)
      expect(inspect(owner, { depth: 5 })).not.toContain(name)
    }
  }
})

test('[ID3] a device is its two keys: the same seeds give the same device, others another', () => {
  const device = createDevice(suite, systemRandom)
  const again = deviceFromSeeds(suite, device.signSeed.slice(), device.boxSecret.slice())
  expect([again.device, again.boxPublicKey]).toEqual([device.device, device.boxPublicKey])
  expect(device.device).toBe(idFromBytes('d', device.signingKey.publicKey))
  expect(createDevice(suite, systemRandom).device).not.toBe(device.device)
  expect(suite.isEnrollable(device.signingKey.publicKey)).toBe(true)
  expect(() => deviceFromSeeds(suite, new Uint8Array(31), new Uint8Array(32))).toThrow(RangeError)
  expect(() => deviceFromSeeds(suite, new Uint8Array(32), new Uint8Array(31))).toThrow(RangeError)
})
