import type { Command } from 'commander'
import type { AutomodJson, ServerJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { handOver } from './hand-over.ts'
import { pick, resolveServer } from './resolve.ts'
import { openApi } from './session.ts'
import { argument, countOf, gather, type Options, reasonOf, type Shell, textOf } from './shell.ts'
import { showAutomod, showOperation } from './show.ts'

const KINDS = ['words', 'mentions', 'links'] as const

async function ruleCalled(api: Api, server: ServerJson, name: string): Promise<AutomodJson | undefined> {
  const { items } = await api.call('listAutomod', { params: { server: server.id } })
  return pick(items, name, each => [each.name], 'rule')
}

/** What the options say, over what the rule said before. XCORD_USAGE. */
function ruleOf(name: string, before: AutomodJson | undefined, options: Options) {
  const rule = KINDS.find(each => each === (options['rule'] ?? before?.rule))
  if (rule === undefined) throw usage('--rule', `--rule must be one of ${KINDS.join(', ')}`)
  const words = options['word'] as readonly string[] | undefined
  const max = countOf(options, 'max') ?? before?.max ?? undefined
  return {
    name: before?.name ?? name,
    rule,
    words: [...(words ?? before?.words ?? [])],
    ...(max === undefined ? {} : { max }),
    enabled: typeof options['enabled'] === 'boolean' ? options['enabled'] : (before?.enabled ?? true),
    exemptRoles: [...((options['exemptRole'] as readonly string[] | undefined) ?? before?.exemptRoles ?? [])],
    exemptChannels: [
      ...((options['exemptChannel'] as readonly string[] | undefined) ?? before?.exemptChannels ?? [])
    ]
  }
}

/** `automod list`, `automod set`, `automod remove`. */
export function registerAutomod(program: Command, { verb }: Shell): void {
  const automod = program.command('automod').description('rules that stop messages before they are sent')
  verb(automod.command('list').description('rules of a server'), async (session, _args, options) => {
    const api = await openApi(session, 'offline')
    const server = await resolveServer(session, api, textOf(options, 'server'))
    const { items } = await api.call('listAutomod', { params: { server: server.id } })
    session.output.list(items, showAutomod, 'No rules.')
  })
  verb(
    automod
      .command('set <rule>')
      .description('make a rule, or change the one of that name')
      .option('--rule <kind>', 'words, mentions or links')
      .option(
        '--word <word>',
        'a word, spam* or *spam*; with links, a host that is allowed (repeat, or by commas)',
        gather
      )
      .option('--max <count>', 'mentions in one message')
      .option('--exempt-role <role>', 'does not bind its members (repeat)', gather)
      .option('--exempt-channel <channel>', 'does not bind there (repeat)', gather)
      .option('--enabled', 'turn it on')
      .option('--no-enabled', 'turn it off, and keep it')
      .option('--reason <text>', 'for the audit log'),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const name = argument(args, 0)
      const before = await ruleCalled(api, server, name)
      const body = { ...ruleOf(name, before, options), ...reasonOf(options) }
      if (before === undefined) {
        const made = await api.call('createAutomod', { params: { server: server.id }, body })
        session.output.done(made, () => `Made rule "${safeLine(made.name)}".`)
      } else {
        const done = await api.call('editAutomod', { params: { server: server.id, rule: before.id }, body })
        session.output.done(done, () => showOperation(`Changed rule "${safeLine(before.name)}".`, done))
      }
      await handOver(session, api, server.id)
    }
  )
  verb(
    automod
      .command('remove <rule>')
      .description('remove a rule')
      .option('--reason <text>', 'for the audit log'),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const found = await ruleCalled(api, server, argument(args, 0))
      if (found === undefined)
        throw usage(argument(args, 0), `"${server.name}" has no rule "${argument(args, 0)}"`)
      const done = await api.call('removeAutomod', {
        params: { server: server.id, rule: found.id },
        query: reasonOf(options)
      })
      session.output.done(done, () => showOperation(`Removed rule "${safeLine(found.name)}".`, done))
      await handOver(session, api, server.id)
    }
  )
}
