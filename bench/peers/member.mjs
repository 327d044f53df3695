/** XCord through its SDK, over folder stores: signed, encrypted, stored on disk before `send` resolves. */
import { subscribe } from 'node:diagnostics_channel'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from '@xcord/sdk'
import { folder as folderStore } from '@xcord/sdk/node'
import { countStreams } from '../harness/streams.mjs'
import { growCrowd } from './crowd.mjs'
import { serve } from './serve.mjs'
import { ageOf, flood, openTally, pace, stampedText } from './window.mjs'

const CHANNEL = 'general'
const TEXT_BYTES = 200
const began = performance.now()
/** One client, or several for the cases with many authors. */
const clients = []
/** Messages told since counting began, and how many were waited for. */
let arrived = 0
let awaited = 0
const sockets = new Set()
subscribe('net.client.socket', ({ socket }) => sockets.add(socket))
let tally
let ages

const network = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
const serverOf = client => client.servers.all[0]
const channelOf = client => serverOf(client).channel(CHANNEL)
const publish = (client, index) =>
  channelOf(client).send(stampedText(TEXT_BYTES, `${clients.indexOf(client)}.${index}`))

/** Sizes of a folder's files. */
async function filesOf(path) {
  const names = await readdir(path)
  return new Map(await Promise.all(names.map(async name => [name, (await stat(join(path, name))).size])))
}

/** Sends as fast as the store takes it, so many at once. */
async function fill({ count, atOnce }) {
  const channel = channelOf(clients[0])
  let next = 0
  const worker = async () => {
    while (next < count) await channel.send(stampedText(TEXT_BYTES, next++))
  }
  const began = performance.now()
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: atOnce }, worker))
  const { user, system } = process.cpuUsage(before)
  return { perSecond: (count * 1_000) / (performance.now() - began), cpu: (user + system) / count }
}

/** Both directions of every connection that was dialled, noise and framing included. */
function wireBytes() {
  let sum = 0
  for (const socket of sockets) sum += socket.bytesRead + socket.bytesWritten
  return sum
}

async function waitFor(what, met, msMax = 60_000) {
  const end = performance.now() + msMax
  while (!(await met())) {
    if (performance.now() > end) throw new Error(`not within ${msMax / 1_000} s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** Messages held in the channel, by reading all of it. */
async function held(client) {
  let count = 0
  for await (const _message of channelOf(client).history({ limit: 100 })) count++
  return count
}

serve({
  load: () => undefined,
  start: async ({ folder, name, count = 1, offline = false, behind }) => {
    const address = port => `/ip4/127.0.0.1/tcp/${port}`
    const relayed = behind && { listen: [address(behind.target)], announce: [address(behind.port)] }
    const net = offline ? false : { ...network, ...relayed }
    for (let each = 0; each < count; each++) {
      const store = folderStore(count === 1 ? folder : `${folder}-${each}`)
      clients.push(
        await createClient({ profile: { name: `${name} ${each}` }, store, bootstrap: [], network: net })
      )
    }
    return { readyMs: performance.now() - began }
  },
  found: async () => {
    const server = await clients[0].servers.create({ name: 'Bench', channels: [CHANNEL] })
    return (await server.invites.create()).link
  },
  invite: async () => (await serverOf(clients[0]).invites.create()).link,
  addresses: () => clients[0].addresses(),
  join: async ({ link }) => {
    for (const client of clients) await client.servers.join(link, { timeoutMs: 60_000 })
  },
  /**
   * Sends from every author until the receiver saw one of each, and waits until each is connected to all others:
   * only then does the measuring begin.
   */
  greet: async ({ port }) => {
    const all = client => client.peers().filter(peer => peer.kind === 'member').length >= clients.length
    await waitFor('everybody connected', () => clients.every(all))
    for (const client of clients) {
      await flood({ port, size: 1, ms: 1, publish: () => channelOf(client).send('Hello') })
    }
  },
  /** Waits until so many others are connected. */
  meet: ({ others }) =>
    waitFor(
      'everybody connected',
      () => clients[0].peers().filter(peer => peer.kind === 'member').length >= others
    ),
  /** Counts messages from now on, for `arrival`. */
  count: () => {
    arrived = 0
    clients[0].on('message:create', () => arrived++)
  },
  /** Resolves when so many more messages were told since the last time. */
  arrival: async ({ count }) => {
    awaited += count
    await waitFor('all messages', () => arrived >= awaited, 110_000)
  },
  /** This thread stands still again and again from now on: a slow device, that takes no processor from the others. */
  slow: ({ stillMs, everyMs }) => {
    const still = new Int32Array(new SharedArrayBuffer(4))
    setInterval(() => Atomics.wait(still, 0, 0, stillMs), everyMs)
  },
  held: () => held(clients[0]),
  receive: async () => {
    if (tally === undefined) {
      tally = await openTally()
      clients[0].on('message:create', ({ message }) => {
        if (message.author.id === clients[0].identity.id) return
        if (message.content.length === TEXT_BYTES) ages.push(ageOf(message.content))
        tally.add()
      })
    }
    ages = []
    return tally.port
  },
  ages: () => ages.splice(0),
  flood: ({ port, size, ms, authors = 1 }) => {
    let turn = 0
    return flood({ port, size, ms, publish: index => publish(clients[turn++ % authors], index) })
  },
  pace: ({ perSecond, count }) => pace({ perSecond, count, publish: index => publish(clients[0], index) }),
  fill,
  /** Joins and waits until so many messages are held; the newest page is timed apart. */
  catchUp: async ({ link, count }) => {
    const started = performance.now()
    const cpu = process.cpuUsage()
    let arrived = 0
    clients[0].on('message:create', () => arrived++)
    await clients[0].servers.join(link, { timeoutMs: 60_000 })
    const joinedMs = performance.now() - started
    await waitFor(
      'the newest page',
      async () => (await channelOf(clients[0]).page({ limit: 50 })).length === 50
    )
    const pageMs = performance.now() - started
    await waitFor('all messages', () => arrived >= count, 300_000)
    const ms = performance.now() - started
    const spent = process.cpuUsage(cpu)
    return { ms, joinedMs, pageMs, cpu: spent.user + spent.system, held: await held(clients[0]) }
  },
  /** Joins and waits for the newest page of the channel alone. */
  firstPage: async ({ link }) => {
    const started = performance.now()
    await clients[0].servers.join(link, { timeoutMs: 60_000 })
    const joinedMs = performance.now() - started
    await waitFor(
      'the newest page',
      async () => (await channelOf(clients[0]).page({ limit: 50 })).length === 50
    )
    return { joinedMs, pageMs: performance.now() - started, wire: wireBytes() }
  },
  /** Opens a profile that exists, connects, and waits until so many more messages are held. */
  reconnect: async ({ folder, count }) => {
    const counts = countStreams('/xcord/sync/1')
    const began = performance.now()
    const client = await createClient({ store: folderStore(folder), bootstrap: [], network })
    clients.push(client)
    let connectedAt
    let arrived = 0
    let lastAt
    let spent
    client.on('connection:update', ({ connected }) => {
      if (connected) connectedAt ??= performance.now()
    })
    client.on('message:create', () => {
      if (++arrived !== count) return
      lastAt = performance.now()
      spent = { ...counts }
    })
    await waitFor('the messages that were missed', () => lastAt !== undefined)
    return { ms: lastAt - (connectedAt ?? began), sinceOpenMs: lastAt - began, ...spent }
  },
  /** Makes so many operations, and waits until a snapshot that stands for most of them was published. */
  operate: async ({ count, ...how }) => {
    await growCrowd(serverOf(clients[0]), channelOf(clients[0]), { count, ...how })
    const { replica } = serverOf(clients[0])
    if (count >= 1_000) await waitFor('a snapshot', () => replica.current.servedSnapshot !== undefined)
    return { members: serverOf(clients[0]).members.all.length }
  },
  /** Joins: until the server is shown, and until what is shown was replayed here. */
  enter: async ({ link }) => {
    const started = performance.now()
    const server = await clients[0].servers.join(link, { timeoutMs: 600_000 })
    const enteredMs = performance.now() - started
    const wire = wireBytes()
    const verifying = server.verification !== null
    await waitFor('the replay', () => server.verification === null, 1_200_000)
    return {
      enteredMs,
      wire,
      verifying,
      verifiedMs: performance.now() - started,
      rss: process.memoryUsage.rss()
    }
  },
  /** Gives a profile another password: how long it takes, and what of its database is written by it. */
  rewrap: async ({ folder, old, next }) => {
    const store = folderStore(folder, old === undefined ? {} : { password: old })
    const client = await createClient({ store, bootstrap: [], network: false })
    clients.push(client)
    const before = await filesOf(`${folder}/database`)
    const started = performance.now()
    await client.changePassword(old, next)
    const ms = performance.now() - started
    const after = await filesOf(`${folder}/database`)
    return { ms, written: [...after].filter(([name, size]) => before.get(name) !== size).length }
  },
  /** Opens a profile that exists and shows the newest page: process start apart. */
  show: async ({ folder, limit, password }) => {
    const started = performance.now()
    const store = folderStore(folder, password === undefined ? {} : { password })
    const client = await createClient({ store, bootstrap: [], network: false })
    clients.push(client)
    const openMs = performance.now() - started
    const page = await channelOf(client).page({ limit })
    return { ms: performance.now() - started, openMs, shown: page.length, rss: process.memoryUsage.rss() }
  },
  stop: () => Promise.all(clients.map(client => client.close()))
})
