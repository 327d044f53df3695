/** Takes a signed profile that an envelope brought (ID13): only of the user's own device; the one that counts is kept. */
import type { DeviceId } from '../../base/index.ts'
import { looksAs, outranks, takeKnown } from '../people/known-profile.ts'
import { isPlainOf, plainProfileTable } from '../people/plain-profile.ts'
import { profileTable } from '../replica/tables.ts'
import type { Work } from '../replica/work.ts'

export function takeProfile(work: Work, device: DeviceId, bytes: Uint8Array): void {
  const { state, turn } = work
  const authority = state.log.state()
  const user = authority.device(device)?.user
  if (user === undefined) return
  const read = takeKnown(state.deps.suite, bytes, { user, device })
  if (!read.ok) return
  const known = state.profiles.get(user)
  if (isPlainOf(read.value, known))
    turn.batch.put(plainProfileTable, [state.server, user], { version: 1, bytes })
  if (!outranks(read.value, known, each => authority.device(each)?.on === true)) return
  state.profiles.set(user, read.value)
  turn.batch.put(profileTable, [state.server, user], { version: 1, bytes })
  turn.viewChanged = true
  if (known === undefined || looksAs(known, read.value)) return
  // Whoever changes often is told of once a turn.
  if (turn.events.some(({ type, refs }) => type === 'member:update' && refs[0] === user)) return
  turn.events.push({ type: 'member:update', server: state.server, refs: [user], note: null })
}
