/** Cuts (AU1, field 11; AU37): what of a target's devices stands is what we know of them now. */
import { idToBytes, type UserId } from '../../base/index.ts'
import type { OperationDraft } from '../../authority/index.ts'
import type { CutRow } from '../../graph/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'

/** AU1: rows of one cut. */
const ROWS_MAX = 64

/** Rows for every device the user ever had here, or null where none is known. */
export function cutOf(state: ReplicaState, user: UserId): readonly CutRow[] | null {
  const devices = [...state.devices].filter(each => state.log.state().device(each)?.user === user).sort()
  const rows = devices.slice(0, ROWS_MAX).map(device => {
    const tip = state.author(device).chain.tip()
    const last = state.lastOperations.get(device)
    return {
      device,
      seq: last?.seq ?? null,
      operation: last?.id ?? null,
      contentSeq: tip?.seq ?? null,
      envelope: tip === undefined ? null : idToBytes(tip.id)
    }
  })
  return rows.length === 0 ? null : rows
}

/** What a cut names lies in the operation's past: leaves no head covers are cited. */
export function citing(state: ReplicaState, draft: OperationDraft): OperationDraft {
  const heads = state.log.heads()
  const refs = (draft.cut ?? []).flatMap(row =>
    row.operation === null || state.log.covers(heads, row.operation) ? [] : [row.operation]
  )
  return { ...draft, refs: [...(draft.refs ?? []), ...refs].slice(0, 16) }
}
