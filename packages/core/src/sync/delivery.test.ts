import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceOf, suite } from '../../test/sync/world.ts'
import { type DeviceId, idFromBytes, type MessageId, type UserId } from '../base/index.ts'
import { DELIVERY_LEVELS, DeliveryTracker, type DeliveryWorld, type ReceiptSigner } from './delivery.ts'
import { createReceipt, RECEIPT_KINDS, type ReceiptKind, verifyReceipt } from './receipt.ts'

const message = (n: number): MessageId => idFromBytes('m', new Uint8Array(32).fill(n))
const device = (n: number): DeviceId => idFromBytes('d', new Uint8Array(32).fill(n))
const user = (n: number): UserId => idFromBytes('u', new Uint8Array(32).fill(n))
const world: DeliveryWorld = { self: user(0), otherHolders: 5, hasStores: true }
const member = (n: number, reads = true): ReceiptSigner => ({
  role: 'member',
  user: user(n),
  mayRead: () => reads
})
const store: ReceiptSigner = { role: 'store', mayRead: () => false }
const receipt = (
  kind: ReceiptKind,
  signer: number,
  ...ids: number[]
): Parameters<DeliveryTracker['apply']>[0] => ({
  kind,
  signer: device(signer),
  ids: ids.map(message),
  at: 1,
  until: null
})
function tracker(...ids: number[]): DeliveryTracker {
  const out = new DeliveryTracker()
  for (const id of ids) out.add(message(id), id)
  return out
}
const levelOf = (of: DeliveryTracker, id = 1): string | undefined => of.get(message(id))?.level

describe('[SY17] delivery', () => {
  it('[SY17] rises from local over sent and stored to delivered and seen, each by its proof', () => {
    const own = tracker(1)
    expect(levelOf(own)).toBe('local')
    own.apply(receipt('held', 9, 1), member(1), world)
    expect(levelOf(own)).toBe('sent')
    own.apply(receipt('durable', 8, 1), store, world)
    expect(levelOf(own)).toBe('sent')
    own.apply(receipt('durable', 8, 1), store, world)
    expect(levelOf(own)).toBe('sent')
    own.apply(receipt('durable', 7, 1), member(1, false), world)
    expect(own.get(message(1))).toMatchObject({ level: 'stored', holders: 2 })
    own.apply(receipt('durable', 9, 1), member(1), world)
    expect(own.get(message(1))).toMatchObject({ level: 'delivered', holders: 3 })
    own.apply(receipt('read', 9, 1), member(1), world)
    expect(levelOf(own)).toBe('seen')
  })

  it('[SY17] one durable receipt is enough from the only other holder there is', () => {
    const own = tracker(1)
    own.apply(receipt('durable', 8, 1), store, { ...world, otherHolders: 1 })
    expect(levelOf(own)).toBe('stored')
  })

  it('[SY17] own devices hold, and do not make it delivered; nor does who may not read', () => {
    const own = tracker(1)
    own.apply(receipt('durable', 2, 1), member(0), world)
    own.apply(receipt('read', 3, 1), member(4, false), world)
    expect(levelOf(own)).toBe('stored')
  })

  it('[SY17] a signer who is neither member nor store proves only that it is sent', () => {
    const own = tracker(1)
    own.apply(receipt('read', 2, 1), { role: null, mayRead: () => true }, world)
    expect(own.get(message(1))).toMatchObject({ level: 'sent', holders: 0 })
  })

  it('[SY17] never falls, whatever receipts come, in whatever order', () => {
    const step = fc.tuple(
      fc.constantFrom(...RECEIPT_KINDS),
      fc.nat(5),
      fc.constantFrom<ReceiptSigner>(member(0), member(1), member(2, false), store, {
        role: null,
        mayRead: () => false
      }),
      fc.nat(3)
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        const own = tracker(1)
        let level = 0
        let holders = 0
        for (const [kind, signer, who, others] of steps) {
          own.apply(receipt(kind, signer, 1), who, { ...world, otherHolders: others, hasStores: others > 1 })
          const now = own.get(message(1))
          expect(DELIVERY_LEVELS.indexOf(now?.level ?? 'local')).toBeGreaterThanOrEqual(level)
          expect(now?.holders).toBeGreaterThanOrEqual(holders)
          level = DELIVERY_LEVELS.indexOf(now?.level ?? 'local')
          holders = now?.holders ?? 0
        }
      })
    )
  })

  it('[SY17] tells each change once', () => {
    const own = tracker(1, 2)
    expect(own.apply(receipt('durable', 1, 1, 2, 3), member(1), world).map(each => each.after.level)).toEqual(
      ['delivered', 'delivered']
    )
    expect(own.apply(receipt('durable', 1, 1, 2, 3), member(1), world)).toEqual([])
  })
})

describe('[SY18] outbox', () => {
  it('[SY18] offers in author order until stored is proven', () => {
    const own = tracker(3, 1, 2)
    expect(own.outbox().map(each => each.id)).toEqual([message(1), message(2), message(3)])
    own.apply(receipt('durable', 1, 2), member(1), world)
    expect(own.outbox().map(each => each.id)).toEqual([message(1), message(2), message(3)])
    own.apply(receipt('durable', 2, 2), store, world)
    expect(own.outbox().map(each => each.id)).toEqual([message(1), message(3)])
  })

  it('[SY18] without store nodes delivered is enough', () => {
    const own = tracker(1)
    own.apply(receipt('durable', 1, 1), member(1), { ...world, hasStores: false })
    expect(own.outbox()).toEqual([])
  })

  it('[SY18] survives a restart by its entries', () => {
    const own = tracker(1, 2)
    own.apply(receipt('durable', 1, 1), member(1), world)
    const again = new DeliveryTracker(own.entries())
    expect([...again.entries()]).toEqual([...own.entries()])
    again.apply(receipt('durable', 2, 1), store, world)
    expect(again.outbox().map(each => each.id)).toEqual([message(2)])
  })
})

describe('[SY16] receipts', () => {
  const { key, device: signer } = deviceOf('signer')
  const bytes = createReceipt(suite, key, {
    kind: 'durable',
    ids: [message(1), message(2)],
    at: 5,
    until: null
  })

  it('[SY16] come back as they were signed', () => {
    expect(verifyReceipt(suite, bytes)).toEqual({
      ok: true,
      value: { kind: 'durable', signer, ids: [message(1), message(2)], at: 5, until: null }
    })
  })

  it('[SY16] are refused with any bit changed', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = (changed[at] as number) ^ (1 << bit)
        expect(verifyReceipt(suite, changed)).toMatchObject({ ok: false, rule: 'SY16' })
      })
    )
  })
})
