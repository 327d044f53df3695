/** What passes and is not kept: how peers, members and sync are now. For listeners as it comes, for readers once they are level. */
import type { LiveEvent } from '@xcord/core/node'
import type { EventName } from '../shapes.ts'
import type { ClientContext } from './context.ts'
import { describePeer } from './describe.ts'
import type { LiveEventData } from './hydrate.ts'
import { progressJson } from './sync.ts'

/** Things that a reader who does not read is told of later; of more the oldest are forgotten. */
const WAITING_MAX = 4_096

/** The data of what passes, as it is now; undefined where it is nobody's to be told, or is gone. */
export function passingData(context: ClientContext, event: LiveEvent): LiveEventData | undefined {
  switch (event.type) {
    case 'sync:progress':
      return { type: event.type, data: progressJson(event) }
    case 'message:withdraw': {
      const { type, ...data } = event
      return { type, data }
    }
    case 'connection:update':
      return {
        type: event.type,
        data: { peer: describePeer(context.node, event.peer), connected: event.connected }
      }
    case 'presence:update': {
      const member = context.server(event.server)?.liveMember(event.user)
      return member && { type: event.type, data: { member, presence: member.presence } }
    }
    case 'voice:update': {
      const channel = context.server(event.server)?.liveChannel(event.channel)
      return channel && { type: event.type, data: { channel, occupants: channel.voice.occupants } }
    }
    case 'view:update':
      return undefined
  }
}

/** What an event is about: of two about the same the later says all. */
function subjectOf(event: LiveEvent): string | undefined {
  switch (event.type) {
    case 'sync:progress':
      return `${event.type} ${event.server} ${event.phase} ${event.channel ?? ''}`
    case 'message:withdraw':
      return `${event.type} ${event.message}`
    case 'connection:update':
      return `${event.type} ${event.peer.device}`
    case 'presence:update':
      return `${event.type} ${event.server} ${event.user}`
    // Who is in a voice channel is asked for, not read from the stream.
    case 'voice:update':
    case 'view:update':
      return undefined
  }
}

/** What passes, for a reader: each subject once, as it was last, however slow the reader. */
export interface PassingNews {
  take(): readonly LiveEventData[]
  stop(): void
}

/** @param wake - Called when there is something to take. */
export function createPassingNews(
  context: ClientContext,
  types: readonly EventName[] | undefined,
  wake: () => void
): PassingNews {
  const waiting = new Map<string, LiveEvent>()
  const stop = context.node.onLive(event => {
    const subject = subjectOf(event)
    if (subject === undefined || types?.includes(event.type as EventName) === false) return
    waiting.delete(subject)
    waiting.set(subject, event)
    if (waiting.size > WAITING_MAX) waiting.delete(waiting.keys().next().value as string)
    wake()
  })
  return {
    stop,
    take: () => {
      const taken = [...waiting.values()].flatMap(event => passingData(context, event) ?? [])
      waiting.clear()
      return taken
    }
  }
}
