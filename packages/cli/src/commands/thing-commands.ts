/** Emojis and their like, events to come to, the owner's policy, voice, and hidden messages shown again. */
import { readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import type { Command } from 'commander'
import type { ExpressionJson, ScheduledEventJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { handOver } from './hand-over.ts'
import { home, nounOf, REASON } from './moderation-commands.ts'
import { pick, resolveMember, resolveMessage, resolveServer } from './resolve.ts'
import { confirm, openApi } from './session.ts'
import { argument, type Options, reasonOf, type Shell, textOf } from './shell.ts'
import { showExpressions, showOperation, showPolicy, showSchedule } from './show.ts'

const KINDS = ['emoji', 'sticker', 'sound'] as const
/** By the end of a file's name. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.avif': 'image/avif',
  '.ogg': 'audio/ogg',
  '.opus': 'audio/opus',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav'
}

/** A file as base64. XCORD_USAGE where it cannot be read. */
function mediaOf(path: string): { readonly media: string; readonly mediaType: string } {
  const mediaType = MEDIA_TYPES[extname(path).toLowerCase()]
  if (mediaType === undefined)
    throw usage(
      'file',
      `a picture or sound ends in ${Object.keys(MEDIA_TYPES).join(', ')}; not "${basename(path)}"`
    )
  try {
    return { mediaType, media: readFileSync(path).toString('base64') }
  } catch {
    throw usage('file', `the file ${path} cannot be read`)
  }
}

async function expressionCalled(api: Api, server: string, name: string): Promise<ExpressionJson> {
  const { items } = await api.call('listExpressions', { params: { server } })
  const found = pick(items, name.replace(/^:(.*):$/, '$1'), each => [each.name], 'emoji')
  if (found === undefined) throw usage(name, `there is no emoji, sticker or sound "${name}"`)
  return found
}

function registerEmoji(program: Command, { verb }: Shell): void {
  const emoji = program.command('emoji').description("a server's own emojis, stickers and sounds")
  verb(emoji.command('list').description('all of a server'), async (session, _args, options) => {
    const api = await openApi(session, 'offline')
    const server = await resolveServer(session, api, textOf(options, 'server'))
    const { items } = await api.call('listExpressions', { params: { server: server.id } })
    session.output.list(items, showExpressions, 'None.')
  })
  verb(
    emoji
      .command('add <name> <file>')
      .description('add one from a file of at most 8,000 bytes')
      .option('--kind <kind>', `${KINDS.join(', ')}; default: emoji`)
      .option(...REASON),
    async (session, args, options) => {
      const kind = KINDS.find(each => each === (options['kind'] ?? 'emoji'))
      if (kind === undefined) throw usage('--kind', `--kind must be one of ${KINDS.join(', ')}`)
      const file = mediaOf(argument(args, 1))
      const { api, server } = await home(session, options)
      const made = await api.call('createExpression', {
        params: { server: server.id },
        body: { kind, name: argument(args, 0), ...file, ...reasonOf(options) }
      })
      session.output.done(made, () => `Added ${made.kind} :${safeLine(made.name)}:.`)
      await handOver(session, api, server.id)
    }
  )
  verb(
    emoji
      .command('rename <emoji> <name>')
      .description('call it otherwise')
      .option(...REASON),
    async (session, args, options) => {
      const { api, server } = await home(session, options)
      const found = await expressionCalled(api, server.id, argument(args, 0))
      const done = await api.call('renameExpression', {
        params: { server: server.id, expression: found.id },
        body: { name: argument(args, 1), ...reasonOf(options) }
      })
      session.output.done(done, () => showOperation(`It is :${safeLine(argument(args, 1))}: now.`, done))
      await handOver(session, api, server.id)
    }
  )
  verb(
    emoji
      .command('remove <emoji>')
      .description('remove one')
      .option(...REASON),
    async (session, args, options) => {
      const { api, server } = await home(session, options)
      const found = await expressionCalled(api, server.id, argument(args, 0))
      const done = await api.call('removeExpression', {
        params: { server: server.id, expression: found.id },
        query: reasonOf(options)
      })
      session.output.done(done, () => showOperation(`Removed :${safeLine(found.name)}:.`, done))
      await handOver(session, api, server.id)
    }
  )
}

/** A time as people write it. XCORD_USAGE. */
function timeOf(options: Options, key: string): string | undefined {
  const text = textOf(options, key)
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  if (Number.isNaN(ms))
    throw usage(`--${key}`, `--${key} must be a time such as 2027-01-31T18:00Z, not "${text}"`)
  return new Date(ms).toISOString()
}

async function eventCalled(api: Api, server: string, name: string): Promise<ScheduledEventJson> {
  const { items } = await api.call('listSchedule', { params: { server } })
  const found = pick(items, name, each => [each.name], 'event')
  if (found === undefined) throw usage(name, `no event is called "${name}"`)
  return found
}

/** What is said of an event; an empty text takes it away. */
function detailsOf(options: Options) {
  const emptied = (key: string) => {
    const text = textOf(options, key)
    return text === undefined ? {} : { [key]: text === '' ? null : text }
  }
  const endsAt = textOf(options, 'end') === '' ? null : timeOf(options, 'end')
  return {
    ...emptied('description'),
    ...emptied('location'),
    ...(endsAt === undefined ? {} : { endsAt })
  } as { description?: string | null; location?: string | null; endsAt?: string | null }
}

const withDetails = (command: Command) =>
  command
    .option('--end <time>')
    .option('--description <text>')
    .option('--location <text>', 'a channel, a link, a place')
    .option(...REASON)

function registerSchedule(program: Command, shell: Shell): void {
  const { verb } = shell
  const schedule = program.command('schedule').description('events that members are invited to')
  registerCallingOff(schedule, shell)
  verb(schedule.command('list').description('events, soonest first'), async (session, _args, options) => {
    const api = await openApi(session, 'offline')
    const server = await resolveServer(session, api, textOf(options, 'server'))
    const { items } = await api.call('listSchedule', { params: { server: server.id } })
    session.output.list(items, all => showSchedule(all), 'Nothing is planned.')
  })
  verb(
    withDetails(
      schedule
        .command('add <name>')
        .description('plan an event')
        .requiredOption('--start <time>', 'such as 2027-01-31T18:00Z')
    ),
    async (session, args, options) => {
      const startsAt = timeOf(options, 'start') ?? ''
      const details = detailsOf(options)
      const { api, server } = await home(session, options)
      const made = await api.call('createScheduledEvent', {
        params: { server: server.id },
        body: { name: argument(args, 0), startsAt, ...details, ...reasonOf(options) }
      })
      session.output.done(made, () => `Planned "${safeLine(made.name)}".`)
      await handOver(session, api, server.id)
    }
  )
  verb(
    withDetails(
      schedule
        .command('edit <event>')
        .description('change an event; an empty text takes something away')
        .option('--name <name>')
        .option('--start <time>')
    ),
    async (session, args, options) => {
      const name = textOf(options, 'name')
      const startsAt = timeOf(options, 'start')
      const body = {
        ...(name === undefined ? {} : { name }),
        ...(startsAt === undefined ? {} : { startsAt }),
        ...detailsOf(options)
      }
      if (Object.keys(body).length === 0)
        throw usage('schedule edit', 'say what to change: --name, --start …')
      const { api, server } = await home(session, options)
      const found = await eventCalled(api, server.id, argument(args, 0))
      const done = await api.call('editScheduledEvent', {
        params: { server: server.id, event: found.id },
        body: { ...body, ...reasonOf(options) }
      })
      session.output.done(done, () => showOperation(`Changed "${safeLine(found.name)}".`, done))
      await handOver(session, api, server.id)
    }
  )
}

function registerCallingOff(schedule: Command, { verb }: Shell): void {
  verb(
    schedule
      .command('remove <event>')
      .description('call an event off')
      .option(...REASON),
    async (session, args, options) => {
      const { api, server } = await home(session, options)
      const found = await eventCalled(api, server.id, argument(args, 0))
      const done = await api.call('removeScheduledEvent', {
        params: { server: server.id, event: found.id },
        query: reasonOf(options)
      })
      session.output.done(done, () => showOperation(`"${safeLine(found.name)}" is off.`, done))
      await handOver(session, api, server.id)
    }
  )
}

function registerPolicy(program: Command, { verb }: Shell): void {
  verb(
    nounOf(program, 'server', 'communities')
      .command('policy [server]')
      .description('what only the owner decides: shown, or changed')
      .option('--invites <mode>', "open, or approval: what members' clients make when asked for an invite")
      .option('--transfer-phrase', 'handing the server over takes the 24 words')
      .option('--no-transfer-phrase', 'a device of the owner is enough')
      .option(...REASON),
    async (session, args, options) => {
      const mode = textOf(options, 'invites')
      const invites = (['open', 'approval'] as const).find(each => each === mode)
      if (mode !== undefined && invites === undefined)
        throw usage('--invites', '--invites is open or approval')
      const phrase = options['transferPhrase']
      const body = {
        ...(invites === undefined ? {} : { invites }),
        ...(typeof phrase === 'boolean' ? { transferNeedsPhrase: phrase } : {})
      }
      const changes = Object.keys(body).length > 0
      const api = await openApi(session, changes ? 'online' : 'offline')
      const server = await resolveServer(session, api, args[0] ?? textOf(options, 'server'))
      const params = { server: server.id }
      if (!changes) {
        const policy = await api.call('getPolicy', { params })
        session.output.answer(policy, () => showPolicy(policy))
        return
      }
      if (body.transferNeedsPhrase === false)
        await confirm(session, 'Let any device of yours hand the server over, a stolen one too?')
      const done = await api.call('setPolicy', { params, body: { ...body, ...reasonOf(options) } })
      session.output.done(done, () => showOperation('Decided.', done))
      await handOver(session, api, server.id)
    }
  )
}

const VOICE = [
  ['mute', 'let nobody hear a member in voice channels', { muted: true }, 'is muted'],
  ['unmute', 'let a member be heard again', { muted: false }, 'is heard again'],
  ['deafen', 'let a member hear nobody in voice channels', { deafened: true }, 'is deafened'],
  ['undeafen', 'let a member hear again', { deafened: false }, 'hears again']
] as const

function registerVoice(program: Command, { verb }: Shell): void {
  const member = nounOf(program, 'member', 'members of a server')
  for (const [name, description, body, words] of VOICE) {
    verb(
      member
        .command(`${name} <member>`)
        .description(description)
        .option(...REASON),
      async (session, args, options) => {
        const { api, server } = await home(session, options)
        const found = await resolveMember(api, server, argument(args, 0))
        const done = await api.call('setVoice', {
          params: { server: server.id, member: found.id },
          body: { ...body, ...reasonOf(options) }
        })
        session.output.done(done, () => showOperation(`${safeLine(found.name)} ${words}.`, done))
        await handOver(session, api, server.id)
      }
    )
  }
}

function registerReadmission(program: Command, { verb }: Shell): void {
  verb(
    nounOf(program, 'message', 'messages: list, edit, delete, react')
      .command('readmit <message>')
      .description(
        'show a message again that a ban, kick or timeout hid; "message list --hidden" shows which'
      )
      .option(...REASON),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const found = await resolveMessage(session, api, argument(args, 0), textOf(options, 'server'))
      const done = await api.call('readmitMessage', {
        params: { message: found.id },
        body: reasonOf(options)
      })
      session.output.done(done, () => showOperation(`${found.id.slice(0, 10)} is shown again.`, done))
      await handOver(session, api, found.server)
    }
  )
}

/** `emoji`, `schedule`, `server policy`, `member mute` and its like, `message readmit`. */
export function registerThings(program: Command, shell: Shell): void {
  registerEmoji(program, shell)
  registerSchedule(program, shell)
  registerPolicy(program, shell)
  registerVoice(program, shell)
  registerReadmission(program, shell)
}
