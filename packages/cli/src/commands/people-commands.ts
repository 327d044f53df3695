import type { Command } from 'commander'
import { handOver } from './hand-over.ts'
import { resolveMember, resolveRole, resolveServer } from './resolve.ts'
import { confirm, openApi } from './session.ts'
import { argument, gather, reasonOf, type Shell, textOf } from './shell.ts'
import { showMembers, showOperation, showRoles } from './show.ts'
import { safeLine } from '../render/sanitize.ts'

function registerRole(program: Command, { verb }: Shell): void {
  const role = program.command('role').description('roles and their permissions')
  verb(
    role
      .command('create <name>')
      .description('create a role')
      .option('--permission <name>', 'such as ManageMessages (repeat, or separate by commas)', gather)
      .option('--color <hex>', 'such as #5865f2')
      .option('--reason <text>', 'for the audit log'),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const permissions = options['permission'] as readonly string[] | undefined
      const color = textOf(options, 'color')
      const made = await api.call('createRole', {
        params: { server: server.id },
        body: {
          name: argument(args, 0),
          ...(permissions === undefined ? {} : { permissions: [...permissions] }),
          ...(color === undefined ? {} : { color }),
          ...reasonOf(options)
        }
      })
      session.output.done(made, () => `Created role "${safeLine(made.name)}".`)
      await handOver(session, api, server.id)
    }
  )
  verb(role.command('list').description('roles of a server'), async (session, _args, options) => {
    const api = await openApi(session, 'offline')
    const server = await resolveServer(session, api, textOf(options, 'server'))
    const { items } = await api.call('listRoles', { params: { server: server.id } })
    session.output.list(items, showRoles, 'No roles.')
  })
  for (const [name, route, words] of [
    ['grant', 'grantRole', 'now has'],
    ['revoke', 'revokeRole', 'no longer has']
  ] as const) {
    verb(
      role
        .command(`${name} <role> <member>`)
        .description(name === 'grant' ? 'give a member a role' : 'take a role from a member')
        .option('--reason <text>', 'for the audit log'),
      async (session, args, options) => {
        const api = await openApi(session, 'online')
        const server = await resolveServer(session, api, textOf(options, 'server'))
        const found = await resolveRole(api, server, argument(args, 0))
        const member = await resolveMember(api, server, argument(args, 1))
        const done = await api.call(route, {
          params: { server: server.id, member: member.id, role: found.id },
          query: reasonOf(options)
        })
        session.output.done(done, () =>
          showOperation(`${safeLine(member.name)} ${words} the role "${safeLine(found.name)}".`, done)
        )
        await handOver(session, api, server.id)
      }
    )
  }
}

function registerMember(program: Command, { verb }: Shell): void {
  const member = program.command('member').description('members of a server')
  verb(member.command('list').description('who is in a server'), async (session, _args, options) => {
    const api = await openApi(session, 'offline')
    const server = await resolveServer(session, api, textOf(options, 'server'))
    const [{ items }, roles] = await Promise.all([
      api.call('listMembers', { params: { server: server.id } }),
      api.call('listRoles', { params: { server: server.id } })
    ])
    session.output.list(items, all => showMembers(all, roles.items, session.terminal.now()), 'No members.')
  })
  verb(member.command('show <member>').description('one member'), async (session, args, options) => {
    const api = await openApi(session, 'offline')
    const server = await resolveServer(session, api, textOf(options, 'server'))
    const found = await resolveMember(api, server, argument(args, 0))
    const roles = await api.call('listRoles', { params: { server: server.id } })
    session.output.answer(found, () => showMembers([found], roles.items, session.terminal.now()))
  })
  for (const [name, route, question, past] of [
    ['kick', 'kickMember', 'Remove', 'Removed'],
    ['ban', 'banMember', 'Ban', 'Banned']
  ] as const) {
    verb(
      member
        .command(`${name} <member>`)
        .description(name === 'kick' ? 'remove a member, who may join again' : 'remove a member for good')
        .option('--reason <text>', 'for the audit log'),
      async (session, args, options) => {
        const api = await openApi(session, 'online')
        const server = await resolveServer(session, api, textOf(options, 'server'))
        const found = await resolveMember(api, server, argument(args, 0))
        await confirm(session, `${question} ${safeLine(found.name)} from "${safeLine(server.name)}"?`)
        const done = await api.call(route, {
          params: { server: server.id, member: found.id },
          query: reasonOf(options)
        })
        session.output.done(done, () => showOperation(`${past} ${safeLine(found.name)}.`, done))
        await handOver(session, api, server.id)
      }
    )
  }
}

/** `role`, `member`. */
export function registerPeople(program: Command, shell: Shell): void {
  registerRole(program, shell)
  registerMember(program, shell)
}
