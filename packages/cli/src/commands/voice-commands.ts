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
import { nounOf } from './moderation-commands.ts'
import { resolveChannel, resolveMember, resolveServer } from './resolve.ts'
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
    ...(options['deafened'] === true ? { deafened: true } : {}),
    ...(options['pushToTalk'] === true ? { pushToTalk: true } : {}),
    ...(options['voiceActivity'] === true ? { voiceActivity: true } : {}),
    ...(tone === undefined ? {} : { tone }),
    // The daemon has a working directory of its own.
    ...(input === undefined ? {} : { input: resolve(input) }),
    ...(input === undefined && tone === undefined && options['input'] !== false
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
  session.output.done(call, () => showCall(call))
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

type CallOf = NonNullable<ReplyOf<Routes['getVoice']>['call']>
type Pair = CallOf['pairs'][number]

const showPairs = (pairs: readonly Pair[]): string =>
  table(pairs, [
    { title: 'MEMBER', of: each => safeLine(each.name) },
    { title: 'HEARD', of: each => each.heard },
    { title: 'HEARS US', of: each => each.hears },
    { title: 'QUALITY', of: each => each.quality ?? each.path },
    { title: 'RTT', of: each => rounded(each.rttMs, 'ms') },
    { title: 'JITTER', of: each => rounded(each.jitterMs, 'ms') },
    { title: 'LOSS', of: each => rounded(each.lossPct, '%') },
    { title: 'RATE', of: each => rounded(each.receivedKbps, 'kbit/s') },
    { title: 'MADE UP', of: each => rounded(each.concealedPct, '%') },
    { title: 'PATH', of: each => each.route ?? (each.trouble === null ? '' : TROUBLES[each.trouble]) }
  ])

/** Why a pair is not linked, in words; another attempt follows in any case. */
const TROUBLES: Readonly<Record<NonNullable<Pair['trouble']>, string>> = {
  unanswered: 'their side does not answer',
  ice: 'no path to them',
  dtls: 'their side is not what it said',
  description: 'their side is not understood',
  codec: 'their side has no Opus',
  limit: 'their side floods',
  crashed: 'our own engine ended'
}

const CAUSES = {
  self: [],
  moderator: ['A moderator sent you here.'],
  idle: ['You were brought here because you said and did nothing for a while; nobody is heard here.']
} as const satisfies Record<CallOf['cause'], readonly string[]>

/** In no call, and why not where it was not one's own doing. */
function showNoCall(ended: ReplyOf<Routes['getVoice']>['ended']): string {
  const none = 'Not in a voice channel.'
  if (ended === null) return none
  const how = {
    full: 'it was full',
    removed: 'you may not be in it any more',
    moved: 'a moderator put you out'
  }
  return `${none} You were in "${safeLine(ended.name)}": ${how[ended.end]}.`
}

/** Ourselves in a call, in words. */
function showCall({ name, cause, code, muted, deafened, pushToTalk, talking, pairs }: CallOf): string {
  const own = [
    ...(deafened ? ['deafened'] : muted ? ['muted'] : []),
    ...(pushToTalk ? [talking ? 'talking' : 'push to talk'] : [])
  ]
  return [
    `In "${safeLine(name)}"${own.length === 0 ? '' : ` (${own.join(', ')})`}, with ${
      pairs.map(each => safeLine(each.name)).join(', ') || 'nobody else'
    }.`,
    ...CAUSES[cause],
    ...(pairs.length === 0 ? [] : [`Code to compare aloud: ${code}`])
  ].join('\n')
}

/** The API, and the server it is about. */
async function here(session: Session, options: Options) {
  const api = await openApi(session, 'online')
  return { api, server: await resolveServer(session, api, textOf(options, 'server')) }
}

function registerLooking(voice: Command, { verb }: Shell): void {
  verb(
    voice.command('list').description('who is in which voice channel, and who speaks'),
    async (session, _, options) => {
      const { api, server } = await here(session, options)
      const params = { server: server.id }
      const { items } = await api.call('listOccupants', { params })
      const { items: channels } = await api.call('listChannels', { params })
      const nameOf = (id: string): string => channels.find(each => each.id === id)?.name ?? id
      const shown = items.map(each => ({ ...each, channelName: nameOf(each.channel) }))
      session.output.list(
        shown,
        rows =>
          table(rows, [
            { title: 'CHANNEL', of: each => safeLine(each.channelName) },
            { title: 'MEMBER', of: each => safeLine(each.name) },
            {
              title: 'STATE',
              of: each =>
                [
                  ...(each.speaking ? ['speaking'] : []),
                  ...(each.deafened ? ['deafened'] : each.muted ? ['muted'] : []),
                  ...(each.silenced ? ['silenced by a moderator'] : [])
                ].join(', ')
            }
          ]),
        'Nobody is in a voice channel.'
      )
    }
  )
  verb(
    voice.command('status').description('the call you are in: channel, people, muted or not, code'),
    async (session, _, options) => {
      const { api, server } = await here(session, options)
      const answer = await api.call('getVoice', { params: { server: server.id } })
      const { call, ended } = answer
      session.output.answer(answer, () => (call === null ? showNoCall(ended) : showCall(call)))
    }
  )
  verb(
    voice.command('stats').description('who hears whom in the call you are in, and how well'),
    async (session, _, options) => {
      const { api, server } = await here(session, options)
      const { call } = await api.call('getVoice', { params: { server: server.id } })
      session.output.list(
        call?.pairs ?? [],
        showPairs,
        call === null ? 'Not in a voice channel.' : 'Nobody else is here.'
      )
    }
  )
}

const SWITCHES = [
  ['mute', 'send nothing', { muted: true }],
  ['unmute', 'be heard again', { muted: false }],
  ['deafen', 'hear nothing, and send nothing', { deafened: true }],
  ['undeafen', 'hear again', { deafened: false }]
] as const

/** Yes and no as people type them. XCORD_USAGE. */
function onOff(what: string, text: string): boolean {
  if (text !== 'on' && text !== 'off') throw usage(what, `say "on" or "off", not "${text}"`)
  return text === 'on'
}

/** 0 to 200. XCORD_USAGE. */
function percentOf(text: string): number {
  const percent = Number(text.replace(/%$/, ''))
  if (!/^\d{1,3}(\.\d+)?%?$/.test(text) || percent > 200)
    throw usage('percent', `a volume is 0 to 200 percent, not "${text}"`)
  return percent
}

function registerChanging(voice: Command, { verb }: Shell): void {
  for (const [name, description, body] of SWITCHES)
    verb(voice.command(name).description(description), async (session, _, options) => {
      const { api, server } = await here(session, options)
      const call = await api.call('editVoice', { params: { server: server.id }, body })
      session.output.done(call, () => showCall(call))
    })
  const toggles = [
    ['talk', 'with push to talk: the key is down (on) or up (off)', 'talking'],
    ['push-to-talk', 'whether you send only while you talk; off needs UseVAD', 'pushToTalk'],
    ['priority', 'to be heard before others: needs PrioritySpeaker', 'priority']
  ] as const
  for (const [name, description, key] of toggles)
    verb(voice.command(`${name} <on|off>`).description(description), async (session, args, options) => {
      const on = onOff(name, argument(args, 0))
      const { api, server } = await here(session, options)
      const call = await api.call('editVoice', { params: { server: server.id }, body: { [key]: on } })
      session.output.done(call, () => showCall(call))
    })
  verb(
    voice.command('move <channel>').description('go to another voice channel of the server'),
    async (session, args, options) => {
      const { api, server } = await here(session, options)
      const channel = await resolveChannel(session, api, argument(args, 0), server.id)
      const params = { server: channel.server }
      const call = await api.call('editVoice', { params, body: { channel: channel.id } })
      session.output.done(call, () => showCall(call))
    }
  )
  verb(
    voice
      .command('volume <member> <percent>')
      .description('how loud a member is on your speakers: 0 to 200, while the daemon runs'),
    async (session, args, options) => {
      const percent = percentOf(argument(args, 1))
      const { api, server } = await here(session, options)
      const found = await resolveMember(api, server, argument(args, 0))
      const done = await api.call('setVolume', {
        params: { server: server.id, member: found.id },
        body: { percent }
      })
      session.output.done(done, () => `${safeLine(found.name)} is at ${percent} %.`)
    }
  )
}

function registerMoving(program: Command, { verb }: Shell): void {
  const member = nounOf(program, 'member', 'members of a server')
  const send = async (session: Session, args: readonly string[], options: Options, to: string | null) => {
    const { api, server } = await here(session, options)
    const found = await resolveMember(api, server, argument(args, 0))
    const channel = to === null ? null : await resolveChannel(session, api, to, server.id)
    const done = await api.call('moveMember', {
      params: { server: server.id, member: found.id },
      body: { channel: channel?.id ?? null }
    })
    session.output.done(done, () =>
      channel === null
        ? `${safeLine(found.name)} was put out of the voice channel.`
        : `${safeLine(found.name)} was sent to "${safeLine(channel.name)}".`
    )
  }
  verb(
    member.command('move <member> <channel>').description('send a member to another voice channel'),
    async (session, args, options) => await send(session, args, options, argument(args, 1))
  )
  verb(
    member.command('disconnect <member>').description('put a member out of the voice channel'),
    async (session, args, options) => await send(session, args, options, null)
  )
}

export function registerVoice(program: Command, shell: Shell): void {
  const { verb } = shell
  const voice = program.command('voice').description('voice channels')
  verb(
    voice
      .command('join <channel>')
      .description('talk in a voice channel, by microphone and speakers unless told otherwise')
      .option('--input <file>', 'play a WAV file instead of the microphone')
      .option('--tone <hz>', 'send a tone instead of the microphone')
      .option('--no-input', 'send nothing')
      .option('--output <folder>', 'a WAV file for each speaker instead of the speakers')
      .option('--microphone <device>', "by the system's name for it")
      .option('--speakers <device>', "by the system's name for them")
      .option('--push-to-talk', 'send only between "voice talk on" and "voice talk off"')
      .option('--voice-activity', 'of the microphone send only what sounds like speech')
      .option('--muted', 'begin muted')
      .option('--deafened', 'begin deafened: send and hear nothing'),
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
  verb(voice.command('leave').description('leave the call'), async (session, _, options) => {
    const api = await openApi(session, 'online')
    await leave(session, api, (await resolveServer(session, api, textOf(options, 'server'))).id)
  })
  registerLooking(voice, shell)
  registerChanging(voice, shell)
  registerMoving(program, shell)
}
