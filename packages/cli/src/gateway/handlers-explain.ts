/** The route that says why, as a call of the SDK. */
import { parseId, PERMISSION_BITS, XcordError } from '@xcord/core'
import type { ExplainQuestion, Server } from '@xcord/sdk'
import { findMember, findServer } from './find.ts'
import type { Handlers } from './handlers.ts'
import type { explanations } from './routes-explain.ts'

interface Asked {
  readonly permission?: string
  readonly member?: string
  readonly channel?: string
  readonly at?: string
  readonly operation?: string
  readonly message?: string
}

const usage = (message: string, argument: string) => new XcordError('XCORD_USAGE', message, { argument })

function questionOf(server: Server, asked: Asked): ExplainQuestion {
  const { permission, member, channel, at, operation, message } = asked
  if ([permission, operation, message].filter(each => each !== undefined).length !== 1)
    throw usage('ask for one of permission, operation and message', 'permission')
  if (message !== undefined) return { message }
  if (operation !== undefined) {
    const id = parseId('o', operation)
    if (id === undefined) throw usage(`"${operation}" is not the id of an operation`, 'operation')
    return { operation: id }
  }
  if (member === undefined) throw usage('say whose permission', 'member')
  if (permission === undefined || !Object.hasOwn(PERMISSION_BITS, permission))
    throw usage(`no permission is called "${permission ?? ''}"`, 'permission')
  return {
    permission,
    member: findMember(server, member),
    ...(channel === undefined ? {} : { channel: server.channel(channel) }),
    ...(at === undefined ? {} : { at: new Date(at) })
  }
}

export const explainHandlers: Handlers<keyof typeof explanations> = {
  explain: async ({ context: { client } }, { params, body: { complete = false, ...asked } }) => {
    const server = findServer(client, params.server)
    const explained = await server.explain(questionOf(server, asked), { complete })
    const { steps, ...rest } = explained.toJSON()
    return {
      explanation: {
        ...rest,
        question: rest.question,
        frontier: [...rest.frontier],
        proof: [...rest.proof],
        steps: steps.map(({ rule, claim, subjects, because }) => ({
          rule,
          claim: [...claim],
          subjects: [...subjects],
          because: [...because]
        }))
      },
      told: { ...explained.told, steps: [...explained.told.steps] }
    }
  }
}
