/** `server export`, `server verify`, `server import`: a server as one file. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { parseId, type ServerId } from '@xcord/core'
import type { CopyJson, ExportJson, ImportJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { fields, shortId, table } from '../render/table.ts'
import { relativeTime } from '../render/time.ts'
import { readPieces, sizeText, toStandardOutput, writePieces } from './file-pieces.ts'
import { handOver } from './hand-over.ts'
import { nounOf } from './moderation-commands.ts'
import { resolveServer } from './resolve.ts'
import { writeMemory } from '../profile/memory.ts'
import { openApi, type Session } from './session.ts'
import { argument, type Options, type Shell, textOf } from './shell.ts'

function registerExport(server: Command, { verb }: Shell): void {
  verb(
    server
      .command('export [server]')
      .description('write a server to a signed file that anybody can verify; it holds no key')
      .requiredOption('-o, --output <file>', 'where to; "-" is standard output')
      .option('--content', 'with messages and keys, sealed as they are: only members can open them')
      .option('--until <point>', 'as it stood: up to an operation and what it rests on, or an ISO time')
      .option('--before <operation>', 'as it stood before an operation; see "xcord audit list"')
      .option('--force', 'replace the file if it is there'),
    async (session, args, options) => {
      const path = textOf(options, 'output') ?? '-'
      if (path !== '-' && options['force'] !== true && existsSync(path))
        throw usage('--output', `${path} is there already; --force replaces it`)
      const api = await openApi(session, 'offline')
      const found = await resolveServer(session, api, args[0] ?? textOf(options, 'server'))
      const content = options['content'] === true
      const pieces = api.download(
        'exportServer',
        { params: { server: found.id }, query: pointOf(options, content) },
        { signal: session.signal }
      )
      if (path === '-') return await toStandardOutput(session, pieces)
      const file = await writePieces(path, pieces)
      session.output.done(
        { server: found.id, file: path, content, ...file },
        () => `Exported "${safeLine(found.name)}" to ${safeLine(path)}: ${sizeText(file.bytes)}.`
      )
      session.output.note(
        content
          ? 'It holds no key. Whoever has it sees members, roles, channels open to all and the audit log; messages only members can open.'
          : 'It holds no key and no message. Whoever has it sees members, roles, channels open to all and the audit log.'
      )
      session.output.note(`Check it anywhere: xcord server verify ${safeLine(path)}`)
    }
  )
}

/** What the export is of: all that is held, or an earlier point. */
function pointOf(options: Options, content: boolean): { content?: boolean; until?: string; before?: string } {
  const [until, before] = [textOf(options, 'until'), textOf(options, 'before')]
  if (until !== undefined) return { content, until }
  return before === undefined ? { content } : { content, before }
}

function expectedServer(text: string | undefined): ServerId | undefined {
  if (text === undefined) return undefined
  const id = parseId('s', text)
  if (id === undefined)
    throw usage('--server', '--server takes the whole id of the server that the file must be of')
  return id
}

/** What a true file says. */
export function showExport(file: ExportJson, now: number): string {
  const roleNames = new Map(file.roles.map(each => [each.id, each.name]))
  const owner = file.members.find(each => each.owner)
  const parts = [
    fields([
      ['verdict', 'true: every operation was judged again, and the seal holds'],
      ['server', `${file.name} (${file.server})`],
      ['owner', owner?.name ?? file.owner],
      ['state hash', file.stateHash],
      ['heads', file.heads.join(' ')],
      ['operations', `${file.operations}${file.voided === 0 ? '' : `, ${file.voided} of them voided`}`],
      ['channels', String(file.channels)],
      [
        file.past ? 'exported, as it stood once' : 'exported',
        `${relativeTime(file.exportedAt, now)} by ${file.members.find(each => each.id === file.exportedBy)?.name ?? file.exportedBy}`
      ],
      [
        'content',
        file.content === null
          ? 'none'
          : `${file.content.envelopes} sealed envelopes, ${file.content.stubs} stubs, ${file.content.records} key records`
      ]
    ]),
    table(file.members, [
      { title: 'member', of: each => shortId(each.id) },
      {
        title: 'name',
        of: each => (each.nick === null ? (each.name ?? '') : `${each.nick} (${each.name ?? '?'})`)
      },
      {
        title: 'roles',
        of: each =>
          [...(each.owner ? ['owner'] : []), ...each.roles.map(id => roleNames.get(id) ?? shortId(id))].join(
            ', '
          )
      },
      { title: 'joined', of: each => relativeTime(each.joinedAt, now) }
    ]),
    table([...file.roles].reverse(), [
      { title: 'role', of: each => shortId(each.id) },
      { title: 'name', of: each => each.name },
      { title: 'members', of: each => String(each.members), align: 'right' },
      { title: 'permissions', of: each => each.permissions.join(', ') }
    ])
  ]
  return parts.join('\n\n')
}

function registerVerify(server: Command, { verb }: Shell): void {
  verb(
    server
      .command('verify <file>')
      .description(
        'verify an export without profile or peer: judge every operation again, compare with its seal'
      )
      .addHelpText(
        'after',
        '\nWith --server <id> it must be the export of that server. Exit code 9: refused, with the rule.'
      ),
    async (session, args, options) => {
      const { verifyServerExport } = await import('@xcord/sdk')
      const wanted = expectedServer(textOf(options, 'server'))
      const file = await verifyServerExport(
        readPieces(session, argument(args, 0)),
        wanted === undefined ? {} : { server: wanted }
      )
      session.output.answer(file, () => showExport(file, session.terminal.now()))
    }
  )
}

function importText({ name, fresh, operations, stateHash }: ImportJson): string {
  const news =
    fresh === 0
      ? `all ${operations} operations were known already`
      : fresh === operations
        ? `${operations} operations`
        : `${fresh} of ${operations} operations were new`
  return `Imported "${safeLine(name)}": ${news}; state hash ${stateHash}.`
}

function explainImport(session: Session, done: ImportJson): void {
  const { output } = session
  if (done.merged !== done.stateHash)
    output.note(`More is known here than the file says; joined with it the state hash is ${done.merged}.`)
  if (done.enrolled !== null) output.note('This device was added to your account there.')
  if (done.part === 'reader') {
    output.note('This device only reads there. To take part: xcord server join <link of a member>')
    output.note('Where nobody is left to give a link, import again with --enrol.')
  }
}

function registerImport(server: Command, { verb }: Shell): void {
  verb(
    server
      .command('import <file>')
      .description('take in an export of a server that you are a member of; nothing that is held is replaced')
      .option('--enrol', 'add this device to your account there, so that it can act at once'),
    async (session, args, options) => {
      const enrol = options['enrol'] === true
      const api: Api = await openApi(session, enrol ? 'online' : 'offline')
      const pieces = readPieces(session, argument(args, 0))
      const done = await api.upload('importServer', { query: { enrol } }, pieces, { signal: session.signal })
      session.output.done(done, () => importText(done))
      explainImport(session, done)
      if (done.part === 'member') await handOver(session, api, done.server)
    }
  )
}

function copyText({ name, roles, channels, awaited, banned }: CopyJson): string {
  return `Founded "${safeLine(name)}": ${channels} channels, ${roles} roles, ${banned} bans; the roles of ${awaited} members wait for them.`
}

function registerCopy(server: Command, { verb }: Shell): void {
  verb(
    server
      .command('copy <file>')
      .description('found a new server as the one of an export stood; its members are invited anew')
      .option('--name <name>', 'default: what the server of the file is called'),
    async (session, args, options) => {
      const name = textOf(options, 'name')
      const api: Api = await openApi(session, 'offline')
      const pieces = readPieces(session, argument(args, 0))
      const done = await api.upload('copyServer', { query: name === undefined ? {} : { name } }, pieces, {
        signal: session.signal
      })
      writeMemory(session.paths.memory, { server: done.server })
      session.output.done(done, () => copyText(done))
      if (done.unnamed.length > 0)
        session.output.note(`The file has no names for ${done.unnamed.length} closed channels; rename them.`)
      session.output.note(
        'Invite its members anew: xcord invite create. This device gives them what they had.'
      )
    }
  )
}

export function registerExports(program: Command, shell: Shell): void {
  const server = nounOf(program, 'server', 'communities')
  registerExport(server, shell)
  registerVerify(server, shell)
  registerImport(server, shell)
  registerCopy(server, shell)
}
