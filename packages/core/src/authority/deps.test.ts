import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { systemRandom } from '../adapters/runtime-node/index.ts'
import type { Suite } from '../crypto/index.ts'
import { createAccount } from '../identity/index.ts'
import { authorityDeps } from './index.ts'

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

describe('proofs of identity', () => {
  it('[ID6] [ND24] are verified where they come from a peer, and read alike from our own store without a signature', () => {
    const { credential, user, device } = createAccount(suite, systemRandom, 1)
    let asked = 0
    const counting: Suite = {
      ...suite,
      verify: (...given) => ++asked > 0 && suite.verify(...given),
      isEnrollable: key => ++asked > 0 && suite.isEnrollable(key)
    }
    const deps = authorityDeps(counting)
    const claims = { ok: true, value: { user, device: device.device } }
    expect(deps.verifyCredential(credential)).toMatchObject(claims)
    expect(asked).toBeGreaterThan(0)
    asked = 0
    expect(deps.verifyCredential(credential, { trusted: true })).toMatchObject(claims)
    expect(asked).toBe(0)
    // Within the enrolment that the root signed; what is behind it is the device's own word.
    for (let forged = 150; forged < 200; forged++) {
      const bytes = credential.with(forged, (credential[forged] as number) ^ 1)
      expect(deps.verifyCredential(bytes, { trusted: false }).ok).toBe(false)
      expect(deps.verifyCredential(bytes).ok).toBe(false)
    }
  })
})
