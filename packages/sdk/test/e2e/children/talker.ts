/**
 * A peer in a process of its own that sends a tone into a voice channel and says which tones it hears of whom.
 *
 * Lines in: `join`, `leave`, `report`, `pairs`, `last <name>`, `mute <name>`, `unmute <name>`, `timeout <name>`, `kick <name>`,
 * `ban <name>`, `close`.
 * Lines out: `link <link>`, `ready`, `joined`, `left`, `ended <why>`, `report <json>`, `pairs <json>`, `last <json>`,
 * `done <command>`, `refused <code>`, `fault <sentence>`, `closed`.
 */
import { createInterface } from 'node:readline'
import { isXcordError } from '@xcord/core'
import { play, toneSource } from '@xcord/core/adapters/audio-node'
import { tonesHeard } from '@xcord/core/audio'
import { createClient, type Member, type Server, type VoiceSession } from '@xcord/sdk'
import { folder } from '@xcord/sdk/node'

const [, , path = '', name = '', hz = '440', tones = '', link = ''] = process.argv
const TONES = tones.split(',').map(Number)
/** What was heard lately, ms. */
const LATELY_MS = 400
/** Frames a tone is looked for in: 30 ms tell tones apart, and are often whole on a busy machine. */
const EAR_FRAMES = 3
/** However busy those are who are asked. */
const JOIN_MS = 120_000

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const client = await createClient({
  profile: { name },
  store: folder(path),
  network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
})
client.on('error', ({ error }) => say(`fault ${String(error)}`))

async function lounge(): Promise<Server> {
  const known = client.servers.all[0]
  if (known !== undefined) return known
  if (link !== '') return await client.servers.join(link, { timeoutMs: JOIN_MS })
  const made = await client.servers.create({ name: 'Engine' })
  await made.channels.create({ kind: 'voice', name: 'lounge' })
  return made
}

const server = await lounge()
if (link === '') say(`link ${(await server.invites.create()).link ?? ''}`)

const heard = new Map<string, { frames: Int16Array[]; tones: number[]; at: number }>()
/** When a frame of somebody was played last, and when it was known here that they are not to be heard; ms. */
const played = new Map<string, number>()
const silencedAt = new Map<string, number>()
let session: VoiceSession | undefined

/** Whoever was put out has a name here still. */
const names = new Map<string, string>()
function learn({ member }: { member: Member }): void {
  names.set(member.id, member.name)
  const silent = member.muted || member.timeoutUntil !== null || server.members.get(member.id) === undefined
  if (!silent) silencedAt.delete(member.name)
  else if (!silencedAt.has(member.name)) silencedAt.set(member.name, Date.now())
}
client.on('member:join', learn)
client.on('member:update', learn)
for (const event of ['member:timeout', 'member:leave', 'member:kick', 'member:ban'] as const)
  client.on(event, learn)

function listen(to: VoiceSession): void {
  to.on('audio', ({ member, frame }) => {
    const who = server.members.get(member)?.name ?? names.get(member) ?? '?'
    played.set(who, Date.now())
    const ear = heard.get(who) ?? { frames: [], tones: [], at: 0 }
    heard.set(who, ear)
    ear.frames.push(frame)
    if (ear.frames.length < EAR_FRAMES) return
    const found = tonesHeard(Int16Array.from(ear.frames.flatMap(each => [...each])), TONES, 0.5)
    ear.frames = []
    // What is silent is not heard.
    if (found.length > 0) Object.assign(ear, { tones: found, at: Date.now() })
  })
  to.on('ended', ({ end }) => {
    heard.clear()
    say(`ended ${end}`)
  })
}

play(toneSource(Number(hz)), frame => {
  if (session?.ended === null) session.send(frame)
})

const memberOf = (who: string): Member => {
  const found = server.members.get(who)
  if (found === undefined) throw new Error(`no member ${who}`)
  return found
}

const ACTS: Readonly<Record<string, (who: string) => Promise<unknown>>> = {
  join: async () => {
    session = await server.channel('lounge').voice.join()
    listen(session)
    say('joined')
  },
  leave: async () => {
    session?.leave()
    say('left')
  },
  report: async () => {
    const lately = [...heard].filter(([, { at }]) => Date.now() - at < LATELY_MS)
    say(`report ${JSON.stringify(Object.fromEntries(lately.map(([who, ear]) => [who, ear.tones])))}`)
  },
  pairs: async () => say(`pairs ${JSON.stringify((await session?.stats()) ?? [])}`),
  last: async who =>
    say(
      `last ${JSON.stringify({ playedAt: played.get(who) ?? null, silencedAt: silencedAt.get(who) ?? null })}`
    ),
  mute: async who => await memberOf(who).setVoice({ muted: true }),
  unmute: async who => await memberOf(who).setVoice({ muted: false }),
  timeout: async who => await memberOf(who).timeout(600_000),
  kick: async who => await memberOf(who).kick(),
  ban: async who => await memberOf(who).ban(),
  close: async () => {
    await client.close()
    say('closed')
    process.exit(0)
  }
}

createInterface({ input: process.stdin }).on('line', line => {
  const [command = '', who = ''] = line.split(' ')
  void ACTS[command]?.(who).then(
    () => say(`done ${line}`),
    (error: unknown) => say(`refused ${isXcordError(error) ? error.code : String(error)}`)
  )
})
// A parent that is gone takes its children along.
process.stdin.on('close', () => process.exit(0))

const seen = setInterval(() => {
  if (server.channels.get('lounge') === undefined) return
  clearInterval(seen)
  say('ready')
}, 50)
