/** Our signed profile in a server (ID13): published when we come and when the name changes. */
import { signProfile } from '../../identity/index.ts'
import { publishControl } from '../replica/publish.ts'
import { profileTable } from '../replica/tables.ts'
import type { Work } from '../replica/work.ts'

/** Publishes the profile unless this server has it already. */
export function publishProfile(work: Work, name: string): void {
  const { state, turn } = work
  const { suite, account } = state.deps
  const known = state.profiles.get(state.user)
  if (known?.name === name || !state.isMember()) return
  const revision = (known?.revision ?? 0) + 1
  const bytes = signProfile(suite, state.user, account.device, { revision, name })
  publishControl(work, { kind: 'profile', profile: bytes })
  state.profiles.set(state.user, { name, revision, device: state.self })
  turn.batch.put(profileTable, [state.server, state.user], { version: 1, bytes })
  turn.viewChanged = true
}
