/** What every media engine does (VX10), tried on two engines of a kind. */
import { afterEach, describe, expect, it } from 'vitest'
import { FRAME_SAMPLES } from '../audio/index.ts'
import type { LinkId, MediaEvent, MediaPort } from './contract.ts'

/** One engine with what it told. */
class Listener {
  readonly port: MediaPort
  readonly events: MediaEvent[] = []
  #wake: (() => void)[] = []

  constructor(port: MediaPort) {
    this.port = port
    port.listen(event => {
      this.events.push(event)
      for (const wake of this.#wake.splice(0)) wake()
    })
  }

  has(kind: MediaEvent['kind'], link: LinkId): boolean {
    return this.events.some(each => each.kind === kind && each.link === link)
  }

  /** Waits for an event, of the past or to come. */
  async until(kind: MediaEvent['kind'], link: LinkId): Promise<MediaEvent> {
    for (;;) {
      const found = this.events.find(each => each.kind === kind && each.link === link)
      if (found !== undefined) return found
      await new Promise<void>(resolve => this.#wake.push(resolve))
    }
  }
}

const INIT = { iceServers: [], relayOnly: false, bitrateKbps: 0 } as const

/** Carries signals between two links, as a call does. */
function join(a: Listener, linkA: LinkId, b: Listener, linkB: LinkId): void {
  for (const [from, link, to, other] of [
    [a, linkA, b, linkB],
    [b, linkB, a, linkA]
  ] as const) {
    from.port.listen(event => {
      if (event.kind === 'signal' && event.link === link) to.port.take(other, event.signal)
    })
  }
  b.port.open(linkB, { ...INIT, initiator: false })
  a.port.open(linkA, { ...INIT, initiator: true })
}

/** Frames at the pace of a clock until `done`. */
async function feed(port: MediaPort, link: LinkId, done: () => boolean): Promise<void> {
  const frame = new Int16Array(FRAME_SAMPLES)
  for (let at = 0; !done(); at++) {
    // A tone of 1 kHz: what is heard must be no silence.
    for (let n = 0; n < frame.length; n++) frame[n] = Math.round(12_000 * Math.sin((Math.PI * n) / 24))
    port.send([link], frame)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

function loud(event: MediaEvent): boolean {
  return event.kind === 'audio' && event.frame.some(each => Math.abs(each) > 3_000)
}

export function mediaPortContract(name: string, make: () => readonly [MediaPort, MediaPort]): void {
  describe(`${name} as a media engine`, () => {
    let open: readonly MediaPort[] = []
    afterEach(async () => {
      for (const port of open) await port.stop()
    })
    const pair = (): [Listener, Listener] => {
      const [a, b] = make()
      open = [a, b]
      return [new Listener(a), new Listener(b)]
    }

    it('[VX10] connects two, and tells of arrival while both are silent', async () => {
      const [a, b] = pair()
      join(a, 1, b, 7)
      await Promise.all([a.until('connected', 1), b.until('connected', 7)])
      await Promise.all([a.until('arrived', 1), b.until('arrived', 7)])
      expect(await a.port.stats(1)).toMatchObject({ path: 'direct' })
      expect(await a.port.stats(2)).toBeUndefined()
    })

    it('[VX10] carries frames of 480 samples where one side sends and the other receives', async () => {
      const [a, b] = pair()
      join(a, 1, b, 7)
      await Promise.all([a.until('connected', 1), b.until('connected', 7)])
      b.port.setReceiving(7, true)
      a.port.setSending(1, true)
      await feed(a.port, 1, () => b.events.some(loud))
      const audio = b.events.find(loud)
      expect(audio?.kind === 'audio' && audio.frame.length).toBe(FRAME_SAMPLES)
      expect(a.has('audio', 1)).toBe(false)
    })

    it('[VX10] nothing is told of who is not received', async () => {
      const [a, b] = pair()
      join(a, 1, b, 7)
      join(b, 8, a, 2)
      await Promise.all([b.until('connected', 7), a.until('connected', 2)])
      a.port.setSending(1, true)
      a.port.setSending(2, true)
      b.port.setReceiving(8, true)
      // Frames on both links: once those of the one are heard, those of the other would have been.
      let fed = 0
      await feed(a.port, 2, () => {
        a.port.send([1], new Int16Array(FRAME_SAMPLES).fill(9_000))
        return b.events.some(each => each.link === 8 && loud(each)) && ++fed > 3
      })
      expect(b.has('audio', 7)).toBe(false)
    })

    it('[VX10] a description that is none fails the link, and commands for no link do nothing', async () => {
      const [a] = pair()
      a.port.open(1, { ...INIT, initiator: false })
      a.port.take(1, { kind: 'description', description: { type: 'offer', sdp: 'no' } })
      expect(await a.until('failed', 1)).toMatchObject({ failure: 'description' })
      for (const link of [1, 99]) {
        a.port.setSending(link, true)
        a.port.setReceiving(link, true)
        a.port.send([link], new Int16Array(FRAME_SAMPLES))
        a.port.close(link)
        expect(await a.port.stats(link)).toBeUndefined()
      }
    })

    it('[VX10] tells when the other side closed', async () => {
      const [a, b] = pair()
      join(a, 1, b, 7)
      await Promise.all([a.until('connected', 1), b.until('connected', 7)])
      a.port.close(1)
      await b.until('closed', 7)
      expect(a.has('closed', 1)).toBe(false)
    })
  })
}
