import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { draft } from '../authority/index.ts'
import type { Suite } from '../crypto/index.ts'
import { decodeCbor, encodeCbor } from '../encoding/index.ts'
import { decodeOperation, type Operation } from '../graph/index.ts'
import { accountOf, foundServer, joinOf, makeInvite, type VectorSite } from '../../scripts/authority-stage.ts'
import { verifyFork } from './index.ts'

let suite: Suite
let site: VectorSite
let ada: ReturnType<typeof accountOf>
let grace: ReturnType<typeof accountOf>
const nick = (name: string): Parameters<VectorSite['act']>[1] => draft('nick', { nick: name })

beforeAll(async () => {
  suite = await createNodeSuite()
  ;[ada, grace] = [accountOf(suite, 'ada'), accountOf(suite, 'grace')]
  site = foundServer(suite, ada)
  site.act(grace, joinOf(site, grace, makeInvite(site, ada, 'open')))
})

/** The same operation with a signature that somebody else might have put there. */
function forged({ bytes }: Operation): Uint8Array {
  const wire = decodeCbor(bytes, { maxDepth: 1 })
  const [payload, signature] = (wire.ok ? wire.value : []) as [Uint8Array, Uint8Array]
  const other = Uint8Array.from(signature)
  other[5] = (other[5] as number) ^ 4
  return encodeCbor([payload, other])
}

describe('proof of a fork', () => {
  it('[AU39] is two operations of one device and number, in either order', () => {
    const [one, two] = [site.copy().act(grace, nick('one')), site.copy().act(grace, nick('two'))]
    const fork = {
      server: site.log.server,
      device: one.device,
      seq: one.seq,
      branches: [one.id, two.id].sort()
    }
    expect(verifyFork(suite, one.bytes, two.bytes)).toEqual({ ok: true, value: fork })
    expect(verifyFork(suite, two.bytes, one.bytes)).toEqual({ ok: true, value: fork })
  })

  it('[AU39] is refused where it proves nothing', () => {
    const here = site.copy()
    const one = here.act(grace, nick('one'))
    const two = site.copy().act(grace, nick('two'))
    const next = here.act(grace, nick('three'))
    const other = site.copy().act(ada, nick('one'))
    const linus = accountOf(suite, 'linus')
    const elsewhere = foundServer(suite, linus)
    const strange = elsewhere.act(linus, nick('x'))
    const false_ = [
      ['one operation is no fork', one.bytes, one.bytes],
      ['the branches stand at two places', one.bytes, next.bytes],
      ['the branches are by two devices', one.bytes, other.bytes],
      ['the branches are of two servers', one.bytes, strange.bytes],
      ['a branch is not as it was signed', one.bytes, forged(two)],
      ['a branch is not as it was signed', new Uint8Array(3), two.bytes]
    ] as const
    for (const [reason, a, b] of false_)
      expect(verifyFork(suite, a, b)).toEqual({ ok: false, rule: 'AU39', reason })
    // Nor does a replica take such a branch in.
    expect(decodeOperation(suite, forged(two))).toMatchObject({ ok: false, rule: 'AU2' })
  })
})
