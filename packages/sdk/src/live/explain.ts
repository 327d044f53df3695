/** Explanations in the shapes people see, told with the names that are known here. */
import { parseId, XcordError } from '@xcord/core'
import type { ReplicaQuestion } from '@xcord/core/node'
import { type Explanation, explanationToJson, type NameOf, narrate } from '@xcord/core/verifier'
import type { Explained, ExplainOptions, ExplainQuestion, ExplanationJson } from '../explain-types.ts'
import type { LiveServer } from './server.ts'

/** Asks the replica and tells the answer. */
export async function explainOf(
  server: LiveServer,
  asked: ExplainQuestion,
  options: ExplainOptions
): Promise<Explained> {
  const explanation = await server.replica.explain(questionOf(server, asked), options)
  const { allowed, code, steps, completeness } = explanation
  return {
    allowed,
    code,
    steps,
    completeness,
    told: narrate(explanation, namesOf(server)),
    toJSON: () => explanationToJson(explanation) as unknown as ExplanationJson
  }
}

function questionOf(server: LiveServer, asked: ExplainQuestion): ReplicaQuestion {
  if ('operation' in asked) return { kind: 'operation', operation: asked.operation }
  if ('message' in asked) {
    const message = parseId('m', asked.message)
    if (message === undefined)
      throw new XcordError('XCORD_MESSAGE_NOT_FOUND', `"${asked.message}" is not the id of a message`, {
        message: asked.message
      })
    return { kind: 'message', message }
  }
  return {
    kind: 'permission',
    user: asked.member.id,
    permission: asked.permission,
    channel: asked.channel?.id ?? null,
    at: asked.at?.getTime() ?? server.replica.now()
  }
}

/** Names of members, roles and channels. */
function namesOf(server: LiveServer): NameOf {
  return (id: Explanation['server']) => {
    const user = parseId('u', id)
    if (user !== undefined) return server.replica.nameOf(user)
    const role = parseId('r', id)
    if (role !== undefined) return server.replica.state().role(role)?.name
    const channel = parseId('c', id)
    return channel === undefined ? undefined : (server.replica.titleOf(channel).name ?? undefined)
  }
}
