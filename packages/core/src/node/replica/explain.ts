/** Why (AU49): questions about this peer's servers, with what only their holder knows of a message. */
import type { ChannelId, MessageId, OperationId, UserId } from '../../base/index.ts'
import { XcordError } from '../../base/index.ts'
import type { ExplainOptions, PermissionName } from '../../authority/index.ts'
import type { Body } from '../../e2ee/index.ts'
import type { Explanation, Question } from '../../verifier/index.ts'
import { permissionsFor } from '../intake/content-permissions.ts'
import type { ReplicaState } from './replica-state.ts'

/** A question as people ask it. */
export type ReplicaQuestion =
  | {
      readonly kind: 'permission'
      readonly user: UserId
      readonly permission: PermissionName
      readonly channel: ChannelId | null
      /** ms. */
      readonly at: number
    }
  | { readonly kind: 'operation'; readonly operation: OperationId }
  | { readonly kind: 'message'; readonly message: MessageId }

/**
 * Answers with the steps and the signed operations behind the answer.
 *
 * RangeError for an unknown permission. XCORD_MESSAGE_NOT_FOUND for a message that did not arrive here, or that was
 * refused: nothing of it is kept.
 */
export async function explainFor(
  state: ReplicaState,
  asked: ReplicaQuestion,
  options: ExplainOptions
): Promise<Explanation> {
  const question: Question = asked.kind === 'message' ? await messageQuestion(state, asked.message) : asked
  return state.log.explain(question, options)
}

/** What is sealed in a message and judged of it (AU34): place, frontier, time, and what its act needs. */
async function messageQuestion(state: ReplicaState, message: MessageId): Promise<Question> {
  const { timeline } = state.deps
  const channel = await timeline.locate(message)
  const record = channel === undefined ? undefined : await timeline.record(channel, message)
  const original = record?.original
  if (channel === undefined || original === null || original === undefined)
    throw new XcordError('XCORD_MESSAGE_NOT_FOUND', `no message held here has the id "${message}"`, {
      message
    })
  const { device, seq, auth, at, content, mentions, attachments, replyTo } = original
  const body: Body = { kind: 'message', content, mentions, attachments, replyTo }
  return { kind: 'message', message, device, seq, channel, auth, at, needs: permissionsFor(body) }
}
