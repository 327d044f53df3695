/** Voice channels: talking from the command line, by microphone, file or tone. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { ChannelJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import type { ReplyOf } from '../gateway/route.ts'
import type { Routes } from '../gateway/routes.ts'
import { safeLine } from '../render/sanitize.ts'
import { table } from '../render/table.ts'
import { resolveChannel, resolveServer } from './resolve.ts'
import { openApi, type Session } from './session.ts'
import { argument, type Options, type Shell, textOf } from './shell.ts'

/** A tone that people hear. XCORD_USAGE. */
function toneOf(options: Options): number | undefined {
  const text = textOf(options, 'tone')
  if (text === undefined) return undefined
  const hz = Number(text)
  if (!(hz >= 20 && hz <= 20_000)) throw usage('--tone', '--tone must be 20 to 20000, in hertz')
  return hz
}

/** Where sound comes from and goes to; the devices where nothing else was said. */
function soundOf(options: Options) {
  const input = textOf(options, 'input')
  const output = textOf(options, 'output')
  const tone = toneOf(options)
  if (input !== undefined && tone !== undefined) throw usage('--tone', 'say --input or --tone, not both')
  return {
    ...(options['muted'] === true ? { muted: true } : {}),
    ...(tone === undefined ? {} : { tone }),
    // The daemon has a working directory of its own.
    ...(input === undefined ? {} : { input: resolve(input) }),
    ...(input === undefined && tone === undefined && options['listen'] !== true
      ? { microphone: textOf(options, 'microphone') ?? (true as const) }
      : {}),
    ...(output === undefined
      ? { speakers: textOf(options, 'speakers') ?? (true as const) }
      : { output: resolve(output) })
  }
}

/** Resolves when the session is interrupted. */
const interrupted = ({ signal }: Session): Promise<void> =>
  new Promise(done =>
    signal.aborted ? done() : signal.addEventListener('abort', () => done(), { once: true })
  )

async function leave(session: Session, api: Api, server: string): Promise<void> {
  const left = await api.call('leaveVoice', { params: { server } })
  const files = Object.values(left.files)
  session.output.done(left, () =>
    [left.left ? 'Left the voice channel.' : 'Not in a voice channel.', ...files.map(safeLine)].join('\n')
  )
}

async function join(session: Session, channel: ChannelJson, api: Api, options: Options): Promise<void> {
  const call = await api.call('joinVoice', { params: { channel: channel.id }, body: soundOf(options) })
  session.output.done(call, () => `In "${safeLine(call.name)}". Code to compare aloud: ${call.code}`)
  if (!api.own) {
    session.output.note('The daemon stays in the call until "xcord voice leave".')
    return
  }
  session.output.note('Ctrl-C leaves.')
  await interrupted(session)
  await leave(session, api, channel.server)
}

const rounded = (value: number | null, unit: string): string =>
  value === null ? '' : `${Math.round(value * 10) / 10} ${unit}`

type Pair = NonNullable<ReplyOf<Routes['getVoice']>['call']>['pairs'][number]

const showPairs = (pairs: readonly Pair[]): string =>
  table(pairs, [
    { title: 'MEMBER', of: each => safeLine(each.name) },
    { title: 'HEARD', of: each => each.heard },
    { title: 'HEARS US', of: each => each.hears },
    { title: 'QUALITY', of: each => each.quality ?? each.path },
    { title: 'RTT', of: each => rounded(each.rttMs, 'ms') },
    { title: 'JITTER', of: each => rounded(each.jitterMs, 'ms') },
    { title: 'LOSS', of: each => rounded(each.lossPct, '%') },
    { title: 'PATH', of: each => each.route ?? '' }
  ])

export function registerVoice(program: Command, { verb }: Shell): void {
  const voice = program.command('voice').description('voice channels')
  verb(
    voice
      .command('join <channel>')
      .description('talk in a voice channel, by microphone and speakers unless told otherwise')
      .option('--input <file>', 'play a WAV file instead of the microphone')
      .option('--tone <hz>', 'send a tone instead of the microphone')
      .option('--listen', 'send nothing')
      .option('--output <folder>', 'a WAV file for each speaker instead of the speakers')
      .option('--microphone <device>', "by the system's name for it")
      .option('--speakers <device>', "by the system's name for them")
      .option('--muted', 'begin muted'),
    async (session, args, options) => {
      // Refused before anything is opened.
      soundOf(options)
      const api = await openApi(session, 'online', 'command')
      await join(
        session,
        await resolveChannel(session, api, argument(args, 0), textOf(options, 'server')),
        api,
        options
      )
    }
  )
  verb(
    voice.command('stats').description('who hears whom in the call you are in, and how well'),
    async (session, _, options) => {
      const api = await openApi(session, 'online')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const { call } = await api.call('getVoice', { params: { server: server.id } })
      const pairs = call?.pairs ?? []
      session.output.list(
        pairs,
        showPairs,
        call === null ? 'Not in a voice channel.' : 'Nobody else is here.'
      )
    }
  )
  verb(voice.command('leave').description('leave the call'), async (session, _, options) => {
    const api = await openApi(session, 'online')
    await leave(session, api, (await resolveServer(session, api, textOf(options, 'server'))).id)
  })
}
