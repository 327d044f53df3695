import type { Server } from '../types.ts'
import { dateOf } from './date-of.ts'
import type { LiveServer } from './server.ts'
import { toWritten } from './written.ts'

/** Who is banned from a server. */
export function banCollection(server: LiveServer): Server['bans'] {
  return {
    list: async () =>
      (await server.replica.bans()).map(({ user, by, reason, at, operation }) => ({
        id: user,
        server: server.id,
        name: server.liveMember(user).name,
        by,
        reason,
        at: at === null ? null : dateOf(at).toISOString(),
        operation
      })),
    create: async (user, options = {}) =>
      toWritten(await server.replica.operate({ kind: 'member:ban', user }, options.reason ?? null)),
    remove: async (user, options = {}) =>
      toWritten(await server.replica.operate({ kind: 'member:unban', user }, options.reason ?? null))
  }
}
