/** A device that is put out in the middle of a call, over libp2p: it is heard no more, and hears no more. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import { createMemoryMedia } from '@xcord/core/testing'
import type { Channel, Client, VoiceSession } from '@xcord/sdk'
import { folder, linkDevice } from '@xcord/sdk/node'
import { type Cast, createCast, until } from './peers.fixture.ts'

const FRAME = new Int16Array(480).fill(9_000)
const NETWORK = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
let cast: Cast
const sessions: VoiceSession[] = []
let pump: ReturnType<typeof setInterval>
beforeEach(async () => {
  cast = await createCast()
  pump = setInterval(() => {
    for (const session of sessions) if (session.ended === null) session.send(FRAME)
  }, 20)
})
afterEach(async () => {
  clearInterval(pump)
  sessions.length = 0
  await cast.end()
})

async function lounge(client: Client): Promise<Channel> {
  return await until('the lounge is seen', () => client.servers.all[0]?.channels.get('lounge'))
}

/** In the call, with how many frames were heard of each. */
async function enter(client: Client): Promise<{ session: VoiceSession; heard: (of: Client) => number }> {
  const session = await (await lounge(client)).voice.join()
  sessions.push(session)
  const frames = new Map<string, number>()
  session.on('audio', ({ member }) => void frames.set(member, (frames.get(member) ?? 0) + 1))
  return { session, heard: of => frames.get(of.identity.id) ?? 0 }
}

it('[ID9, VX4] T11: a revoked device is put out of the call it is in, and out of every later one', async () => {
  const media = createMemoryMedia({ timers: systemTimers, random: systemRandom })
  const ada = await cast.open('ada', { media: media.port() })
  const grace = await cast.open('grace', { media: media.port() })
  const alan = await cast.open('alan', { media: media.port() })
  const server = await ada.servers.create({ name: 'Engine' })
  await server.channels.create({ kind: 'voice', name: 'lounge' })
  const invite = (await server.invites.create()).link as string
  for (const each of [grace, alan]) await each.servers.join(invite)
  const shown = Promise.withResolvers<string>()
  const linking = linkDevice({
    store: folder(join(cast.home, 'phone')),
    network: NETWORK,
    deviceName: 'phone',
    onCode: shown.resolve,
    compare: () => Promise.resolve(true)
  })
  const [linked] = await Promise.all([
    linking,
    ada.devices.link(await shown.promise, { compare: () => Promise.resolve(true) })
  ])
  const device = linked.identity.device
  await lounge(linked)
  await linked.close()
  const phone = await cast.open('phone', { media: media.port() })

  const room = await lounge(phone)
  const [graces, alans, phones] = [await enter(grace), await enter(alan), await enter(phone)]
  await until('all hear each other', () =>
    [graces.heard(alan), graces.heard(phone), alans.heard(phone), phones.heard(grace)].every(
      count => count > 2
    )
  )
  await ada.devices.revoke(device)
  await until('the phone is out at both', () =>
    [graces, alans].every(({ session }) => session.participants.length === 1)
  )
  const [before, there] = [graces.heard(phone), phones.heard(grace)]
  const enough = graces.heard(alan) + 25
  await until('the others talk on', () => graces.heard(alan) >= enough)
  expect([graces.heard(phone), phones.heard(grace)]).toEqual([before, there])
  const again = await room.voice.join().catch(() => undefined)
  if (again !== undefined) sessions.push(again)
  const more = graces.heard(alan) + 25
  await until('the others still talk on', () => graces.heard(alan) >= more)
  expect([graces.heard(phone), graces.session.participants.length]).toEqual([before, 1])
})
