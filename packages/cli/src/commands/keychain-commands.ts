/** `keychain`: whoever is logged in to this system opens the profile, without its password. */
import type { Command } from 'commander'
import type { KeychainJson } from '@xcord/sdk'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { fields } from '../render/table.ts'
import { openApi, passwordFromFile, type Session } from './session.ts'
import type { Shell } from './shell.ts'

const show = ({ enabled, opens, detail }: KeychainJson): string =>
  fields([
    ['keychain', enabled ? 'on' : 'off'],
    ['opens the profile', opens ? 'yes' : 'no'],
    ['which means', safeLine(detail)]
  ])

async function enable(session: Session): Promise<void> {
  const { asker, paths, output } = session
  const password =
    session.password ??
    passwordFromFile(session) ??
    (await asker.ask(`Password of profile "${paths.profile}": `, { secret: true }))
  if (password === undefined || password === '')
    throw usage('--password-file', 'give the password at the prompt or by --password-file')
  // Opened by it, too, where nothing has the profile open: nobody is asked twice.
  session.password = password
  const api = await openApi(session, 'offline')
  const done = await api.call('enableKeychain', { body: { password } })
  output.done(done, () => "On: this system's keychain opens the profile. The password opens it as before.")
  output.note('Whoever is logged in as you can open it now. "xcord keychain disable" ends that.')
}

export function registerKeychain(program: Command, { verb }: Shell): void {
  const keychain = program
    .command('keychain')
    .description("let this system's keychain open the profile, so that no password is asked for")
  verb(keychain.command('enable').description('asks for the password once more; it stays a way in'), enable)
  verb(
    keychain.command('disable').description('from here on the password alone opens the profile'),
    async session => {
      const api = await openApi(session, 'offline')
      const done = await api.call('disableKeychain')
      session.output.done(done, () => 'Off: the password alone opens the profile.')
      if (done.cause === 'unavailable')
        session.output.note(
          'The keychain did not answer. What it may still hold opens only copies of the key store that were made before.'
        )
    }
  )
  verb(
    keychain.command('status').description('whether the keychain opens this profile, and why not'),
    async session => {
      const api = await openApi(session, 'offline')
      const found = await api.call('getKeychain')
      session.output.answer(found, () => show(found))
    }
  )
}
