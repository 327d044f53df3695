import { expect, it } from 'vitest'
import { keychainContract } from '../../base/keychain.contract.ts'
import { createMemoryKeychain } from './memory-keychain.ts'

keychainContract({ name: 'memory', create: () => Promise.resolve(createMemoryKeychain()) })

it('[KS11] one that is locked says so at every call, and has lost nothing after', async () => {
  const keychain = createMemoryKeychain()
  await keychain.write('a', new Uint8Array(32))
  keychain.reason = 'it is locked'
  const calls = [
    () => keychain.read('a'),
    () => keychain.write('a', new Uint8Array(32)),
    () => keychain.remove('a')
  ]
  for (const each of calls)
    await expect(each()).rejects.toMatchObject({
      code: 'XCORD_KEYCHAIN_UNAVAILABLE',
      details: { reason: 'it is locked' }
    })
  keychain.reason = undefined
  expect(await keychain.read('a')).toHaveLength(32)
})
