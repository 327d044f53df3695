import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { XcordError } from '@xcord/core'
import type { Client, IdentityJson } from '@xcord/sdk'
import { usage } from '../errors/outcome.ts'
import { profileExists } from '../profile/paths.ts'
import { safeLine } from '../render/sanitize.ts'
import { answers } from '../gateway/listen.ts'
import { deadlineOf, networkOf, openApi, passwordFromFile, type Session } from './session.ts'
import { gather, type Options, type Shell, textOf } from './shell.ts'
import { qrCode } from '../render/qr.ts'
import { sameSigns } from './device-commands.ts'
import { showIdentity } from './show.ts'

/** Six rows of four numbered words: as people copy them to paper. */
export function showPhrase(phrase: string): string {
  const words = phrase.trim().split(/\s+/)
  const rows: string[] = []
  for (let at = 0; at < words.length; at += 4) {
    rows.push(
      words
        .slice(at, at + 4)
        .map((word, index) => `${String(at + index + 1).padStart(4)}. ${word.padEnd(9)}`)
        .join('')
        .trimEnd()
    )
  }
  return rows.join('\n')
}

/** XCORD_PROFILE_EXISTS where there is one. */
export async function refuseExisting({ paths }: Session): Promise<void> {
  if (profileExists(paths) || (await answers(paths.socket))) {
    throw new XcordError(
      'XCORD_PROFILE_EXISTS',
      `the profile "${paths.profile}" has an identity already, and it is never overwritten`,
      {
        profile: paths.profile,
        path: paths.folder
      }
    )
  }
}

/** A new password, asked twice where a person sits there; undefined where none is wanted. */
export async function newPassword(session: Session, options: Options): Promise<string | undefined> {
  if (options['password'] === false) return undefined
  const fixed = passwordFromFile(session)
  const { asker } = session
  for (;;) {
    const password =
      fixed ??
      (await asker.ask('Choose a password (it protects your keys on this machine): ', { secret: true }))
    if (password === undefined || password === '') {
      if (asker.interactive) {
        session.output.note('An empty password protects nothing.')
        continue
      }
      throw usage(
        '--password-file',
        'give a password by --password-file or standard input, or --no-password to keep a key file instead'
      )
    }
    if (fixed !== undefined || !asker.interactive) return password
    if ((await asker.ask('Again: ', { secret: true })) === password) return password
    session.output.note('The two differ.')
  }
}

async function askName(session: Session, options: Options): Promise<string> {
  const given = textOf(options, 'name') ?? (await session.asker.ask('Your name, as others will see it: '))
  const name = given?.trim() ?? ''
  if (name === '') throw usage('--name', 'say a name with --name')
  return name
}

interface Made {
  readonly client: Client
  readonly identity: IdentityJson
  readonly phrase: string | undefined
}

interface MakeInit {
  /** undefined: as the backup has it. */
  readonly name: string | undefined
  readonly backup?: Uint8Array
  readonly revokeOthers?: boolean
  readonly password: string | undefined
  readonly phrase?: string
  /** Recovering joins servers at once, so it needs the network; a new identity does not. */
  readonly reach: 'online' | 'offline'
}

async function make(
  session: Session,
  { name, password, phrase, reach, backup, revokeOthers }: MakeInit
): Promise<Made> {
  let shown: string | undefined
  const client = await session.terminal.open({
    path: session.paths.store,
    ...(name === undefined ? {} : { profile: { name } }),
    ...(backup === undefined ? {} : { backup }),
    ...(revokeOthers === undefined ? {} : { revokeOthers }),
    ...networkOf(session.settings, reach),
    ...(password === undefined ? {} : { password }),
    ...(phrase === undefined ? {} : { phrase }),
    onPhrase: words => {
      shown = words
    }
  })
  return { client, identity: client.describe(), phrase: shown }
}

/** Shows the phrase once, or puts it into a file of mode 0600. */
async function handPhrase(
  session: Session,
  phrase: string | undefined,
  file: string | undefined
): Promise<void> {
  if (phrase === undefined) return
  if (file !== undefined) {
    writeFileSync(file, `${phrase}\n`, { mode: 0o600, flag: 'wx' })
    session.output.note(`The recovery phrase is in ${file}. Move it off this machine.`)
    return
  }
  if (session.output.json) return
  session.output.raw(
    `\nYour recovery phrase. Write these 24 words on paper, in order. They alone bring your identity back;\nwhoever has them is you, and nobody can show them again.\n\n${showPhrase(phrase)}\n`
  )
  if (!session.asker.interactive || session.yes) return
  for (;;) {
    const answer = await session.asker.ask('Type "yes" when they are on paper: ')
    if (answer === undefined || /^y(es)?$/i.test(answer.trim())) return
  }
}

/** Waits for the servers that a backup or another device told of, as long as the session allows. */
async function comeBack(session: Session, client: Client): Promise<void> {
  const end = deadlineOf(session)
  while (client.devices.returning.length > 0 && !end.aborted) await sleep(100)
  const { length } = client.devices.returning
  if (length > 0)
    session.output.note(
      `${length} of your servers are still to come: they do as soon as one of their members is reached.`
    )
}

/** The backup file's bytes. XCORD_USAGE where it cannot be read. */
function backupFrom(options: Options): Uint8Array | undefined {
  const path = textOf(options, 'backup')
  if (path === undefined) return undefined
  try {
    return new Uint8Array(readFileSync(path))
  } catch {
    throw usage('--backup', `the backup file ${path} cannot be read`)
  }
}

/** This place becomes a further device of an identity that exists: shows a code, and waits. */
async function linkHere(session: Session, options: Options): Promise<void> {
  const password = await newPassword(session, options)
  const client = await session.terminal.link({
    path: session.paths.store,
    ...networkOf(session.settings, 'online'),
    ...(password === undefined ? {} : { password }),
    signal: session.signal,
    onCode: code => {
      session.output.note(
        `On a device of yours, within five minutes:\n\n  xcord device link ${code}\n\n${qrCode(code)}`
      )
    },
    compare: async signs => await sameSigns(session, signs)
  })
  try {
    await comeBack(session, client)
    const me = client.describe()
    session.output.answer({ ...me, servers: client.servers.all.map(each => each.id) }, () => showIdentity(me))
  } finally {
    await client.close()
  }
}

async function init(session: Session, options: Options): Promise<void> {
  await refuseExisting(session)
  if (options['link'] === true) {
    await linkHere(session, options)
    return
  }
  const phraseFile = textOf(options, 'phraseFile')
  const name = await askName(session, options)
  const password = await newPassword(session, options)
  const made = await make(session, { name, password, reach: 'offline' })
  if (password !== undefined) session.password = password
  try {
    await handPhrase(session, made.phrase, phraseFile)
    const phrase = made.phrase !== undefined && phraseFile === undefined ? { phrase: made.phrase } : {}
    session.output.answer(
      { ...made.identity, ...phrase },
      () => `\nHello, ${safeLine(name)}. Your identity is ${made.identity.identity}.`
    )
  } finally {
    await made.client.close()
  }
}

const given = (options: Options): readonly string[] =>
  (options['link'] as readonly string[] | undefined) ?? []

/** A link for each server, from the flags and then from the person or standard input, until an empty line. */
async function* links(session: Session, options: Options): AsyncGenerator<string> {
  const links = given(options)
  yield* links
  if (links.length > 0 && session.asker.interactive) return
  session.output.note('The words restore who you are; each server needs one of its links once.')
  for (;;) {
    const link = (await session.asker.ask('Link of a server (empty to finish): '))?.trim()
    if (link === undefined || link === '') return
    yield link
  }
}

async function recover(session: Session, options: Options): Promise<void> {
  await refuseExisting(session)
  const phrase = (await session.asker.ask('Your 24 words: ', { secret: true }))
    ?.trim()
    .toLowerCase()
    .replace(/\s+/g, ' ')
  if (phrase === undefined || phrase === '')
    throw usage('phrase', 'give the 24 words at the prompt or on standard input')
  const backup = backupFrom(options)
  const name = backup === undefined ? await askName(session, options) : textOf(options, 'name')
  const password = await newPassword(session, options)
  const revokeOthers = options['revokeOthers'] === true
  const made = await make(session, {
    name,
    password,
    phrase,
    reach: 'online',
    revokeOthers,
    ...(backup === undefined ? {} : { backup })
  })
  try {
    await comeBack(session, made.client)
    const servers: string[] = backup === undefined ? [] : made.client.servers.all.map(each => each.id)
    for await (const link of backup === undefined ? links(session, options) : given(options)) {
      try {
        const joined = await made.client.servers.join(link, {
          timeoutMs: session.settings.timeout,
          signal: session.signal
        })
        servers.push(joined.id)
        session.output.note(`Back in "${safeLine(joined.name)}".`)
      } catch (error) {
        if (!session.asker.interactive) throw error
        session.output.error(error)
      }
    }
    session.output.answer({ ...made.identity, servers }, () => showIdentity(made.identity))
  } finally {
    await made.client.close()
  }
}

/** Makes an identity with a person, for `start`. */
export async function firstRun(session: Session): Promise<void> {
  session.output.raw('Welcome to XCord. This profile is new: choose a name and a password.\n')
  await init(session, {})
}

const withIdentityOptions = (command: Command) =>
  command
    .option('--name <name>', 'the name others see')
    .option('--no-password', 'protect the keys by a key file beside them instead of a password')

/** `init`, `recover`, `identity`. */
export function registerProfile(program: Command, { verb }: Shell): void {
  verb(
    withIdentityOptions(program.command('init').description('make an identity; shows its 24 words once'))
      .option('--phrase-file <path>', 'write the words into a new file instead of showing them')
      .option('--link', 'no new identity: become a further device of one that you have'),
    (session, _args, options) => init(session, options)
  )
  verb(
    withIdentityOptions(
      program
        .command('recover')
        .description('bring an identity back from its 24 words (prompt or standard input), then its servers')
    )
      .option('--backup <path>', 'the backup file: brings the servers back with their history')
      .option('--revoke-others', 'put every device you had before out: they are lost or stolen')
      .option('--link <link>', 'a link of a server to return to (repeat)', gather),
    (session, _args, options) => recover(session, options)
  )
  const identity = program.command('identity').description('who this profile is')
  verb(identity.command('show').description('name, id, devices, safety number'), async session => {
    const api = await openApi(session, 'offline')
    const me = await api.call('getMe')
    session.output.answer(me, () => showIdentity(me))
  })
  verb(identity.command('list').description('the identities of this profile'), async session => {
    const api = await openApi(session, 'offline')
    const me = await api.call('getMe')
    session.output.list([me], all => all.map(showIdentity).join('\n'), '')
  })
}
