/** DM5: frames, ours and hostile ones. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idFromBytes } from '../base/index.ts'
import { encodeCbor } from '../encoding/index.ts'
import { type ConversationFrame, decodeFrame, encodeFrame } from './index.ts'

const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
const conversation = idFromBytes('v', fill(1))
const device = idFromBytes('d', fill(2))

const FRAMES: readonly ConversationFrame[] = [
  { kind: 'hello', version: 1, log: fill(3, 400), addresses: ['/ip4/192.0.2.7/tcp/4001'] },
  { kind: 'prekeys', prekeys: [fill(4, 200)] },
  { kind: 'log', log: fill(5, 400) },
  { kind: 'conversation', genesis: fill(6, 200), boxes: fill(7, 96) },
  { kind: 'have', conversation, chains: [{ device, seq: 3 }] },
  { kind: 'items', conversation, device, items: [{ stub: false, bytes: fill(8, 316) }] },
  { kind: 'cannotOpen', conversation, keyId: idFromBytes('e', fill(9, 16)) }
]

describe('frames', () => {
  it('[DM5] come back as they were sent', () => {
    for (const frame of FRAMES) expect(decodeFrame(encodeFrame(frame))).toEqual({ ok: true, value: frame })
  })

  it('[DM5] what is no frame is refused, whatever it is', () => {
    const hostile: readonly Uint8Array[] = [
      new Uint8Array(0),
      fill(0xff, 1),
      encodeCbor([7]),
      encodeCbor([4, fill(1)]),
      encodeCbor([4, fill(1, 31), []]),
      encodeCbor([0, 2, fill(1), []]),
      encodeCbor([5, fill(1), fill(2), []]),
      encodeCbor([3, fill(1), fill(2, 95)]),
      encodeCbor([4, fill(1), Array.from({ length: 321 }, () => [fill(2), 1])])
    ]
    for (const bytes of hostile) expect(decodeFrame(bytes)).toMatchObject({ ok: false })
    fc.assert(
      fc.property(
        fc.constantFrom(...FRAMES),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (frame, at, turn) => {
          const bytes = encodeFrame(frame)
          bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ turn
          decodeFrame(bytes)
          decodeFrame(bytes.subarray(0, at % bytes.length))
        }
      )
    )
  })
})
