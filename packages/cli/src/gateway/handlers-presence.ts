/** Routes of one's own presence as calls of the SDK. */
import type { Handlers } from './handlers.ts'
import type { presence } from './routes-presence.ts'

export const presenceHandlers: Handlers<keyof typeof presence> = {
  getPresence: ({ context: { client } }) => client.presence.current,
  setPresence: async ({ context: { client } }, { body: { until, ...body } }) =>
    await client.presence.set({
      ...body,
      ...(until === undefined ? {} : { until: until === null ? null : new Date(until) })
    })
}
