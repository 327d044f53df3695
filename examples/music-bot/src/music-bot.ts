import type { Client, Message, Server, VoiceSession } from '@xcord/sdk'
import { connectSound, type Sound } from '@xcord/sdk/node'

/** Sits in a voice channel, and plays the file when somebody writes `!play` in a text channel; `!stop` ends it. */
export async function musicBot(
  client: Client,
  server: Server,
  channel: string,
  file: string
): Promise<VoiceSession> {
  const voice = await server.channel(channel).voice.join()
  let sound: Sound | undefined
  const obey = async ({ message }: { message: Message }): Promise<void> => {
    if (message.author.id === client.identity.id || message.channel.server.id !== server.id) return
    if (message.content !== '!play' && message.content !== '!stop') return
    sound?.close()
    sound = message.content === '!play' ? await connectSound(voice, { input: file }) : undefined
    await message.react(sound === undefined ? '⏹' : '▶')
  }
  client.on('message:create', obey)
  return voice
}
