import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeviceId, idFromBytes, type MessageId } from '../../base/index.ts'
import { DELIVERY_LEVELS, type DeliveryEntry } from '../../sync/index.ts'
import { blockOf, type DeliveryBlock, findDelivery, mergeDeliveries } from './delivery-block.ts'
import { deliveryTable } from './tables.ts'

const filled = (n: number): Uint8Array => new Uint8Array(32).fill(n & 255).fill(n >> 8, 0, 1)
const message = (n: number): MessageId => idFromBytes('m', filled(n))
const device = (n: number): DeviceId => idFromBytes('d', filled(n))
const entry = (id: number, seq: number, durable: readonly number[] = []): DeliveryEntry => ({
  id: message(id),
  seq,
  level: 'stored',
  holders: durable.length,
  durable: durable.map(device),
  settled: durable.length > 1
})

/** Through the table's codec, as a row goes to the disk and comes back. */
function stored(block: DeliveryBlock): DeliveryBlock {
  const read = deliveryTable.value.decode(deliveryTable.value.encode({ version: 1, ...block }))
  if (!read.ok) throw new Error(read.reason)
  return read.value
}

describe('delivery rows', () => {
  it('[SY17] give back the newest entry of each message, whatever was merged, and know no other', () => {
    const arbitrary = fc.record({
      id: fc.integer({ min: 1, max: 40 }),
      level: fc.constantFrom(...DELIVERY_LEVELS),
      holders: fc.nat(90),
      settled: fc.boolean(),
      durable: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 9 })
    })
    fc.assert(
      fc.property(fc.array(fc.array(arbitrary, { maxLength: 12 }), { maxLength: 8 }), rounds => {
        const rows = new Map<number, DeliveryBlock>()
        const wanted = new Map<number, DeliveryEntry>()
        for (const round of rounds) {
          const changed = round.map((each): DeliveryEntry => ({
            ...each,
            seq: each.id,
            id: message(each.id),
            durable: each.durable.map(device)
          }))
          for (const [index, each] of changed.entries()) wanted.set((round[index] as { id: number }).id, each)
          for (const [block, entries] of Map.groupBy(changed, each => blockOf(each.seq)))
            rows.set(block, stored(mergeDeliveries(rows.get(block), entries)))
        }
        for (let id = 0; id <= 41; id++)
          expect(findDelivery(rows.get(blockOf(id)), { id: message(id), seq: id })).toEqual(wanted.get(id))
      })
    )
  })

  it('[SY17] tell two messages of one number apart', () => {
    const row = stored(mergeDeliveries(undefined, [entry(1, 7, [1, 2])]))
    expect(findDelivery(row, { id: message(2), seq: 7 })).toBeUndefined()
    const both = stored(mergeDeliveries(row, [entry(2, 7, [3])]))
    expect(findDelivery(both, { id: message(1), seq: 7 })).toEqual(entry(1, 7, [1, 2]))
    expect(findDelivery(both, { id: message(2), seq: 7 })).toEqual(entry(2, 7, [3]))
  })

  it('[SY17] count more holders than they name', () => {
    const many = Array.from({ length: 400 }, (_, index) => index + 1)
    const entries = many.map(each => ({ ...entry(1, 7), durable: [device(each)], holders: 400 }))
    let row: DeliveryBlock | undefined
    for (const [index, each] of entries.entries())
      row = stored(mergeDeliveries(row, [{ ...each, id: message(index % 60), seq: index % 60 }]))
    expect(row?.devices).toHaveLength(256)
    expect(findDelivery(row, { id: message(5), seq: 5 })).toMatchObject({ holders: 400 })
    const all = stored(
      mergeDeliveries(undefined, [{ ...entry(1, 7), durable: many.map(device), holders: 400 }])
    )
    expect(findDelivery(all, { id: message(1), seq: 7 })?.durable).toHaveLength(64)
  })
})
