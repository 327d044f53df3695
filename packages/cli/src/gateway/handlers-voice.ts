/** Routes of voice as calls of the SDK. */
import { XcordError } from '@xcord/core'
import type { Client, Server, VoiceSession } from '@xcord/sdk'
import type { ReplyOf } from './route.ts'
import type { Sound } from '@xcord/sdk/node'
import { findChannel, findMember, findServer } from './find.ts'
import type { Handlers } from './handlers.ts'
import type { voice } from './routes-voice.ts'

/** What each session's sound is connected with. */
const sounds = new WeakMap<VoiceSession, Sound>()
/** Percent by member: whoever is too loud is so in the next call too. */
const volumes = new WeakMap<Client, Map<string, number>>()

type Ended = NonNullable<ReplyOf<(typeof voice)['getVoice']>['ended']>

/** How calls ended that nobody left: whoever looks later is told. By server. */
const endings = new WeakMap<Client, Map<string, Ended>>()
const watched = new WeakSet<VoiceSession>()

/** Notes how a session ends. */
function watchEnd(client: Client, { id }: Server, session: VoiceSession): void {
  const known = endings.get(client) ?? new Map<string, Ended>()
  endings.set(client, known)
  known.delete(id)
  if (watched.has(session)) return
  watched.add(session)
  session.on('ended', ({ end }) => {
    const { id: channel, name } = session.channel
    if (end !== 'left') known.set(id, { channel, name, end })
  })
}

async function callOf(client: Client, session: VoiceSession) {
  const { channel, cause, code, muted, deafened, pushToTalk, talking, priority } = session
  return {
    channel: channel.id,
    name: channel.name,
    cause,
    code,
    muted,
    deafened,
    pushToTalk,
    talking,
    priority,
    volumes: Object.fromEntries(volumes.get(client) ?? []),
    pairs: [...(await session.stats())]
  }
}

/** XCORD_VOICE_ABSENT where this profile is in no call of the server. */
function requireCall({ id, name, voice: session }: Server): VoiceSession {
  if (session === null)
    throw new XcordError('XCORD_VOICE_ABSENT', `you are in no voice channel of "${name}"`, { server: id })
  return session
}

/** Sounds as the volumes say. */
function applyVolumes(client: Client, sound: Sound): void {
  for (const [member, percent] of volumes.get(client) ?? []) sound.setVolume(member as never, percent / 100)
}

export const voiceHandlers: Handlers<keyof typeof voice> = {
  joinVoice: async (
    { context: { client, onFault } },
    { params, body: { muted, deafened, pushToTalk, ...sound } }
  ) => {
    const channel = findChannel(client, params.channel)
    const session = await channel.voice.join({
      ...(muted === undefined ? {} : { muted }),
      ...(deafened === undefined ? {} : { deafened }),
      ...(pushToTalk === undefined ? {} : { pushToTalk })
    })
    watchEnd(client, channel.server, session)
    // Devices and WebRTC are loaded by whoever talks.
    const { connectSound } = await import('@xcord/sdk/node')
    sounds.get(session)?.close()
    try {
      const connected = await connectSound(session, {
        ...sound,
        ...(onFault === undefined ? {} : { onError: onFault })
      })
      applyVolumes(client, connected)
      sounds.set(session, connected)
    } catch (error) {
      session.leave()
      throw error
    }
    return await callOf(client, session)
  },
  getVoice: async ({ context: { client } }, { params }) => {
    const { id, voice: session } = findServer(client, params.server)
    return session === null
      ? { call: null, ended: endings.get(client)?.get(id) ?? null }
      : { call: await callOf(client, session), ended: null }
  },
  listOccupants: ({ context: { client } }, { params }) => ({
    items: findServer(client, params.server)
      .channels.all.filter(({ kind }) => kind === 'voice' || kind === 'stage')
      .flatMap(channel => channel.voice.occupants.map(each => each.toJSON()))
  }),
  editVoice: async (
    { context: { client } },
    { params, body: { muted, deafened, pushToTalk, talking, priority, channel } }
  ) => {
    const session = requireCall(findServer(client, params.server))
    const target = channel === undefined ? undefined : findChannel(client, channel)
    if (target !== undefined) session.move(target)
    // First what may be refused.
    if (pushToTalk !== undefined) session.setPushToTalk(pushToTalk)
    if (priority !== undefined) session.setPriority(priority)
    if (muted !== undefined) session.mute(muted)
    if (deafened !== undefined) session.deafen(deafened)
    if (talking !== undefined) session.talk(talking)
    return await callOf(client, session)
  },
  setVolume: ({ context: { client } }, { params, body: { percent } }) => {
    const server = findServer(client, params.server)
    const { id: member } = findMember(server, params.member)
    const known = volumes.get(client) ?? new Map<string, number>()
    volumes.set(client, known)
    if (percent === 100) known.delete(member)
    else known.set(member, percent)
    for (const each of client.servers.all)
      if (each.voice !== null) sounds.get(each.voice)?.setVolume(member, percent / 100)
    return { member, percent }
  },
  moveMember: ({ context: { client } }, { params, body }) => {
    const server = findServer(client, params.server)
    const member = findMember(server, params.member)
    const channel = body.channel === null ? null : findChannel(client, body.channel)
    member.moveTo(channel)
    return { member: member.id, channel: channel?.id ?? null }
  },
  leaveVoice: ({ context: { client } }, { params }) => {
    const session = findServer(client, params.server).voice
    if (session === null) return { left: false, files: {} }
    const files = sounds.get(session)?.close() ?? {}
    session.leave()
    return { left: true, files }
  }
}
