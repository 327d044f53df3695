import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { Suite } from '../crypto/index.ts'
import { CHANNEL, SERVER, type SimPeer, SimWorld } from './call.fixture.ts'
import { CANDIDATES_MAX, FRAMES_MAX } from './limits.ts'
import { checkDescription, signDescription } from './description.ts'
import { decodeFrame, encodeFrame, type Signal, type VoiceFrame, VoiceFlags } from './signals.ts'

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

let world: SimWorld
let a: SimPeer
let b: SimPeer
let c: SimPeer
beforeEach(() => {
  world = new SimWorld(suite, 'call', 3)
  ;[a, b, c] = world.peers as [SimPeer, SimPeer, SimPeer]
})

function joinAll(...peers: readonly SimPeer[]): void {
  for (const peer of peers) world.join(peer)
  world.run(2_000)
  expect(world.complete()).toBe(true)
}

/** Whether `to` heard `from` within the last 300 ms. */
const hears = (to: SimPeer, from: SimPeer): boolean => (to.heardAt.get(from.device) ?? 0) > world.now - 300

const sessionOf = (peer: SimPeer): string => {
  const found = world.frames.find(each => each.from === peer)
  expect(found).toBeDefined()
  const shown = a === peer ? b : a
  return shown.call?.participants(world.now).find(each => each.device === peer.device)?.session ?? ''
}

/** Says something as a peer that keeps no rules. */
function forge(from: SimPeer, to: SimPeer, signal: Signal, change: Partial<VoiceFrame> = {}): void {
  const frame = {
    server: SERVER,
    channel: CHANNEL,
    from: sessionOf(from),
    to: sessionOf(to),
    signal,
    ...change
  }
  world.deliver(from, to, encodeFrame(frame))
}

const PRINT = Array.from({ length: 32 }, () => 'EF').join(':')

/** A description rightly signed by a device that keeps no other rule. */
function describeAs(
  from: SimPeer,
  to: SimPeer,
  change: { readonly attempt: number; readonly type?: 'offer' | 'answer'; readonly callKey?: Uint8Array }
): void {
  const { attempt, type = 'offer', callKey = new Uint8Array(32).fill(7) } = change
  const setup = type === 'offer' ? 'actpass' : 'active'
  const sdp = `v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 ${PRINT}\r\na=setup:${setup}\r\n`
  const made = signDescription(suite, from.key, {
    server: SERVER,
    channel: CHANNEL,
    from: sessionOf(from),
    to: sessionOf(to),
    device: from.device,
    peer: to.device,
    attempt,
    description: { type, sdp },
    at: world.now,
    callKey
  })
  if (!made.ok) throw new Error(made.reason)
  const { fingerprint: _fingerprint, ...signal } = made.value
  forge(from, to, signal)
}

/** The callKey that a device named in its description. */
function callKeyOf(from: SimPeer, to: SimPeer): Uint8Array {
  for (const each of world.frames) {
    const read = decodeFrame(each.bytes)
    if (each.from !== from || !read.ok || read.value?.signal.kind !== 'description') continue
    const place = {
      server: SERVER,
      channel: CHANNEL,
      from: read.value.from,
      to: read.value.to as string,
      device: from.device,
      peer: to.device
    }
    const checked = checkDescription(suite, read.value.signal, place, world.now)
    if (checked.ok) return checked.value.callKey
  }
  throw new Error('nothing was described')
}

const sorted = (): readonly [SimPeer, SimPeer] => (a.device < b.device ? [a, b] : [b, a])

describe('who is heard', () => {
  it.each([
    ['muted by a moderator', { muted: true }],
    ['without Speak', { speak: false }],
    ['timed out or without Connect', { connect: false }]
  ])('[VX4] %s, a member falls silent at every receiver within a second, whatever it sends', (_, change) => {
    joinAll(a, b, c)
    // A client that ignores its mute: it goes on sending, as far as its engine is concerned.
    const { call } = c
    world.set(c, change)
    const links = call?.sendingTo() ?? []
    for (let step = 0; step < 4; step++) {
      for (const link of links) c.port.setSending(link, true)
      c.port.send(links, new Int16Array(480))
      world.run(250)
    }
    const before = [a.heardAt.get(c.device), b.heardAt.get(c.device)]
    for (const link of links) c.port.setSending(link, true)
    c.port.send(links, new Int16Array(480))
    world.run(250)
    expect([a.heardAt.get(c.device), b.heardAt.get(c.device)]).toEqual(before)
    expect(hears(a, b) && hears(b, a)).toBe(true)
  })

  it('[VX4] whoever is muted is shown as silenced, and heard again once it is taken back', () => {
    joinAll(a, b)
    world.set(b, { muted: true })
    world.run(500)
    expect(a.call?.participants(world.now)[0]).toMatchObject({ silenced: true })
    expect(hears(a, b)).toBe(false)
    world.set(b, { muted: false })
    world.run(800)
    expect(hears(a, b)).toBe(true)
  })

  it('[VX4] whoever may no longer connect is disconnected, and its own client leaves', () => {
    joinAll(a, b)
    world.set(b, { connect: false })
    world.run(1_000)
    expect(a.call?.participants(world.now)).toEqual([])
    expect(b.call?.ended).toBe('removed')
    expect(world.media.openLinks()).toBe(0)
  })

  it('[VX4] a device that may not connect is refused before any link is made', () => {
    world.join(a)
    world.set(b, { connect: false })
    world.deliver(
      b,
      a,
      encodeFrame({
        server: SERVER,
        channel: CHANNEL,
        from: '0f'.repeat(16),
        to: null,
        signal: { kind: 'hello', since: world.now, flags: 0, media: [1] }
      })
    )
    expect(a.refused).toEqual(['VX4'])
    expect(world.media.openLinks()).toBe(0)
  })

  it('[VX4] a deafened member is sent nothing, and hears nothing', () => {
    joinAll(a, b)
    world.set(b, { deafened: true })
    world.run(800)
    expect(hears(b, a)).toBe(false)
    expect(a.call?.sendingTo()).toEqual([])
    expect(hears(a, b)).toBe(true)
  })

  it('[VX4] a deafened member hears nothing, even of whoever sends it all the same', () => {
    joinAll(a, b)
    world.set(b, { deafened: true })
    world.run(500)
    const before = b.heardAt.get(a.device)
    const link = a.call?.linkOf(b.device) as number
    a.port.setSending(link, true)
    a.port.send([link], new Int16Array(480))
    world.run(100)
    expect(b.heardAt.get(a.device)).toBe(before)
  })

  it('[VX4] own choices: muted, deafened, push to talk', () => {
    joinAll(a, b)
    const choose = (change: object): void => {
      world.input(b, { kind: 'self', at: world.now, change })
      world.run(800)
    }
    choose({ muted: true })
    expect([hears(a, b), hears(b, a)]).toEqual([false, true])
    expect(a.call?.participants(world.now)[0]).toMatchObject({ muted: true, silenced: false })
    choose({ muted: false, deafened: true })
    expect([hears(a, b), hears(b, a)]).toEqual([false, false])
    choose({ deafened: false, pushToTalk: true })
    expect([hears(a, b), hears(b, a)]).toEqual([false, true])
    choose({ talking: true, speaking: true })
    expect([hears(a, b), hears(b, a)]).toEqual([true, true])
    expect(b.call?.flags).toBe(VoiceFlags.speaking)
  })
})

describe('who is heard first', () => {
  it('[VX13] by the flag and the right; neither alone is enough', () => {
    joinAll(a, b)
    const first = (): boolean | undefined => a.call?.participants(world.now)[0]?.priority
    const want = (priority: boolean): void => {
      world.input(b, { kind: 'self', at: world.now, change: { priority } })
      world.run(800)
    }
    want(true)
    expect(first()).toBe(false)
    world.set(b, { priority: true })
    world.run(500)
    expect(first()).toBe(true)
    expect(b.call?.flags).toBe(VoiceFlags.priority)
    world.set(b, { priority: true, muted: true })
    world.run(500)
    expect(first()).toBe(false)
    world.set(b, { priority: true })
    want(false)
    expect(first()).toBe(false)
  })
})

describe('what is refused', () => {
  it('[VX7] frames for another session, of a version or channel that is not ours', () => {
    joinAll(a, b)
    forge(b, a, { kind: 'bye' }, { to: 'ab'.repeat(16) })
    expect(a.refused).toEqual(['VX7'])
    world.deliver(b, a, Uint8Array.of(0x80))
    expect(a.refused).toEqual(['VX7', 'VX7'])
    expect(a.call?.participants(world.now)).toHaveLength(1)
  })

  it('[VX7] more frames than a call has use for', () => {
    joinAll(a, b)
    for (let n = 0; n < FRAMES_MAX + 5; n++)
      forge(b, a, { kind: 'state', flags: 0, attempt: 1, hears: 'yes' })
    expect(a.refused.length).toBeGreaterThan(4)
    expect(new Set(a.refused)).toEqual(new Set(['VX7']))
    world.run(12_000)
    expect(world.complete()).toBe(true)
  })

  it('[VX8] more candidates than a machine has', () => {
    joinAll(a, b)
    for (let n = 0; n <= CANDIDATES_MAX; n++)
      forge(b, a, { kind: 'candidate', attempt: 1, candidate: `candidate:${n}`, mid: null, line: null })
    expect(new Set(a.refused)).toEqual(new Set(['VX8']))
    expect(world.complete()).toBe(true)
  })

  it('[VX8] an attempt asked for by the side that offers, and an offer by the side that answers', () => {
    joinAll(a, b)
    const [low, high] = sorted()
    forge(low, high, { kind: 'again', attempt: 1 })
    expect(high.refused).toEqual(['VX8'])
    const offer = world.frames.find(each => each.from === low && each.bytes.length > 500)
    expect(offer).toBeDefined()
    world.deliver(high, low, (offer as { bytes: Uint8Array }).bytes)
    expect(low.refused).toHaveLength(1)
  })

  it('[VX2] all frames of an earlier joining, said again: nothing comes of them', () => {
    joinAll(a, b)
    world.input(b, { kind: 'leave', at: world.now })
    world.run(500)
    const old = world.frames.filter(each => each.from === b && each.to === a).map(each => each.bytes)
    b.heardAt.clear()
    world.join(b)
    world.run(2_000)
    const links = world.media.openLinks()
    const session = sessionOf(b)
    for (const bytes of old) world.deliver(b, a, bytes)
    expect(sessionOf(b)).toBe(session)
    world.run(3_000)
    expect(world.media.openLinks()).toBe(links)
    expect(world.complete()).toBe(true)
  })

  it('[VX3] a second, other description for one attempt', () => {
    const sent = world.frames
    joinAll(a, b)
    const other = new SimWorld(suite, 'other', 3)
    const [x, y] = other.peers as [SimPeer, SimPeer]
    other.join(x)
    other.join(y)
    other.run(2_000)
    // The same devices in another run have other certificates: their descriptions belong to other sessions.
    const [low, high] = sorted()
    const foreign = other.frames.find(each => each.from.device === low.device && each.bytes.length > 500)
    const own = sent.find(each => each.from === low && each.bytes.length > 500)
    expect(foreign).toBeDefined()
    expect(own).toBeDefined()
    world.deliver(low, high, (foreign as { bytes: Uint8Array }).bytes)
    expect(high.refused).toEqual(['VX7'])
    // Said again it is answered again, and nothing breaks.
    world.deliver(low, high, (own as { bytes: Uint8Array }).bytes)
    world.run(500)
    expect(high.refused).toEqual(['VX7'])
    expect(world.complete()).toBe(true)
  })

  it('[VX3] rightly signed, and another callKey, or another description for an attempt that has one', () => {
    joinAll(a, b)
    const [low, high] = sorted()
    describeAs(low, high, { attempt: 2 })
    expect(high.refused).toEqual(['VX3'])
    describeAs(low, high, { attempt: 1, callKey: callKeyOf(low, high) })
    expect(high.refused).toEqual(['VX3', 'VX3'])
    expect(world.complete()).toBe(true)
  })

  it('[VX8] rightly signed, and an offer by the side that answers, or an answer by the side that offers', () => {
    joinAll(a, b)
    const [low, high] = sorted()
    describeAs(high, low, { attempt: 2, callKey: callKeyOf(high, low) })
    expect(low.refused).toEqual(['VX8'])
    describeAs(low, high, { attempt: 2, type: 'answer', callKey: callKeyOf(low, high) })
    expect(high.refused).toEqual(['VX8'])
    expect(world.complete()).toBe(true)
  })

  it('[VX12] moving without MoveMembers', () => {
    joinAll(a, b, c)
    forge(b, a, { kind: 'move', device: c.device, target: sessionOf(c), to: null })
    expect(a.refused).toEqual(['VX12'])
    expect(world.complete()).toBe(true)
  })
})

describe('moving', () => {
  it('[VX12] who is moved goes, and is let go by everybody else even if its client stays', () => {
    joinAll(a, b, c)
    world.set(b, { move: true })
    const move: Signal = { kind: 'move', device: c.device, target: sessionOf(c), to: CHANNEL }
    const session = sessionOf(c)
    forge(b, a, move)
    world.run(100)
    expect(a.call?.participants(world.now).map(each => each.device)).toEqual([b.device])
    world.run(3_000)
    expect(a.call?.participants(world.now).map(each => each.device)).toEqual([b.device])
    forge(b, c, { ...move, target: session }, { to: session })
    expect(c.call?.ended).toBe('moved')
    expect(c.events.at(-1)).toEqual({ type: 'ended', end: 'moved', to: CHANNEL })
  })
})

describe('arrival of media', () => {
  it('[VX9] a pair that connects and stays deaf is told to both within two seconds, and tried by relay', () => {
    world.iceServers = [{ urls: ['turn:relay.test'], username: 'u', credential: 'c' }]
    world.media.deafen(a.port, b.port, true)
    world.join(a)
    world.join(b)
    world.run(6_000)
    expect(world.complete()).toBe(true)
  })

  it('[VX9] without a relay people see who cannot hear whom, and attempts are bounded', () => {
    world.media.deafen(a.port, b.port, true)
    world.join(a)
    world.join(b)
    world.run(30_000)
    expect(b.call?.participants(world.now)[0]).toMatchObject({ path: 'connected', heard: 'no', hears: 'yes' })
    expect(a.call?.participants(world.now)[0]).toMatchObject({ path: 'connected', heard: 'yes', hears: 'no' })
    const offers = world.frames.length
    world.run(30_000)
    expect(world.frames.length - offers).toBeLessThan(30)
  })

  it('[VX9] media that stops is told to both while the path stands, and another path is tried', () => {
    world.iceServers = [{ urls: ['turn:relay.test'], username: 'u', credential: 'c' }]
    joinAll(a, b)
    world.media.deafen(a.port, b.port, true)
    world.run(2_200)
    expect(b.call?.participants(world.now)[0]).toMatchObject({ path: 'connected', heard: 'no', hears: 'yes' })
    expect(a.call?.participants(world.now)[0]).toMatchObject({ path: 'connected', heard: 'yes', hears: 'no' })
    world.run(4_000)
    expect(world.complete()).toBe(true)
    expect(b.call?.participants(world.now)[0]).toMatchObject({ heard: 'yes', hears: 'yes' })
  })

  it('[VX9] media that stops and comes again keeps its path', () => {
    joinAll(a, b)
    const links = [a.call?.linkOf(b.device), b.call?.linkOf(a.device)]
    world.media.deafen(b.port, a.port, true)
    world.run(2_200)
    expect(a.call?.participants(world.now)[0]).toMatchObject({ heard: 'no' })
    world.media.deafen(b.port, a.port, false)
    world.run(5_000)
    expect(a.call?.participants(world.now)[0]).toMatchObject({ heard: 'yes', hears: 'yes' })
    expect([a.call?.linkOf(b.device), b.call?.linkOf(a.device)]).toEqual(links)
  })
})

describe('coming and going', () => {
  it('[VX8] a peer that never answers is tried ever more rarely, shown as unreachable, and then forgotten', () => {
    joinAll(a, b)
    world.media.cut(a.port, b.port, true)
    world.run(10_000)
    const shown = a.events.map(each => (each.type === 'update' ? each.participant.path : each.type))
    expect(shown).toContain('interrupted')
    world.kill(b)
    world.run(40_000)
    expect(a.call?.participants(world.now)).toEqual([])
    const before = world.frames.length
    world.run(60_000)
    expect(world.frames.length).toBe(before)
  })

  it('[VX8] whoever never offers is shown as unreachable, as whoever never answers is', () => {
    const [low, high] = sorted()
    Object.assign(low.port, { open: () => undefined })
    for (const each of [low, high]) world.join(each)
    world.run(45_000)
    for (const each of [low, high])
      expect(each.call?.participants(world.now)[0]).toMatchObject({ path: 'unreachable', heard: 'unknown' })
  })

  it('[VX8] a change of the network is no end: what is down is tried at once', () => {
    joinAll(a, b)
    world.media.cut(a.port, b.port, true)
    world.run(8_000)
    world.media.cut(a.port, b.port, false)
    for (const peer of [a, b]) world.input(peer, { kind: 'network', at: world.now })
    world.run(1_500)
    expect(world.complete()).toBe(true)
  })

  it('[VX8] leaving says goodbye, closes every link, and tells people once', () => {
    joinAll(a, b, c)
    world.input(c, { kind: 'leave', at: world.now })
    world.run(300)
    expect(c.call?.ended).toBe('left')
    expect(c.events.at(-1)).toEqual({ type: 'ended', end: 'left', to: null })
    expect(a.events.filter(each => each.type === 'leave')).toHaveLength(1)
    expect(world.media.openLinks()).toBe(2)
    expect(c.call?.step({ kind: 'tick', at: world.now })).toEqual([])
  })

  it('[VX6] one peer that lies about places locks nobody out', () => {
    joinAll(a, b)
    world.join(c)
    world.run(300)
    forge(a, c, { kind: 'refused', why: 'full' })
    world.run(2_000)
    expect(c.call?.ended).toBeUndefined()
    expect(world.complete()).toBe(true)
  })

  it('[VX6] a claim of having come earlier reaches back ten seconds', () => {
    world.userLimit = 2
    joinAll(a, b)
    world.run(20_000)
    world.skew(c, -3_600_000)
    world.join(c)
    world.run(3_000)
    expect([a.call?.ended, b.call?.ended]).toEqual([undefined, undefined])
    expect(a.call?.participants(world.now).map(each => each.device)).toEqual([b.device])
  })

  it('[VX2] clocks may differ by a minute, and calls come about all the same', () => {
    world.skew(a, 55_000)
    joinAll(a, b)
  })

  it('[VX11] all hear the same number; another joining gives another', () => {
    joinAll(a, b, c)
    const codes = new Set(world.peers.map(each => each.call?.code()))
    expect(codes.size).toBe(1)
    expect([...codes][0]).toMatch(/^\d{5} \d{5} \d{5} \d{5}$/)
    world.input(c, { kind: 'leave', at: world.now })
    world.run(500)
    expect(codes.has(a.call?.code())).toBe(false)
    expect(a.call?.code()).toBe(b.call?.code())
  })
})
