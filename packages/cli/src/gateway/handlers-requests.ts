/** Requests to join as calls of the SDK. */
import { XcordError } from '@xcord/core'
import { findServer } from './find.ts'
import type { Handlers } from './handlers.ts'
import type { requests } from './routes-requests.ts'

export const requestHandlers: Handlers<keyof typeof requests> = {
  listRequests: ({ context: { client } }, { params }) => ({
    items: findServer(client, params.server).requests.all.map(each => each.toJSON())
  }),
  answerRequest: async ({ context: { client } }, { params, body }) => {
    const server = findServer(client, params.server)
    const found = server.requests.all.find(each => each.user === params.user)
    if (found === undefined)
      throw new XcordError('XCORD_REQUEST_NOT_FOUND', `nobody with the id "${params.user}" asked to join`, {
        user: params.user
      })
    const done = body.accept
      ? await found.accept(body.reason === undefined ? {} : { reason: body.reason })
      : await found.refuse()
    return done.toJSON()
  }
}
