/** Own authority operations: permission, signature, then the same door as everyone's; and the keys that follow. */
import { type OperationId, XcordError, OPERATION_CITES_MAX } from '../../base/index.ts'
import type { OperationDraft } from '../../authority/index.ts'
import { signOperation } from '../../graph/index.ts'
import { assertWritable } from './assert-writable.ts'
import { gather, publishControl, publishKeyed, publishPlan } from './publish.ts'
import { addOperation } from '../intake/take-operations.ts'
import type { Work } from './work.ts'

/**
 * Signs and takes one operation; its keys follow in the same turn (EK11).
 *
 * @param carrier - Envelope that announces it: sealed for members, or under the topic key; bare where no key is held
 *   yet, so that only sync brings it.
 */
export function operate(
  work: Work,
  draft: OperationDraft,
  carrier: 'control' | 'keyed' | 'bare' = 'control'
): OperationId {
  const { state, turn, news } = work
  if (state.preview !== undefined) assertWritable(state)
  const permitted = state.log.permits(state.self, draft, turn.at)
  if (!permitted.ok) {
    const { permission, rule, reason } = permitted
    throw new XcordError(
      'XCORD_PERMISSION_DENIED',
      permission === undefined ? `Not allowed: ${reason}.` : `You need ${permission} for this.`,
      { rule, action: 'operate', ...(permission === undefined ? {} : { permission }) }
    )
  }
  // AU8: leaves beyond what one operation cites would count as concurrent with it, and might fall to it.
  if (carrier === 'control' && state.log.leaves().length > OPERATION_CITES_MAX) gather(work)
  const fields = state.log.place(state.self, draft, turn.at)
  const operation = signOperation(state.deps.suite, state.deps.account.device.signingKey, fields)
  // Announced before it counts: sealed for those who were members, so that the removed learn of it too.
  const body = { kind: 'operation' as const, operation: operation.bytes }
  if (carrier === 'control') publishControl(work, body)
  else if (carrier === 'keyed') publishKeyed(work, body)
  const taken = addOperation(state, turn, news, operation, undefined)
  if (taken.kind === 'refused') {
    throw new XcordError('XCORD_PERMISSION_DENIED', `Not allowed: ${taken.refusal.reason}.`, {
      rule: taken.refusal.rule,
      action: 'operate'
    })
  }
  if (news.lossFromUs) rotate(work)
  return operation.id
}

/** EK11(1): new keys for whatever our view makes unsafe and we may renew. */
export function rotate(work: Work): void {
  const { state, turn } = work
  if (!state.isMember()) return
  const planned = state.ring.planRotations(state.deps.random, turn.at)
  if (planned.kind === 'plan' && planned.plan.records.length > 0) publishPlan(work, planned.plan)
}

/** EK14: grants that are owed. */
export function grant(work: Work): void {
  const { state, turn } = work
  if (!state.isMember()) return
  const due = state.ring.grantsDue(turn.at)
  if (due.length === 0) return
  const planned = state.ring.planGrants(state.deps.random, due)
  if (planned.kind === 'plan' && planned.plan.records.length > 0) publishPlan(work, planned.plan)
}
