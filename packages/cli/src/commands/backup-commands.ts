/** `backup create`, `verify` and `restore`: a whole profile as one sealed file. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { BackupJson } from '@xcord/sdk'
import { EXIT, usage } from '../errors/outcome.ts'
import { profileExists } from '../profile/paths.ts'
import { safeLine } from '../render/sanitize.ts'
import { fields } from '../render/table.ts'
import { relativeTime } from '../render/time.ts'
import { readPieces, sizeText, toStandardOutput, writePieces } from './file-pieces.ts'
import { newPassword, refuseExisting } from './profile-commands.ts'
import { openApi, passwordFromFile, type Session, wantsPassword } from './session.ts'
import { argument, type Shell, textOf } from './shell.ts'
import { showVerified } from './verify-commands.ts'

async function askPhrase(session: Session): Promise<string> {
  const phrase = (await session.asker.ask('Your 24 words: ', { secret: true }))
    ?.trim()
    .toLowerCase()
    .replace(/\s+/g, ' ')
  if (phrase === undefined || phrase === '')
    throw usage('phrase', 'give the 24 words at the prompt or on standard input')
  return phrase
}

function registerCreate(backup: Command, { verb }: Shell): void {
  verb(
    backup
      .command('create')
      .description('write the whole profile to one sealed file, while everything goes on')
      .requiredOption('-o, --output <file>', 'where to; "-" is standard output')
      .option('--force', 'replace the file if it is there'),
    async (session, _args, options) => {
      const path = textOf(options, 'output') ?? '-'
      if (path !== '-' && options['force'] !== true && existsSync(path))
        throw usage('--output', `${path} is there already; --force replaces it`)
      const api = await openApi(session, 'offline')
      const pieces = api.download('createBackup', { query: {} }, { signal: session.signal })
      if (path === '-') return await toStandardOutput(session, pieces)
      const file = await writePieces(path, pieces)
      const createdAt = new Date(session.terminal.now()).toISOString()
      session.output.done(
        { file: path, createdAt, ...file },
        () => `Backed the profile up to ${safeLine(path)}: ${sizeText(file.bytes)}.`
      )
      session.output.note('Your 24 words open it, and nothing else does. Keep them elsewhere.')
      session.output.note(`Check it now and then: xcord backup verify ${safeLine(path)}`)
    }
  )
}

/** The words are asked for where no profile here can open it. */
async function verifyFile(session: Session, file: string, words: boolean): Promise<BackupJson> {
  const { verifyBackup } = await import('@xcord/sdk')
  const { paths } = session
  if (words || !profileExists(paths))
    return await verifyBackup(readPieces(session, file), { phrase: await askPhrase(session) })
  const fixed = session.password ?? passwordFromFile(session)
  const verifyWith = async (password: string | undefined): Promise<BackupJson> => {
    const lock = password === undefined ? { keychain: true } : { password }
    return await verifyBackup(readPieces(session, file), { path: paths.store, ...lock })
  }
  try {
    return await verifyWith(fixed)
  } catch (error) {
    if (fixed !== undefined || !wantsPassword(session, error)) throw error
    const password = await session.asker.ask(`Password of profile "${paths.profile}": `, { secret: true })
    if (password === undefined) throw error
    return await verifyWith(password)
  }
}

function registerVerify(backup: Command, { verb }: Shell): void {
  verb(
    backup
      .command('verify <file>')
      .description('verify a backup without restoring it: every record, signature and chain in it')
      .option('--words', 'open it by the 24 words, not by this profile')
      .addHelpText('after', '\nExit code 9: it does not hold together, or is not of this identity.'),
    async (session, args, options) => {
      const found = await verifyFile(session, argument(args, 0), options['words'] === true)
      session.output.answer(found, () =>
        [
          fields([
            ['identity', found.identity],
            ['made', relativeTime(found.createdAt, session.terminal.now())]
          ]),
          showVerified({ ...found, locked: false, complete: true })
        ].join('\n')
      )
      return found.valid ? EXIT.done : EXIT.verification
    }
  )
}

function registerRestore(backup: Command, { verb }: Shell): void {
  verb(
    backup
      .command('restore <file>')
      .description('make a profile of a backup by its 24 words (prompt or standard input), as a new device')
      .option('--name <name>', 'the name others see, if not as before')
      .option('--no-password', 'protect the keys by a key file beside them instead of a password')
      .option('--revoke-others', 'put every device you had before out: they are lost or stolen'),
    async (session, args, options) => {
      const { restoreBackup } = await import('@xcord/sdk')
      await refuseExisting(session)
      const phrase = await askPhrase(session)
      const name = textOf(options, 'name')
      const password = await newPassword(session, options)
      const restored = await restoreBackup(readPieces(session, argument(args, 0)), {
        path: session.paths.store,
        phrase,
        revokeOthers: options['revokeOthers'] === true,
        ...(name === undefined ? {} : { name }),
        ...(password === undefined ? {} : { password })
      })
      session.output.done(
        restored,
        () =>
          `Restored ${safeLine(restored.name)} with ${restored.servers.length} servers, as of ${relativeTime(restored.createdAt, session.terminal.now())}.`
      )
      session.output.note(
        'This is a new device of yours. It joins its servers when the profile is opened next.'
      )
    }
  )
}

export function registerBackup(program: Command, shell: Shell): void {
  const backup = program.command('backup').description('the whole profile as one sealed file')
  registerCreate(backup, shell)
  registerVerify(backup, shell)
  registerRestore(backup, shell)
}
