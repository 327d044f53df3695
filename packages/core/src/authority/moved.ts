/**
 * What operations moved, for those above who keep answers about the present and look again only at what these touch. In
 * doubt more is said to have moved: the price is a second look, the other price an answer that no longer holds.
 */
import type { DeviceId, OperationId, UserId } from '../base/index.ts'
import type { Loss, Moved } from './loss.ts'
import type { Ledger, Settled } from './ledger.ts'

interface Row {
  readonly users: Set<UserId>
  roles: boolean
  channels: boolean
  invites: boolean
  readonly losses: readonly Loss[]
}

/** Of a channel, what is only shown: nobody's reading or writing hangs on it. */
const SHOWN_OF_CHANNEL: ReadonlySet<string> = new Set([
  'name',
  'topic',
  'pos',
  'slow',
  'nsfw',
  'limit',
  'rate'
])
/** Of a role likewise. */
const SHOWN_OF_ROLE: ReadonlySet<string> = new Set(['name', 'color', 'hoist', 'mentionable'])

/** Whether a cell of a channel is only shown. */
export const isShownOfChannel = (attribute: string | undefined): boolean =>
  attribute !== undefined && SHOWN_OF_CHANNEL.has(attribute)

function noteCell(row: Row, key: string, ledger: Ledger): void {
  const [family, first, second] = key.split('|') as [string, string, string | undefined]
  switch (family) {
    case 'member':
    case 'nick':
    case 'id':
    case 'timeout':
    case 'voice':
      row.users.add(first as UserId)
      return
    case 'asg': {
      const user = ledger.userOfJoin(first as OperationId)
      if (user === undefined) row.roles = true
      else row.users.add(user)
      return
    }
    case 'dev':
      for (const user of ledger.registry.devices.get(first as DeviceId) ?? []) row.users.add(user)
      return
    case 'role':
      if (SHOWN_OF_ROLE.has(second ?? '')) return
      if (second === 'bit') row.channels = true
      else row.roles = true
      return
    case 'ch':
      if (!isShownOfChannel(second)) row.channels = true
      return
    case 'ow':
    case 'tm':
      row.channels = true
      return
    case 'invite':
      row.invites = true
      return
    case 'srv':
    case 'policy':
    case 'automod':
    case 'obj':
    case 'cut':
      return
    default:
      row.roles = true
  }
}

/** The newest that is remembered: whoever asks less often looks at everything again. */
const ROWS_MAX = 1_024

/** What each operation moved, the newest last. */
export class Journal {
  readonly #rows: Row[] = []
  /** How many operations the log had after the newest row. */
  #count = 0

  note(ledger: Ledger, settled: Settled, losses: readonly Loss[]): void {
    const row: Row = { users: new Set(), roles: false, channels: false, invites: false, losses }
    for (const cell of settled.touched.keys()) noteCell(row, cell.key, ledger)
    if (ledger.count !== this.#count + 1) this.#rows.length = 0
    this.#count = ledger.count
    this.#rows.push(row)
    if (this.#rows.length >= 2 * ROWS_MAX) this.#rows.splice(0, ROWS_MAX)
  }

  /** Since the log had so many operations, of `now`; undefined where that is not remembered. */
  since(count: number, now: number): Moved | undefined {
    const rows = now - count
    if (rows < 0 || (rows > 0 && (this.#count !== now || rows > this.#rows.length))) return undefined
    const found = this.#rows.slice(this.#rows.length - rows)
    const users = new Set<UserId>()
    for (const row of found) for (const user of row.users) users.add(user)
    return {
      users,
      roles: found.some(row => row.roles),
      channels: found.some(row => row.roles || row.channels),
      invites: found.some(row => row.invites),
      losses: found.flatMap(row => row.losses)
    }
  }
}
