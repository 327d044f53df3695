/** Which profile stands for another in an export (ND60). */
import { expect, it } from 'vitest'
import { idFromBytes } from '../../base/index.ts'
import type { SealedAvatar } from '../../attachment/index.ts'
import type { KnownProfile } from './known-profile.ts'
import { isPlainOf } from './plain-profile.ts'

it('[ND60] only what its own device said right behind it, under the same name and without a picture', () => {
  const device = idFromBytes('d', new Uint8Array(32))
  const avatar = { blob: idFromBytes('b', new Uint8Array(32)) } as SealedAvatar
  const known: KnownProfile = { name: 'Ada', avatar, revision: 5, device }
  const plain: KnownProfile = { name: 'Ada', avatar: null, revision: 4, device }
  expect(isPlainOf(plain, known)).toBe(true)
  const others: readonly (readonly [KnownProfile, KnownProfile | undefined])[] = [
    [plain, undefined],
    [plain, { ...known, avatar: null }],
    [plain, { ...known, name: 'Eve' }],
    [{ ...plain, revision: 3 }, known],
    [{ ...plain, revision: 5 }, known],
    [{ ...plain, avatar }, known],
    [{ ...plain, device: idFromBytes('d', new Uint8Array(32).fill(1)) }, known]
  ]
  for (const [each, of] of others) expect(isPlainOf(each, of)).toBe(false)
})
