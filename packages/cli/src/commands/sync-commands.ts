import type { Command } from 'commander'
import type { SyncStatusJson } from '@xcord/sdk'
import { usage } from '../errors/outcome.ts'
import { BUDGET_ALLOWED, parseBudget } from '../profile/settings.ts'
import { safeLine } from '../render/sanitize.ts'
import { fields } from '../render/table.ts'
import { openApi } from './session.ts'
import { argument, type Shell } from './shell.ts'

const UNITS = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3]
] as const
const PERIODS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000]
] as const

function bytesText(bytes: number): string {
  const [unit, size] = UNITS.find(([, least]) => bytes >= least) ?? ['B', 1]
  return `${Number((bytes / size).toFixed(1))} ${unit}`
}

function periodText(periodMs: number): string {
  const [unit, ms] = PERIODS.find(([, each]) => periodMs % each === 0) ?? ['min', 60_000]
  const times = periodMs / ms
  return times === 1 ? unit : `${Number(times.toFixed(1))} ${unit}`
}

/** Lines of `sync status`. */
function showSync({ budget, servers }: SyncStatusJson, nameOf: (server: string) => string): string {
  const waits = budget?.resumesAt ?? null
  const line: [string, string][] =
    budget === null
      ? [['budget', 'none: the line is not metered']]
      : [
          ['budget', `${bytesText(budget.bytes)} in ${periodText(budget.periodMs)}`],
          ['spent', `${bytesText(budget.spentBytes)}, ${bytesText(budget.leftBytes)} left`],
          ...(waits === null ? [] : ([['goes on', waits]] as [string, string][]))
        ]
  const progress = servers.map(({ server, received, bytes, expected, done }): [string, string] => [
    safeLine(nameOf(server)),
    `${received} of ${expected ?? '?'} messages and acts, ${bytesText(bytes)}${done ? ', done' : waits === null ? '' : ', waits'}`
  ])
  return fields([...line, ...progress])
}

/** `sync status`, `sync budget`. */
export function registerSync(program: Command, { verb }: Shell): void {
  const sync = program.command('sync').description('how far this peer is, and what a metered line may spend')
  verb(
    sync.command('status', { isDefault: true }).description('budget, and what came of each server'),
    async session => {
      const api = await openApi(session, 'online')
      const status = await api.call('getSync')
      const { items } = await api.call('listServers')
      session.output.answer(status, () =>
        showSync(status, id => items.find(each => each.id === id)?.name ?? id)
      )
    }
  )
  verb(
    sync
      .command('budget <amount>')
      .description(`bound what is spent on what can wait: ${BUDGET_ALLOWED}. Kept over restarts`),
    async (session, args) => {
      const budget = parseBudget(argument(args, 0))
      if (budget === undefined) throw usage('<amount>', `the budget must be ${BUDGET_ALLOWED}`)
      const api = await openApi(session, 'online')
      const status = await api.call('setSyncBudget', { body: { budget: budget === 'off' ? null : budget } })
      session.output.done(status, () => showSync(status, id => id))
    }
  )
}
