/** A member that says of presence what it may not, and one that was put out: whole replicas (ND50–ND55). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ChannelId, idAs, type KeyId } from '@xcord/core/base'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import type { Body } from '@xcord/core/e2ee'
import { type Envelope, EnvelopeType, EPHEMERAL_LINK, encodeBundle } from '@xcord/core/graph'
import type { Client, Server } from '@xcord/sdk'
import { createWorld, type LiveReplica, publishEphemeral, replicaOf, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

const WINDOW_MS = 10_000
const PER_WINDOW = 30

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

interface Peer {
  readonly client: Client
  readonly server: Server
  readonly replica: LiveReplica
}

function presence(text: string | null, status = 1): Body {
  return { kind: 'presence', status, text }
}

function metaOf({ server }: Peer): ChannelId {
  return idAs('c', server.id as never)
}

async function seal(by: Peer, body: Body, at: number, channel = metaOf(by)): Promise<Envelope> {
  return await by.replica.do(work => publishEphemeral(work, channel, body, at))
}

async function gossip(by: string, topic: string, ...envelopes: readonly Envelope[]): Promise<void> {
  for (const each of envelopes) await world.transportOf(by).gossip.publish(topic, encodeBundle([each]))
}

function topicOf({ replica }: Peer): string {
  return replica.current.ring.currentTopic()?.topic as string
}

/** Ada and Grace say and hear; Mallory says nothing but what a test makes it say. */
async function trio(): Promise<{ readonly ada: Peer; readonly grace: Peer; readonly mallory: Peer }> {
  const peers: Peer[] = []
  const ada = await world.open('ada', { presence: true })
  const server = await ada.servers.create({ name: 'Engine' })
  const link = (await server.invites.create()).link as string
  peers.push({ client: ada, server, replica: replicaOf(server) })
  for (const name of ['grace', 'mallory']) {
    const client = await world.open(name, { presence: name === 'grace', hostile: name === 'mallory' })
    const joined = await client.servers.join(link)
    peers.push({ client, server: joined, replica: replicaOf(joined) })
  }
  for (const from of peers)
    for (const to of peers) if (from !== to) await from.client.connect(to.client.addresses()[0] as string)
  await until('all know all', () =>
    peers.every(each =>
      ['ada', 'grace', 'mallory'].every(name => each.server.members.get(name) !== undefined)
    )
  )
  const [first, second, third] = peers as [Peer, Peer, Peer]
  await until(
    'ada and grace see each other',
    () => seen(first, 'grace') === 'online' && seen(second, 'ada') === 'online'
  )
  return { ada: first, grace: second, mallory: third }
}

function seen({ server }: Peer, name: string): string | undefined {
  return server.members.get(name)?.presence.status
}

/** What somebody was shown of a member, one after the other. */
function watch({ client }: Peer, name: string): string[] {
  const shown: string[] = []
  client.on('presence:update', ({ member, presence: { status, text } }) => {
    if (member.name === name) shown.push(text ?? status)
  })
  return shown
}

describe('presence and a malicious member', () => {
  it('[ND50, ND51] other places, other times and what is older count for nothing, and go no further', async () => {
    const { ada, grace, mallory } = await trio()
    const shown = [watch(ada, 'mallory'), watch(grace, 'mallory')]
    const now = Date.now()
    const topic = topicOf(mallory)
    const say = async (...args: [text: string, at: number, channel?: ChannelId]) =>
      await gossip('mallory', topic, await seal(mallory, presence(args[0]), args[1], args[2]))
    await say('first', now)
    await until('it is heard', () => shown.every(each => each.length === 1))
    await say('in general', now + 10_000, mallory.server.channel('general').id)
    await say('long ago', now - 3_600_000)
    await say('of 1970', 0)
    await say('tomorrow', now + 86_400_000)
    await say('at the end of time', Number.MAX_SAFE_INTEGER)
    await say('older', now - 1)
    await say('at the same time', now)
    await say('too soon after', now + 4_000)
    await say('last', now + 20_000)
    await until('the last is heard', () => shown.every(each => each.at(-1) === 'last'))
    expect(shown).toEqual([
      ['first', 'last'],
      ['first', 'last']
    ])
    expect(world.faults).toEqual([])
  })

  it("[ND51] another's words, said again after they went, change nothing", async () => {
    const { ada, grace, mallory } = await trio()
    const topic = topicOf(mallory)
    const said: Envelope[] = []
    const open = mallory.replica.current.ring.open.bind(mallory.replica.current.ring)
    mallory.replica.current.ring.open = envelope => {
      if (envelope.type === EnvelopeType.ephemeral) said.push(envelope)
      return open(envelope)
    }
    await ada.client.presence.set({ text: 'for once' })
    await until('grace reads it', () => grace.server.members.get('ada')?.presence.text === 'for once')
    const { current } = mallory.replica
    const adas = () =>
      said.filter(each => current.deviceOf(each.tag, each.authorId) === ada.client.identity.device)
    await until('mallory has it', () => adas().length > 0)
    await ada.client.presence.set({ status: 'invisible' })
    await until('ada looks gone', () => seen(grace, 'ada') === 'offline')
    const shown = watch(grace, 'ada')
    await gossip('mallory', topic, ...adas())
    await gossip('mallory', topic, await seal(mallory, presence('own'), Date.now()))
    await until('mallory is heard after it', () => seen(grace, 'mallory') === 'online')
    expect(shown).toEqual([])
    expect(seen(grace, 'ada')).toBe('offline')
  })

  it('[ND51, ND53] a flood is cut at the first peer, and the rest goes on', async () => {
    const { ada, grace, mallory } = await trio()
    const shown = watch(ada, 'mallory')
    const topic = topicOf(mallory)
    const began = Date.now()
    const from = began - 59_000
    const flood: Envelope[] = []
    // Going is always heard, coming back a second later: the quickest that a device may change.
    for (let each = 0; each < 116; each++)
      flood.push(await seal(mallory, presence(null, each % 2), from + each * 1_000))
    await gossip('mallory', topic, ...flood)
    await ada.server.channel('general').send('still here')
    await until('chat goes on', async () => (await texts(grace.server)).includes('still here'))
    await ada.client.presence.set({ status: 'dnd' })
    await until('and presence', () => seen(grace, 'ada') === 'dnd')
    const windows = Math.floor((Date.now() - began) / WINDOW_MS) + 2
    expect(shown.length).toBeGreaterThan(0)
    expect(shown.length).toBeLessThanOrEqual(PER_WINDOW * windows)
    expect(world.faults).toEqual([])
  })

  it('[ND50] is one envelope of 316 bytes, or 444 with many words', async () => {
    const { ada } = await trio()
    const sizes = await Promise.all(
      [null, 'tea', 'x'.repeat(128)].map(
        async text => (await seal(ada, presence(text), Date.now())).bytes.length
      )
    )
    expect(sizes).toEqual([316, 316, 444])
  })
})

describe('presence and whoever was banned', () => {
  it('[ND50, ND51] is seen no more, reads nothing more, and is not heard under the old key', async () => {
    const { ada, grace, mallory } = await trio()
    const before = { topic: topicOf(mallory), keyId: await keyOf(mallory) }
    const early = await sealUnder(mallory, before.keyId, 'before', Date.now())
    await gossip('mallory', before.topic, early)
    await until('mallory is seen', () => [ada, grace].every(each => seen(each, 'mallory') === 'online'))
    const shown = [watch(ada, 'mallory'), watch(grace, 'mallory')]

    await ada.server.members.get('mallory')?.ban()
    await until('nobody sees mallory', () =>
      [ada, grace].every(
        each => each.server.members.get('mallory') === undefined || seen(each, 'mallory') === 'offline'
      )
    )
    await until('all have moved', () => topicOf(grace) !== before.topic && topicOf(grace) === topicOf(ada))

    // Under the key and in the topic of before, which peers hear for a while yet.
    for (const [off, text] of [
      [10_000, 'still here'],
      [20_000, 'look at me']
    ] as const)
      await gossip('mallory', before.topic, await sealUnder(mallory, before.keyId, text, Date.now() + off))
    await ada.client.presence.set({ text: 'not for mallory' })
    await until('grace reads it', () => grace.server.members.get('ada')?.presence.text === 'not for mallory')
    const later = await seal(ada, presence('not for mallory'), Date.now())
    expect(mallory.replica.current.ring.open(later).kind).not.toBe('opened')
    expect(grace.replica.current.ring.open(later).kind).toBe('opened')
    expect(shown.flat().filter(each => each !== 'offline')).toEqual([])
    for (const each of [ada, grace]) expect(seen(each, 'mallory') ?? 'offline').toBe('offline')
  })
})

/** The key that presence goes under now. */
async function keyOf(peer: Peer): Promise<KeyId> {
  return await peer.replica.do(({ state }) => {
    const choice = state.ring.epochFor(systemRandom, metaOf(peer), Date.now())
    if (choice.kind !== 'key') throw new Error('no key')
    return choice.keyId
  })
}

/** Under a key of before, as no honest peer does. */
async function sealUnder(peer: Peer, keyId: KeyId, text: string, at: number): Promise<Envelope> {
  const { state } = await peer.replica.do(work => ({ state: work.state }))
  return state.ring.seal({
    random: systemRandom,
    type: EnvelopeType.ephemeral,
    keyId,
    link: EPHEMERAL_LINK,
    payload: { thread: null, at, auth: [], parents: [], body: presence(text) }
  })
}
