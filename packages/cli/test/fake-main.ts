/**
 * For development: the whole command line over the in-memory client, to look at the terminal client without a
 * network. Ada is in a server with Grace and Alan, who speak now and then.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../src/commands/run.ts'
import { profilePaths } from '../src/profile/paths.ts'
import { processTerminal } from '../src/terminal/terminal.ts'
import { createFakeClient } from './fake-client.ts'

const home = process.env['XCORD_HOME']
if (home === undefined) throw new Error('set XCORD_HOME: this writes an empty profile')

async function liveliness() {
  const client = createFakeClient({ name: 'Ada', now: () => Date.now() })
  const server = await client.servers.create({
    name: 'Difference Engine',
    channels: ['general', 'ideas', '日本語']
  })
  await client.servers.create({ name: 'Second server', channels: ['lobby'] })
  client.fake.setOnline('Grace', true)
  client.fake.receive(
    'general',
    'Grace',
    'Hello Ada 👋 — 你好，世界, and a long sentence that has to be broken somewhere because no terminal is as wide as what people have to say about engines.'
  )
  const mine = await server.channel('general').send('Two\nlines of mine')
  client.fake.deliver(mine.id, 'delivered', 2)
  client.fake.receive('general', 'Alan', 'evil \u001b[31mred\u001b[0m \u202etxet desrever\u202c \u0007bell')
  client.fake.receive('ideas', 'Grace', 'Unread thought')
  let count = 0
  setInterval(
    () => client.fake.receive(count % 2 === 0 ? 'general' : 'ideas', 'Grace', `tick ${(count += 1)}`),
    Number(process.env['FAKE_TICK_MS'] ?? 5_000)
  ).unref()
  return client
}

const paths = profilePaths('default', process.env)
mkdirSync(paths.store, { recursive: true })
writeFileSync(join(paths.store, 'keystore'), '')
process.exit(await run(process.argv.slice(2), { ...processTerminal(), open: liveliness }))
