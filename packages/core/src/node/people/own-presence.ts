/** What this device says of its presence, kept over restarts (ND55). */
import { literal, codec, nullable, text, tuple, uint } from '../../encoding/index.ts'
import { PresenceStatus, STATUS_TEXT_BYTES_MAX } from '../../e2ee/index.ts'
import type { Database } from '../../store/index.ts'
import { settingTable } from '../replica/tables.ts'
import type { OwnPresence, OwnStatus } from './presence-contract.ts'

const SETTING = 'presence'
const NUMBERS: Readonly<Record<OwnStatus, number>> = {
  invisible: PresenceStatus.offline,
  online: PresenceStatus.online,
  idle: PresenceStatus.idle,
  dnd: PresenceStatus.doNotDisturb
}
const settingCodec = codec(
  tuple({
    version: literal(1),
    status: uint(3),
    text: nullable(text(STATUS_TEXT_BYTES_MAX)),
    until: nullable(uint())
  }),
  { rule: 'ND55' }
)

/** Nothing was set. */
const BEGINNING: OwnPresence = { status: 'online', text: null, until: null }

/** A status on the wire (EN6). */
export function statusNumber(status: OwnStatus): number {
  return NUMBERS[status]
}

/** What is said at a time: a text that ran out is gone. */
export function presenceAt(own: OwnPresence, at: number): OwnPresence {
  return own.until !== null && own.until <= at ? { ...own, text: null, until: null } : own
}

/** @throws RangeError, TypeError for what cannot be said. */
export function requirePresence(own: OwnPresence, at: number): OwnPresence {
  if (!Object.hasOwn(NUMBERS, own.status)) throw new TypeError(`no status "${String(own.status)}"`)
  const said = own.text === null || own.text.trim() === '' ? null : own.text.normalize('NFC').trim()
  if (said !== null && new TextEncoder().encode(said).length > STATUS_TEXT_BYTES_MAX)
    throw new RangeError(`a status text takes at most ${STATUS_TEXT_BYTES_MAX} bytes`)
  if (own.until !== null && !(Number.isSafeInteger(own.until) && own.until > at))
    throw new RangeError('a status text ends in the future')
  return { status: own.status, text: said, until: said === null ? null : own.until }
}

export async function readOwnPresence(database: Database): Promise<OwnPresence> {
  const row = await database.table(settingTable).get([SETTING])
  const read = row === undefined ? undefined : settingCodec.decode(row.bytes)
  if (read?.ok !== true) return BEGINNING
  const status = (Object.keys(NUMBERS) as OwnStatus[]).find(each => NUMBERS[each] === read.value.status)
  return { status: status ?? 'online', text: read.value.text, until: read.value.until }
}

export async function keepOwnPresence(database: Database, own: OwnPresence): Promise<void> {
  const { text, until } = own
  const bytes = settingCodec.encode({ version: 1, status: statusNumber(own.status), text, until })
  await database.batch().put(settingTable, [SETTING], { version: 1, bytes }).commit({ sync: true })
}
