/** Commands typed into the composer. */
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import type { Desk } from './desk.ts'
import { currentChannel, currentServer, voiceChannels } from './state/state.ts'

export const SLASH_COMMANDS = [
  'join',
  'create',
  'channel',
  'thread',
  'invite',
  'voice',
  'mute',
  'unmute',
  'leave',
  'status',
  'doctor',
  'help',
  'quit'
] as const

/** A command line of the composer; `//` begins a message that begins with a slash. */
export function isSlash(text: string): boolean {
  return /^\/[a-z]/.test(text) && !text.startsWith('//')
}

const JOIN_MS = 30_000

function here({ store }: Desk): string {
  const server = currentServer(store.get())
  if (server === undefined) throw usage('server', 'open a server first: /join <link> or /create <name>')
  return server.id
}

function needed(rest: string, what: string): string {
  if (rest === '') throw usage(what, `say ${what} behind the command`)
  return rest
}

/** Begins a thread of the open channel, or of the one that the open thread belongs to. */
async function beginThread(desk: Desk, name: string): Promise<string> {
  const open = currentChannel(desk.store.get())
  if (open === undefined) throw usage('thread', 'open a channel first')
  const made = await desk.api.call('createThread', {
    params: { channel: open.thread === undefined ? open.id : (open.parent ?? open.id) },
    body: { name }
  })
  await desk.feed.loadServer(made.server)
  desk.open(made.server, made.id)
  return `Began the thread "${safeLine(made.name)}".`
}

/** Into a voice channel with the microphone and speakers of this machine, or out. */
async function talk({ api, store, feed }: Desk, server: string, where: string): Promise<string> {
  if (where === '' || where === 'leave') {
    const { left } = await api.call('leaveVoice', { params: { server } })
    await feed.loadVoice()
    return left ? 'Left the voice channel.' : 'You are in no voice channel: /voice <channel> joins one.'
  }
  const name = where.replace(/^#/, '')
  const found = voiceChannels(store.get(), server).find(({ channel }) => channel.name === name)
  if (found === undefined) throw usage('voice', `there is no voice channel "${safeLine(name)}"`)
  const call = await api.call('joinVoice', {
    params: { channel: found.channel.id },
    body: { microphone: true, speakers: true }
  })
  await feed.loadVoice()
  return `In "${safeLine(call.name)}"; /voice leave ends it. Code to compare aloud: ${call.code}`
}

async function mute({ api, feed }: Desk, server: string, muted: boolean): Promise<string> {
  await api.call('editVoice', { params: { server }, body: { muted } })
  await feed.loadVoice()
  return muted ? 'Nobody hears you.' : 'You are heard again.'
}

const STATUSES = ['online', 'idle', 'dnd', 'invisible'] as const

/** Says how we are there: a status, behind it words, or `clear` for none. Alone: what is said now. */
async function present({ api, store }: Desk, rest: string): Promise<string> {
  const [, first = '', words = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? []
  const status = STATUSES.find(each => each === first)
  if (status === undefined && !(first === 'clear' && words === '') && first !== '')
    throw usage('status', `/status takes ${STATUSES.join(', ')}, with words behind it if you like; or clear`)
  const body =
    first === ''
      ? undefined
      : { ...(status === undefined ? {} : { status }), ...textFor(first, safeLine(words)) }
  const own = body === undefined ? await api.call('getPresence') : await api.call('setPresence', { body })
  store.dispatch({ type: 'own', own })
  const said = own.text === null ? own.status : `${own.status}: ${safeLine(own.text)}`
  return own.status === 'invisible' ? 'Others see you as offline.' : `Others see you as ${said}.`
}

function textFor(first: string, words: string): { readonly text?: string | null } {
  if (first === 'clear') return { text: null }
  return words === '' ? {} : { text: words }
}

async function examine({ api }: Desk): Promise<string> {
  const doctor = await api.call('runDoctor', { query: { timeoutMs: 10_000 } })
  const failed = doctor.checks.filter(check => !check.ok)
  if (failed.length === 0) return `All is well; ${doctor.peers.length} peers.`
  return failed
    .map(check => `${check.check}: ${safeLine(check.cause ?? check.detail)}. ${safeLine(check.remedy ?? '')}`)
    .join(' ')
}

/** @returns What to tell the person. Throws as the API does. */
export async function runSlash(desk: Desk, text: string): Promise<string> {
  const { api, store, feed } = desk
  const [, name = '', rest = ''] = /^\/(\S+)\s*([\s\S]*)$/.exec(text.trim()) ?? []
  switch (name) {
    case 'join': {
      const joined = await api.call('joinServer', {
        // A link copied off a screen may have line breaks in it.
        body: { link: needed(rest, 'the link').replace(/\s+/g, ''), timeoutMs: JOIN_MS }
      })
      await feed.loadServers()
      desk.open(joined.id, null)
      return `Joined "${safeLine(joined.name)}".`
    }
    case 'create': {
      const made = await api.call('createServer', { body: { name: needed(rest, 'a name') } })
      await feed.loadServers()
      desk.open(made.id, null)
      return `Created "${safeLine(made.name)}". /invite makes a link for others.`
    }
    case 'channel': {
      const server = here(desk)
      const made = await api.call('createChannel', {
        params: { server },
        body: { name: needed(rest, 'a name').replace(/^#/, '') }
      })
      await feed.loadServer(server)
      desk.open(server, made.id)
      return `Created #${safeLine(made.name)}.`
    }
    case 'thread':
      return await beginThread(desk, needed(rest, 'a name'))
    case 'invite': {
      const invite = await api.call('createInvite', { params: { server: here(desk) }, body: {} })
      return `Whoever holds this link may join and read: ${invite.link ?? invite.id}`
    }
    case 'voice':
      return await talk(desk, here(desk), rest)
    case 'mute':
    case 'unmute':
      return await mute(desk, here(desk), name === 'mute')
    case 'leave': {
      const server = currentServer(store.get())
      const id = here(desk)
      if (rest !== server?.name) return `To leave, type the name too: /leave ${safeLine(server?.name ?? '')}`
      await api.call('leaveServer', { params: { server: id } })
      await feed.loadServers()
      return `Left "${safeLine(server.name)}".`
    }
    case 'status':
      return await present(desk, rest)
    case 'doctor':
      return await examine(desk)
    case 'help':
      store.dispatch({ type: 'mode', mode: 'help' })
      return ''
    case 'quit':
      desk.quit()
      return ''
    default:
      throw usage(
        name,
        `there is no command "/${safeLine(name)}"; there are ${SLASH_COMMANDS.map(each => `/${each}`).join(', ')}`
      )
  }
}
