/** Calls whose signalling and presence go over libp2p; the audio stays in memory. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createMemoryMedia } from '@xcord/core/testing'
import { systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import type { Client, Server, VoiceSession } from '@xcord/sdk'
import { startNode } from './node.fixture.ts'
import { type Cast, createCast, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

it('[VX7] two peers over libp2p find each other in a channel, hear each other, and see each other go', async () => {
  const media = createMemoryMedia({ timers: systemTimers, random: systemRandom })
  const ada = await cast.open('ada', { media: media.port() })
  const grace = await cast.open('grace', { media: media.port() })
  const server = await ada.servers.create({ name: 'Difference Engine' })
  await server.channels.create({ kind: 'voice', name: 'lounge' })
  const hers = await grace.servers.join((await server.invites.create()).link as string)
  await until('the lounge is seen', () => hers.channels.get('lounge'))
  await until('grace is seen', () => server.members.get('grace'))

  const enter = async (of: Server): Promise<VoiceSession> => await of.channel('lounge').voice.join()
  const [one, two] = await Promise.all([enter(server), enter(hers)])
  const heard = async (by: VoiceSession, from: VoiceSession, client: Client): Promise<void> => {
    let count = 0
    const off = by.on('audio', ({ member, frame }) => {
      if (member === client.identity.id && frame[0] === 5_000) count++
    })
    await until(`${client.identity.name} is heard`, () => {
      from.send(new Int16Array(480).fill(5_000))
      return count > 2
    })
    off()
  }
  await heard(one, two, grace)
  await heard(two, one, ada)
  expect(one.code).toBe(two.code)
  await until('both are seen', () => server.channel('lounge').voice.occupants.length === 2)
  await grace.close()
  await until('grace is gone', () => one.participants.length === 0)
  await until('grace is seen no more', () => server.channel('lounge').voice.occupants.length === 1)
})

it('[VX5] two that are connected by a relay alone see each other in a channel, and talk', async () => {
  const node = await startNode()
  try {
    const media = createMemoryMedia({ timers: systemTimers, random: systemRandom })
    // Who listens nowhere is reached through the node, or not at all.
    const network = { listen: [], mdns: false }
    const init = { network, bootstrap: [node.address] }
    const ada = await cast.open('ada', { ...init, media: media.port() })
    const grace = await cast.open('grace', { ...init, media: media.port() })
    const server = await ada.servers.create({ name: 'Difference Engine' })
    await server.channels.create({ kind: 'voice', name: 'lounge' })
    // A link made before leads to nobody yet.
    await until('ada has a place at the relay', () =>
      ada.addresses().some(each => each.includes('/p2p-circuit'))
    )
    const link = (await server.invites.create()).link as string
    const hers = await grace.servers.join(link, { timeoutMs: 60_000 })
    await until('the lounge is seen', () => hers.channels.get('lounge'))
    const one = await server.channel('lounge').voice.join()
    await until('ada is seen from outside', () => hers.channel('lounge').voice.occupants.length === 1)
    expect(
      ada
        .peers()
        .filter(each => each.kind === 'member')
        .map(each => each.path)
    ).toEqual(['relayed'])
    const two = await hers.channel('lounge').voice.join()
    await until('they are linked', () => one.participants[0]?.path === 'connected')
    two.leave()
    await until('grace is seen no more', () => server.channel('lounge').voice.occupants.length === 1)
  } finally {
    await node.stop()
  }
})
