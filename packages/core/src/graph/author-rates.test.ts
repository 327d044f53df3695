import { describe, expect, it } from 'vitest'
import { type DeviceId, idFromBytes } from '../base/index.ts'
import { AuthorRates, NEW_DEVICE_MS } from './author-rates.ts'

const minted = (of: number): DeviceId => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, of)
  return idFromBytes('d', bytes)
}
const [ada, grace, alan] = [minted(1), minted(2), minted(3)]
const ISSUED = 1_000_000_000

/** How many envelopes of these authors, in turns, a node takes at one moment. */
function takes(rates: AuthorRates, devices: readonly DeviceId[], now: number, tries = 500): number {
  let taken = 0
  for (let each = 0; each < tries; each++)
    if (rates.take(devices[each % devices.length] as DeviceId, now).ok) taken++
  return taken
}

/** A node that has known these for a day. */
function settled(...devices: DeviceId[]): AuthorRates {
  const rates = new AuthorRates(ISSUED)
  for (const device of devices) rates.take(device, ISSUED)
  return rates
}
const later = ISSUED + NEW_DEVICE_MS

describe('rates of authors at a node', () => {
  it('[EN16] all who are known share 5 a second and 100 at once, however many they are', () => {
    expect(takes(settled(ada), [ada], later)).toBe(100)
    const rates = settled(ada, grace, alan)
    expect(takes(rates, [ada, grace, alan], later)).toBe(100)
    expect(takes(rates, [ada, grace], later + 1_000)).toBe(5)
    expect(takes(rates, [alan], later + 3_600_000)).toBe(100)
  })

  it('[EN16] a thousand minted keys get a fifth together, and leave four fifths to the others', () => {
    const rates = settled(ada)
    const mint = Array.from({ length: 1_000 }, (_, at) => minted(100 + at))
    expect(takes(rates, mint, later, 1_000)).toBe(20)
    expect(rates.take(minted(5), later)).toMatchObject({ ok: false, rule: 'EN16' })
    expect(takes(rates, [ada], later)).toBe(80)
    expect(rates.take(ada, later)).toMatchObject({ ok: false, rule: 'EN16' })
    // A second later newcomers get one more, not five.
    expect(takes(rates, mint, later + 1_000, 1_000)).toBe(1)
  })

  it('[EN16] what newcomers are refused costs the others nothing', () => {
    const rates = settled(ada)
    takes(rates, [minted(7)], later, 100_000)
    expect(takes(rates, [ada], later)).toBe(80)
  })

  it('[EN16] a key is new until a day after it was first seen, refused or not, and after a month away', () => {
    const rates = settled()
    expect(takes(rates, [ada], ISSUED)).toBe(20)
    expect(takes(rates, [ada], ISSUED + NEW_DEVICE_MS - 1)).toBe(20)
    expect(takes(rates, [ada], ISSUED + NEW_DEVICE_MS + 60_000)).toBe(100)
    expect(takes(rates, [ada], ISSUED + 40 * NEW_DEVICE_MS)).toBe(20)
  })

  it('[EN16] more keys than are remembered push nobody out who was there', () => {
    const rates = settled(ada)
    for (let at = 0; at < 25_000; at++) rates.take(minted(1_000 + at), ISSUED + 1_000)
    expect(takes(rates, [ada], later)).toBe(100)
  })

  it('[EN16] a clock that goes back fills nothing up again', () => {
    const rates = settled(ada)
    expect(takes(rates, [ada], later)).toBe(100)
    expect(takes(rates, [ada], later - 60_000)).toBe(0)
    expect(takes(rates, [ada], later)).toBe(0)
  })

  it("[EN12, EN16] a server's head may say other rates, none included", () => {
    expect(takes(new AuthorRates(ISSUED, { envelopesPerSecond: 50, burst: 1_000 }), [ada], ISSUED)).toBe(200)
    expect(takes(new AuthorRates(ISSUED, { envelopesPerSecond: 0, burst: 0 }), [ada], ISSUED)).toBe(0)
  })
})
