import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { wavBytes, wavHeader } from '@xcord/core/audio'
import type { UserId } from '@xcord/core'
import type { Client, Message, Server } from '@xcord/sdk'

const SAMPLE_BYTES = 2

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
  const files = new Map<string, { path: string; descriptor: number; bytes: number }>()
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
      if (!agreed.has(member)) return
      const path = join(folder, `${member.slice(0, 10)}.wav`)
      const file = files.get(member) ?? { path, descriptor: openSync(path, 'w'), bytes: 0 }
      files.set(member, file)
      if (file.bytes === 0) writeSync(file.descriptor, wavHeader(0))
      file.bytes += writeSync(file.descriptor, wavBytes(frame))
    })
  ]
  return {
    get agreed() {
      return [...agreed]
    },
    stop: async () => {
      for (const off of offs) off()
      voice.leave()
      for (const { descriptor, bytes } of files.values()) {
        // How long it became is known only now.
        const header = wavHeader(bytes / SAMPLE_BYTES)
        writeSync(descriptor, header, 0, header.length, 0)
        closeSync(descriptor)
      }
      await own?.setNick(null)
      return Object.fromEntries([...files].map(([member, { path }]) => [member, path]))
    }
  }
}
