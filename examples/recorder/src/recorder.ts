import type { UserId } from '@xcord/core'
import type { Client, Message, Server } from '@xcord/sdk'
import { connectSound } from '@xcord/sdk/node'

/** A recording under way. */
export interface Recording {
  /** Who agreed. */
  readonly agreed: readonly UserId[]
  /** Ends it: leaves, gives the name back, and says where the files are, by speaker. */
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
  const agreed = new Set<UserId>()
  const voice = await server.channel(channels.voice).voice.join({ muted: true })
  const sound = await connectSound(voice, { output: folder, keeps: member => agreed.has(member) })
  const own = server.members.get(client.identity.id)
  await own?.setNick(`🔴 ${client.identity.name}`)
  await server
    .channel(channels.text)
    .send(`I record #${channels.voice}. Write !yes to be recorded, !no not to be any more; others are not.`)

  const off = client.on(
    'message:create',
    ({ message: { author, channel, content } }: { message: Message }) => {
      if (channel.server.id !== server.id) return
      if (content === '!yes') agreed.add(author.id)
      if (content === '!no') agreed.delete(author.id)
    }
  )
  return {
    get agreed() {
      return [...agreed]
    },
    stop: async () => {
      off()
      const files = sound.close()
      voice.leave()
      await own?.setNick(null)
      return files
    }
  }
}
