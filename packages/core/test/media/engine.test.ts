/** The engine as it is: real processes, real WebRTC over loopback, tones found by their frequency. */
import { afterEach, describe, expect, it } from 'vitest'
import { createMediaEngine } from '../../src/adapters/media-node/index.ts'
import type { MediaEvent } from '../../src/voice/index.ts'
import { candidate, description, INIT, join, startTalker, type Talker } from './engines.ts'

const talkers: Talker[] = []
const start = async (count: number): Promise<Talker[]> => {
  const started = await Promise.all(Array.from({ length: count }, startTalker))
  talkers.push(...started)
  return started
}
afterEach(async () => {
  await Promise.all(talkers.splice(0).map(each => each.end()))
})

const plain = (shares: readonly number[]): boolean => (shares[0] ?? 0) > 0.7
const none = (shares: readonly number[]): boolean => shares.every(each => each < 0.01)

describe('engines', () => {
  it('[VX63] carry a tone each way between two processes, and say how well', async () => {
    const [a, b] = (await start(2)) as [Talker, Talker]
    expect(a.engine.pid()).not.toBe(b.engine.pid())
    a.say([1], 440)
    b.say([9], 660)
    join(a, 1, b, 9)
    await Promise.all([a.hears(1, [660], plain), b.hears(9, [440], plain)])
    await Promise.all([a.event('arrived'), b.event('arrived'), a.event('connected'), b.event('connected')])
    const { dbfs } = await b.event('level', ({ speaking }) => speaking)
    expect(dbfs).toBeGreaterThan(-30)
    const stats = await a.engine.stats(1)
    expect(stats).toMatchObject({ path: 'direct', lossPct: 0 })
    expect(stats?.packetsReceived).toBeGreaterThan(0)
    a.engine.close(1)
    await b.event('closed')
    expect(await a.engine.stats(1)).toBeUndefined()
    expect(await b.engine.stats(9)).toBeUndefined()
  })

  it('[VX63] of three peers each hear both others, and only them', async () => {
    const tones = [440, 660, 990]
    const all = await start(3)
    // Link 10 * mine + theirs: two engines never need to agree on a number.
    const link = (from: number, to: number): number => 10 * (from + 1) + to
    all.forEach((talker, me) =>
      talker.say(
        [0, 1, 2].map(to => link(me, to)),
        tones[me] ?? 0
      )
    )
    for (const [a, b] of [[0, 1] as const, [0, 2] as const, [1, 2] as const])
      join(all[a] as Talker, link(a, b), all[b] as Talker, link(b, a))
    await Promise.all(
      all.flatMap((talker, me) =>
        tones.flatMap((_, other) => {
          if (other === me) return []
          const [first = 0, ...rest] = [tones[other] ?? 0, ...tones.filter((__, index) => index !== other)]
          return [
            talker.hears(
              link(me, other),
              [first, ...rest],
              ([heard = 0, ...strange]) => heard > 0.7 && none(strange)
            )
          ]
        })
      )
    )
  })

  it('[VX69] send silence while they are muted, which is media too', async () => {
    const [a, b] = (await start(2)) as [Talker, Talker]
    a.say([1], 440)
    join(a, 1, b, 1)
    await b.hears(1, [440], plain)
    a.engine.setSending(1, false)
    await b.hears(1, [440], none)
    const before = (await b.engine.stats(1))?.packetsReceived ?? 0
    await expect
      .poll(async () => (await b.engine.stats(1))?.packetsReceived, { timeout: 60_000 })
      .toBeGreaterThan(before)
    a.engine.setSending(1, true)
    await b.hears(1, [440], plain)
  })

  it('[VX69] tell nothing of a link that is not to be heard', async () => {
    const [a, b] = (await start(2)) as [Talker, Talker]
    a.say([1], 440)
    join(a, 1, b, 1)
    await b.hears(1, [440], plain)
    b.engine.setReceiving(1, false)
    // What was under way when it was said is in before the answer to a question asked after it.
    await b.engine.stats(1)
    let told = 0
    const off = b.engine.listen(event => {
      if (event.kind === 'audio' || event.kind === 'level') told += 1
    })
    const before = (await b.engine.stats(1))?.packetsReceived ?? 0
    await expect
      .poll(async () => (await b.engine.stats(1))?.packetsReceived, { timeout: 60_000 })
      .toBeGreaterThan(before + 20)
    expect(told).toBe(0)
    off()
    b.engine.setReceiving(1, true)
    await b.hears(1, [440], plain)
  })

  it('[VX63] that are killed are an error, and come back with the next link', async () => {
    const [a, b] = (await start(2)) as [Talker, Talker]
    a.say([1, 2], 440)
    join(a, 1, b, 1)
    await b.hears(1, [440], plain)
    const first = a.engine.pid() ?? 0
    const asked = a.engine.stats(1)
    process.kill(first, 'SIGKILL')
    expect(await a.event('failed')).toMatchObject({ link: 1, failure: 'crashed', reason: /SIGKILL/ })
    await asked
    expect(a.engine.pid()).toBeUndefined()
    b.engine.close(1)
    join(a, 2, b, 2)
    await b.hears(2, [440], plain)
    expect(a.engine.pid()).not.toBe(first)
  })

  it('[VX63] that hang are ended', async () => {
    const engine = createMediaEngine({ pingMs: 500 })
    try {
      await engine.ready()
      const failed = new Promise<MediaEvent>(resolve =>
        engine.listen(event => event.kind === 'failed' && resolve(event))
      )
      engine.open(1, { ...INIT, initiator: true })
      process.kill(engine.pid() ?? 0, 'SIGSTOP')
      expect(await failed).toMatchObject({ link: 1, failure: 'crashed' })
    } finally {
      await engine.stop()
    }
  })

  it('[VX63] that end again and again are left alone for a while', async () => {
    const [a] = (await start(1)) as [Talker]
    for (let link = 1; link <= 5; link += 1) {
      a.engine.open(link, { ...INIT, initiator: true })
      await a.event('signal', event => event.link === link)
      process.kill(a.engine.pid() ?? 0, 'SIGKILL')
      await a.event('failed', event => event.link === link)
    }
    a.engine.open(6, { ...INIT, initiator: true })
    expect(await a.event('failed', ({ link }) => link === 6)).toMatchObject({ reason: /left alone/ })
    expect(a.engine.pid()).toBeUndefined()
  })

  it('[VX64] end the link of whoever floods candidates, and no other', async () => {
    const [a, b] = (await start(2)) as [Talker, Talker]
    a.say([1, 2], 440)
    join(a, 1, b, 1)
    b.engine.open(2, { ...INIT, initiator: false })
    for (let port = 1; port <= 1_000; port += 1)
      b.engine.take(2, candidate(`candidate:1 1 udp 1 127.0.0.1 ${port} typ host`))
    expect(await b.event('failed')).toMatchObject({ link: 2, failure: 'limit' })
    await b.hears(1, [440], plain)
    expect(b.events.filter(each => each.kind === 'failed')).toHaveLength(1)
  })

  it('[VX64] bear candidates that are none', async () => {
    const [a, b] = (await start(2)) as [Talker, Talker]
    a.say([1], 440)
    join(a, 1, b, 1)
    for (const text of ['', 'junk', 'candidate:1 1 udp 1 x.local 9 typ host', `candidate:${'9'.repeat(600)}`])
      b.engine.take(1, candidate(text))
    await b.hears(1, [440], plain)
  })

  it('[VX64] refuse descriptions that are out of turn, twice, of something else, or junk', async () => {
    const [a] = (await start(1)) as [Talker]
    a.engine.open(1, { ...INIT, initiator: true })
    const offer = await a.event('signal', ({ signal }) => signal.kind === 'description')
    const sdp = offer.signal.kind === 'description' ? offer.signal.description.sdp : ''
    const video = sdp.replace('m=application', 'm=video')
    const wrong: [string, string, boolean, string?][] = [
      ['out of turn', sdp, true],
      ['not one audio part', 'junk', false],
      ['parts that are no audio', video, false],
      ['too long', sdp + 'a=x\r\n'.repeat(10_000), false],
      ['no Opus', sdp.replaceAll(/opus/gi, 'speex'), false, 'codec'],
      ['', sdp.replace(/a=fingerprint[^\r]*/g, 'a=fingerprint:junk'), false]
    ]
    for (const [index, [reason, text, initiator, failure = 'description']] of wrong.entries()) {
      const link = index + 2
      a.engine.open(link, { ...INIT, initiator })
      a.engine.take(link, description('offer', text))
      const failed = await a.event('failed', event => event.link === link)
      expect(failed).toMatchObject({ failure })
      expect(failed.reason).toMatch(reason)
    }
    a.engine.open(20, { ...INIT, initiator: false })
    a.engine.take(20, description('offer', sdp))
    a.engine.take(20, description('offer', sdp))
    await a.event('signal', event => event.link === 20)
    a.engine.take(20, description('offer', sdp.replace('a=mid:0', 'a=mid:7')))
    expect(await a.event('failed', ({ link }) => link === 20)).toMatchObject({ reason: 'described twice' })
  })

  it('[VX67] ask nobody for their address unless told whom', async () => {
    const [a, b] = (await start(2)) as [Talker, Talker]
    join(a, 1, b, 1)
    await Promise.all([a.event('arrived'), b.event('arrived')])
    const found = [...a.events, ...b.events].flatMap(event =>
      event.kind === 'signal' && event.signal.kind === 'candidate' ? [event.signal.candidate.candidate] : []
    )
    expect(found.length).toBeGreaterThan(0)
    expect(found.filter(text => !text.includes(' typ host'))).toEqual([])
  })

  it('[VX67] find no path where only a relay is allowed and there is none', async () => {
    const [a] = (await start(1)) as [Talker]
    a.engine.open(1, { ...INIT, initiator: true, relayOnly: true })
    await a.event('signal')
    await a.engine.stats(1)
    a.engine.open(2, { ...INIT, initiator: true })
    await a.event('signal', ({ link, signal }) => link === 2 && signal.kind === 'candidate')
    expect(
      a.events.filter(e => e.kind === 'signal' && e.link === 1 && e.signal.kind === 'candidate')
    ).toEqual([])
  })

  it('bear 50 links that come and go', async () => {
    const [a, b] = (await start(2)) as [Talker, Talker]
    for (let link = 1; link <= 50; link += 1) {
      join(a, link, b, link)
      await Promise.all([
        a.event('connected', e => e.link === link),
        b.event('connected', e => e.link === link)
      ])
      a.engine.close(link)
      await b.event('closed', e => e.link === link)
    }
    expect([...a.events, ...b.events].filter(each => each.kind === 'failed')).toEqual([])
  })

  it('take frames of one length only', async () => {
    const [a] = (await start(1)) as [Talker]
    expect(() => a.engine.send([1], new Int16Array(960))).toThrow(RangeError)
  })
})
