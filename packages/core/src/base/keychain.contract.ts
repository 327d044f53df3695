/** What every keychain does (KS11). */
import { describe, expect, it } from 'vitest'
import type { Keychain } from './index.ts'

const ADA = '00112233445566778899aabbccddeeff'
const GRACE = 'ffeeddccbbaa99887766554433221100'
const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

/** @param init.create - An empty one. */
export function keychainContract(init: {
  readonly name: string
  readonly create: () => Promise<Keychain>
}): void {
  describe(`keychain: ${init.name}`, () => {
    it('[KS11] gives back what it was given, under its name alone', async () => {
      const keychain = await init.create()
      expect(await keychain.read(ADA)).toBeUndefined()
      await keychain.write(ADA, key(1))
      await keychain.write(GRACE, key(2))
      expect(await keychain.read(ADA)).toEqual(key(1))
      expect(await keychain.read(GRACE)).toEqual(key(2))
    })

    it('[KS11] puts a key in place of the one before', async () => {
      const keychain = await init.create()
      await keychain.write(ADA, key(1))
      await keychain.write(ADA, key(3))
      expect(await keychain.read(ADA)).toEqual(key(3))
    })

    it('[KS11] removes one key, and nothing where there is none', async () => {
      const keychain = await init.create()
      await keychain.write(ADA, key(1))
      await keychain.write(GRACE, key(2))
      await keychain.remove(ADA)
      await keychain.remove(ADA)
      expect(await keychain.read(ADA)).toBeUndefined()
      expect(await keychain.read(GRACE)).toEqual(key(2))
    })

    it('[KS11] what it hands out is its own copy', async () => {
      const keychain = await init.create()
      const given = key(4)
      await keychain.write(ADA, given)
      given.fill(0)
      ;(await keychain.read(ADA))?.fill(0)
      expect(await keychain.read(ADA)).toEqual(key(4))
    })
  })
}
