import type { Command } from 'commander'
import type { OwnPresenceJson } from '@xcord/sdk'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { fields } from '../render/table.ts'
import { openApi } from './session.ts'
import { argument, type Shell, textOf } from './shell.ts'

const STATUSES = ['online', 'idle', 'dnd', 'invisible'] as const
const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

function showPresence({ status, text, until, away }: OwnPresenceJson): string {
  return fields([
    ['status', away === true && status === 'online' ? 'online, shown as idle' : status],
    ...(text === null ? [] : ([['text', safeLine(text)]] as [string, string][])),
    ...(until === null ? [] : ([['until', until]] as [string, string][]))
  ])
}

/** `30m`, `2h`, `1d` from now, as an ISO time. */
function endOf(text: string, now: number): string {
  const found = /^([1-9]\d{0,3})([mhd])$/.exec(text)
  if (found === null) throw usage('--for', 'say how long as in 30m, 2h or 1d')
  const [, count, unit] = found
  return new Date(now + Number(count) * UNITS[unit as keyof typeof UNITS]).toISOString()
}

/** `presence show`, `presence set`. */
export function registerPresence(program: Command, { verb }: Shell): void {
  const presence = program
    .command('presence')
    .description('how members of your servers see that you are there')
  verb(presence.command('show', { isDefault: true }).description('what this device says'), async session => {
    const api = await openApi(session, 'offline')
    const said = await api.call('getPresence')
    session.output.answer(said, () => showPresence(said))
  })
  verb(
    presence
      .command('set <status>')
      .description(`${STATUSES.join(', ')}; kept over restarts`)
      .option('--text <text>', 'in your words, at most 128 bytes; empty for none')
      .option('--for <duration>', 'the text goes after 30m, 2h, 1d'),
    async (session, args, options) => {
      const status = STATUSES.find(each => each === argument(args, 0))
      if (status === undefined) throw usage('<status>', `the status is one of ${STATUSES.join(', ')}`)
      const text = textOf(options, 'text')
      const length = textOf(options, 'for')
      if (text !== undefined && Buffer.byteLength(text) > 128)
        throw usage('--text', 'the text takes at most 128 bytes')
      if (length !== undefined && (text === undefined || text === ''))
        throw usage('--for', 'say --text, too: it is the text that goes')
      const api = await openApi(session, 'offline')
      const set = await api.call('setPresence', {
        body: {
          status,
          ...(text === undefined ? {} : { text: text === '' ? null : text }),
          ...(length === undefined ? {} : { until: endOf(length, session.terminal.now()) })
        }
      })
      session.output.done(set, () => showPresence(set))
    }
  )
}
