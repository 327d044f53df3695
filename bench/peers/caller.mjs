/** A whole peer in a call: its profile, its network, its engine; it sends a tone and knows whom it heard when. */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { levelDb } from '@xcord/core/audio'
import { play, toneSource } from '@xcord/core/adapters/audio-node'
import { createClient } from '@xcord/sdk'
import { folder as folderStore } from '@xcord/sdk/node'
import { serve } from './serve.mjs'

/** Louder than this is the tone. */
const TONE_DB = -40
const LOUNGE = 'lounge'
const WAIT_MS = 60_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

let client
let session
/** When a loud frame came first and last in this call, by name; by the machine's clock, ms. */
let heard = new Map()
let stopTone = () => undefined

const now = () => performance.timeOrigin + performance.now()
const server = () => client.servers.all[0]

async function waitFor(what, met) {
  const end = performance.now() + WAIT_MS
  for (;;) {
    const found = met()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`not within ${WAIT_MS / 1_000} s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

function listen(call) {
  call.on('audio', ({ member, frame }) => {
    if (levelDb(frame) <= TONE_DB) return
    const name = server().members.get(member)?.name ?? '?'
    const at = now()
    heard.set(name, {
      first: heard.get(name)?.first ?? at,
      last: at,
      frames: (heard.get(name)?.frames ?? 0) + 1
    })
  })
}

const ACTS = {
  mute: member => member.setVoice({ muted: true }),
  unmute: member => member.setVoice({ muted: false }),
  timeout: member => member.timeout(600_000),
  kick: member => member.kick(),
  ban: member => member.ban()
}

/** The engine's process is the only child of this one that carries sound. */
function enginePid() {
  const found = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ')
  return found.at(-1)
}

serve({
  start: async ({ folder, name }) => {
    client = await createClient({
      profile: { name },
      store: folderStore(folder),
      bootstrap: [],
      network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
    })
  },
  found: async () => {
    const made = await client.servers.create({ name: 'Bench' })
    await made.channels.create({ kind: 'voice', name: LOUNGE })
    return (await made.invites.create()).link
  },
  join: async ({ link }) => {
    await client.servers.join(link, { timeoutMs: WAIT_MS })
    await waitFor('the lounge is seen', () => server().channels.get(LOUNGE) !== undefined)
  },
  /** Joins the call and sends a tone. With `until` the time to the first loud frame of that member, ms. */
  enter: async ({ hz, until }) => {
    heard = new Map()
    const began = now()
    session = await server().channel(LOUNGE).voice.join()
    listen(session)
    stopTone = play(toneSource(hz), frame => {
      if (session?.ended === null) session.send(frame)
    })
    if (until === undefined) return undefined
    return (await waitFor(`${until} is heard`, () => heard.get(until)?.first)) - began
  },
  leave: () => {
    stopTone()
    session?.leave()
  },
  /** Until the call shows so many others. */
  others: async ({ count }) => await waitFor('the others left', () => session.participants.length === count),
  /** Waits until each of these was heard within the last moment. */
  hears: async ({ names, withinMs = 300 }) => {
    await waitFor(`${names} are heard`, () =>
      names.every(each => (heard.get(each)?.last ?? 0) > now() - withinMs)
    )
  },
  /** A moderator's act; when it was begun, ms. */
  act: async ({ verb, name }) => {
    const at = now()
    await ACTS[verb](server().members.get(name))
    return at
  },
  /** When somebody was last heard, once nothing came of them for so long. */
  silent: async ({ name, ms }) =>
    await waitFor(`${name} is silent`, () => {
      const last = heard.get(name)?.last ?? 0
      return now() - last > ms ? last : undefined
    }),
  heard: () => Object.fromEntries(heard),
  pairs: async () => await session.stats(),
  /** Memory of this process and of its engine, bytes. */
  memory: () => {
    const pages = Number(readFileSync(`/proc/${enginePid()}/statm`, 'utf8').split(' ')[1])
    return { peer: process.memoryUsage.rss(), engine: pages * 4_096 }
  },
  /** What is really held, once everything that is not has been collected. */
  live: () => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  },
  stop: async () => {
    stopTone()
    session?.leave()
    await client?.close()
  }
})
