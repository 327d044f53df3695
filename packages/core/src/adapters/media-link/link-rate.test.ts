import { expect, it } from 'vitest'
import { createRateKeeper } from './link-rate.ts'
import type { StatsReport } from './platform.ts'

/** A line of which the other side reports, and the rates that were set on it. */
function line(refuses = false) {
  let reports: readonly StatsReport[] = []
  const set: number[] = []
  const tick = createRateKeeper(
    0,
    async () => reports,
    async kbps => {
      set.push(kbps)
      if (refuses) throw new Error('not here')
    }
  )
  /** A second passes, in which what is asked is answered. */
  const second = async (): Promise<void> => {
    for (let each = 0; each < 100; each++) tick()
    await new Promise(resolve => setImmediate(resolve))
  }
  let at = 0
  let sent = 0
  return {
    set,
    second,
    report: async (fractionLost: unknown, packets = 250): Promise<void> => {
      at += 1
      sent += packets
      reports = [
        { id: 'o', type: 'outbound-rtp', kind: 'audio', packetsSent: sent },
        { id: 'r', type: 'remote-inbound-rtp', kind: 'audio', timestamp: at, fractionLost }
      ]
      await second()
    }
  }
}

it('[VX70] less is sent where much is lost, and more again where all arrives', async () => {
  const { report, set } = line()
  await report(0.2)
  await report(0.2)
  expect(set).toEqual([22, 15])
  for (let each = 0; each < 9; each++) await report(0)
  expect(set).toEqual([22, 15, 19, 24, 30])
})

it('[VX70] a report counts once, and none of next to nothing, or of no number, counts', async () => {
  const { report, second, set } = line()
  await report(0.2)
  await second()
  await second()
  expect(set).toEqual([22])
  await report(0.9, 10)
  await report('0.9')
  await report(Number.NaN)
  expect(set).toEqual([22])
})

it('[VX70] what cannot be set is tried once', async () => {
  const { report, set } = line(true)
  await report(0.2)
  await report(0.2)
  expect(set).toEqual([22])
})
