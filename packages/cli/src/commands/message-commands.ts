import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import { isXcordError } from '@xcord/core'
import type { MessageJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { EXIT, type ExitCode, usage } from '../errors/outcome.ts'
import { PAGE_MESSAGES_MAX } from '../gateway/route-parts.ts'
import { safeLine } from '../render/sanitize.ts'
import { readPieces, sizeText, toStandardOutput, writePieces } from './file-pieces.ts'
import { handOver, handOverMessage, reachAny } from './hand-over.ts'
import { resolveChannel, resolveMessage } from './resolve.ts'
import { deadlineOf, openApi, type Session } from './session.ts'
import { argument, countOf, type Shell, textOf } from './shell.ts'
import { deliveryText, showChannels, showMessages } from './show.ts'

/** Waits for `--wait`; the answer is printed either way, and an unmet deadline becomes exit code 7. */
async function reach(
  session: Session,
  api: Api,
  message: MessageJson
): Promise<{ readonly message: MessageJson; readonly late?: unknown }> {
  const { wait, timeout } = session.settings
  if (wait === 'local') return { message: await handOverMessage(session, api, message) }
  try {
    const query = { reach: wait, timeoutMs: timeout }
    const delivery = await api.call(
      'waitForDelivery',
      { params: { message: message.id }, query },
      { signal: deadlineOf(session, timeout + 5_000) }
    )
    return { message: { ...message, delivery } }
  } catch (late) {
    if (!isXcordError(late, 'XCORD_DEADLINE')) throw late
    const delivery = await api.call('waitForDelivery', { params: { message: message.id }, query: {} })
    return { message: { ...message, delivery }, late }
  }
}

function report(
  session: Session,
  result: { readonly message: MessageJson; readonly late?: unknown },
  words: string
): ExitCode | void {
  session.output.done(
    result.message,
    () => `${words} ${result.message.id.slice(0, 10)} (${deliveryText(result.message.delivery)})`
  )
  if (result.late === undefined) return
  session.output.error(result.late)
  return EXIT.deadline
}

function collectPaths(path: string, paths: readonly string[]): readonly string[] {
  return [...paths, path]
}

/** Hands files to the peer: the message names them. */
async function uploads(
  session: Session,
  api: Api,
  paths: readonly string[],
  options: Readonly<Record<string, unknown>>
) {
  const files: { upload: string; name: string; keepMetadata?: boolean }[] = []
  for (const path of paths) {
    const { upload } = await api.upload('uploadFile', {}, readPieces(session, path), {
      signal: session.signal
    })
    const keepMetadata = options['keepMetadata'] === true
    files.push({ upload, name: basename(path), ...(keepMetadata ? { keepMetadata } : {}) })
  }
  return files
}

function registerSend(program: Command, { verb }: Shell): void {
  verb(
    program
      .command('send <channel> [text...]')
      .description('send a message; without text, or with "-", it is read from standard input')
      .option('--reply <message>', 'answer this message')
      .option('--file <path>', 'send this file with it; may be given up to ten times', collectPaths, [])
      .option('--keep-metadata', 'send pictures with what they say of place, time and camera')
      .option(
        '--idempotency-key <key>',
        'sending again under this key sends nothing twice (while the daemon runs)'
      ),
    async (session, args, options) => {
      const words = args.slice(1)
      const paths = (options['file'] ?? []) as readonly string[]
      const typed =
        words.length === 0 && paths.length > 0
          ? ''
          : words.length === 0 || (words.length === 1 && words[0] === '-')
            ? await session.asker.rest()
            : words.join(' ')
      if (typed.trim() === '' && paths.length === 0) throw usage('text', 'the message is empty')
      const api = await openApi(session, 'online')
      const channel = await resolveChannel(session, api, argument(args, 0), textOf(options, 'server'))
      const replyText = textOf(options, 'reply')
      const replyTo =
        replyText === undefined
          ? undefined
          : (await resolveMessage(session, api, replyText, channel.server)).id
      const idempotencyKey = textOf(options, 'idempotencyKey')
      const sent = await api.call(
        'sendMessage',
        {
          params: { channel: channel.id },
          body: {
            content: typed,
            ...(replyTo === undefined ? {} : { replyTo }),
            ...(paths.length === 0 ? {} : { files: await uploads(session, api, paths, options) })
          }
        },
        idempotencyKey === undefined ? {} : { idempotencyKey }
      )
      return report(session, await reach(session, api, sent), 'Sent')
    }
  )
}

/** Pages until there are as many as wanted, oldest first. */
async function collect(
  api: Api,
  channel: string,
  wanted: number,
  start: { readonly before?: string; readonly after?: string },
  hidden: boolean
): Promise<MessageJson[]> {
  let all: MessageJson[] = []
  let edge = start
  const which = hidden ? { hidden } : {}
  while (all.length < wanted) {
    const limit = Math.min(PAGE_MESSAGES_MAX, wanted - all.length)
    const { items, next } = await api.call('listMessages', {
      params: { channel },
      query: { limit, ...which, ...edge }
    })
    all = start.after === undefined ? [...items, ...all] : [...all, ...items]
    if (next === null) break
    edge = start.after === undefined ? { before: next } : { after: next }
  }
  return all
}

function registerReading(message: Command, { verb }: Shell): void {
  verb(
    message
      .command('list <channel>')
      .description('messages, oldest first')
      .option('--limit <count>', 'how many; default: 50')
      .option('--all', 'all that are held here')
      .option('--before <message>', 'older than this one')
      .option('--after <message>', 'newer than this one')
      .option('--hidden', "also what a denial hid: one's own, and for moderators all"),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const channel = await resolveChannel(session, api, argument(args, 0), textOf(options, 'server'))
      const edge = async (key: 'before' | 'after') => {
        const text = textOf(options, key)
        return text === undefined ? undefined : (await resolveMessage(session, api, text, channel.server)).id
      }
      const [before, after] = [await edge('before'), await edge('after')]
      if (before !== undefined && after !== undefined)
        throw usage('--before', 'give --before or --after, not both')
      const wanted = options['all'] === true ? Number.MAX_SAFE_INTEGER : (countOf(options, 'limit') ?? 50)
      const start = {
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after })
      }
      const items = await collect(api, channel.id, wanted, start, options['hidden'] === true)
      const me = await api.call('getMe')
      session.output.list(
        items,
        all => showMessages(all, me.identity),
        `No messages in #${safeLine(channel.name)}.`
      )
    }
  )
  verb(message.command('show <message>').description('one message'), async (session, args, options) => {
    const api = await openApi(session, 'offline')
    const found = await resolveMessage(session, api, argument(args, 0), textOf(options, 'server'))
    const me = await api.call('getMe')
    session.output.answer(found, () => showMessages([found], me.identity))
  })
}

function registerWriting(message: Command, { verb }: Shell): void {
  verb(
    message.command('edit <message> [text...]').description('edit an own message'),
    async (session, args, options) => {
      const words = args.slice(1)
      const content =
        words.length === 0 || (words.length === 1 && words[0] === '-')
          ? await session.asker.rest()
          : words.join(' ')
      if (content.trim() === '')
        throw usage('text', 'the message is empty; use "message delete" to delete it')
      const api = await openApi(session, 'online')
      const found = await resolveMessage(session, api, argument(args, 0), textOf(options, 'server'))
      const edited = await api.call('editMessage', { params: { message: found.id }, body: { content } })
      session.output.done(edited, () => `Edited ${edited.id.slice(0, 10)}.`)
      await handOver(session, api, found.server)
    }
  )
  verb(
    message.command('delete <message>').description('ask all peers to delete a message'),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const found = await resolveMessage(session, api, argument(args, 0), textOf(options, 'server'))
      const deleted = await api.call('deleteMessage', { params: { message: found.id } })
      session.output.done(
        deleted,
        () => `Deleted ${deleted.id.slice(0, 10)}. Copies others have made may remain.`
      )
      await handOver(session, api, found.server)
    }
  )
  for (const [name, route, words] of [
    ['react', 'addReaction', 'Reacted to'],
    ['unreact', 'removeReaction', 'Took the reaction back from']
  ] as const) {
    verb(
      message
        .command(`${name} <message> <emoji>`)
        .description(name === 'react' ? 'add a reaction' : 'take an own reaction back'),
      async (session, args, options) => {
        const api = await openApi(session, 'online')
        const found = await resolveMessage(session, api, argument(args, 0), textOf(options, 'server'))
        const after = await api.call(route, { params: { message: found.id, emoji: argument(args, 1) } })
        session.output.done(after, () => `${words} ${after.id.slice(0, 10)}.`)
        await handOver(session, api, found.server)
      }
    )
  }
}

/** A name of a stranger's as a file in a folder of ours: no folders, no dots in front, nothing that hides. */
function fileName(name: string): string {
  const plain = safeLine(basename(name)).replace(/^\.+/, '')
  return plain === '' ? 'file' : plain
}

function registerFiles(program: Command, { verb }: Shell): void {
  const attachment = program.command('attachment').description('files of messages: save')
  verb(
    attachment
      .command('save <message> [number]')
      .description('write a file of a message to disk; by default the first')
      .option('-o, --output <file>', 'where to; "-" is standard output; default: its name, here')
      .option('--force', 'replace the file if it is there'),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const found = await resolveMessage(session, api, argument(args, 0), textOf(options, 'server'))
      const number = Number(args[1] ?? 1)
      const file = found.attachments[number - 1]
      if (file === undefined)
        throw usage(
          'number',
          `the message carries ${found.attachments.length} files, none is number ${args[1] ?? 1}`
        )
      const path = textOf(options, 'output') ?? join('.', fileName(file.name))
      if (path !== '-' && options['force'] !== true && existsSync(path))
        throw usage('--output', `${path} is there already; --force replaces it`)
      // A peer that has just started may have nobody to ask yet.
      await reachAny(session, api, found.server)
      const params = { message: found.id, file: file.id }
      const pieces = api.download('readFile', { params }, { signal: session.signal })
      if (path === '-') return await toStandardOutput(session, pieces)
      const written = await writePieces(path, pieces)
      session.output.done(
        { ...file, file: path, ...written },
        () => `Saved "${safeLine(file.name)}" to ${safeLine(path)}: ${sizeText(written.bytes)}.`
      )
    }
  )
}

/** `send`, `message`, `attachment`, `read`. */
export function registerMessages(program: Command, shell: Shell): void {
  registerSend(program, shell)
  registerFiles(program, shell)
  const message = program.command('message').description('messages: list, edit, delete, react')
  registerReading(message, shell)
  registerWriting(message, shell)
  shell.verb(
    program
      .command('read <channel> [message]')
      .description('mark everything up to a message (default: the newest) as read'),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const channel = await resolveChannel(session, api, argument(args, 0), textOf(options, 'server'))
      const upTo =
        args[1] === undefined ? undefined : (await resolveMessage(session, api, args[1], channel.server)).id
      const after = await api.call('markRead', {
        params: { channel: channel.id },
        body: upTo === undefined ? {} : { message: upTo }
      })
      session.output.done(after, () => showChannels([after]))
    }
  )
}
