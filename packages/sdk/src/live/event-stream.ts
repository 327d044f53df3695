/**
 * Events as an async iterator: kept ones first, then those that come, nothing twice and nothing missed. Presence is not
 * kept: whoever reads behind is told of it once they are level, of each member how they look then.
 */
import { type ServerId, type UserId, XcordError } from '@xcord/core'
import type { EventJson, EventName } from '../shapes.ts'
import type { ClientContext } from './context.ts'
import { cursorNumber, cursorText, eventJson, hydrate, type LiveEventData } from './hydrate.ts'

const PAGE = 256

export interface StreamOptions {
  readonly since?: string
  readonly types?: readonly EventName[]
  readonly signal?: AbortSignal
}

/** Streams events after a cursor; from now on without one. Ends when the signal aborts. */
export async function* streamEvents(
  context: ClientContext,
  options: StreamOptions
): AsyncGenerator<EventJson> {
  const { node } = context
  let after = node.cursor
  if (options.since !== undefined) {
    const since = cursorNumber(options.since)
    if (since === undefined || since > node.cursor) {
      throw new XcordError('XCORD_USAGE', `"${options.since}" is no cursor of this profile.`, {
        argument: 'since'
      })
    }
    after = since
  }
  const ended = (): boolean => options.signal?.aborted ?? false
  let wake: () => void = () => undefined
  const off = node.onEvent(() => wake())
  const presence = createPresenceNews(context, options.types, () => wake())
  const abort = (): void => wake()
  options.signal?.addEventListener('abort', abort)
  try {
    while (!ended()) {
      if (after < node.cursorFloor) {
        yield gap(after, node.cursorFloor)
        after = node.cursorFloor
      }
      const arrived = new Promise<void>(resolve => {
        wake = resolve
      })
      const page = await node.eventsAfter(after, PAGE)
      for (const event of page) {
        after = event.cursor
        if (options.types !== undefined && !options.types.includes(event.type as EventName)) continue
        const live = await hydrate(context, event)
        if (live !== undefined) yield eventJson(event.cursor, live)
      }
      if (page.length > 0 || node.cursor > after || ended()) continue
      const news = presence.take()
      for (const each of news) yield eventJson(after, each)
      if (news.length === 0 && !ended()) await arrived
    }
  } finally {
    off()
    presence.stop()
    options.signal?.removeEventListener('abort', abort)
  }
}

/** Members who look different, each once: no more than there are, however slow the reader. */
function createPresenceNews(
  context: ClientContext,
  types: StreamOptions['types'],
  wake: () => void
): { take(): readonly LiveEventData[]; stop(): void } {
  const changed = new Map<string, { readonly server: ServerId; readonly user: UserId }>()
  const stop =
    types?.includes('presence:update') === false
      ? () => undefined
      : context.node.onLive(event => {
          if (event.type !== 'presence:update') return
          changed.set(`${event.server} ${event.user}`, event)
          wake()
        })
  return {
    stop,
    take: () => {
      const members = [...changed.values()].flatMap(
        ({ server, user }) => context.server(server)?.liveMember(user) ?? []
      )
      changed.clear()
      return members.map(member => ({
        type: 'presence:update',
        data: { member, presence: member.presence }
      }))
    }
  }
}

function gap(from: number, to: number): EventJson {
  return {
    cursor: cursorText(to),
    type: 'gap',
    data: {
      reason: 'events older than those kept were asked for; read the state again',
      from: cursorText(from),
      to: cursorText(to)
    }
  }
}
