/**
 * Entering by a snapshot (ND26): the server is shown as a member's snapshot tells of it and our join is signed on that,
 * while all operations come and say whether it was true.
 */
import { type InviteId, XcordError } from '../../base/index.ts'
import { KINDS, type OperationDraft } from '../../authority/index.ts'
import { decodeOperation, type Operation, signOperation } from '../../graph/index.ts'
import type { Preview } from './fetch-snapshot.ts'
import { createProvisional } from './provisional.ts'
import { offerPages, settlePages, withdrawPages } from './settle-pages.ts'
import { auditPublished } from './published-snapshot.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { ownJoinTable } from '../replica/tables.ts'
import { addOperation } from '../intake/take-operations.ts'
import type { Work } from '../replica/work.ts'

/** What a peer can say of the server it shows. */
export type VerificationReport =
  | { readonly state: 'verified' }
  | {
      readonly state: 'verifying'
      /** The operation that published what is shown, and who signed it. */
      readonly snapshot: Operation['id']
      readonly by: string | null
      /** Operations replayed here, and how many the snapshot stands for. */
      readonly held: number
      readonly of: number
    }

/** Whether what is shown was replayed here. */
export function verificationOf({ preview, log }: ReplicaState): VerificationReport {
  if (preview === undefined) return { state: 'verified' }
  const { claim, operation } = preview
  const by = preview.log.state().device(operation.device)?.user ?? null
  const held = Math.min(log.count(), claim.count)
  return { state: 'verifying', snapshot: operation.id, by, held, of: claim.count }
}

/** Whether a join may be signed by what a snapshot tells: by an account and device that never took part. */
export function mayEnter(state: ReplicaState, preview: Preview, invite: InviteId): boolean {
  const shown = preview.log.state()
  return (
    state.ownJoin === undefined &&
    state.log.count() <= preview.claim.count &&
    shown.device(state.self) === undefined &&
    shown.member(state.user) === undefined &&
    shown.invite(invite) !== undefined
  )
}

/** Signs our join on what the snapshot shows, keeps it, and tells it to all at once. */
export function enter(work: Work, preview: Preview, draft: OperationDraft): void {
  const { state, turn } = work
  const { log } = preview
  const permitted = log.permits(state.self, draft, turn.at)
  const join = signOperation(
    state.deps.suite,
    state.deps.account.device.signingKey,
    log.place(state.self, draft, turn.at)
  )
  const added = permitted.ok ? log.add(join, turn.at) : undefined
  if (!permitted.ok || added?.kind !== 'accepted') {
    const reason = permitted.ok ? 'the join does not stand' : permitted.reason
    throw new XcordError('XCORD_PERMISSION_DENIED', `Not allowed: ${reason}.`, {
      rule: permitted.ok ? 'AU12' : permitted.rule,
      action: 'join'
    })
  }
  state.ownJoin = join
  state.preview = preview
  state.provisional = createProvisional(state, preview)
  turn.batch.put(ownJoinTable, [state.server], {
    version: 1,
    bytes: join.bytes,
    topicSecret: state.packageSecret
  })
  turn.storedFrom(undefined).operations.push(join.bytes)
  turn.urgent = true
  turn.viewChanged = true
}

/** Before a turn ends: our join counts once its past is here; what is shown is the log's own once that is audited. */
export async function settleEntry(work: Work): Promise<void> {
  const { state, turn, news } = work
  const { ownJoin: join, preview } = state
  if (join !== undefined) {
    if (!state.log.has(join.id) && join.parents.every(id => state.log.has(id)))
      addOperation(state, turn, news, join, undefined)
    if (state.log.has(join.id)) {
      turn.batch.delete(ownJoinTable, [state.server])
      state.ownJoin = undefined
    }
  }
  if (preview === undefined) {
    await settlePages(work)
    return
  }
  const { id } = preview.operation
  if (state.log.has(id) && !state.audited.has(id)) await auditPublished(work, id)
  const isFalse = state.falseSnapshots.has(id)
  if (!isFalse && (!state.audited.has(id) || state.ownJoin !== undefined)) return
  state.preview = undefined
  if (isFalse) withdrawPages(work, state.falseSnapshots.get(id)?.user ?? null)
  else await offerPages(work)
  turn.viewChanged = true
  turn.events.push({ type: 'server:update', server: state.server, refs: [], note: null })
}

/** Reads what is stored. */
export async function loadOwnJoin(state: ReplicaState): Promise<void> {
  const row = await state.deps.database.table(ownJoinTable).get([state.server])
  const read = row === undefined ? undefined : decodeOperation(state.deps.suite, row.bytes, { trusted: true })
  if (row === undefined || read?.ok !== true || read.value.kind !== KINDS.join[0]) return
  state.ownJoin = read.value
  state.packageSecret = row.topicSecret
}
