/** `verify`: the whole profile, read and compared. */
import type { Command } from 'commander'
import { isXcordError } from '@xcord/core'
import type { VerifyJson } from '@xcord/sdk'
import { EXIT } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { fields, shortId, table } from '../render/table.ts'
import { passwordFromFile, type Session } from './session.ts'
import type { Shell } from './shell.ts'

/** Verifies with the password where one is known, asking for it where somebody can answer. */
async function verifyHere(session: Session): Promise<VerifyJson> {
  const { verifyProfile } = await import('@xcord/sdk')
  const { paths, asker } = session
  const fixed = session.password ?? passwordFromFile(session)
  const found = await verifyProfile(
    paths.store,
    fixed === undefined ? { keychain: true } : { password: fixed }
  )
  if (!found.locked || !asker.interactive) return found
  for (;;) {
    const password = await asker.ask(
      `Password of profile "${paths.profile}" (empty: verify what can be seen without it): `,
      { secret: true }
    )
    if (password === undefined || password === '') return found
    try {
      return await verifyProfile(paths.store, { password })
    } catch (error) {
      if (!isXcordError(error, 'XCORD_KEYSTORE_REFUSED')) throw error
      session.output.note('That password is not right.')
    }
  }
}

/** A report for people. */
export function showVerified(found: VerifyJson): string {
  const { valid, locked, complete, records, servers, problems, problemCount } = found
  const verdict = valid
    ? locked
      ? 'nothing wrong with what can be seen without the password'
      : 'whole: every record, signature and chain was checked'
    : `${problemCount} ${problemCount === 1 ? 'thing is' : 'things are'} wrong`
  return [
    fields([
      ['verdict', verdict],
      ['records', String(records)],
      ...(locked || complete
        ? []
        : ([['looked at', 'not everything: what builds on damaged parts was left out']] as [
            string,
            string
          ][]))
    ]),
    ...(servers.length === 0
      ? []
      : [
          table(servers, [
            { title: 'server', of: each => shortId(each.id) },
            { title: 'operations', of: each => String(each.operations), align: 'right' },
            { title: 'key records', of: each => String(each.keyRecords), align: 'right' },
            { title: 'envelopes', of: each => String(each.envelopes), align: 'right' },
            { title: 'messages', of: each => String(each.messages), align: 'right' },
            { title: 'state hash', of: each => each.stateHash?.slice(0, 16) ?? '-' }
          ])
        ]),
    ...(problems.length === 0
      ? []
      : [
          table(problems, [
            { title: 'problem', of: each => each.code },
            { title: 'server', of: each => (each.server === null ? '' : shortId(each.server)) },
            { title: 'where', of: each => safeLine(each.detail) }
          ])
        ])
  ].join('\n\n')
}

export function registerVerifyProfile(program: Command, { verb }: Shell): void {
  verb(
    program
      .command('verify')
      .description('verify the whole profile: every record, signature, chain and index; nothing is changed')
      .addHelpText(
        'after',
        '\nNothing may have the profile open meanwhile. Exit code 9: something is wrong, told by codes that stay.'
      ),
    async session => {
      const found = await verifyHere(session)
      session.output.answer(found, () => showVerified(found))
      if (!found.valid) {
        session.output.note('Restore a backup ("xcord backup restore"), or recover with your 24 words.')
        return EXIT.verification
      }
      return EXIT.done
    }
  )
}
