/** People, messages and items for the timeline's tests: small closed sets, so that random histories collide. */
import fc from 'fast-check'
import {
  type ChannelId,
  type DeviceId,
  idFromBytes,
  type MessageId,
  type OperationId,
  type UserId
} from '../base/index.ts'
import type { TimelineBody, TimelineItem } from './content.ts'
import { NO_MENTIONS } from './mentions.ts'

const filled = (n: number): Uint8Array => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(28, n)
  return bytes
}
export const user = (n: number): UserId => idFromBytes('u', filled(n))
export const device = (n: number): DeviceId => idFromBytes('d', filled(n))
export const channel = (n: number): ChannelId => idFromBytes('c', filled(n))
export const message = (n: number): MessageId => idFromBytes('m', filled(n))
export const operation = (n: number): OperationId => idFromBytes('o', filled(n))

/** An item of user `by` with id `n`; its time is `at`, else `n`. */
export function item(
  n: number,
  by: number,
  body: TimelineBody,
  over: Partial<TimelineItem> = {}
): TimelineItem {
  return {
    id: message(n),
    channel: channel(1),
    device: device(by),
    user: user(by),
    seq: n,
    at: n,
    auth: [operation(1)],
    body,
    standing: 'visible',
    mayManage: false,
    ...over
  }
}

export const said = (content: string): TimelineBody => ({
  kind: 'message',
  content,
  replyTo: null,
  mentions: NO_MENTIONS,
  attachments: []
})
export const edited = (of: number, content: string): TimelineBody => ({
  kind: 'edit',
  message: message(of),
  content,
  mentions: NO_MENTIONS,
  attachments: []
})
export const deleted = (of: number): TimelineBody => ({ kind: 'delete', message: message(of) })
export const reacted = (of: number, emoji: string, on = true): TimelineBody => ({
  kind: 'reaction',
  message: message(of),
  emoji,
  on
})
export const pinned = (of: number, on = true): TimelineBody => ({ kind: 'pin', message: message(of), on })

/** The message 1 of user 1, and what others do to it, with times that tie and ids that are distinct. */
export const arbitraryHistory: fc.Arbitrary<readonly TimelineItem[]> = fc
  .array(
    fc.record({
      by: fc.integer({ min: 1, max: 4 }),
      at: fc.integer({ min: 2, max: 6 }),
      what: fc.oneof(
        {
          weight: 3,
          arbitrary: fc.string({ minLength: 1, maxLength: 3 }).map(content => edited(1, content))
        },
        { weight: 1, arbitrary: fc.constant(deleted(1)) },
        {
          weight: 4,
          arbitrary: fc
            .record({ emoji: fc.constantFrom('👍', '🎉'), on: fc.boolean() })
            .map(({ emoji, on }) => reacted(1, emoji, on))
        },
        { weight: 1, arbitrary: fc.boolean().map(on => pinned(1, on)) }
      ),
      standing: fc.constantFrom('visible' as const, 'visible' as const, 'hidden' as const),
      mayManage: fc.boolean()
    }),
    { maxLength: 40 }
  )
  .chain(steps => {
    const items = steps.map(({ by, at, what, standing, mayManage }, i) =>
      item(100 + i, by, what, { at, standing, mayManage })
    )
    return fc
      .constantFrom('visible' as const, 'hidden' as const)
      .map(standing => [item(1, 1, said('first'), { standing }), ...items])
  })
