import { createRecorder } from '@xcord/core/adapters/audio-node'
import type { UserId } from '@xcord/core'
import type { Client, Message, Server } from '@xcord/sdk'

/** A recording under way. */
export interface Recording {
  /** Who agreed. */
  readonly agreed: readonly UserId[]
  /** Ends it: leaves, gives the name back, and says where the files are, by member. */
  stop(): Promise<Readonly<Record<string, string>>>
}

/**
 * Records those who agree, a WAV file for each. Everybody sees it: the name begins with a red dot, and a message asks. Whoever
 * writes `!yes` is recorded from then on, with `!no` not any more. Of all others nothing is kept.
 */
export async function record(
  client: Client,
  server: Server,
  channels: { readonly voice: string; readonly text: string },
  folder: string
): Promise<Recording> {
  // Makes the folder, overwrites nothing, and keeps each file playable at any moment.
  const recorder = createRecorder(folder)
  const agreed = new Set<UserId>()
  const voice = await server.channel(channels.voice).voice.join({ muted: true })
  const own = server.members.get(client.identity.id)
  await own?.setNick(`🔴 ${client.identity.name}`)
  await server
    .channel(channels.text)
    .send(`I record #${channels.voice}. Write !yes to be recorded, !no not to be any more; others are not.`)

  const offs = [
    client.on('message:create', ({ message: { author, channel, content } }: { message: Message }) => {
      if (channel.server.id !== server.id) return
      if (content === '!yes') agreed.add(author.id)
      if (content === '!no') agreed.delete(author.id)
    }),
    voice.on('audio', ({ member, frame }) => {
      if (agreed.has(member)) recorder.write(member, frame)
    })
  ]
  return {
    get agreed() {
      return [...agreed]
    },
    stop: async () => {
      for (const off of offs) off()
      voice.leave()
      const files = recorder.close()
      await own?.setNick(null)
      return files
    }
  }
}
