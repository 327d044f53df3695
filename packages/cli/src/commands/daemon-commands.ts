import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import pino, { type Logger } from 'pino'
import { XcordError } from '@xcord/core'
import type { HealthServer } from '@xcord/bootstrap-node'
import type { Client, ErrorJson } from '@xcord/sdk'
import { createApi } from '../api/api.ts'
import { createSocketTransport } from '../api/socket-transport.ts'
import { errorFromJson, errorJson, EXIT, type ExitCode } from '../errors/outcome.ts'
import { answers, listenOn } from '../gateway/listen.ts'
import { profileExists } from '../profile/paths.ts'
import { fields } from '../render/table.ts'
import { DAEMON_ENVIRONMENT, DAEMON_FLAGS } from './daemon-process.ts'
import { type MetricsAddress, metricsAddress } from './metrics-address.ts'
import { createProfileLock, type ProfileLock } from './profile-lock.ts'
import {
  gatewayOver,
  openClient,
  openWith,
  passwordFromFile,
  type Session,
  wantsPassword
} from './session.ts'
import { type Options, type Shell, textOf } from './shell.ts'

const noDaemon = ({ paths }: Session) =>
  new XcordError('XCORD_DAEMON_UNREACHABLE', `no daemon runs for the profile "${paths.profile}"`, {
    socket: paths.socket
  })

const daemonApi = ({ paths }: Session) => createApi(createSocketTransport(paths.socket))

async function refuseRunning(session: Session): Promise<void> {
  if (!(await answers(session.paths.socket))) return
  const { pid } = await daemonApi(session).call('getDaemon')
  throw new XcordError(
    'XCORD_PROFILE_IN_USE',
    `the profile "${session.paths.profile}" is open already, in process ${pid}`,
    {
      path: session.paths.folder,
      pid
    }
  )
}

function lockOver(session: Session, client: Client, log: Logger): ProfileLock {
  return createProfileLock({
    client,
    idleMs: session.settings.autolock,
    open: async password => await openWith(session, 'online', password),
    opened: open =>
      open.on('error', ({ error }) => log.error({ error: errorJson(error) }, 'background fault')),
    fault: error => log.error({ error: errorJson(error) }, 'fault')
  })
}

/** Figures on a port of their own: /metrics. XCORD_PORT_IN_USE, XCORD_ADDRESS_INVALID. */
async function serveFigures(lock: ProfileLock, where: MetricsAddress, log: Logger): Promise<HealthServer> {
  const { openHealthServer } = await import('@xcord/bootstrap-node')
  const { createDaemonMetrics } = await import('./daemon-metrics.ts')
  const notReady = (): readonly string[] => (lock.locked() ? ['locked'] : [])
  const server = await openHealthServer({ ...where, metrics: createDaemonMetrics(lock), notReady })
  log.info({ url: metricsUrl(server) }, 'metrics')
  return server
}

const metricsUrl = ({ url }: HealthServer): string => `${url}/metrics`

/** Serves the profile until a signal or `daemon stop`. Logs JSON lines to stdout: routes and states, never content. */
async function runDaemon(session: Session, _: readonly string[], options: Options): Promise<ExitCode | void> {
  const figures = textOf(options, 'metrics')
  const where = figures === undefined ? undefined : metricsAddress(figures)
  await refuseRunning(session)
  const { paths, terminal } = session
  const log = pino(
    { base: { pid: process.pid, profile: paths.profile }, level: session.settings.log },
    terminal.stdout
  )
  const client = await openClient(session, 'online')
  const stopping = Promise.withResolvers<string>()
  const lock = lockOver(session, client, log)
  let metrics: HealthServer | undefined
  try {
    metrics = where && (await serveFigures(lock, where, log))
    const app = await gatewayOver(
      {
        get client() {
          return lock.client
        },
        // A key file beside the keys would open them for whoever asks: there is nothing to lock then.
        get locking() {
          return existsSync(join(paths.store, 'key')) ? undefined : lock
        },
        profile: paths.profile,
        socket: paths.socket,
        host: 'daemon',
        metrics: metrics && metricsUrl(metrics),
        // The answer must leave first.
        stop: () => void setImmediate(() => stopping.resolve('asked to stop')),
        onAnswer: answer => {
          lock.touch()
          log.debug(answer, 'answered')
        },
        onFault: error =>
          log.error(
            { error: errorJson(error), stack: error instanceof Error ? error.stack : undefined },
            'fault'
          )
      },
      terminal
    )
    await listenOn(app, paths.socket, paths.folder)
    session.signal.addEventListener('abort', () => stopping.resolve('signal'))
    if (session.signal.aborted) stopping.resolve('signal')
    log.info({ socket: paths.socket, identity: client.identity.id, addresses: client.addresses() }, 'ready')
    terminal.report?.({ ready: true })
    log.info({ reason: await stopping.promise }, 'stopping')
    await app.close()
  } finally {
    await metrics?.close()
    await lock.close()
  }
  log.info('stopped')
  return EXIT.done
}

interface Child {
  readonly ready: Promise<void>
  readonly pid: number | undefined
}

/** The same program again, detached, logging into the profile's file; says over IPC when it is ready. */
function spawnDaemon(session: Session, password: string | undefined, metrics: string | undefined): Child {
  const { paths, terminal } = session
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 })
  const log = openSync(paths.log, 'a', 0o600)
  const program = process.argv[1] ?? ''
  const child = spawn(
    process.execPath,
    [
      ...[
        ...process.execArgv,
        ...DAEMON_FLAGS,
        program,
        'daemon',
        'run',
        '--profile',
        paths.profile,
        '--json'
      ],
      ...(metrics === undefined ? [] : ['--metrics', metrics])
    ],
    {
      detached: true,
      env: {
        ...DAEMON_ENVIRONMENT,
        ...terminal.env,
        XCORD_PROFILE: paths.profile,
        XCORD_PASSWORD_FILE: '',
        ...flagsAsEnvironment(session)
      },
      stdio: ['pipe', log, log, 'ipc']
    }
  )
  closeSync(log)
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(password === undefined ? '' : `${password}\n`)
  const ready = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      reject(
        new XcordError(
          'XCORD_DAEMON_UNREACHABLE',
          `the daemon ended at once with code ${code}; its log is ${paths.log}`,
          { socket: paths.socket }
        )
      )
    })
    child.once('message', (message: { ready?: true; error?: ErrorJson }) => {
      if (message.ready === true) resolve()
      else
        reject(
          message.error === undefined
            ? new Error('the daemon said something unknown')
            : errorFromJson(message.error)
        )
    })
  })
  return { pid: child.pid, ready: ready.finally(() => child.unref()) }
}

/** Settings given as flags, for the child: it shares the environment and the file, not the command line. */
function flagsAsEnvironment({ settings }: Session): Record<string, string> {
  return {
    XCORD_BOOTSTRAP: settings.bootstrap.join(','),
    XCORD_LISTEN: settings.listen?.join(',') ?? '',
    XCORD_ANNOUNCE: settings.announce?.join(',') ?? '',
    XCORD_MDNS: String(settings.mdns),
    XCORD_ICE: settings.ice.join(','),
    XCORD_SYNC_BUDGET: settings.syncBudget ?? ''
  }
}

async function startDaemon(session: Session, _: readonly string[], options: Options): Promise<void> {
  const metrics = textOf(options, 'metrics')
  // Refused here, in words, before anything is started.
  if (metrics !== undefined) metricsAddress(metrics)
  await refuseRunning(session)
  const { paths, asker } = session
  if (!profileExists(paths)) {
    throw new XcordError('XCORD_NO_PROFILE', `there is no profile "${paths.profile}" yet`, {
      profile: paths.profile,
      path: paths.folder
    })
  }
  let password = passwordFromFile(session) ?? (asker.interactive ? undefined : await asker.ask(''))
  for (;;) {
    const child = spawnDaemon(session, password, metrics)
    try {
      await child.ready
      break
    } catch (error) {
      if (password !== undefined || !asker.interactive || !wantsPassword(session, error)) throw error
      password = await asker.ask(`Password of profile "${paths.profile}": `, { secret: true })
      if (password === undefined || password === '') throw error
    }
  }
  const state = await daemonApi(session).call('getDaemon')
  session.output.done(state, () =>
    [
      `The daemon of profile "${paths.profile}" runs as process ${state.pid}; it logs to ${paths.log}.`,
      ...(state.metrics === null ? [] : [`Figures: ${state.metrics}`])
    ].join('\n')
  )
}

async function stopDaemon(session: Session): Promise<void> {
  const { paths, settings } = session
  if (!(await answers(paths.socket))) throw noDaemon(session)
  const stopped = await daemonApi(session).call('stopDaemon')
  const end = AbortSignal.timeout(settings.timeout)
  while (await answers(paths.socket)) {
    if (end.aborted) {
      throw new XcordError(
        'XCORD_DEADLINE',
        `the daemon (process ${stopped.pid}) did not end within ${settings.timeout} ms`,
        {
          what: 'daemon stop',
          timeoutMs: settings.timeout
        }
      )
    }
    await sleep(50, undefined, { signal: session.signal })
  }
  // The socket goes first, the profile's lock last.
  while (isRunning(stopped.pid) && !end.aborted) await sleep(50, undefined, { signal: session.signal })
  session.output.done(stopped, () => `Stopped the daemon of profile "${paths.profile}".`)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** `daemon run`, `start`, `status`, `stop`. */
export function registerDaemon(program: Command, { verb }: Shell): void {
  const daemon = program
    .command('daemon')
    .description('keep a profile open and online; verbs and clients share it')
  const withMetrics = (command: Command): Command =>
    command.option('--metrics <address>', 'figures for Prometheus there, such as 127.0.0.1:9464')
  verb(
    withMetrics(
      daemon.command('run').description('serve in the foreground; JSON log lines on standard output')
    ),
    runDaemon
  )
  verb(
    withMetrics(daemon.command('start').description('serve in the background; returns when it is ready')),
    startDaemon
  )
  verb(daemon.command('status').description('who has this profile open'), async session => {
    if (!(await answers(session.paths.socket))) throw noDaemon(session)
    const state = await daemonApi(session).call('getDaemon')
    session.output.answer(state, () =>
      fields([
        ['process', `${state.pid} (${state.host})`],
        ['socket', state.socket ?? ''],
        ['version', state.version],
        ['up for', `${state.uptimeS} s`],
        ['ready', state.ready ? 'yes' : 'no'],
        ['figures', state.metrics ?? 'not served (--metrics)']
      ])
    )
  })
  verb(daemon.command('stop').description('end the daemon'), stopDaemon)
}
