import { describe, expect, it } from 'vitest'
import { type ChannelId, type DeviceId, idFromBytes, type MessageId } from '../../base/index.ts'
import type { PageOptions } from '../../timeline/index.ts'
import type { SyncEvent } from './sync-host.ts'
import { HIGHEST, LOWEST, type MessageSpan, type SyncFound } from '../../sync/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { channelsByInterest, lookAt, readLogs } from './sync-logs.ts'
import type { MessagePlace } from '../timeline/timeline-store.ts'

const channel = (n: number): ChannelId => idFromBytes('c', new Uint8Array(32).fill(n))
const device: DeviceId = idFromBytes('d', new Uint8Array(32).fill(1))
/** Ten messages at 100, 200, …, and three more at 1,000. */
const messages: readonly MessagePlace[] = Array.from({ length: 13 }, (_, i) => ({
  at: Math.min(10, i + 1) * 100,
  id: idFromBytes('m', new Uint8Array(32).fill(i + 1)),
  device,
  seq: i + 1
}))

/** As much of a replica as is read here: channels 1 to 3 and a category, messages in the first. */
function replica(): ReplicaState {
  const kinds = ['text', 'text', 'thread', 'category']
  const channels = kinds.map((kind, i) => ({ id: channel(i + 1), kind }))
  const state = {
    onScreen: [],
    tips: new Map([[channel(3), [{ at: 50 }]]]),
    log: {
      state: () => ({
        channel: (id: string) => channels.find(each => each.id === id),
        channels: () => channels
      })
    },
    deps: {
      timeline: {
        unread: (id: ChannelId) => ({ count: id === channel(2) ? 1 : 0 }),
        originals: (
          id: ChannelId,
          { from, to, countMax }: { from: number; to: number; countMax: number }
        ): Promise<readonly MessagePlace[]> =>
          Promise.resolve(
            messages
              .filter(({ at }) => id === channel(1) && at >= from && at < to)
              .toReversed()
              .slice(0, countMax)
          )
      }
    }
  }
  return state as unknown as ReplicaState
}

function read(spans: readonly Partial<MessageSpan>[], mayRead = true): Promise<SyncFound> {
  const whole = { log: channel(1), from: LOWEST, to: HIGHEST, newest: 0 }
  const query = { kind: 'logs', server: idFromBytes('s', new Uint8Array(32)), device } as const
  return readLogs(replica(), { ...query, spans: spans.map(span => ({ ...whole, ...span })) }, () => mayRead)
}

async function seqs(span: Partial<MessageSpan>): Promise<[number, readonly number[]]> {
  const found = await read([span])
  const log = found.kind === 'logs' ? found.logs[0] : undefined
  if (!log) throw new Error('no log')
  return [log.from.time, log.tree.slice(0, log.tree.size).map(each => each.seq)]
}

describe('[SY6] message logs', () => {
  it('[SY6] are read whole, or the newest of a range, from a whole time on', async () => {
    expect(await seqs({})).toEqual([0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]])
    expect(await seqs({ newest: 6 })).toEqual([701, [8, 9, 10, 11, 12, 13]])
    expect(await seqs({ newest: 13 })).toEqual([0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]])
    expect(await seqs({ from: { time: 300, share: 0n }, to: { time: 600, share: 0n } })).toEqual([
      300,
      [3, 4, 5]
    ])
    // All of one time: none of them is looked at rather than some.
    expect(await seqs({ newest: 2 })).toEqual([1_001, []])
  })

  it('[SY6] of channels that a device may not view, or that are not there, are not given', async () => {
    expect(await read([{}], false)).toEqual({ kind: 'logs', logs: [null] })
    expect(await read([{ log: channel(9) }])).toEqual({ kind: 'logs', logs: [null] })
  })

  it('[SY7] [SY19] come in the order in which they are wanted: on screen, unread, lately active', async () => {
    const state = replica()
    const fed: SyncEvent[] = []
    const look = async (each: ChannelId, options: PageOptions = {}): Promise<void> =>
      await lookAt(state, each, options, event => void fed.push(event))
    expect(channelsByInterest(state)).toEqual([channel(2), channel(3), channel(1)])
    await look(channel(3))
    await look(channel(1))
    await look(channel(2), { before: { at: 7, id: messages[0]?.id as MessageId } })
    await look(channel(2), { after: { at: 7, id: messages[0]?.id as MessageId } })
    expect(channelsByInterest(state)).toEqual([channel(1), channel(3), channel(2)])
    expect(fed).toMatchObject([
      { type: 'look', channel: channel(3), before: null },
      { type: 'look', channel: channel(1), before: null },
      { type: 'look', channel: channel(2), before: 7 }
    ])
    for (let n = 10; n < 20; n++) await look(channel(n))
    expect(state.onScreen).toHaveLength(4)
  })
})
