/** What sync delivers, taken through the door of its kind. */
import type { DeviceId, Refusal } from '../../base/index.ts'
import type { ItemKind } from '../../sync/index.ts'
import { readItems, takeEnvelopes, takeStubs } from './take-envelopes.ts'
import { takeOperation } from './take-operations.ts'
import { takeRecord } from './take-records.ts'
import type { Work } from '../replica/work.ts'

/** How many items were new; `refusal` where one is provably bad, and nothing after it was looked at. */
export async function takeItems(
  work: Work,
  kind: ItemKind,
  items: readonly Uint8Array[],
  from: DeviceId | undefined
): Promise<{ readonly fresh: number; readonly refusal?: Refusal }> {
  if (kind === 'stubs') return await takeStubs(work, items)
  if (kind === 'envelopes') {
    const envelopes = readItems(work, items)
    return envelopes.ok
      ? await takeEnvelopes(work, envelopes.value, from, false)
      : { fresh: 0, refusal: envelopes }
  }
  let fresh = 0
  for (const bytes of items) {
    const taken =
      kind === 'operations'
        ? takeOperation(work.state, work.turn, work.news, bytes, from)
        : takeRecord(work.state, work.turn, bytes, from)
    if (taken.kind === 'refused') return { fresh, refusal: taken.refusal }
    if (taken.kind === 'fresh' && 'opened' in taken) work.openedKeys(taken.opened)
    if (taken.kind === 'fresh' && 'topicChanged' in taken && taken.topicChanged) work.turn.topicChanged = true
    if (taken.kind !== 'known') fresh++
  }
  return { fresh }
}
