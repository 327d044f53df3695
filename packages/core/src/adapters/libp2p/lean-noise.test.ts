/** The seams in libp2p that keep a frame from costing three packets: they are its own, so an update may close them. */
import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { FrameStream, Transport } from '../../net/index.ts'
import { createNodeSuite } from '../crypto-node/index.ts'
import { createLibp2pTransport } from './index.ts'

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
const FRAMES = 40
const FRAME_BYTES = 700
const stops: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(stops.splice(0).map(stop => stop()))
})

async function peer(name: string): Promise<Transport> {
  const seed = new Uint8Array(createHash('sha256').update(`lean ${name}`).digest())
  const made = await createLibp2pTransport({ suite: await createNodeSuite(), seed, listen: LOOPBACK })
  await made.start()
  stops.push(() => made.stop())
  return made
}

/** Sends a frame and waits for the listener to have it: only then the next, as chat does when little is said. */
async function oneByOne(stream: FrameStream, arrived: () => number): Promise<void> {
  for (let sent = 1; sent <= FRAMES; sent++) {
    await stream.send(new Uint8Array(FRAME_BYTES))
    await vi.waitFor(() => expect(arrived()).toBe(sent), { interval: 1, timeout: 10_000 })
  }
}

describe('frames over noise and yamux', () => {
  it('[NT39] makes one write of a frame and answers none with a grant of its own', async () => {
    const [dialler, listener] = [await peer('dialler'), await peer('listener')]
    let arrived = 0
    listener.handle(
      '/xcord/blob/1',
      { frameBytesMax: 1_024, inboundStreamsMax: 1, onLimited: false },
      async stream => {
        for await (const frame of stream.frames()) if (frame.length === FRAME_BYTES) arrived++
      }
    )
    const connection = await dialler.dial(listener.addresses())
    const stream = await connection.openStream('/xcord/blob/1', { frameBytesMax: 1_024 })
    await oneByOne(stream, () => arrived)
    arrived = 0
    const writes = vi.spyOn(Socket.prototype, 'write')
    await oneByOne(stream, () => arrived)
    // Either side may say something else meanwhile, such as a ping; without the seams it is three writes a frame.
    expect(writes.mock.calls.length).toBeLessThan(1.5 * FRAMES)
  })
})
