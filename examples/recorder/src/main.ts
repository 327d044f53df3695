/** `node src/main.ts '<invite>' <voice channel> <text channel> <folder>`: records whoever agrees, until Ctrl-C. */
import { createClient } from '@xcord/sdk'
import { record } from './recorder.ts'

const [invite, voice, text, folder] = process.argv.slice(2)
if (invite === undefined || voice === undefined || text === undefined || folder === undefined) {
  console.error("Say '<invite>' <voice channel> <text channel> <folder>.")
  process.exitCode = 2
} else {
  const client = await createClient({ profile: { name: 'Recorder' } })
  const recording = await record(client, await client.servers.join(invite), { voice, text }, folder)
  process.once('SIGINT', () => {
    void recording.stop().then(async files => {
      console.log(Object.values(files).join('\n'))
      await client.close()
    })
  })
}
