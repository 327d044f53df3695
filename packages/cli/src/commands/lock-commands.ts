/** `lock`, `unlock`, `passwd`: the keys of a profile. */
import type { Command } from 'commander'
import { XcordError } from '@xcord/core'
import { createApi } from '../api/api.ts'
import { createSocketTransport } from '../api/socket-transport.ts'
import { usage } from '../errors/outcome.ts'
import { answers } from '../gateway/listen.ts'
import { openApi, passwordFromFile, type Session } from './session.ts'
import { type Options, type Shell, textOf } from './shell.ts'

/** The daemon alone has something to lock: elsewhere a profile is locked as soon as the command ends. */
async function daemonApi({ paths }: Session) {
  if (await answers(paths.socket)) return createApi(createSocketTransport(paths.socket))
  throw new XcordError(
    'XCORD_DAEMON_UNREACHABLE',
    `no daemon runs for the profile "${paths.profile}", so its keys are in nobody's memory`,
    { socket: paths.socket }
  )
}

async function newPassword(session: Session, options: Options): Promise<string> {
  const path = textOf(options, 'newPasswordFile')
  if (path !== undefined) return passwordFromFile({ ...session, passwordFile: path }) ?? ''
  const next = await session.asker.ask('New password: ', { secret: true })
  if (next === undefined || next === '')
    throw usage('--new-password-file', 'give the new password at the prompt or by --new-password-file')
  if (session.asker.interactive && (await session.asker.ask('Again: ', { secret: true })) !== next)
    throw usage('password', 'the two differ; nothing was changed')
  return next
}

/** Forgotten: the 24 words open the profile, which nothing else may have open meanwhile. */
async function resetByPhrase(session: Session, options: Options): Promise<void> {
  const phrase = (await session.asker.ask('Your 24 words: ', { secret: true }))?.trim().toLowerCase()
  if (phrase === undefined || phrase === '') throw usage('--phrase', 'give the 24 words at the prompt')
  const password = await newPassword(session, options)
  const { resetPassword } = await import('@xcord/sdk/node')
  await resetPassword({ path: session.paths.store, phrase, password })
  session.output.done({ changed: true }, () => 'The password is changed. Nothing else was.')
}

async function changePassword(session: Session, options: Options): Promise<void> {
  const api = await openApi(session, 'offline')
  const old = passwordFromFile(session) ?? (await session.asker.ask('Present password: ', { secret: true }))
  const next = await newPassword(session, options)
  const done = await api.call('changePassword', {
    body: { next, ...(old === undefined || old === '' ? {} : { old }) }
  })
  session.output.done(
    done,
    () => 'The password is changed. Copies of the old key store still open with the old one.'
  )
}

export function registerLock(program: Command, { verb }: Shell): void {
  verb(
    program
      .command('lock')
      .description('overwrite the keys that the daemon holds; it stays, and asks for the password'),
    async session => {
      const api = await daemonApi(session)
      session.output.done(await api.call('lock'), () => 'Locked.')
    }
  )
  verb(program.command('unlock').description('open a locked profile again'), async session => {
    const api = await daemonApi(session)
    const password = passwordFromFile(session) ?? (await session.asker.ask('Password: ', { secret: true }))
    session.output.done(await api.call('unlock', { body: { password: password ?? '' } }), () => 'Unlocked.')
  })
  verb(
    program
      .command('passwd')
      .description('another password for this profile')
      .option('--new-password-file <path>', 'file with the new password')
      .option('--phrase', 'by the 24 words, where the present one is forgotten'),
    async (session, _args, options) =>
      options['phrase'] === true
        ? await resetByPhrase(session, options)
        : await changePassword(session, options)
  )
}
