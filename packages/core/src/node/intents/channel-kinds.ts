/** What a channel is for, by the operation that made it: that never changes, and everybody says the same (AU35). */
import { type ChannelId, idAs, XcordError } from '../../base/index.ts'
import { type ChannelState, decodeBody } from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'

/** AU12, 48: numbers of the kinds that hold other channels or threads, and no messages of their own. */
const HOLDERS: ReadonlySet<number> = new Set([0, 3])

/** Asked for each message, and read of the operation once. */
const known = new WeakMap<Operation, boolean>()

/** Whether messages are written in a channel itself. What is not known yet may be any channel. */
export function takesMessages(state: ReplicaState, channel: ChannelId): boolean {
  const made = state.log.get(idAs('o', channel))
  if (made === undefined) return true
  let takes = known.get(made)
  if (takes === undefined) {
    const read = decodeBody(made.kind, made.body)
    takes = !read.ok || read.value.name !== 'channelCreate' || !HOLDERS.has(read.value.body.kind)
    known.set(made, takes)
  }
  return takes
}

/** XCORD_CHANNEL_KIND where a channel is not for this. */
export function requireKind(channel: ChannelState, fits: boolean, what: string): void {
  if (fits) return
  const { id, kind } = channel
  throw new XcordError('XCORD_CHANNEL_KIND', `A ${kind} channel ${what}.`, { channel: id, kind })
}
