/**
 * A peer in a process of its own that writes as fast as it can and says on stdout what was stored, until it is
 * killed or told to stop. Lines out: `opening`, `ready <address>`, `server <id>`, `link <link>`, `ack <id>`,
 * `role <id>`, `refused <code> <sentence>`, `fault <code>`; lines in: `write`, `hush`, `history`, `doctor`, `close`.
 */
import { createInterface } from 'node:readline'
import { writeSync } from 'node:fs'
import { isXcordError } from '@xcord/core'
import { createClient, type Server } from '@xcord/sdk'
import { folder } from '@xcord/sdk/node'

const [, , path = '', mode = 'write'] = process.argv
const WRITERS = 4

/** Straight to the pipe: what was said is out before the next line of this program runs. */
function say(line: string): void {
  let left = Buffer.from(`${line}\n`)
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(1, left))
    } catch (error) {
      // The pipe is full until our parent reads on.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

const codeOf = (error: unknown): string =>
  isXcordError(error) ? `${error.code} ${error.message}` : `none ${String(error)}`

say('opening')
const client = await createClient({
  profile: { name: 'ada' },
  store: folder(path),
  network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
})
client.on('error', ({ error }) => say(`fault ${codeOf(error)}`))
const server: Server = client.servers.all[0] ?? (await client.servers.create({ name: 'Engine' }))
say(`server ${server.id}`)
say(`link ${server.invites.all[0]?.link ?? (await server.invites.create()).link}`)
say(`ready ${client.addresses()[0] ?? ''}`)

let writing = mode === 'write'
let count = 0

async function write(): Promise<void> {
  const n = count++
  try {
    // Authority's operations take another way to the disk than messages do.
    if (n % 40 === 39) say(`role ${(await server.roles.create({ name: `r${n}` })).id}`)
    else say(`ack ${(await server.channel('general').send(`${process.pid} ${n} ${'x'.repeat(n % 700)}`)).id}`)
  } catch (error) {
    say(`refused ${codeOf(error)}`)
    // As people do: not at once again.
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

async function writer(): Promise<void> {
  while (writing) await write()
}

async function history(): Promise<void> {
  const ids: string[] = []
  for await (const message of server.channel('general').history({ limit: 100 })) ids.push(message.id)
  say(`history ${ids.reverse().join(' ')}`)
  say(`roles ${server.roles.all.map(each => each.id).join(' ')}`)
}

const writers: Promise<void>[] = []
function begin(): void {
  writing = true
  for (let i = 0; i < WRITERS; i++) writers.push(writer())
}

const commands: Readonly<Record<string, () => Promise<void> | void>> = {
  write: begin,
  hush: async () => {
    writing = false
    await Promise.all(writers.splice(0))
    say('hushed')
  },
  history,
  doctor: async () => say(`doctor ${JSON.stringify(await client.doctor())}`),
  close: async () => {
    writing = false
    await Promise.all(writers.splice(0))
    await client.close()
    say('closed')
    process.exit(0)
  }
}
createInterface({ input: process.stdin }).on('line', line => {
  const run = commands[line]
  if (run !== undefined) Promise.resolve(run()).catch((error: unknown) => say(`fault ${codeOf(error)}`))
})
if (writing) begin()
