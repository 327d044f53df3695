/** Verbs of moderation that join the nouns there already: member, role, channel. */
import type { Command } from 'commander'
import { parseId, XcordError } from '@xcord/core'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { handOver } from './hand-over.ts'
import { resolveChannel, resolveMember, resolveRole, resolveServer } from './resolve.ts'
import { confirm, openApi, type Session } from './session.ts'
import { argument, durationOf, gather, type Options, reasonOf, type Shell, textOf } from './shell.ts'
import { showBans, showOperation } from './show.ts'

export const REASON = ['--reason <text>', 'for the audit log'] as const
const PERMISSIONS = 'such as SendMessages (repeat, or separate by commas)'

/** The noun's own command, made where there is none. */
export function nounOf(program: Command, name: string, description: string): Command {
  return program.commands.find(each => each.name() === name) ?? program.command(name).description(description)
}

const names = (options: Options, key: string) => options[key] as readonly string[] | undefined

/** A place as people count it. XCORD_USAGE. */
export function placeOf(text: string, min: number): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) < min)
    throw usage('position', `a position is a whole number of at least ${min}, not "${text}"`)
  return Number(text)
}

/** The API and the server that a verb acts in. */
export async function home(session: Session, options: Options) {
  const api = await openApi(session, 'online')
  return { api, server: await resolveServer(session, api, textOf(options, 'server')) }
}

function registerMember(program: Command, { verb }: Shell): void {
  const member = nounOf(program, 'member', 'members of a server')
  verb(
    member
      .command('timeout <member> <duration>')
      .description('let a member only read, for 10m, 2h or at most 28d; 0 ends it')
      .option(...REASON),
    async (session, args, options) => {
      const { api, server } = await home(session, options)
      const found = await resolveMember(api, server, argument(args, 0))
      const text = argument(args, 1)
      const ms = text === '0' ? 0 : (durationOf({ duration: text }, 'duration') ?? 0)
      const until = ms === 0 ? null : new Date(session.terminal.now() + ms).toISOString()
      const done = await api.call('timeoutMember', {
        params: { server: server.id, member: found.id },
        body: { until, ...reasonOf(options) }
      })
      const name = safeLine(found.name)
      session.output.done(done, () =>
        showOperation(
          until === null ? `${name} may write again.` : `${name} may only read until ${until}.`,
          done
        )
      )
      await handOver(session, api, server.id)
    }
  )
  verb(
    member
      .command('nick <member> [nickname]')
      .description("set a nickname, one's own or another's; without one, the profile's name shows again")
      .option(...REASON),
    async (session, args, options) => {
      const { api, server } = await home(session, options)
      const found = await resolveMember(api, server, argument(args, 0))
      const nick = args[1] ?? null
      const done = await api.call('nickMember', {
        params: { server: server.id, member: found.id },
        body: { nick, ...reasonOf(options) }
      })
      session.output.done(done, () =>
        showOperation(
          nick === null
            ? `${safeLine(found.name)} has no nickname.`
            : `${safeLine(found.name)} is now "${safeLine(nick)}".`,
          done
        )
      )
      await handOver(session, api, server.id)
    }
  )
}

function registerBans(program: Command, { verb }: Shell): void {
  const member = nounOf(program, 'member', 'members of a server')
  verb(member.command('bans').description('who is banned, and why'), async (session, _args, options) => {
    const { api, server } = await home(session, options)
    const { items } = await api.call('listBans', { params: { server: server.id } })
    session.output.list(items, all => showBans(all, session.terminal.now()), 'Nobody is banned.')
  })
  verb(
    member
      .command('unban <user>')
      .description('let a banned user join again, by name, id or its first six characters')
      .option(...REASON),
    async (session, args, options) => {
      const { api, server } = await home(session, options)
      const text = argument(args, 0)
      const user = parseId('u', text) ?? (await bannedUser(api, server.id, text))
      const done = await api.call('unbanUser', {
        params: { server: server.id, user },
        query: reasonOf(options)
      })
      session.output.done(done, () => showOperation('They may join again.', done))
      await handOver(session, api, server.id)
    }
  )
}

async function bannedUser(api: Api, server: string, text: string): Promise<string> {
  const { items } = await api.call('listBans', { params: { server } })
  const found = items.filter(
    each => each.name === text.replace(/^@/, '') || (text.length >= 6 && each.id.startsWith(text))
  )
  if (found.length === 1 && found[0] !== undefined) return found[0].id
  if (found.length > 1) throw usage(text, `"${text}" may be any of ${found.length} banned users; use an id`)
  throw new XcordError('XCORD_MEMBER_NOT_FOUND', `nobody called "${text}" is banned`, { member: text })
}

function registerRole(program: Command, { verb }: Shell): void {
  const role = nounOf(program, 'role', 'roles and their permissions')
  verb(
    role
      .command('edit <role>')
      .description('change name, colour or single permissions; what is not named stays')
      .option('--name <name>')
      .option('--color <hex>', 'such as #5865f2, or "none"')
      .option('--allow <permission>', PERMISSIONS, gather)
      .option('--deny <permission>', 'take a permission away (repeat, or separate by commas)', gather)
      .option('--hoist', 'show its members apart')
      .option('--no-hoist', 'show them among the others')
      .option('--mentionable', 'anybody may mention it')
      .option('--no-mentionable')
      .option(...REASON),
    async (session, args, options) => {
      const { api, server } = await home(session, options)
      const found = await resolveRole(api, server, argument(args, 0))
      const color = textOf(options, 'color')
      const name = textOf(options, 'name')
      const allow = names(options, 'allow')
      const deny = names(options, 'deny')
      const body = {
        ...(name === undefined ? {} : { name }),
        ...(color === undefined ? {} : { color: color === 'none' ? null : color }),
        ...(allow === undefined ? {} : { allow: [...allow] }),
        ...(deny === undefined ? {} : { deny: [...deny] }),
        ...(typeof options['hoist'] === 'boolean' ? { hoist: options['hoist'] } : {}),
        ...(typeof options['mentionable'] === 'boolean' ? { mentionable: options['mentionable'] } : {})
      }
      if (Object.keys(body).length === 0)
        throw usage('role edit', 'say what to change: --name, --color, --allow, --deny …')
      const done = await api.call('editRole', {
        params: { server: server.id, role: found.id },
        body: { ...body, ...reasonOf(options) }
      })
      session.output.done(done, () => showOperation(`Edited role "${safeLine(found.name)}".`, done))
      await handOver(session, api, server.id)
    }
  )
}

function registerRolePlaces(program: Command, { verb }: Shell): void {
  const role = nounOf(program, 'role', 'roles and their permissions')
  verb(
    role
      .command('move <role> <position>')
      .description('to a place counted from @everyone, which is 0; "role list" shows them')
      .option(...REASON),
    async (session, args, options) => {
      const position = placeOf(argument(args, 1), 1)
      const { api, server } = await home(session, options)
      const found = await resolveRole(api, server, argument(args, 0))
      const done = await api.call('moveRole', {
        params: { server: server.id, role: found.id },
        body: { position, ...reasonOf(options) }
      })
      session.output.done(done, () => showOperation(`Moved role "${safeLine(found.name)}".`, done))
      await handOver(session, api, server.id)
    }
  )
  verb(
    role
      .command('delete <role>')
      .description('delete a role')
      .option(...REASON),
    async (session, args, options) => {
      const { api, server } = await home(session, options)
      const found = await resolveRole(api, server, argument(args, 0))
      await confirm(session, `Delete the role "${safeLine(found.name)}"?`)
      const done = await api.call('deleteRole', {
        params: { server: server.id, role: found.id },
        query: reasonOf(options)
      })
      session.output.done(done, () => showOperation(`Deleted role "${safeLine(found.name)}".`, done))
      await handOver(session, api, server.id)
    }
  )
}

function registerChannel(program: Command, { verb }: Shell): void {
  const channel = nounOf(program, 'channel', 'channels of a server')
  verb(
    channel
      .command('move <channel>')
      .description('to another category or place')
      .option('--parent <category>', 'or "none"')
      .option('--position <number>', 'among the channels there, from 0; default: the end')
      .option(...REASON),
    async (session, args, options) => {
      const parentText = textOf(options, 'parent')
      const positionText = textOf(options, 'position')
      if (parentText === undefined && positionText === undefined)
        throw usage('channel move', 'say where to: --parent or --position')
      const api = await openApi(session, 'online')
      const found = await resolveChannel(session, api, argument(args, 0), textOf(options, 'server'))
      const parent =
        parentText === undefined || parentText === 'none'
          ? null
          : (await resolveChannel(session, api, parentText, found.server)).id
      const done = await api.call('moveChannel', {
        params: { channel: found.id },
        body: {
          ...(parentText === undefined ? {} : { parent }),
          ...(positionText === undefined ? {} : { position: placeOf(positionText, 0) }),
          ...reasonOf(options)
        }
      })
      session.output.done(done, () => showOperation(`Moved #${safeLine(found.name)}.`, done))
      await handOver(session, api, found.server)
    }
  )
}

function registerPermit(program: Command, { verb }: Shell): void {
  const channel = nounOf(program, 'channel', 'channels of a server')
  verb(
    channel
      .command('permit <channel> <target>')
      .description('what a role or member may do in a channel, beside what their roles say')
      .option('--allow <permission>', PERMISSIONS, gather)
      .option('--deny <permission>', PERMISSIONS, gather)
      .option('--none <permission>', 'as their roles say (repeat, or separate by commas)', gather)
      .option(...REASON),
    async (session, args, options) => {
      const body = {
        allow: [...(names(options, 'allow') ?? [])],
        deny: [...(names(options, 'deny') ?? [])],
        none: [...(names(options, 'none') ?? [])]
      }
      if (body.allow.length + body.deny.length + body.none.length === 0)
        throw usage('channel permit', 'say what: --allow, --deny or --none')
      const { api, server } = await home(session, options)
      const found = await resolveChannel(session, api, argument(args, 0), server.id)
      const target = await resolveTarget(api, server, argument(args, 1))
      const done = await api.call('permitInChannel', {
        params: { channel: found.id, target: target.id },
        body: { ...body, ...reasonOf(options) }
      })
      session.output.done(done, () =>
        showOperation(
          `In #${safeLine(found.name)} ${safeLine(target.name)} now: allowed ${done.allow.join(', ') || 'nothing more'}; denied ${done.deny.join(', ') || 'nothing'}.`,
          done
        )
      )
      await handOver(session, api, found.server)
    }
  )
  verb(
    channel
      .command('sync <channel>')
      .description("read the category's permissions in place of the channel's own")
      .option('--off', 'copy them and part from the category')
      .option(...REASON),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const found = await resolveChannel(session, api, argument(args, 0), textOf(options, 'server'))
      const synced = options['off'] !== true
      const done = await api.call('syncChannel', {
        params: { channel: found.id },
        body: { synced, ...reasonOf(options) }
      })
      session.output.done(done, () =>
        showOperation(
          `#${safeLine(found.name)} ${synced ? 'follows its category' : 'has permissions of its own'}.`,
          done
        )
      )
      await handOver(session, api, found.server)
    }
  )
}

/** A role by id or name, else a member; `@name` a member unless it is @everyone. */
async function resolveTarget(api: Api, server: Parameters<typeof resolveRole>[1], text: string) {
  try {
    return await resolveRole(api, server, text)
  } catch (error) {
    if (!(error instanceof XcordError) || error.code !== 'XCORD_ROLE_NOT_FOUND') throw error
    return await resolveMember(api, server, text)
  }
}

/** What moderation adds to `member`, `role` and `channel`. */
export function registerModeration(program: Command, shell: Shell): void {
  registerMember(program, shell)
  registerBans(program, shell)
  registerRole(program, shell)
  registerRolePlaces(program, shell)
  registerChannel(program, shell)
  registerPermit(program, shell)
}
