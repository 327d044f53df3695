/** Routes of voice as calls of the SDK. */
import type { VoiceSession } from '@xcord/sdk'
import type { Sound } from '@xcord/sdk/node'
import { findChannel, findServer } from './find.ts'
import type { Handlers } from './handlers.ts'
import type { voice } from './routes-voice.ts'

/** What each session's sound is connected with. */
const sounds = new WeakMap<VoiceSession, Sound>()

async function callOf(session: VoiceSession) {
  const { channel, code, muted, deafened } = session
  return {
    channel: channel.id,
    name: channel.name,
    code,
    muted,
    deafened,
    pairs: [...(await session.stats())]
  }
}

export const voiceHandlers: Handlers<keyof typeof voice> = {
  joinVoice: async ({ context: { client, onFault } }, { params, body: { muted, ...sound } }) => {
    const session = await findChannel(client, params.channel).voice.join(muted === undefined ? {} : { muted })
    // Devices and WebRTC are loaded by whoever talks.
    const { connectSound } = await import('@xcord/sdk/node')
    sounds.get(session)?.close()
    try {
      sounds.set(
        session,
        await connectSound(session, { ...sound, ...(onFault === undefined ? {} : { onError: onFault }) })
      )
    } catch (error) {
      session.leave()
      throw error
    }
    return await callOf(session)
  },
  getVoice: async ({ context: { client } }, { params }) => {
    const session = findServer(client, params.server).voice
    return { call: session === null ? null : await callOf(session) }
  },
  leaveVoice: ({ context: { client } }, { params }) => {
    const session = findServer(client, params.server).voice
    if (session === null) return { left: false, files: {} }
    const files = sounds.get(session)?.close() ?? {}
    session.leave()
    return { left: true, files }
  }
}
