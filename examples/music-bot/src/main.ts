/** `node src/main.ts '<invite>' <voice channel> <file.wav>`: joins and plays when it is asked to. */
import { createClient } from '@xcord/sdk'
import { musicBot } from './music-bot.ts'

const [invite, channel, file] = process.argv.slice(2)
if (invite === undefined || channel === undefined || file === undefined) {
  console.error("Say '<invite>' <voice channel> <file.wav>.")
  process.exitCode = 2
} else {
  const client = await createClient({ profile: { name: 'Music bot' } })
  await musicBot(client, await client.servers.join(invite), channel, file)
  console.log(`In ${channel}. Write !play or !stop in a text channel.`)
  process.once('SIGINT', () => void client.close())
}
