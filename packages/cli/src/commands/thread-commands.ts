/** Threads of channels, and posts of forums. */
import type { Command } from 'commander'
import type { ChannelJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { handOver } from './hand-over.ts'
import { REASON } from './moderation-commands.ts'
import { resolveChannel, resolveMember, resolveMessage, resolveServer, resolveThread } from './resolve.ts'
import { confirm, openApi, type Session } from './session.ts'
import { argument, type Options, reasonOf, type Shell, textOf } from './shell.ts'
import { showOperation, showThreads } from './show.ts'

/** The text of a first message: words, or standard input for "-". */
async function contentOf(session: Session, words: readonly string[]): Promise<string | undefined> {
  const text = words.length === 1 && words[0] === '-' ? await session.asker.rest() : words.join(' ')
  return text.trim() === '' ? undefined : text
}

async function begin(
  session: Session,
  args: readonly string[],
  options: Options,
  fits: (parent: ChannelJson) => void
): Promise<void> {
  const content = await contentOf(session, args.slice(2))
  const api = await openApi(session, 'online')
  const parent = await resolveChannel(session, api, argument(args, 0), textOf(options, 'server'))
  fits(parent)
  const aboutText = textOf(options, 'from')
  const from =
    aboutText === undefined ? undefined : (await resolveMessage(session, api, aboutText, parent.server)).id
  if (from !== undefined && content === undefined)
    throw usage('--from', 'a thread about a message begins with an answer to it: say it behind the name')
  const made = await api.call('createThread', {
    params: { channel: parent.id },
    body: {
      name: argument(args, 1),
      ...(options['private'] === true ? { private: true } : {}),
      ...(content === undefined ? {} : { content }),
      ...(from === undefined ? {} : { from })
    }
  })
  session.output.done(made, () => `Began "${safeLine(made.name)}" in #${safeLine(parent.name)}.`)
  await handOver(session, api, made.server)
}

async function list(
  session: Session,
  api: Api,
  options: Options,
  channelText: string | undefined
): Promise<void> {
  const serverText = textOf(options, 'server')
  const channel =
    channelText === undefined ? undefined : await resolveChannel(session, api, channelText, serverText)
  const server = channel?.server ?? (await resolveServer(session, api, serverText)).id
  const [{ items }, channels] = await Promise.all([
    api.call('listThreads', {
      params: { server },
      query: {
        ...(channel === undefined ? {} : { channel: channel.id }),
        ...(options['all'] === true ? {} : { archived: options['archived'] === true })
      }
    }),
    api.call('listChannels', { params: { server } })
  ])
  session.output.list(
    items,
    all => showThreads(all, channels.items, session.terminal.now()),
    channel?.kind === 'forum' ? 'No posts.' : 'No threads.'
  )
}

function registerBeginning(thread: Command, { verb }: Shell): void {
  verb(
    thread
      .command('create <channel> <name> [text...]')
      .description('begin a thread; text, or "-" for standard input, is its first message')
      .option('--from <message>', 'about this message: the text answers it')
      .option('--private', 'only for those let in with "thread add"; its name is sealed'),
    (session, args, options) => begin(session, args, options, () => undefined)
  )
  verb(
    thread
      .command('list [channel]')
      .description('threads of a server, or of one channel')
      .option('--archived', 'those that are put away')
      .option('--all', 'both'),
    async (session, args, options) => list(session, await openApi(session, 'offline'), options, args[0])
  )
  verb(thread.command('show <thread>').description('one thread'), async (session, args, options) => {
    const api = await openApi(session, 'offline')
    const found = await resolveThread(session, api, argument(args, 0), textOf(options, 'server'))
    const channels = await api.call('listChannels', { params: { server: found.server } })
    session.output.answer(found, () => showThreads([found], channels.items, session.terminal.now()))
  })
}

/** Verbs that set one thing. */
const CHANGES = [
  ['archive', 'put a thread away; a message opens it again', { archived: true }, 'is archived'],
  ['unarchive', 'open an archived thread again', { archived: false }, 'is open'],
  ['lock', 'leave a thread to those who manage threads', { locked: true }, 'is locked'],
  ['unlock', 'let members write in a thread again', { locked: false }, 'is unlocked']
] as const

function registerChanges(thread: Command, { verb }: Shell): void {
  for (const [name, description, body, words] of CHANGES) {
    verb(
      thread
        .command(`${name} <thread>`)
        .description(description)
        .option(...REASON),
      async (session, args, options) => {
        const api = await openApi(session, 'online')
        const found = await resolveThread(session, api, argument(args, 0), textOf(options, 'server'))
        const done = await api.call('editThread', {
          params: { thread: found.id },
          body: { ...body, ...reasonOf(options) }
        })
        session.output.done(done, () => showOperation(`"${safeLine(found.name)}" ${words}.`, done))
        await handOver(session, api, found.server)
      }
    )
  }
  verb(
    thread
      .command('edit <thread>')
      .description('rename a thread, or set its slow mode')
      .option('--name <name>')
      .option('--slowmode <seconds>', 'wait between two messages of one member')
      .option(...REASON),
    async (session, args, options) => {
      const name = textOf(options, 'name')
      const slow = textOf(options, 'slowmode')
      if (slow !== undefined && !/^\d{1,5}$/.test(slow))
        throw usage('--slowmode', '--slowmode must be a number of seconds')
      if (name === undefined && slow === undefined)
        throw usage('thread edit', 'say what to change: --name or --slowmode')
      const api = await openApi(session, 'online')
      const found = await resolveThread(session, api, argument(args, 0), textOf(options, 'server'))
      const done = await api.call('editThread', {
        params: { thread: found.id },
        body: {
          ...(name === undefined ? {} : { name }),
          ...(slow === undefined ? {} : { slowmodeSeconds: Number(slow) }),
          ...reasonOf(options)
        }
      })
      session.output.done(done, () => showOperation(`Edited "${safeLine(name ?? found.name)}".`, done))
      await handOver(session, api, found.server)
    }
  )
  verb(
    thread
      .command('delete <thread>')
      .description('delete a thread')
      .option(...REASON),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const found = await resolveThread(session, api, argument(args, 0), textOf(options, 'server'))
      await confirm(session, `Delete "${safeLine(found.name)}" for everyone?`)
      const done = await api.call('deleteThread', {
        params: { thread: found.id },
        query: reasonOf(options)
      })
      session.output.done(done, () => showOperation(`Deleted "${safeLine(found.name)}".`, done))
      await handOver(session, api, found.server)
    }
  )
}

/** Who is in a private thread: another, or oneself. */
const MEMBERSHIPS = [
  ['add <thread> <member>', 'let a member into a private thread', 'addThreadMember', 'is in'],
  ['remove <thread> <member>', 'take a member out of a private thread', 'removeThreadMember', 'is out of'],
  ['join <thread>', 'enter a private thread; needs ManageThreads', 'addThreadMember', 'is in'],
  ['leave <thread>', 'leave a private thread', 'removeThreadMember', 'is out of']
] as const

function registerMembership(thread: Command, { verb }: Shell): void {
  for (const [command, description, route, words] of MEMBERSHIPS) {
    verb(thread.command(command).description(description), async (session, args, options) => {
      const api = await openApi(session, 'online')
      const found = await resolveThread(session, api, argument(args, 0), textOf(options, 'server'))
      const server = await api.call('getServer', { params: { server: found.server } })
      const who = command.includes('<member>') ? argument(args, 1) : (await api.call('getMe')).identity
      const member = await resolveMember(api, server, who)
      const done = await api.call(route, { params: { thread: found.id, member: member.id } })
      session.output.done(done, () =>
        showOperation(`${safeLine(member.nick ?? member.name)} ${words} "${safeLine(found.name)}".`, done)
      )
      await handOver(session, api, found.server)
    })
  }
}

function registerForum(program: Command, { verb }: Shell): void {
  const forum = program.command('forum').description('forums: channels whose messages are in posts')
  const isForum = (parent: ChannelJson): void => {
    if (parent.kind !== 'forum') throw usage(parent.name, `"${parent.name}" is no forum`)
  }
  verb(
    forum
      .command('post <forum> <title> [text...]')
      .description('begin a post; without text, or with "-", it is read from standard input'),
    (session, args, options) => begin(session, args.length === 2 ? [...args, '-'] : args, options, isForum)
  )
  verb(
    forum
      .command('list <forum>')
      .description('posts of a forum')
      .option('--archived', 'those that are put away')
      .option('--all', 'both'),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const parent = await resolveChannel(session, api, argument(args, 0), textOf(options, 'server'))
      isForum(parent)
      await list(session, api, options, parent.id)
    }
  )
}

/** `thread`, `forum`. */
export function registerThreads(program: Command, shell: Shell): void {
  const thread = program.command('thread').description('conversations beside a channel')
  registerBeginning(thread, shell)
  registerChanges(thread, shell)
  registerMembership(thread, shell)
  registerForum(program, shell)
}
