/** `invite requests`, `invite accept`, `invite refuse`: who asked to join by a link that asks. */
import type { Command } from 'commander'
import { XcordError } from '@xcord/core'
import type { JoinRequestJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { safeLine } from '../render/sanitize.ts'
import { shortId, table } from '../render/table.ts'
import { relativeTime } from '../render/time.ts'
import { handOver } from './hand-over.ts'
import { home, nounOf, REASON } from './moderation-commands.ts'
import { pick } from './resolve.ts'
import { argument, reasonOf, type Shell } from './shell.ts'

/** Applicants may call themselves anything: the id comes first. */
export function showRequests(requests: readonly JoinRequestJson[], now: number): string {
  return table(requests, [
    { title: 'user', of: each => shortId(each.user) },
    { title: 'calls itself', of: each => each.name },
    { title: 'asked', of: each => relativeTime(each.at, now) },
    { title: 'standing', of: each => each.standing },
    { title: 'message', of: each => each.message }
  ])
}

async function resolveRequest(api: Api, server: string, text: string): Promise<JoinRequestJson> {
  const { items } = await api.call('listRequests', { params: { server } })
  const named = items.map(each => ({ ...each, id: each.user }))
  const found = pick(named, text.replace(/^@/, ''), each => [each.name], 'request')
  if (found === undefined)
    throw new XcordError('XCORD_REQUEST_NOT_FOUND', `nobody called "${text}" asked to join`, { user: text })
  return found
}

export function registerRequests(program: Command, { verb }: Shell): void {
  const invite = nounOf(program, 'invite', 'invite links')
  verb(
    invite.command('requests').description('who asked to join by a link that asks'),
    async (session, _args, options) => {
      const { api, server } = await home(session, options)
      const { items } = await api.call('listRequests', { params: { server: server.id } })
      session.output.list(items, all => showRequests(all, session.terminal.now()), 'Nobody asked.')
    }
  )
  for (const [name, accept, done] of [
    ['accept', true, 'may join now: the answer waits for them'],
    ['refuse', false, 'is told no, and may ask again after a day']
  ] as const) {
    const command = invite
      .command(`${name} <user>`)
      .description(accept ? 'let somebody in who asked' : 'refuse somebody who asked')
    if (accept) command.option(...REASON)
    verb(command, async (session, args, options) => {
      const { api, server } = await home(session, options)
      const found = await resolveRequest(api, server.id, argument(args, 0))
      const answered = await api.call('answerRequest', {
        params: { server: server.id, user: found.user },
        body: { accept, ...reasonOf(options) }
      })
      session.output.done(answered, () => `${safeLine(found.name)} (${shortId(found.user)}) ${done}.`)
      await handOver(session, api, server.id)
    })
  }
}
