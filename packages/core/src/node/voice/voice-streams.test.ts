import { expect, it } from 'vitest'
import { idFromBytes, type Refusal, refuse } from '../../base/index.ts'
import { encodeCbor } from '../../encoding/index.ts'
import type { FrameStream, Transport } from '../../net/index.ts'
import { encodeFrame } from '../../voice/index.ts'
import { createVoiceStreams } from './voice-streams.ts'

const id = <L extends 'c' | 'd' | 's'>(letter: L) => idFromBytes(letter, new Uint8Array(32).fill(1))
const HELLO = encodeFrame({
  server: id('s'),
  channel: id('c'),
  from: '00'.repeat(16),
  to: null,
  signal: { kind: 'hello', since: 1, flags: 0, media: [1] }
})
/** Of a kind that a later version may have. */
const UNKNOWN = encodeCbor([
  1,
  99,
  new Uint8Array(32).fill(1),
  new Uint8Array(32).fill(1),
  new Uint8Array(16),
  null,
  []
])

/** What a device says on one stream: how many frames were taken, read, and with what it was cut. */
async function say(frames: readonly Uint8Array[], take: () => Refusal | undefined = () => undefined) {
  let serve: (stream: FrameStream) => Promise<void> = async () => undefined
  let taken = 0
  let read = 0
  let cut: string | undefined
  createVoiceStreams({
    transport: {
      handle: (_protocol: string, _options: object, handler: typeof serve) => void (serve = handler)
    } as unknown as Transport,
    timers: { after: () => () => undefined },
    now: () => 5,
    seek: () => undefined,
    addresses: () => [],
    take: () => {
      taken++
      return take()
    }
  })
  await serve({
    connection: { device: id('d') },
    frames: async function* () {
      for (const each of frames) {
        if (cut !== undefined) return
        read++
        yield each
      }
    },
    abort: (reason: string) => void (cut = reason)
  } as unknown as FrameStream)
  return { taken, read, cut }
}

const times = (count: number, bytes: Uint8Array): Uint8Array[] => Array.from({ length: count }, () => bytes)

it('[VX7] frames of unknown kinds are passed over, and count: whoever goes on is cut', async () => {
  expect(await say([...times(300, UNKNOWN), HELLO])).toEqual({ taken: 1, read: 301, cut: undefined })
  const flood = await say(times(10_000, UNKNOWN))
  expect(flood).toMatchObject({ taken: 0, cut: 'VX7' })
  expect(flood.read).toBeLessThan(450)
})

it('[VX7] no more frames are taken than a call has use for', async () => {
  const flood = await say(times(10_000, HELLO))
  expect(flood.taken).toBe(400)
  expect(flood.cut).toBe('VX7')
})

it('[VX7] whoever says what is refused again and again, or what is no frame, is cut', async () => {
  const refused = await say(times(100, HELLO), () => refuse('VX4', 'not here'))
  expect(refused).toEqual({ taken: 32, read: 32, cut: 'VX7' })
  expect(await say([Uint8Array.of(0x80), HELLO])).toEqual({ taken: 0, read: 1, cut: 'VX7' })
})
