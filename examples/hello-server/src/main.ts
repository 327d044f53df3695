/** `host` founds a server and prints a link; `hello <link>` joins it and says hello. `--loopback`: this machine only. */
import type { ClientInit } from '@xcord/sdk'
import { hello } from './hello.ts'
import { host } from './host.ts'

const [command, link] = process.argv.slice(2).filter(each => !each.startsWith('--'))
const init: ClientInit = process.argv.includes('--loopback')
  ? { network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false } }
  : {}

if (command === 'host') {
  const hosted = await host(message => console.log(`${message.author.name}: ${message.content}`), init)
  console.log(hosted.link)
  process.once('SIGINT', () => void hosted.client.close())
  process.once('SIGTERM', () => void hosted.client.close())
} else if (command === 'hello' && link !== undefined) {
  const { client, message } = await hello(link, init)
  const { state } = await message.reached('sent', { signal: AbortSignal.timeout(10_000) })
  console.log(`${message.content} (${state})`)
  await client.close()
} else {
  console.error("Say host, or hello '<link>'.")
  process.exitCode = 2
}
