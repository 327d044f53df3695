/**
 * CR7's self-test: five of the edge cases on which stock verifiers part. A provider that decides one of them
 * otherwise would split a replicated log, so it refuses to start.
 */
import { fromString } from 'uint8arrays'
import type { Suite } from '../../crypto/index.ts'

/** Cases of docs/spec/vectors/crypto/ed25519-edge.json, copied so that browsers need no file. */
export const SELF_TEST_CASES = [
  {
    id: 1, // ordinary signature, 32-byte message
    publicKey: 'b7ffdd1078a8f933256a980948b1debc885bd618e657d7a831130489e7ee1072',
    message: 'ab530a13e45914982b79f9b7e3fba994cfd1f3fb22f71cea1afbf02b460c6d1d',
    signature:
      '3aa2119576027ad2d9477dde0374cb42c97a955dafb3215c4a000cd0035a9c5ad1d54ad0bb56b9e343d0e76b67ee3b2cbc9c1f22934521aa3708350475cfe70e',
    enrolKey: true,
    verify: true
  },
  {
    id: 19, // S replaced by S + L (same signature, malleated)
    publicKey: 'b7ffdd1078a8f933256a980948b1debc885bd618e657d7a831130489e7ee1072',
    message: 'ab530a13e45914982b79f9b7e3fba994cfd1f3fb22f71cea1afbf02b460c6d1d',
    signature:
      '3aa2119576027ad2d9477dde0374cb42c97a955dafb3215c4a000cd0035a9c5abea9402dd6b9cb3b1a6ddf0e46e81a41bc9c1f22934521aa3708350475cfe71e',
    enrolKey: true,
    verify: false
  },
  {
    id: 27, // torsion-free key, R = rB + point of order 8
    publicKey: '30e4907b90ed931dad72a95400ed1b37eaa8bba0725073059a94b6815106b6d0',
    message: 'ab530a13e45914982b79f9b7e3fba994cfd1f3fb22f71cea1afbf02b460c6d1d',
    signature:
      'fcb00f583bffe10e32376427715dedf6f281b21f92cafb6acd008c60043c035c3ea0b531b97038b01c4cdca9e8d147970e56e7f9394c1a78abd13a3ee34dfd0b',
    enrolKey: true,
    verify: false
  },
  {
    id: 30, // torsion-free key, R = identity: equation holds without cofactor
    publicKey: '30e4907b90ed931dad72a95400ed1b37eaa8bba0725073059a94b6815106b6d0',
    message: 'ab530a13e45914982b79f9b7e3fba994cfd1f3fb22f71cea1afbf02b460c6d1d',
    signature:
      '010000000000000000000000000000000000000000000000000000000000000066b71e8e49b6c23b413b28941291629a94ba589320237885c92c9784a6ac3a0f',
    enrolKey: true,
    verify: false
  },
  {
    id: 41, // A of order 8, k = 0 mod 8: equation holds without cofactor
    publicKey: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    message: '736d616c6c2d6f72646572206b6579206d657373616765203130',
    signature:
      '52261851b3569e3306a0670395bac8dbcf1689ba46409215c6436cb9ff5fa4bcda0dd85df2a97bebaed439401169f76b7ed1e41a4ac8e376a2aa179a925db400',
    enrolKey: false,
    verify: false
  }
] as const

/**
 * Throws unless the suite enrols and verifies as CR5 and CR6 say.
 *
 * @throws Error naming provider and case: the platform, not a peer, is at fault, and nothing can go on.
 */
export function assertSuite(suite: Suite): void {
  for (const { id, publicKey, message, signature, enrolKey, verify } of SELF_TEST_CASES) {
    const key = fromString(publicKey, 'hex')
    const verified = suite.verify(key, fromString(message, 'hex'), fromString(signature, 'hex'))
    if (verified !== verify || suite.isEnrollable(key) !== enrolKey) {
      throw new Error(
        `the Ed25519 provider "${suite.name}" decides edge case ${id} against rules CR5 and CR6; XCord cannot run on it`
      )
    }
  }
}
