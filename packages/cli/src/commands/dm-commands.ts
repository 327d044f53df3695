/** `dm …`: conversations with two to ten people, without a server. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { parseId, XcordError } from '@xcord/core'
import type { ConversationJson, DirectMessageJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { safeLine, safeText } from '../render/sanitize.ts'
import { shortId, table } from '../render/table.ts'
import { parseDuration, relativeTime } from '../render/time.ts'
import { HAND_OVER_MS } from './hand-over.ts'
import { pick, PREFIX_MIN } from './resolve.ts'
import { confirm, openApi, type Session } from './session.ts'
import { argument, countOf, type Options, type Shell, textOf } from './shell.ts'

interface Person {
  readonly id: string
  readonly name: string
}

/** Everybody one may talk with: members of one's servers, and people of conversations. */
async function people(api: Api): Promise<readonly Person[]> {
  const known = new Map<string, Person>()
  for (const server of (await api.call('listServers')).items)
    for (const { id, name } of (await api.call('listMembers', { params: { server: server.id } })).items)
      known.set(id, { id, name })
  for (const { users, names } of (await api.call('listConversations')).items)
    for (const [index, id] of users.entries())
      if (!known.has(id)) known.set(id, { id, name: names[index] ?? id })
  return [...known.values()]
}

/** Somebody by name, id or its first characters. XCORD_USER_NOT_FOUND. */
export async function resolvePerson(api: Api, text: string): Promise<string> {
  const whole = parseId('u', text)
  if (whole !== undefined) return whole
  const found = pick(await people(api), text.replace(/^@/, ''), each => [each.name], 'person')
  if (found === undefined)
    throw new XcordError('XCORD_USER_NOT_FOUND', `nobody called "${text}" is in a server of yours`, {
      user: text
    })
  return found.id
}

/** A conversation by its id, or the one with this person alone. XCORD_CONVERSATION_NOT_FOUND. */
async function resolveConversation(api: Api, text: string): Promise<ConversationJson> {
  const { items } = await api.call('listConversations')
  const found = items.filter(
    each => each.id === text || (text.length >= PREFIX_MIN && each.id.startsWith(text))
  )
  if (found.length > 1) throw usage(text, `"${text}" may be any of ${found.length} conversations; use an id`)
  if (found[0] !== undefined) return found[0]
  return await api.call('openConversation', { body: { users: [await resolvePerson(api, text)] } })
}

const peopleOf = ({ names }: ConversationJson): string => names.map(safeLine).join(', ')

export function lifetimeText(seconds: number): string {
  if (seconds === 0) return 'for ever'
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60]
  ] as const)
    if (seconds % size === 0) return `${seconds / size} ${unit}`
  return `${seconds} s`
}

function showConversations(all: readonly ConversationJson[], now: number): string {
  return table(all, [
    { title: 'conversation', of: each => shortId(each.id) },
    { title: 'people', of: each => each.names.join(', ') },
    { title: 'messages live', of: each => lifetimeText(each.lifetimeSeconds) },
    { title: 'since', of: each => relativeTime(each.since, now) },
    { title: 'not met yet', of: each => String(each.unmet.length || '') }
  ])
}

function showDirectMessages(all: readonly DirectMessageJson[], now: number): string {
  return all
    .map(each => {
      const ends = each.expiresAt === undefined ? '' : `, gone ${relativeTime(each.expiresAt, now)}`
      return `${safeLine(each.authorName)} (${relativeTime(each.at, now)}${ends}) ${shortId(each.id)}\n  ${safeText(each.content)}`
    })
    .join('\n')
}

/** One-shot writes: others get a moment to take what was written. What they miss, they get when they are next met. */
async function handOver(
  session: Session,
  api: Api,
  id: string,
  message: DirectMessageJson
): Promise<DirectMessageJson> {
  const { users } = await api.call('getConversation', { params: { conversation: id } })
  if (!api.own || users.length <= 1) return message
  const end = AbortSignal.any([session.signal, AbortSignal.timeout(HAND_OVER_MS)])
  let now = message
  while (!end.aborted && now.deliveredTo.length < users.length - 1) {
    await sleep(100, undefined, { signal: end }).catch(() => undefined)
    const { items } = await api.call('listDirectMessages', {
      params: { conversation: id },
      query: { limit: 5 }
    })
    now = items.find(each => each.id === message.id) ?? now
  }
  if (now.deliveredTo.length === 0)
    session.output.note('Nobody could be reached; it leaves when you are next online together.')
  return now
}

async function send(session: Session, args: readonly string[], options: Options): Promise<void> {
  const words = args.slice(1)
  const typed =
    words.length === 0 || (words.length === 1 && words[0] === '-')
      ? await session.asker.rest()
      : words.join(' ')
  if (typed.trim() === '') throw usage('text', 'the message is empty')
  const api = await openApi(session, 'online')
  const { id } = await resolveConversation(api, argument(args, 0))
  const replyTo = textOf(options, 'reply')
  const sent = await api.call('sendDirectMessage', {
    params: { conversation: id },
    body: { content: typed, ...(replyTo === undefined ? {} : { replyTo }) }
  })
  const done = await handOver(session, api, id, sent)
  session.output.done(done, () => `Sent ${shortId(done.id)} (${done.deliveredTo.length} have it)`)
}

function registerWriting(dm: Command, { verb }: Shell): void {
  verb(
    dm.command('open <people...>').description('talk with one to nine others; says which conversation it is'),
    async (session, args) => {
      const api = await openApi(session, 'online')
      const users: string[] = []
      for (const each of args) users.push(await resolvePerson(api, each))
      const opened = await api.call('openConversation', { body: { users } })
      session.output.done(opened, () => `Conversation ${shortId(opened.id)}: ${peopleOf(opened)}.`)
    }
  )
  verb(
    dm
      .command('send <to> [text...]')
      .description('send to a person or a conversation; without text, or with "-", read from standard input')
      .option('--reply <message>', 'answer this message'),
    send
  )
  verb(
    dm.command('delete <conversation> <message>').description('delete a message of yours'),
    async (session, args) => {
      const api = await openApi(session, 'online')
      const { id } = await resolveConversation(api, argument(args, 0))
      const params = { conversation: id, message: argument(args, 1) }
      const done = await api.call('deleteDirectMessage', { params })
      session.output.done(done, () => 'Deleted here, and by everybody whose client is honest.')
    }
  )
}

function registerReading(dm: Command, { verb }: Shell): void {
  verb(dm.command('list').description('which conversations there are'), async session => {
    const api = await openApi(session, 'offline')
    const { items } = await api.call('listConversations')
    session.output.list(items, all => showConversations(all, session.terminal.now()), 'No conversations.')
  })
  verb(
    dm
      .command('history <conversation>')
      .description('messages, oldest first')
      .option('--limit <count>', 'how many, at most 200; default: 50')
      .option('--before <message>', 'older than this one'),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const { id } = await resolveConversation(api, argument(args, 0))
      const limit = countOf(options, 'limit')
      const before = textOf(options, 'before')
      const { items } = await api.call('listDirectMessages', {
        params: { conversation: id },
        query: { ...(limit === undefined ? {} : { limit }), ...(before === undefined ? {} : { before }) }
      })
      session.output.list(items, all => showDirectMessages(all, session.terminal.now()), 'No messages.')
    }
  )
}

function registerKeeping(dm: Command, { verb }: Shell): void {
  verb(
    dm
      .command('disappear <conversation> <after>')
      .description('messages written from now on live this long (30s, 15m, 2h, 7d), or "off"'),
    async (session, args) => {
      const after = argument(args, 1)
      const ms = after === 'off' ? 0 : parseDuration(after)
      if (ms === undefined || ms % 1_000 !== 0)
        throw usage('after', `"${after}" is no duration such as 30s, 15m, 2h or 7d, nor "off"`)
      const api = await openApi(session, 'online')
      const { id } = await resolveConversation(api, argument(args, 0))
      const params = { conversation: id }
      const done = await api.call('setConversationLifetime', { params, body: { seconds: ms / 1_000 } })
      session.output.done(done, () => `Messages live ${lifetimeText(done.lifetimeSeconds)} from now on.`)
    }
  )
  verb(dm.command('leave <conversation>').description('go for good'), async (session, args) => {
    const api = await openApi(session, 'online')
    const found = await resolveConversation(api, argument(args, 0))
    await confirm(session, `Leave the conversation with ${peopleOf(found)} for good?`)
    const done = await api.call('leaveConversation', { params: { conversation: found.id } })
    session.output.done(done, () => 'You left. What was written before stays here.')
  })
  for (const [name, route, words] of [
    ['block', 'blockUser', 'is blocked: nothing is taken of them or told to them.'],
    ['unblock', 'unblockUser', 'is blocked no longer.']
  ] as const) {
    verb(
      dm
        .command(`${name} <person>`)
        .description(name === 'block' ? 'take nothing of somebody any more' : 'take a block back'),
      async (session, args) => {
        const api = await openApi(session, 'online')
        const text = argument(args, 0)
        const user = await resolvePerson(api, text)
        const done = await api.call(route, { params: { user } })
        session.output.done(done, () => `${safeLine(text)} ${words}`)
      }
    )
  }
  verb(dm.command('blocked').description('who is blocked here'), async session => {
    const api = await openApi(session, 'offline')
    const { items } = await api.call('listBlocked')
    session.output.list(items, all => all.map(each => each.user).join('\n'), 'Nobody is blocked.')
  })
}

export function registerDirect(program: Command, shell: Shell): void {
  const dm = program.command('dm').description('conversations with people, without a server')
  registerWriting(dm, shell)
  registerReading(dm, shell)
  registerKeeping(dm, shell)
}
