/** What people write is nowhere but on their screens: not in their folders, not on the wire, not at a node. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server as TcpServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Client } from '@xcord/sdk'
import { cleanUp, runningNode } from '../../../bootstrap-node/test/e2e/processes.ts'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'
import { png } from './pictures.fixture.ts'

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  await cleanUp()
})

/** A word nobody writes by chance. */
function canary(): string {
  return `canary${randomBytes(12).toString('hex')}`
}

/** A word as it might lie in a file or on a wire: as it is, hex, base64 at each alignment, UTF-16. */
function formsOf(word: string): readonly Buffer[] {
  const raw = Buffer.from(word)
  const base64 = [0, 1, 2].flatMap(shift => {
    const shifted = Buffer.concat([Buffer.alloc(shift), raw])
    // Characters that also depend on what stands before and behind are left out.
    return (['base64', 'base64url'] as const).map(each =>
      Buffer.from(shifted.toString(each).replace(/=+$/, '').slice(4, -4))
    )
  })
  const wide = Buffer.from(word, 'utf16le')
  return [
    raw,
    Buffer.from(raw.toString('hex')),
    Buffer.from(raw.toString('hex').toUpperCase()),
    ...base64,
    wide,
    Buffer.from(wide).swap16()
  ]
}

function foundIn(bytes: Buffer, words: readonly string[]): readonly string[] {
  return words.filter(word => formsOf(word).some(form => bytes.includes(form)))
}

/** Every file below a folder. */
async function filesOf(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter(each => each.isFile()).map(each => join(each.parentPath, each.name))
}

async function foundBelow(path: string, words: readonly string[]): Promise<readonly string[]> {
  const files = await filesOf(path)
  expect(files.length).toBeGreaterThan(0)
  const found: string[] = []
  for (const file of files)
    found.push(...foundIn(await readFile(file), words).map(word => `${word} in ${file}`))
  return found
}

/** A wire with an ear: passes a port's traffic on and keeps every byte of it. */
async function tap(port: () => number): Promise<{ readonly port: number; readonly bytes: () => Buffer }> {
  const chunks: Buffer[] = []
  const sockets = new Set<Socket>()
  const server: TcpServer = createServer(socket => {
    const far = connect({ port: port(), host: '127.0.0.1' })
    for (const [from, to] of [
      [socket, far],
      [far, socket]
    ] as const) {
      sockets.add(from)
      from.on('data', chunk => chunks.push(chunk)).on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  ends.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, bytes: () => Buffer.concat(chunks) }
}

const portOf = (address: string): number => Number(/\/tcp\/(\d+)/.exec(address)?.[1])

/** Ada behind a tapped wire, grace who only dials, and a node behind another. */
async function tappedPair(
  cast: Cast,
  names: { readonly ada: string; readonly grace: string }
): Promise<{ ada: Client; grace: Client; wires: () => Buffer; nodeFolder: string; nodeSaid: () => string }> {
  const node = await runningNode(['--log-level', 'debug'])
  const nodeWire = await tap(() => portOf(node.status.addresses[0] as string))
  const bootstrap = [
    `/ip4/127.0.0.1/tcp/${nodeWire.port}/p2p/${(node.status.addresses[0] as string).split('/p2p/')[1]}`
  ]
  let adasPort = 0
  const wire = await tap(() => adasPort)
  const ada = await cast.open('ada', {
    profile: { name: names.ada },
    bootstrap,
    network: { listen: ['/ip4/127.0.0.1/tcp/0'], announce: [`/ip4/127.0.0.1/tcp/${wire.port}`], mdns: false }
  })
  adasPort = await listeningPort(ada)
  const grace = await cast.open('grace', {
    profile: { name: names.grace },
    bootstrap,
    network: { listen: [], mdns: false }
  })
  return {
    ada,
    grace,
    wires: () => Buffer.concat([wire.bytes(), nodeWire.bytes()]),
    nodeFolder: dirname(node.keyFile),
    nodeSaid: () => node.output.out + node.output.err
  }
}

/** The port a client really listens on: what it announces is the tap's. */
async function listeningPort(client: Client): Promise<number> {
  const device = client.identity.device
  const own = 20_000 + (Number.parseInt(device.slice(1, 7), 32) % 12_000)
  await until(
    'ada listens on her own port',
    async () =>
      await new Promise<boolean>(resolve => {
        const socket = connect({ port: own, host: '127.0.0.1' }, () => {
          socket.destroy()
          resolve(true)
        })
        socket.on('error', () => resolve(false))
      })
  )
  return own
}

describe('canaries', () => {
  it('[KS7, EN7] the search finds a word in every form it looks for', () => {
    const word = canary()
    for (const before of ['', 'a', 'ab', 'abc']) {
      for (const form of [
        Buffer.from(`${before}${word}zz`),
        Buffer.from(Buffer.from(`${before}${word}zz`).toString('base64')),
        Buffer.from(Buffer.from(`${before}${word}zz`).toString('base64url')),
        Buffer.from(Buffer.from(`${before}${word}zz`).toString('hex')),
        Buffer.from(`${before}${word}zz`, 'utf16le')
      ])
        expect(foundIn(Buffer.concat([randomBytes(99), form, randomBytes(9)]), [word])).toEqual([word])
    }
    expect(foundIn(Buffer.from(canary()), [word])).toEqual([])
  })

  it('[KS7, EN7, NT1] sing in no profile folder, at no node and on no wire', async () => {
    const cast = await createCast()
    ends.push(async () => await cast.end())
    const words = {
      ada: canary(),
      grace: canary(),
      server: canary(),
      channel: canary(),
      topic: canary(),
      role: canary(),
      reason: canary(),
      message: canary(),
      edited: canary(),
      deleted: canary(),
      reply: canary(),
      direct: canary(),
      renamed: canary(),
      picture: canary(),
      hidden: canary()
    }
    const { ada, grace, wires, nodeFolder, nodeSaid } = await tappedPair(cast, words)
    const server = await ada.servers.create({ name: words.server, channels: [words.channel] })
    const joined = await grace.servers.join((await server.invites.create()).link as string)
    const channel = server.channel(words.channel)
    await channel.edit({ topic: words.topic }, { reason: words.reason })
    await (await server.roles.create({ name: words.role })).grant(server.members.all[0] as never)
    const message = await channel.send(words.message)
    await (await channel.send('first')).edit(words.edited)
    await (await channel.send(words.deleted)).delete()
    await until('grace reads', async () => (await texts(joined, words.channel)).includes(words.edited))
    await (await joined.channel(words.channel).message(message.id)).reply(words.reply)
    await until('ada reads', async () => (await texts(server, words.channel)).includes(words.reply))
    await until(
      'all is known',
      () =>
        joined.roles.get(words.role) !== undefined &&
        joined.channel(words.channel).topic === words.topic &&
        joined.members.get(words.ada) !== undefined
    )

    const talk = await grace.conversations.open(ada.identity.id)
    await talk.send(words.direct)
    await until('ada reads what is for her alone', async () =>
      (await ada.conversations.get(talk.id)?.history())?.some(each => each.content === words.direct)
    )

    // A picture whose pixels are a word, and that says another beside them.
    await ada.profile.set({ name: words.renamed, avatar: png(words.picture, { text: words.hidden }) })
    const adas = await until('grace sees the new name', () => joined.members.get(words.renamed))
    expect(foundIn(Buffer.from((await adas.avatar())?.bytes ?? []), Object.values(words))).toEqual([
      words.picture
    ])

    const all = Object.values(words)
    // The ears work: what libp2p says in the clear before noise is there.
    expect(wires().length).toBeGreaterThan(20_000)
    expect(foundIn(wires(), ['/multistream/1.0.0'])).toEqual(['/multistream/1.0.0'])
    expect(foundIn(wires(), all)).toEqual([])
    await Promise.all([ada.close(), grace.close()])
    for (const name of ['ada', 'grace']) {
      expect(await foundBelow(join(cast.home, name), all)).toEqual([])
      expect(
        (await foundBelow(join(cast.home, name), ['leveldb.BytewiseComparator'])).length
      ).toBeGreaterThan(0)
    }
    expect(await foundBelow(nodeFolder, all)).toEqual([])
    expect(foundIn(Buffer.from(nodeSaid()), all)).toEqual([])
  })
})
