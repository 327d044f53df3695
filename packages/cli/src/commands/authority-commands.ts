/** Verbs on the server as a whole, its audit log and the state of its operations. */
import type { Command } from 'commander'
import { parseId } from '@xcord/core'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { handOver } from './hand-over.ts'
import { home, nounOf, placeOf, REASON } from './moderation-commands.ts'
import { resolveChannel, resolveMember, type resolveRole, resolveServer } from './resolve.ts'
import { confirm, openApi, type Session } from './session.ts'
import { argument, durationOf, gather, type Options, reasonOf, type Shell, textOf } from './shell.ts'
import { showAudit, showOperation, showState } from './show.ts'

function registerServerEdit(program: Command, { verb }: Shell): void {
  verb(
    nounOf(program, 'server', 'communities')
      .command('edit [server]')
      .description("change name, description, the community's own nodes, or where the idle go")
      .option('--name <name>')
      .option('--description <text>', 'an empty text removes it')
      .option('--node <address>', 'address of a node of the community; the list as a whole (repeat)', gather)
      .option('--no-node', 'the community has no node')
      .option('--afk-channel <channel>', 'voice channel for those in a call who say and do nothing')
      .option('--no-afk-channel', 'the idle stay where they are')
      .option('--afk-after <duration>', 'how long they say nothing before; 5m unless said')
      .option(...REASON),
    async (session, args, options) => {
      const name = textOf(options, 'name')
      const description = textOf(options, 'description')
      // Commander gives the default of --no-node as true.
      const given = options['node']
      const nodes = given === false ? [] : Array.isArray(given) ? (given as string[]) : undefined
      const afk = options['afkChannel'] === false ? null : textOf(options, 'afkChannel')
      const afkMs = durationOf(options, 'afkAfter')
      if ([name, description, nodes, afk, afkMs].every(each => each === undefined))
        throw usage('server edit', 'say what to change: --name, --description, --node or --afk-channel')
      const api = await openApi(session, 'online')
      const found = await resolveServer(session, api, args[0] ?? textOf(options, 'server'))
      const done = await api.call('editServer', {
        params: { server: found.id },
        body: {
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description: description === '' ? null : description }),
          ...(nodes === undefined ? {} : { nodes }),
          ...(afk === undefined
            ? {}
            : { afkChannel: afk === null ? null : (await resolveChannel(session, api, afk, found.id)).id }),
          ...(afkMs === undefined ? {} : { afkSeconds: Math.round(afkMs / 1_000) }),
          ...reasonOf(options)
        }
      })
      session.output.done(done, () => showOperation(`Edited "${safeLine(name ?? found.name)}".`, done))
      await handOver(session, api, found.id)
    }
  )
}

function registerTransfer(program: Command, { verb }: Shell): void {
  const server = nounOf(program, 'server', 'communities')
  verb(
    server
      .command('consent [server]')
      .description('print your consent to own a server, to hand to its present owner'),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const found = await resolveServer(session, api, args[0] ?? textOf(options, 'server'))
      const given = await api.call('giveConsent', { params: { server: found.id } })
      session.output.answer(given, () => given.consent)
      session.output.note(
        `Give this line to the owner of "${safeLine(found.name)}". It is good until the server changes hands.`
      )
    }
  )
  verb(
    server
      .command('transfer <member>')
      .description('hand the server over; asks for your 24 words, or reads them from standard input')
      .requiredOption('--consent <text>', 'what the member got from "xcord server consent"')
      .option(...REASON),
    async (session, args, options) => {
      const { api, server: found } = await home(session, options)
      const member = await resolveMember(api, found, argument(args, 0))
      await confirm(session, `Hand "${safeLine(found.name)}" over to ${safeLine(member.name)}, for good?`)
      const phrase = (await session.asker.ask('Your 24 words: ', { secret: true }))?.trim() ?? ''
      const done = await api.call('transferServer', {
        params: { server: found.id },
        body: {
          member: member.id,
          consent: textOf(options, 'consent') ?? '',
          ...(phrase === '' ? {} : { phrase }),
          ...reasonOf(options)
        }
      })
      session.output.done(done, () =>
        showOperation(`${safeLine(member.name)} owns "${safeLine(found.name)}" now.`, done)
      )
      await handOver(session, api, found.id)
    }
  )
}

/** A date, or a duration that ends now. XCORD_USAGE. */
function momentOf(session: Session, options: Options, key: 'since' | 'until'): string | undefined {
  const text = textOf(options, key)
  if (text === undefined) return undefined
  const date = /^\d{4}-/.test(text)
    ? Date.parse(text)
    : session.terminal.now() - (durationOf(options, key) ?? 0)
  if (Number.isNaN(date))
    throw usage(`--${key}`, `--${key} must be a date or a duration such as 7d, not "${text}"`)
  return new Date(date).toISOString()
}

function registerAudit(program: Command, { verb }: Shell): void {
  const audit = program.command('audit').description('what was done in a server, by whom and why')
  verb(
    audit
      .command('list')
      .description('operations, newest first; those that were set aside say by which rule')
      .option('--actor <member>', 'by this member')
      .option('--action <action>', 'such as member:ban, or member for all of that kind')
      .option('--target <id>', 'about this member, role, channel or other id')
      .option('--since <when>', 'from then on: a date, or how long ago, such as 7d')
      .option('--until <when>', 'before then: a date, or how long ago')
      .option('--voided', 'only what the rules set aside')
      .option('--after <operation>', 'continue after this one')
      .option('--limit <count>', 'at most; default: 50'),
    async (session, _args, options) => {
      const { api, server } = await home(session, options)
      const actorText = textOf(options, 'actor')
      const targetText = textOf(options, 'target')
      const actor = actorText === undefined ? undefined : await userOf(api, server, actorText)
      const target = targetText?.startsWith('@') === true ? await userOf(api, server, targetText) : targetText
      const action = textOf(options, 'action')
      const since = momentOf(session, options, 'since')
      const until = momentOf(session, options, 'until')
      const after = textOf(options, 'after')
      const limit = placeOf(textOf(options, 'limit') ?? '50', 1)
      const { items, next } = await api.call('listAudit', {
        params: { server: server.id },
        query: {
          limit,
          ...(actor === undefined ? {} : { actor }),
          ...(target === undefined ? {} : { target }),
          ...(action === undefined ? {} : { action }),
          ...(since === undefined ? {} : { since }),
          ...(until === undefined ? {} : { until }),
          ...(options['voided'] === true ? { standing: 'voided' as const } : {}),
          ...(after === undefined ? {} : { after })
        }
      })
      session.output.list(items, all => showAudit(all, session.terminal.now()), 'Nothing found.')
      if (next !== null) session.output.note(`More: --after ${next}`)
      if (items.some(each => each.standing === 'voided'))
        session.output.note('Why one was set aside: xcord explain operation <operation>')
    }
  )
  const state = program.command('state').description('the operations held here, as peers compare them')
  verb(
    state.command('heads [server]').description('heads, state hash and forks; equal hashes mean equal state'),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const found = await resolveServer(session, api, args[0] ?? textOf(options, 'server'))
      const answer = await api.call('getState', { params: { server: found.id } })
      session.output.answer(answer, () => showState(answer))
    }
  )
}

/** Whoever did something may be gone: ids are taken as they are. */
async function userOf(api: Api, server: Parameters<typeof resolveRole>[1], text: string): Promise<string> {
  return parseId('u', text) ?? (await resolveMember(api, server, text)).id
}

/** `audit`, `state`, and what `server` has beside joining and leaving. */
export function registerAuthority(program: Command, shell: Shell): void {
  registerServerEdit(program, shell)
  registerTransfer(program, shell)
  registerAudit(program, shell)
}
