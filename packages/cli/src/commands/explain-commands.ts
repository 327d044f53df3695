/** `explain`: why somebody may do something, why an operation or a message counts, and whether a saved answer is true. */
import { createReadStream } from 'node:fs'
import { type Command, Option } from 'commander'
import { parseId, XcordError } from '@xcord/core'
import type { ServerJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { pick, resolveChannel, resolveMember, resolveMessage, resolveServer } from './resolve.ts'
import { openApi, type Session } from './session.ts'
import { argument, type Options, type Shell, textOf } from './shell.ts'

/** Longest file that is read: what we write is far shorter. */
const FILE_BYTES_MAX = 64 * 1_048_576
/** Operations a prefix is looked for among: the newest pages of the audit log. */
const AUDIT_PAGES_MAX = 20

interface Told {
  readonly answer: string
  readonly steps: readonly string[]
  readonly proof: string
}

const told = ({ answer, steps, proof }: Told): string =>
  [answer, '', ...steps, '', proof].map(safeLine).join('\n')

type Asked = Parameters<typeof ask>[3]

/** Asks the peer and shows what it says; with --json, the explanation as `explain verify` takes it. */
async function ask(
  session: Session,
  api: Api,
  server: ServerJson,
  asked:
    | {
        readonly permission: string
        readonly member: string
        readonly channel?: string
        readonly at?: string
      }
    | { readonly operation: string }
    | { readonly message: string },
  options: Options
): Promise<void> {
  const { explanation, told: words } = await api.call('explain', {
    params: { server: server.id },
    body: { ...asked, complete: options['complete'] === true }
  })
  session.output.answer(explanation, () => told(words))
}

/** An operation by id, or by a prefix among the newest of the audit log. XCORD_USAGE. */
async function resolveOperation(api: Api, server: ServerJson, text: string): Promise<string> {
  if (parseId('o', text) !== undefined) return text
  let after: string | undefined
  for (let page = 0; page < AUDIT_PAGES_MAX; page++) {
    const { items, next } = await api.call('listAudit', {
      params: { server: server.id },
      query: { limit: 200, ...(after === undefined ? {} : { after }) }
    })
    const found = pick(
      items.map(each => ({ id: each.operation })),
      text,
      () => [],
      'operation'
    )
    if (found !== undefined) return found.id
    if (next === null) break
    after = next
  }
  throw usage(text, `no operation here has an id that begins with "${text}"; see "xcord audit list"`)
}

const COMPLETE = new Option('--complete', 'put every operation into the proof, not only those that matter')

function registerQuestions(explain: Command, { verb }: Shell): void {
  verb(
    explain
      .command('permission <member> <permission> [channel]')
      .description('why a member may or may not, layer by layer, and who wrote each')
      .option('--at <date>', 'at another moment: timeouts end')
      .addOption(COMPLETE),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const member = await resolveMember(api, server, argument(args, 0))
      const place = args[2]
      const channel = place === undefined ? undefined : await resolveChannel(session, api, place, server.id)
      const at = textOf(options, 'at')
      if (at !== undefined && Number.isNaN(Date.parse(at)))
        throw usage('--at', `--at must be a date such as 2026-01-31T12:00:00Z, not "${at}"`)
      const asked: Asked = {
        permission: argument(args, 1),
        member: member.id,
        ...(channel === undefined ? {} : { channel: channel.id }),
        ...(at === undefined ? {} : { at: new Date(at).toISOString() })
      }
      await ask(session, api, server, asked, options)
    }
  )
  verb(
    explain
      .command('operation <operation>')
      .description('whether an operation stands, what it rests on, or which other voids it by which rule')
      .addOption(COMPLETE),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const operation = await resolveOperation(api, server, argument(args, 0))
      await ask(session, api, server, { operation }, options)
    }
  )
  verb(
    explain
      .command('message <message>')
      .description('why a message is visible or hidden')
      .addOption(COMPLETE),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const text = argument(args, 0)
      // A hidden message is in no list: its whole id is taken as it is.
      const message = parseId('m', text) ?? (await resolveMessage(session, api, text, server.id)).id
      await ask(session, api, server, { message }, options)
    }
  )
}

/** The text of a file, or of standard input for `-`. XCORD_USAGE. */
async function readText(session: Session, path: string): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of path === '-' ? session.terminal.stdin : createReadStream(path)) {
      const bytes = Buffer.from(piece as Uint8Array)
      length += bytes.length
      if (length > FILE_BYTES_MAX) throw usage(path, `${path} is longer than any explanation`)
      pieces.push(bytes)
    }
  } catch (error) {
    if (error instanceof XcordError) throw error
    throw new XcordError('XCORD_USAGE', `${path} cannot be read`, { argument: path }, { cause: error })
  }
  return Buffer.concat(pieces).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function registerVerify(explain: Command, { verb }: Shell): void {
  verb(
    explain
      .command('verify <file>')
      .description(
        'verify a saved explanation without profile or peer: hashes, signatures, and each step again'
      )
      .addHelpText(
        'after',
        '\nThe file is what "xcord explain … --json" wrote. Exit code 9: it is not true.'
      ),
    async (session, args) => {
      const { verifyExplanation } = await import('@xcord/sdk')
      const verified = await verifyExplanation(parse(await readText(session, argument(args, 0))))
      session.output.answer(verified, () => `Verified. ${told(verified.told)}`)
    }
  )
}

export function registerExplain(program: Command, shell: Shell): void {
  const explain = program
    .command('explain')
    .description('why: a permission, an operation, a message; and whether a saved answer is true')
  registerQuestions(explain, shell)
  registerVerify(explain, shell)
}
