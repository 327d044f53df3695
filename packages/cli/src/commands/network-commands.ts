import type { Command } from 'commander'
import type { EventJson } from '@xcord/sdk'
import { errorFromJson, EXIT, type ExitCode } from '../errors/outcome.ts'
import { parseTypes, type EventFrame, type GapFrame } from '../gateway/frames.ts'
import { safeJson } from '../render/sanitize.ts'
import { deadlineOf, openApi, type Session } from './session.ts'
import { argument, countOf, type Options, type Shell, textOf } from './shell.ts'
import { showDoctor, showPeers } from './show.ts'
import { usage } from '../errors/outcome.ts'

function eventOf(frame: EventFrame | GapFrame): EventJson {
  if (frame.frame === 'gap') {
    const { cursor, reason, from, to } = frame
    return { cursor, type: 'gap', data: { reason, from, to } }
  }
  const { cursor, type, data } = frame
  return { cursor, type, data } as EventJson
}

/** Writes a line and waits where the reader is slower than the events. */
async function printLine({ terminal }: Session, line: string): Promise<void> {
  if (terminal.stdout.write(`${line}\n`)) return
  await new Promise<void>(resolve => terminal.stdout.once('drain', () => resolve()))
}

async function events(session: Session, options: Options): Promise<ExitCode | void> {
  const types = parseTypes(textOf(options, 'types'))
  const limit = countOf(options, 'limit') ?? Number.MAX_SAFE_INTEGER
  const follow = options['follow'] !== false
  const since = textOf(options, 'since')
  if (!follow && since === undefined)
    throw usage('--since', '--no-follow prints what happened since a cursor: give --since')
  if (since === '')
    throw usage('--since', 'a cursor is empty: leave --since out to begin with what happens next')
  const api = await openApi(session, 'online', 'command')
  let newest = ''
  let printed = 0
  // Without following, the end is a cursor, and its event may be of a type nobody asked for: so filter here.
  const frames = api.frames({
    ...(since === undefined ? {} : { since }),
    ...(follow && types !== undefined ? { types } : {}),
    signal: session.signal
  })
  for await (const frame of frames) {
    if (frame.frame === 'error') throw errorFromJson(frame.error)
    if (frame.frame === 'hello') {
      newest = frame.cursor
      if (!follow && newest === since) return
      // For scripts: where to continue from, should nothing happen at all.
      session.output.note(`cursor ${newest}`)
    }
    if (frame.frame !== 'event' && frame.frame !== 'gap') continue
    if (frame.frame === 'gap' || types === undefined || types.includes(frame.type)) {
      await printLine(session, safeJson(eventOf(frame)))
      printed += 1
    }
    if (printed >= limit || (!follow && frame.cursor === newest)) return
  }
  return session.signal.aborted ? EXIT.interrupted : EXIT.done
}

/** `events`, `peers`, `doctor`. */
export function registerNetwork(program: Command, { verb }: Shell): void {
  verb(
    program
      .command('events')
      .description('follow events as JSON lines {cursor,type,data}')
      .option('--since <cursor>', 'begin behind this cursor; nothing in between is missed')
      .option('--types <names>', 'such as message:create,member:join')
      .option('--limit <count>', 'end after so many')
      .option('--no-follow', 'end with the newest event'),
    (session, _args, options) => events(session, options)
  )
  const peers = program.command('peers').description('nodes we are connected to, and the paths to them')
  verb(peers.command('list', { isDefault: true }).description('list them'), async session => {
    const api = await openApi(session, 'online')
    const { items } = await api.call('listPeers')
    session.output.list(items, showPeers, 'No peers. "xcord doctor" may say why.')
  })
  verb(peers.command('connect <address>').description('dial an address by hand'), async (session, args) => {
    const api = await openApi(session, 'online')
    const timeoutMs = session.settings.timeout
    const { items } = await api.call(
      'connectPeer',
      { body: { address: argument(args, 0), timeoutMs } },
      { signal: deadlineOf(session, timeoutMs + 5_000) }
    )
    session.output.list(items, showPeers, 'Connected.')
  })
  verb(
    program
      .command('doctor')
      .description('addresses, reachability, relay, clock: what is wrong and what to do'),
    async session => {
      const api = await openApi(session, 'online')
      const timeoutMs = session.settings.timeout
      const doctor = await api.call(
        'runDoctor',
        { query: { timeoutMs } },
        { signal: deadlineOf(session, timeoutMs + 5_000) }
      )
      session.output.answer(doctor, () => showDoctor(doctor))
      return doctor.ok ? EXIT.done : EXIT.unreachable
    }
  )
}
