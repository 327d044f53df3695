/** ID7: a user key is renewed after 90 days, by this device's clock since it first saw the generation. */
import { codec, literal, tuple, uint } from '../../encoding/index.ts'
import type { Account } from '../../identity/index.ts'
import type { Database } from '../../store/index.ts'
import { settingTable } from '../replica/tables.ts'

export const USER_KEY_MS_MAX = 90 * 86_400_000
const SETTING = 'user-key-age'
const ageCodec = codec(tuple({ version: literal(1), generation: uint(), since: uint() }), { rule: 'ID7' })

/** Whether the present generation is over. The first look at one only notes when that was. */
export async function isUserKeyOver(database: Database, account: Account, now: number): Promise<boolean> {
  const current = account.log.state().userKey
  if (current === undefined) return false
  const row = await database.table(settingTable).get([SETTING])
  const read = row === undefined ? undefined : ageCodec.decode(row.bytes)
  const known = read?.ok === true && read.value.generation === current.generation ? read.value : undefined
  // A clock that was ahead once must not keep a key for years.
  if (known !== undefined && known.since <= now) return now - known.since >= USER_KEY_MS_MAX
  const bytes = ageCodec.encode({ version: 1, generation: current.generation, since: now })
  await database.batch().put(settingTable, [SETTING], { version: 1, bytes }).commit({ sync: false })
  return false
}
