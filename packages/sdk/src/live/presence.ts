/** Presence of this device as applications set it. */
import type { Node } from '@xcord/core/node'
import type { OwnPresenceJson, PresenceControl } from '../presence-types.ts'

/** What a node says of itself. */
export function presenceControl(node: Node): PresenceControl {
  const current = (): OwnPresenceJson => {
    const { until, ...own } = node.presence.own()
    const away = node.presence.away ? { away: true as const } : {}
    return { ...own, until: until === null ? null : new Date(until).toISOString(), ...away }
  }
  return {
    get current() {
      return current()
    },
    set: async ({ status, text, until, away }) => {
      if (away !== undefined) node.presence.setAway(away)
      if (status === undefined && text === undefined && until === undefined) return current()
      const before = node.presence.own()
      const end = until === undefined ? (text === undefined ? before.until : null) : until
      await node.presence.set({
        status: status ?? before.status,
        text: text === undefined ? before.text : text,
        until: end instanceof Date ? end.getTime() : end
      })
      return current()
    }
  }
}
