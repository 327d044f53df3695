/** Keys of ours that open others (EK2): those of the account, and those of an invite that we hold. */
import type { KeyRing } from '../../e2ee/index.ts'
import { keepSeeds } from '../intake/take-records.ts'
import type { Work } from '../replica/work.ts'

/**
 * Opens what they open. What is opened is stored in the same turn (KS6): a replica that was here before holds records
 * which came while it was out, and nothing that is read under them may depend on what is held in memory.
 */
export function unlock(work: Work, keys: Parameters<KeyRing['unlock']>[0]): void {
  const { state, turn } = work
  const before = state.ring.currentTopic()?.keyId
  const seeds = state.ring.unlock(keys)
  keepSeeds(state, turn, seeds)
  work.openedKeys(seeds.map(each => each.keyId))
  if (state.ring.currentTopic()?.keyId !== before) turn.topicChanged = true
}
