import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { idFromBytes } from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { peerIdText } from './address.ts'
import { encodePeerRecord, openPeerRecord } from './peer-record.ts'

let suite: Suite
let key: SigningKey
beforeAll(async () => {
  suite = await createNodeSuite()
  key = suite.signingKey(new Uint8Array(32).fill(5))
})

describe('peer records', () => {
  it('[NT41] say where their device is, with its name behind each address', () => {
    const device = idFromBytes('d', key.publicKey)
    const opened = openPeerRecord(
      suite,
      encodePeerRecord(suite, key, {
        addresses: ['/ip4/192.0.2.7/tcp/4001', `/ip4/10.0.0.1/tcp/1/p2p/${peerIdText(device)}`],
        seq: 7
      })
    )
    expect(opened).toEqual({
      ok: true,
      value: {
        device,
        seq: 7,
        addresses: [
          `/ip4/192.0.2.7/tcp/4001/p2p/${peerIdText(device)}`,
          `/ip4/10.0.0.1/tcp/1/p2p/${peerIdText(device)}`
        ]
      }
    })
  })

  it('[NT41] never exceed 1 KiB, whatever there is to say', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 30 }), fc.nat(), (sizes, seq) => {
        const addresses = sizes.map((size, index) => `/ip4/192.0.2.${index}/tcp/1/${'x'.repeat(size)}`)
        const bytes = encodePeerRecord(suite, key, { addresses, seq })
        expect(bytes.length).toBeLessThanOrEqual(1_024)
        const opened = openPeerRecord(suite, bytes)
        expect(opened.ok && opened.value.addresses.length).toBeLessThanOrEqual(16)
      }),
      { numRuns: 60 }
    )
  })

  it('[NT41] leave loopback out, unless there is nothing else', () => {
    const addressesOf = (...addresses: string[]): readonly string[] => {
      const opened = openPeerRecord(suite, encodePeerRecord(suite, key, { addresses, seq: 1 }))
      if (!opened.ok) throw new Error(opened.reason)
      return opened.value.addresses.map(each => each.split('/p2p/')[0] ?? '')
    }
    expect(addressesOf('/ip4/127.0.0.1/tcp/1', '/ip4/192.0.2.7/tcp/1')).toEqual(['/ip4/192.0.2.7/tcp/1'])
    expect(addressesOf('/ip4/127.0.0.1/tcp/1')).toEqual(['/ip4/127.0.0.1/tcp/1'])
  })

  it('[NT41] are refused with any byte changed, and for any other bytes', () => {
    const bytes = encodePeerRecord(suite, key, { addresses: ['/ip4/192.0.2.7/tcp/4001'], seq: 7 })
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(openPeerRecord(suite, changed).ok, `byte ${at}`).toBe(false)
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_100 }), input => {
        expect(openPeerRecord(suite, input).ok).toBe(false)
      }),
      { numRuns: 300 }
    )
  })
})
