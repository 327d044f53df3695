import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryMedia, type MemoryMedia } from '@xcord/core/testing'
import { systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import type { MediaPort } from '@xcord/core/voice'
import type { Channel, Client, Server, VoiceSession } from '@xcord/sdk'
import { createWorld, type World } from './faults.fixture.ts'
import { until } from './peers.fixture.ts'

const FRAME = new Int16Array(480).fill(9_000)

/** One person in a voice channel, with whom they hear. */
class Voice {
  readonly session: VoiceSession
  /** Frames heard, by member. */
  readonly frames = new Map<string, number>()

  constructor(session: VoiceSession) {
    this.session = session
    session.on('audio', ({ member }) => void this.frames.set(member, (this.frames.get(member) ?? 0) + 1))
  }

  count(client: Client): number {
    return this.frames.get(client.identity.id) ?? 0
  }
}

let world: World
/** How far everybody's clock is ahead, ms. */
let aheadMs = 0
const clock = { now: () => Date.now() + aheadMs }
let media: MemoryMedia
let ports: Map<string, MediaPort>
let voices: Map<string, Voice>
let pump: ReturnType<typeof setInterval>
beforeEach(async () => {
  world = await createWorld()
  aheadMs = 0
  media = createMemoryMedia({ timers: systemTimers, random: systemRandom })
  ports = new Map()
  voices = new Map()
  pump = setInterval(() => {
    for (const { session } of voices.values()) if (session.ended === null) session.send(FRAME)
  }, 20)
})
afterEach(async () => {
  clearInterval(pump)
  await world.end()
})

async function open(name: string): Promise<Client> {
  const port = media.port()
  ports.set(name, port)
  return await world.open(name, { media: port, clock })
}

async function enter(name: string, channel: Channel): Promise<Voice> {
  const voice = new Voice(await channel.voice.join())
  voices.set(name, voice)
  return voice
}

/** A server with a lounge, and everybody in it. */
async function found(...names: readonly string[]): Promise<{
  readonly clients: readonly Client[]
  readonly servers: readonly Server[]
  readonly lounges: readonly Channel[]
}> {
  const [first, ...others] = await Promise.all(names.map(async name => await open(name)))
  const owner = first as Client
  const server = await owner.servers.create({ name: 'Difference Engine' })
  await server.channels.create({ kind: 'voice', name: 'lounge' })
  const link = (await server.invites.create()).link as string
  const joined = await Promise.all(others.map(async each => await each.servers.join(link)))
  const servers = [server, ...joined]
  const lounges = await Promise.all(
    servers.map(async each => await until('the lounge is seen', () => each.channels.get('lounge')))
  )
  for (const each of servers)
    await until('all members are seen', () => each.members.all.length === names.length)
  return { clients: [owner, ...others], servers, lounges }
}

/** Waits until more frames of somebody were heard. */
async function untilHeard(by: Voice, of: Client): Promise<void> {
  const before = by.count(of)
  await until(`${of.identity.name} is heard`, () => by.count(of) > before + 2)
}

/** Waits until nothing of somebody is heard while somebody else's frames go on coming. */
async function untilSilent(by: Voice, of: Client, beside: Client): Promise<void> {
  await until(`${of.identity.name} is silent`, async () => {
    const before = by.count(of)
    const enough = by.count(beside) + 10
    await until('the other is heard', () => by.count(beside) >= enough)
    return by.count(of) === before
  })
}

describe('voice channels', () => {
  it('[VX5] [VX8] three who join hear each other, and whoever is outside sees them before joining', async () => {
    const { clients, lounges } = await found('Ada', 'Grace', 'Alan')
    const [ada, grace, alan] = clients as [Client, Client, Client]
    const updates: number[] = []
    alan.on('voice:update', ({ occupants }) => void updates.push(occupants.length))
    const one = await enter('Ada', lounges[0] as Channel)
    const two = await enter('Grace', lounges[1] as Channel)
    await untilHeard(one, grace)
    await untilHeard(two, ada)
    const seen = await until('both are seen from outside', () => {
      const { occupants } = (lounges[2] as Channel).voice
      return occupants.length === 2 && occupants.every(each => each.speaking) ? occupants : undefined
    })
    expect(seen.map(each => each.member.name).sort()).toEqual(['Ada', 'Grace'])
    expect(Math.max(...updates)).toBe(2)
    const three = await enter('Alan', lounges[2] as Channel)
    for (const [by, of] of [
      [three, ada],
      [three, grace],
      [one, alan],
      [two, alan]
    ] as const)
      await untilHeard(by, of)
    expect(new Set([one, two, three].map(each => each.session.code)).size).toBe(1)
    expect((await three.session.stats()).map(each => [each.name, each.route]).sort()).toEqual([
      ['Ada', 'direct'],
      ['Grace', 'direct']
    ])
    three.session.leave()
    expect(three.session.ended).toBe('left')
    await until('Alan is gone', () => one.session.participants.length === 1)
    await until('Alan is seen no more', () => (lounges[1] as Channel).voice.occupants.length === 2)
  })

  it('[VX4] a mute, a timeout and a ban silence at every receiver, and are taken back', async () => {
    const { clients, servers, lounges } = await found('Ada', 'Grace', 'Alan')
    const [ada, grace, alan] = clients as [Client, Client, Client]
    const [one, two, three] = (await Promise.all(
      ['Ada', 'Grace', 'Alan'].map(async (name, at) => await enter(name, lounges[at] as Channel))
    )) as [Voice, Voice, Voice]
    await untilHeard(two, alan)
    await untilHeard(two, ada)
    const target = (servers[0] as Server).members.get(alan.identity.id)
    await target?.setVoice({ muted: true })
    await untilSilent(two, alan, ada)
    await until('the mute is shown', () =>
      two.session.participants.some(each => each.member.id === alan.identity.id && each.silenced)
    )
    await untilHeard(three, ada)
    await target?.setVoice({ muted: false })
    await untilHeard(two, alan)
    await target?.timeout(60_000)
    await until('Alan was put out', () => three.session.ended === 'removed')
    await until('Alan is gone', () => two.session.participants.length === 1)
    await expect((lounges[2] as Channel).voice.join()).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED',
      details: { permission: 'Connect' }
    })
    await target?.timeout(null)
    await until('Alan may join again', async () => {
      const voice = await enter('Alan', lounges[2] as Channel).catch(() => undefined)
      return voice !== undefined
    })
    await untilHeard(two, alan)
    await target?.ban()
    await untilSilent(two, alan, ada)
    await until('Alan is gone', () => one.session.participants.length === 1)
    await untilHeard(one, grace)
  })

  it('[VX12] a moderator moves a member, and one without the right moves nobody', async () => {
    const { clients, servers, lounges } = await found('Ada', 'Grace')
    const [ada, grace] = clients as [Client, Client]
    const [server, hers] = servers as [Server, Server]
    const attic = await server.channels.create({ kind: 'voice', name: 'attic' })
    await until('the attic is seen', () => hers.channels.get('attic'))
    const one = await enter('Ada', lounges[0] as Channel)
    const two = await enter('Grace', lounges[1] as Channel)
    await untilHeard(one, grace)
    expect(() => hers.members.get(ada.identity.id)?.moveTo(null)).toThrow(
      expect.objectContaining({ code: 'XCORD_PERMISSION_DENIED' })
    )
    const moved: string[] = []
    two.session.on('moved', ({ channel }) => void moved.push(channel.name))
    server.members.get(grace.identity.id)?.moveTo(attic)
    await until('Grace was moved', () => two.session.channel.name === 'attic')
    expect(moved).toEqual(['attic'])
    await until('Ada is alone', () => one.session.participants.length === 0)
    one.session.move(attic)
    await untilHeard(one, grace)
    await untilHeard(two, ada)
    server.members.get(grace.identity.id)?.moveTo(null)
    await until('Grace was put out', () => two.session.ended === 'moved')
  })

  it('[VX6] a channel that is full says so', async () => {
    const { clients, lounges } = await found('Ada', 'Grace')
    await (lounges[0] as Channel).edit({ userLimit: 1 })
    await until('the limit is seen', () => (lounges[1] as Channel).userLimit === 1)
    await enter('Ada', lounges[0] as Channel)
    await until('Ada is seen', () => (lounges[1] as Channel).voice.occupants.length === 1)
    await expect((lounges[1] as Channel).voice.join()).rejects.toMatchObject({
      code: 'XCORD_VOICE_FULL',
      details: { places: 1 }
    })
    expect(clients).toHaveLength(2)
  })

  it('[VX4] what cannot be joined says why, and an open microphone needs UseVAD', async () => {
    const { servers, lounges } = await found('Ada', 'Grace')
    const [server, hers] = servers as [Server, Server]
    await expect(hers.channel('general').voice.join()).rejects.toMatchObject({ code: 'XCORD_CHANNEL_KIND' })
    const everyone = server.roles.all.at(-1)
    await (lounges[0] as Channel).permit(everyone?.id as never, { deny: ['UseVAD'] })
    const lounge = lounges[1] as Channel
    await until('the rule is seen', () => !lounge.permits('UseVAD'))
    await expect(lounge.voice.join({ pushToTalk: false })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED',
      details: { permission: 'UseVAD' }
    })
    const voice = await enter('Grace', lounge)
    expect(() => voice.session.setPriority(true)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ permission: 'PrioritySpeaker' }) })
    )
    expect(voice.session.pushToTalk).toBe(true)
    expect(() => voice.session.setPushToTalk(false)).toThrow(
      expect.objectContaining({ code: 'XCORD_PERMISSION_DENIED' })
    )
    expect(() => voice.session.send(new Int16Array(7))).toThrow(RangeError)
    const deaf = await world.open('Alan')
    const alone = await deaf.servers.create({ name: 'Alone' })
    const room = await alone.channels.create({ kind: 'voice', name: 'room' })
    await expect(room.voice.join()).rejects.toMatchObject({ code: 'XCORD_VOICE_UNAVAILABLE' })
  })

  it('[VX8] an engine that dies and a path that is cut come back, and text goes on', async () => {
    const { clients, servers, lounges } = await found('Ada', 'Grace')
    const [ada, grace] = clients as [Client, Client]
    const one = await enter('Ada', lounges[0] as Channel)
    const two = await enter('Grace', lounges[1] as Channel)
    await untilHeard(one, grace)
    media.crash(ports.get('Ada') as MediaPort)
    await untilHeard(one, grace)
    await untilHeard(two, ada)
    media.cut(ports.get('Ada') as MediaPort, ports.get('Grace') as MediaPort, true)
    await until('the path is down', () => one.session.participants.some(each => each.path !== 'connected'))
    await (servers[0] as Server).channel('general').send('still here')
    media.cut(ports.get('Ada') as MediaPort, ports.get('Grace') as MediaPort, false)
    await untilHeard(one, grace)
    await untilHeard(two, ada)
    await until('the text came', async () => {
      const page = await (servers[1] as Server).channel('general').page()
      return page.some(each => each.content === 'still here')
    })
  })

  it('[VX14] whoever is idle goes where the idle are, and is heard by nobody there; whoever speaks stays', async () => {
    const { clients, servers, lounges } = await found('Ada', 'Grace')
    const [ada, grace] = clients as [Client, Client]
    const [server, hers] = servers as [Server, Server]
    const aside = await server.channels.create({ kind: 'voice', name: 'aside' })
    await expect(server.edit({ afkChannel: server.channel('general').id })).rejects.toMatchObject({
      code: 'XCORD_CHANNEL_KIND'
    })
    await server.edit({ afkChannel: aside.id, afkSeconds: 60 })
    await until('Grace knows where the idle go', () => hers.afk?.channel === aside.id)
    expect(server.toJSON().afk).toEqual({ channel: aside.id, seconds: 60 })
    const one = await enter('Ada', lounges[0] as Channel)
    const listening = await (lounges[1] as Channel).voice.join()
    const moves: string[] = []
    listening.on('moved', ({ channel }) => void moves.push(channel.name))
    await until('they are connected', () => one.session.participants[0]?.hears === 'yes')
    await until('Ada speaks', () => (lounges[1] as Channel).voice.occupants.some(each => each.speaking))
    aheadMs += 61_000
    await until('Grace went aside', () => moves.length > 0)
    expect(moves).toEqual(['aside'])
    expect(one.session.channel.name).toBe('lounge')
    await until('Ada sees her there, silent', () => aside.voice.occupants.some(each => each.silenced))
    // Following her there is of no use for talking.
    one.session.move(aside)
    await until('they are connected again', () => listening.participants[0]?.path === 'connected')
    expect(listening.participants[0]).toMatchObject({ silenced: true })
    await server.edit({ afkChannel: null })
    const ears = new Voice(listening)
    await untilHeard(ears, ada)
    expect(server.afk).toBeNull()
    expect(grace.identity.id).not.toBe(ada.identity.id)
  })
})
