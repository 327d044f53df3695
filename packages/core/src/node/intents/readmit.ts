/**
 * Showing a message again that a denial of its author hid (AU12, 25; AU37): the denial's cut is widened up to it. What
 * the denial struck among operations stays struck (docs/adr/0020).
 */
import { idToBytes, type OperationId, type RuleId, XcordError } from '../../base/index.ts'
import { draft } from '../../authority/index.ts'
import type { Message } from '../../timeline/index.ts'
import { operate } from '../replica/operate.ts'
import type { Work } from '../replica/work.ts'

/** Denials that may hide one message beside each other: kicked, banned, sealed, timed out, on several branches. */
const DENIALS_MAX = 16

/** Widens every cut that hides a message; names the last. */
export function readmit(work: Work, message: Message, reason: string | null): OperationId {
  const { state } = work
  const { id, device, seq, channel, auth, at, mentions, attachments } = message
  const needs = [
    'SendMessages',
    ...(mentions.everyone ? ['MentionEveryone'] : []),
    ...(attachments.length > 0 ? ['AttachFiles'] : [])
  ]
  let last: OperationId | undefined
  for (let widened = 0; widened < DENIALS_MAX; widened++) {
    const verdict = state.log.judge({ device, seq, id, channel, auth, at, needs })
    if (verdict.kind === 'visible') break
    if (verdict.kind !== 'hidden')
      throw conflict(id, 'AU35', 'This message is not held here as a member wrote it.')
    const denial = state.operation(verdict.by)
    if (denial === undefined || denial.cut === null || verdict.by === last)
      throw conflict(verdict.by, verdict.rule, 'What hides this message cannot be widened: lift it instead.')
    last = verdict.by
    const rows = [{ device, contentSeq: seq, envelope: idToBytes(id) }]
    operate(work, draft('cutExtend', { denial: last, rows, reason }))
  }
  if (last === undefined) throw conflict(id, 'AU37', 'Nothing hides this message.')
  return last
}

function conflict(operation: string, rule: RuleId, message: string): XcordError<'XCORD_CONFLICT'> {
  return new XcordError('XCORD_CONFLICT', message, { operation, rule })
}
