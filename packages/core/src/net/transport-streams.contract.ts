/** Streams: frames, bounds, back-pressure, polite and other ends. A part of the transport suite. */
import { describe, expect, it } from 'vitest'
import { CHECK_BYTES, isXcordError } from '../base/index.ts'
import type { FrameStream } from './contract.ts'
import {
  BOUNDS,
  caught,
  ECHO,
  echo,
  filled,
  nextFrame,
  until,
  type Worlds
} from './transport-world.contract.ts'

/** Cases of this part. */
export function streamsContract({ two }: Worlds): void {
  describe('streams', () => {
    it('[NT39] carries frames of every size whole and in order', async () => {
      const { b, connection } = await two()
      b.handle(ECHO, BOUNDS, echo)
      const stream = await connection.openStream(ECHO)
      const sizes = [1, 2, 3, 4, 5, 255, 256, 16_384, 65_535, 65_536, 70_000]
      const sent = sizes.map((size, index) => filled(size, index + 1))
      const received: Uint8Array[] = []
      const reading = (async () => {
        for await (const frame of stream.frames()) {
          received.push(frame)
          if (received.length === sent.length) return
        }
      })()
      for (const frame of sent) await stream.send(frame)
      await reading
      expect(received.map(each => each.length)).toEqual(sizes)
      expect(received.every((each, index) => each.every(byte => byte === index + 1))).toBe(true)
    })

    it('[NT39] cuts a stream whose frame is too large, and only that stream', async () => {
      const { b, connection } = await two()
      b.handle(ECHO, BOUNDS, echo)
      const stream = await connection.openStream(ECHO, { frameBytesMax: 100_000 })
      await caught(stream.send(filled(70_001, 1)))
      const error = await caught(
        (async () => {
          for await (const _ of stream.frames()) {
            /* none may come */
          }
        })()
      )
      expect(isXcordError(error, 'XCORD_NO_PEER')).toBe(true)
      const next = await connection.openStream(ECHO)
      await next.send(filled(5, 9))
      expect(await nextFrame(next)).toEqual(filled(5, 9))
    })

    it("[NT39] refuses to send an empty or oversized frame: the caller's mistake", async () => {
      const { b, connection } = await two()
      b.handle(ECHO, BOUNDS, echo)
      const stream = await connection.openStream(ECHO, { frameBytesMax: 10 })
      await expect(stream.send(new Uint8Array(0))).rejects.toThrow(RangeError)
      await expect(stream.send(filled(11, 1))).rejects.toThrow(RangeError)
    })

    it('[NT2] does not open a protocol the peer does not speak', async () => {
      const { b, connection } = await two()
      expect(isXcordError(await caught(connection.openStream('/xcord/nothing/1')), 'XCORD_NO_PEER')).toBe(
        true
      )
      b.handle(ECHO, BOUNDS, echo)
      await (await connection.openStream(ECHO)).close()
      b.unhandle(ECHO)
      await until('forgotten', async () => (await caught(connection.openStream(ECHO))) !== undefined)
    })

    it('[NT2] bounds the streams of one peer', async () => {
      const { b, connection } = await two()
      b.handle(ECHO, BOUNDS, echo)
      const open: FrameStream[] = []
      for (let i = 0; i < BOUNDS.inboundStreamsMax; i++) {
        const stream = await connection.openStream(ECHO)
        await stream.send(filled(1, 1))
        await nextFrame(stream)
        open.push(stream)
      }
      const extra = await caught(
        (async () => {
          const stream = await connection.openStream(ECHO)
          await stream.send(filled(1, 1))
          if ((await nextFrame(stream)) === undefined) throw new Error('ended without an answer')
        })()
      )
      expect(extra).toBeDefined()
      await open[0]?.send(filled(2, 2))
      expect(await nextFrame(open[0] as FrameStream)).toEqual(filled(2, 2))
    })

    it('[NT2] survives a handler that throws', async () => {
      const { b, connection } = await two()
      b.handle(ECHO, BOUNDS, async () => {
        throw new Error('handler broke')
      })
      const stream = await connection.openStream(ECHO)
      await caught(stream.send(filled(1, 1)))
      await caught(
        (async () => {
          for await (const _ of stream.frames()) {
            /* none may come */
          }
        })()
      )
      b.handle(ECHO, BOUNDS, echo)
      const next = await connection.openStream(ECHO)
      await next.send(filled(5, 9))
      expect(await nextFrame(next)).toEqual(filled(5, 9))
    })

    it('[NT39] waits for a reader that is slow, and loses nothing', async () => {
      const { b, connection } = await two()
      const count = 200
      let sum = 0
      let begin = (): void => undefined
      const may = new Promise<void>(resolve => (begin = resolve))
      const finished = new Promise<void>(resolve => {
        b.handle(ECHO, BOUNDS, async stream => {
          await may
          for await (const frame of stream.frames()) sum += frame.length
          resolve()
        })
      })
      const stream = await connection.openStream(ECHO)
      let sentFrames = 0
      const sending = (async () => {
        for (; sentFrames < count; sentFrames++) await stream.send(filled(60_000, 1))
        await stream.close()
      })()
      await until('the sender has to wait', async () => {
        const before = sentFrames
        await new Promise(resolve => setTimeout(resolve, 100))
        return before > 0 && sentFrames === before
      })
      expect(sentFrames).toBeLessThan(count)
      begin()
      await Promise.all([sending, finished])
      expect(sum).toBe(count * 60_000)
    })

    it('ends politely: what was sent before closing arrives', async () => {
      const { b, connection } = await two()
      b.handle(ECHO, BOUNDS, echo)
      const stream = await connection.openStream(ECHO)
      for (let i = 1; i <= 20; i++) await stream.send(filled(i, i))
      await stream.close()
      const sizes: number[] = []
      for await (const frame of stream.frames()) sizes.push(frame.length)
      expect(sizes).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    })

    it('[NT20] echoes 32 bytes on the check protocol', async () => {
      const { connection } = await two()
      const stream = await connection.openStream('/xcord/check/1', { frameBytesMax: CHECK_BYTES })
      await stream.send(filled(CHECK_BYTES, 4))
      expect(await nextFrame(stream)).toEqual(filled(CHECK_BYTES, 4))
    })
  })
}
