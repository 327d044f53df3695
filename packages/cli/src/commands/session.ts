/** One run of a verb: its profile, settings and output, and the API behind whichever transport there is. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { isXcordError, XcordError } from '@xcord/core'
import type { Client, ClientInit } from '@xcord/sdk'
import { type Api, createApi } from '../api/api.ts'
import { createLocalTransport } from '../api/local-transport.ts'
import { createSocketTransport } from '../api/socket-transport.ts'
import { usage } from '../errors/outcome.ts'
import type { GatewayInit } from '../gateway/context.ts'
import { answers } from '../gateway/listen.ts'
import { profileExists, type ProfilePaths } from '../profile/paths.ts'
import { iceServerOf, parseBudget, type Settings } from '../profile/settings.ts'
import type { Output } from '../render/output.ts'
import type { Asker } from '../terminal/ask.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { VERSION } from '../version.ts'

/** How long a verb waits for another one-shot command to let go of the profile, milliseconds. */
export const OWNER_PATIENCE_MS = 4_000
const PASSWORD_TRIES = 3

export interface Session {
  readonly terminal: Terminal
  readonly paths: ProfilePaths
  readonly settings: Settings
  readonly output: Output
  readonly asker: Asker
  readonly yes: boolean
  readonly passwordFile: string | undefined
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal
  /** Chosen a moment ago, on the first run: nobody is asked for it again at once. */
  password?: string
  /** Set by the first verb that opens; closed at the end of the run. */
  opened?: Api
}

/** What a verb needs of the network where this process opens the profile itself. */
export type Reach = 'online' | 'offline'

/** The password from its file. XCORD_USAGE where the file cannot be read. */
export function passwordFromFile(session: Session): string | undefined {
  if (session.passwordFile === undefined) return undefined
  try {
    return readFileSync(session.passwordFile, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new XcordError(
      'XCORD_USAGE',
      `the password file ${session.passwordFile} cannot be read`,
      { argument: '--password-file' },
      { cause: error }
    )
  }
}

/** Network settings as the SDK takes them. */
export function networkOf(
  settings: Settings,
  reach: Reach
): Pick<ClientInit, 'bootstrap' | 'network' | 'iceServers' | 'sync'> {
  if (reach === 'offline') return { bootstrap: [], network: { listen: [], mdns: false } }
  const read = parseBudget(settings.syncBudget)
  const budget = read === 'off' ? null : read
  return {
    ...(budget === undefined ? {} : { sync: { budget } }),
    bootstrap: settings.bootstrap,
    iceServers: settings.ice.map(iceServerOf),
    network: {
      mdns: settings.mdns,
      ...(settings.listen === null ? {} : { listen: settings.listen }),
      ...(settings.announce === null ? {} : { announce: settings.announce })
    }
  }
}

/** Whether a password would help; why the keychain did not is told where somebody is asked for one. */
export function wantsPassword(session: Session, error: unknown): boolean {
  const byKeychain =
    isXcordError(error, 'XCORD_KEYCHAIN_UNAVAILABLE') || isXcordError(error, 'XCORD_KEYCHAIN_MISMATCH')
  if (byKeychain && session.asker.interactive) session.output.note(error.message)
  return byKeychain || isXcordError(error, 'XCORD_KEYSTORE_LOCKED')
}

/** Opens the profile with this password, or by its key file or keychain. XCORD_KEYSTORE_REFUSED, XCORD_KEYSTORE_LOCKED. */
export async function openWith(
  session: Session,
  reach: Reach,
  password: string | undefined
): Promise<Client> {
  return await session.terminal.open({
    path: session.paths.store,
    ...networkOf(session.settings, reach),
    ...(password === undefined ? {} : { password })
  })
}

/**
 * Opens the profile in this process, asking for its password where it has one.
 *
 * XCORD_NO_PROFILE, XCORD_PROFILE_IN_USE, XCORD_KEYSTORE_REFUSED, XCORD_KEYSTORE_LOCKED.
 */
export async function openClient(session: Session, reach: Reach): Promise<Client> {
  const { paths, asker } = session
  if (!profileExists(paths)) {
    throw new XcordError('XCORD_NO_PROFILE', `there is no profile "${paths.profile}" yet`, {
      profile: paths.profile,
      path: paths.folder
    })
  }
  const fixed = session.password ?? passwordFromFile(session)
  const open = async (password: string | undefined) => await openWith(session, reach, password)
  try {
    return await open(fixed)
  } catch (error) {
    if (fixed !== undefined || !wantsPassword(session, error)) throw error
    for (let tries = 1; ; tries += 1) {
      const password = await asker.ask(`Password of profile "${paths.profile}": `, { secret: true })
      if (password === undefined || (password === '' && !asker.interactive)) throw error
      try {
        return await open(password)
      } catch (again) {
        const retry =
          asker.interactive && tries < PASSWORD_TRIES && isXcordError(again, 'XCORD_KEYSTORE_REFUSED')
        if (!retry) throw again
        session.output.note('That password is not right.')
      }
    }
  }
}

/** A gateway over a client, with its own log of faults. Loaded on demand: most verbs only talk to a socket. */
export async function gatewayOver(
  init: Omit<GatewayInit, 'version' | 'now'>,
  terminal: Terminal
): Promise<FastifyInstance> {
  const { createGateway } = await import('../gateway/gateway.ts')
  // Not a copy: what the caller gives may change while it serves (a profile is locked and opened again).
  return createGateway(
    Object.create(init, {
      version: { value: VERSION, enumerable: true },
      now: { value: terminal.now, enumerable: true }
    }) as GatewayInit
  )
}

/** The API of a profile this process opens itself; with `serve`, other commands may share it meanwhile. */
async function ownApi(session: Session, reach: Reach, serve: 'tui' | 'command' | undefined): Promise<Api> {
  const { paths, terminal } = session
  const client = await openClient(session, reach)
  // In words: whoever runs a verb has no use for a stack. The terminal client shows them itself.
  if (serve !== 'tui') client.on('error', ({ error }) => session.output.error(error))
  try {
    const socket = serve === undefined ? null : paths.socket
    const app = await gatewayOver(
      { client, profile: paths.profile, socket, host: serve ?? 'command' },
      terminal
    )
    if (socket !== null) await (await import('../gateway/listen.ts')).listenOn(app, socket, paths.folder)
    return createApi(
      createLocalTransport(app, { client, version: VERSION }, async () => {
        await app.close()
        await client.close()
      })
    )
  } catch (error) {
    await client.close()
    throw error
  }
}

/**
 * The API of the session's profile: of the process that has it open, else of this one.
 *
 * Where another command holds the profile just now without serving it, waits for it a little.
 */
export async function openApi(session: Session, reach: Reach, serve?: 'tui' | 'command'): Promise<Api> {
  if (session.opened !== undefined) return session.opened
  const { paths, signal } = session
  for (const end = AbortSignal.timeout(OWNER_PATIENCE_MS); ; await sleep(150, undefined, { signal })) {
    if (await answers(paths.socket)) {
      session.opened = createApi(createSocketTransport(paths.socket))
      return session.opened
    }
    try {
      session.opened = await ownApi(session, reach, serve)
      return session.opened
    } catch (error) {
      if (!isXcordError(error, 'XCORD_PROFILE_IN_USE') || end.aborted) throw error
    }
  }
}

/** Ends a wait when the session's time is over; Ctrl-C ends it too. */
export function deadlineOf(session: Session, ms = session.settings.timeout): AbortSignal {
  return AbortSignal.any([session.signal, AbortSignal.timeout(ms)])
}

/** Asks "… [y/N]" unless `--yes`. XCORD_USAGE where nobody can answer, XCORD_ABORTED for no. */
export async function confirm(session: Session, question: string): Promise<void> {
  if (session.yes) return
  if (!session.asker.interactive) throw usage('--yes', `${question} Say --yes to do it without a question`)
  const answer = await session.asker.ask(`${question} [y/N] `)
  if (!/^y(es)?$/i.test(answer?.trim() ?? ''))
    throw new XcordError('XCORD_ABORTED', 'not confirmed; nothing was done', {})
}
