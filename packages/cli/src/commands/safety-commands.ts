/** `safety …`: whether people are who they seem (ID8, ID14). */
import type { Command } from 'commander'
import type { SafetyJson } from '@xcord/sdk'
import { safeLine } from '../render/sanitize.ts'
import { shortId, table } from '../render/table.ts'
import { relativeTime } from '../render/time.ts'
import { resolvePerson } from './dm-commands.ts'
import { confirm, openApi } from './session.ts'
import { argument, type Shell, textOf } from './shell.ts'

/** What has to be looked at again. */
function warnings({ added, moved }: SafetyJson): readonly string[] {
  return [
    ...(added.length === 0
      ? []
      : [`Since then they have ${added.length} new device(s): ${added.map(shortId).join(', ')}.`]),
    ...(moved === null
      ? []
      : [`This identity says that ${shortId(moved)} follows it: compare with that one.`])
  ]
}

function showSafety(each: SafetyJson, now: number): string {
  const groups = each.number.split(' ')
  const rows = [0, 4, 8].map(at => `  ${groups.slice(at, at + 4).join(' ')}`)
  const standing =
    each.verifiedAt === null ? 'Not compared yet.' : `Compared ${relativeTime(each.verifiedAt, now)}.`
  return [`${safeLine(each.name)} and you:`, ...rows, standing, ...warnings(each)].join('\n')
}

export function registerSafety(program: Command, { verb }: Shell): void {
  const safety = program.command('safety').description('numbers that two people compare, to know each other')
  verb(
    safety.command('list').description('whom you compared with, and what changed since'),
    async session => {
      const api = await openApi(session, 'offline')
      const { items } = await api.call('listVerified')
      session.output.list(
        items,
        all =>
          table(all, [
            { title: 'person', of: each => each.name },
            { title: 'compared', of: each => relativeTime(each.verifiedAt ?? '', session.terminal.now()) },
            { title: 'changed since', of: each => warnings(each).join(' ') }
          ]),
        'You compared with nobody yet.'
      )
    }
  )
  verb(safety.command('show <person>').description('your number with somebody'), async (session, args) => {
    const api = await openApi(session, 'offline')
    const user = await resolvePerson(api, argument(args, 0))
    const found = await api.call('getSafety', { params: { user } })
    session.output.answer(found, () => showSafety(found, session.terminal.now()))
  })
  verb(
    safety
      .command('verify <person>')
      .description('say that both of you see the same number')
      .option('--number <digits>', 'the number as the other reads it out: compared here'),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const user = await resolvePerson(api, argument(args, 0))
      const digits = textOf(options, 'number')
      if (digits === undefined) {
        const found = await api.call('getSafety', { params: { user } })
        session.output.note(showSafety(found, session.terminal.now()))
        await confirm(session, 'Does the other see the same number?')
      }
      const done = await api.call('verifySafety', {
        params: { user },
        body: digits === undefined ? {} : { digits }
      })
      session.output.done(done, () => `${safeLine(done.name)} is who they seem.`)
    }
  )
  verb(safety.command('forget <person>').description('take that back'), async (session, args) => {
    const api = await openApi(session, 'offline')
    const user = await resolvePerson(api, argument(args, 0))
    const done = await api.call('forgetSafety', { params: { user } })
    session.output.done(done, () => `${safeLine(done.name)} is to be compared with anew.`)
  })
}
