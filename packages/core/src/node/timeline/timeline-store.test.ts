import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../../adapters/crypto-node/index.ts'
import { createMemoryStore, type WriteFault } from '../../adapters/memory/index.ts'
import type { MessageId, Random } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { type Database, openDatabase } from '../../store/index.ts'
import { type Message, type PageOptions, type TimelineItem } from '../../timeline/index.ts'
import {
  arbitraryHistory,
  channel,
  deleted,
  edited,
  item,
  message,
  reacted,
  said,
  user
} from '../../timeline/timeline.fixture.ts'
import { createTimelineStore, TIMELINE_TABLES, type TimelineStore } from './timeline-store.ts'
import { openWaiting } from './timeline-waiting.ts'

const RUNS = Number(process.env.XCORD_RUNS ?? 60)
const self = user(9)

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})
function counting(): Random {
  let at = 0
  return { bytes: length => Uint8Array.from({ length }, () => (at++ * 131) & 255) }
}

async function open(store = createMemoryStore()) {
  const database = await openDatabase({
    store,
    suite,
    masterKey: new Uint8Array(32),
    random: counting(),
    schema: 1,
    tables: TIMELINE_TABLES
  })
  const timeline = await createTimelineStore({
    database,
    self,
    isMentioned: shown => shown.content.includes('@me')
  })
  return { store, database, timeline }
}

async function feed(
  database: Database,
  timeline: TimelineStore,
  items: readonly TimelineItem[]
): Promise<string[]> {
  const batch = database.batch()
  const { changes } = await timeline.stage(batch, items)
  await batch.commit()
  return changes.map(change => change.type)
}

const idsOf = (messages: readonly Message[]): MessageId[] => messages.map(each => each.id)
const range = (from: number, to: number): MessageId[] =>
  Array.from({ length: to - from + 1 }, (_, i) => message(from + i))

describe('pages', () => {
  it('[TL13] newest, before, after and around, with what lies beyond', async () => {
    const { database, timeline } = await open()
    await feed(
      database,
      timeline,
      Array.from({ length: 100 }, (_, i) => item(i + 1, 1, said(`${i + 1}`)))
    )
    const page = async (options: PageOptions) => {
      const found = await timeline.page(channel(1), { limit: 10, ...options })
      return [idsOf(found.messages), found.hasEarlier, found.hasLater]
    }
    expect(await page({})).toEqual([range(91, 100), true, false])
    expect(await page({ before: message(91) })).toEqual([range(81, 90), true, true])
    expect(await page({ before: message(11) })).toEqual([range(1, 10), false, true])
    expect(await page({ before: message(1) })).toEqual([[], false, true])
    expect(await page({ after: message(95) })).toEqual([range(96, 100), true, false])
    expect(await page({ after: message(100) })).toEqual([[], true, false])
    expect(await page({ after: { at: 0, id: message(1) } })).toEqual([range(1, 10), false, true])
    expect(await page({ around: message(50) })).toEqual([range(45, 54), true, true])
    expect(await page({ around: message(2) })).toEqual([range(1, 10), false, true])
    expect(await page({ around: message(99) })).toEqual([range(91, 100), true, false])
    expect(await page({ around: { at: 5_000, id: message(1) }, limit: 1 })).toEqual([
      [message(100)],
      true,
      false
    ])
    expect((await timeline.page(channel(2))).messages).toEqual([])
    expect((await timeline.page(channel(1))).messages).toHaveLength(50)
  })

  it('[TL13] refuses wrong options and unknown places', async () => {
    const { database, timeline } = await open()
    await feed(database, timeline, [item(1, 1, said('a')), item(5, 1, reacted(2, '👍'))])
    await expect(timeline.page(channel(1), { limit: 0 })).rejects.toThrow(RangeError)
    await expect(timeline.page(channel(1), { limit: 101 })).rejects.toThrow(RangeError)
    await expect(timeline.page(channel(1), { before: message(1), after: message(1) })).rejects.toThrow(
      RangeError
    )
    await expect(timeline.page(channel(1), { before: message(2) })).rejects.toMatchObject({
      code: 'XCORD_MESSAGE_NOT_FOUND'
    })
    await expect(timeline.page(channel(2), { before: message(1) })).rejects.toMatchObject({
      code: 'XCORD_MESSAGE_NOT_FOUND'
    })
  })

  it('[TL13] order is (at, id) through ties, and pages walked in either direction miss and repeat nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        async (ids, times, limit) => {
          const { database, timeline } = await open()
          const items = ids.map(n =>
            item(n, 1, said(`${n}`), { at: (n * 7) % times, standing: n % 5 === 0 ? 'hidden' : 'visible' })
          )
          await feed(database, timeline, [
            ...items,
            ...ids.filter(n => n % 7 === 0).map(n => item(1_000 + n, 1, deleted(n)))
          ])
          const wanted = items
            .filter(each => each.standing === 'visible')
            .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
            .map(each => each.id)
          const back: MessageId[] = []
          for (
            let page = await timeline.page(channel(1), { limit });
            ;
            page = await timeline.page(channel(1), { limit, before: back[0] as MessageId })
          ) {
            back.unshift(...idsOf(page.messages))
            if (!page.hasEarlier) break
          }
          expect(back).toEqual(wanted)
          const forth: MessageId[] = []
          for (
            let page = await timeline.page(channel(1), { limit, after: { at: 0, id: '' as MessageId } });
            ;
            page = await timeline.page(channel(1), { limit, after: forth.at(-1) as MessageId })
          ) {
            forth.push(...idsOf(page.messages))
            if (!page.hasLater) break
          }
          expect(forth).toEqual(wanted)
          const all = await timeline.page(channel(1), { limit: 100, includeHidden: true })
          expect(all.messages).toHaveLength(ids.length)
          const living = await timeline.page(channel(1), { limit: 100, skipDeleted: true })
          expect(living.messages.every(each => each.status === 'visible')).toBe(true)
        }
      ),
      { numRuns: RUNS }
    )
  })
})

describe('staging', () => {
  it('[TL6] batches that follow each other without waiting, in any order and grouping, leave the same rows', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryHistory.chain(items =>
          fc.tuple(
            fc.constant(items),
            fc.shuffledSubarray([...items], { minLength: items.length }),
            fc.integer({ min: 1, max: 9 })
          )
        ),
        async ([items, order, size]) => {
          const plain = await open()
          await feed(plain.database, plain.timeline, items)
          const { database, timeline, store } = await open()
          const commits: Promise<void>[] = []
          for (let at = 0; at < order.length; at += size) {
            const batch = database.batch()
            await timeline.stage(batch, order.slice(at, at + size))
            commits.push(batch.commit())
          }
          const seen = await timeline.page(channel(1), { includeHidden: true })
          await Promise.all(commits)
          const kept = await timeline.page(channel(1), { includeHidden: true })
          expect(seen).toEqual(kept)
          expect(kept).toEqual(await plain.timeline.page(channel(1), { includeHidden: true }))
          expect(timeline.unread(channel(1))).toEqual(plain.timeline.unread(channel(1)))
          await database.close()
          const again = await open(store.reopen())
          expect(await again.timeline.page(channel(1), { includeHidden: true })).toEqual(kept)
          expect(again.timeline.unread(channel(1))).toEqual(timeline.unread(channel(1)))
        }
      ),
      { numRuns: RUNS }
    )
  })

  it('[TL3] looks nothing up for a message that is new, and misses nothing that waited for it', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryHistory.chain(items => fc.shuffledSubarray([...items], { minLength: items.length })),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (items, size, reopened) => {
          const plain = await open()
          for (const each of items) await feed(plain.database, plain.timeline, [each])
          let tried = await open()
          const known = new Set<MessageId>()
          for (let at = 0; at < items.length; at += size) {
            const some = items.slice(at, at + size)
            const batch = tried.database.batch()
            await tried.timeline.stage(batch, some, { isNew: id => !known.has(id) })
            await batch.commit()
            for (const each of some) known.add(each.id)
            if (!reopened) continue
            await tried.database.close()
            tried = await open(tried.store.reopen())
          }
          const all = { includeHidden: true, limit: 100 }
          expect(await tried.timeline.page(channel(1), all)).toEqual(
            await plain.timeline.page(channel(1), all)
          )
        }
      ),
      { numRuns: RUNS }
    )
  })

  it('[TL3] what waits is known again after a write that failed', async () => {
    let fault: WriteFault | undefined
    const { database, timeline, store } = await open(createMemoryStore({ beforeWrite: () => fault }))
    fault = 'full'
    await expect(feed(database, timeline, [item(7, 3, reacted(2, '👍'))])).rejects.toMatchObject({
      code: 'XCORD_DISK_FULL'
    })
    fault = undefined
    await feed(database, timeline, [item(7, 3, reacted(2, '👍'))])
    await database.close()
    const again = await open(store.reopen())
    const batch = again.database.batch()
    await again.timeline.stage(batch, [item(2, 1, said('two'))], { isNew: () => true })
    await batch.commit()
    expect((await again.timeline.message(channel(1), message(2)))?.reactions).toHaveLength(1)
  })

  it('[TL3] what waits is not lost where a write is said to have failed and reached the disk all the same', async () => {
    let fault: WriteFault | undefined = undefined
    const { database, timeline } = await open(createMemoryStore({ beforeWrite: () => fault }))
    fault = 'fail-late'
    await expect(feed(database, timeline, [item(7, 3, reacted(2, '👍'))])).rejects.toMatchObject({
      code: 'XCORD_STORE_FAILED'
    })
    fault = undefined
    const batch = database.batch()
    await timeline.stage(batch, [item(2, 1, said('two'))], { isNew: () => true })
    await batch.commit()
    expect((await timeline.message(channel(1), message(2)))?.reactions).toHaveLength(1)
  })

  it('[TL3] beyond the names it keeps, it takes every message for one that something waits for', async () => {
    const { database, timeline } = await open()
    await feed(database, timeline, [item(7, 3, reacted(2, '👍')), item(8, 3, reacted(3, '👍'))])
    const crowded = await openWaiting(database, 1)
    expect(crowded.has('any')).toBe(true)
    await feed(database, timeline, [item(2, 1, said('two'))])
    const known = await openWaiting(database, 1)
    expect([known.has('any'), known.has(channel(1) + message(3))]).toEqual([false, true])
  })

  it('[TL13] shows what is staged before it is on disk, among what is', async () => {
    const gates: (() => void)[] = []
    let gated = false
    const { database, timeline } = await open(
      createMemoryStore({
        beforeWrite: () =>
          gated ? new Promise<undefined>(resolve => gates.push(() => resolve(undefined))) : undefined
      })
    )
    await feed(database, timeline, [item(2, 1, said('two')), item(4, 1, said('four'))])
    gated = true
    const batch = database.batch()
    await timeline.stage(batch, [
      item(3, 1, said('three')),
      item(1, 1, said('one')),
      item(5, 1, said('five')),
      item(10, 1, edited(2, 'TWO'))
    ])
    const commit = batch.commit()
    const contents = async () => (await timeline.page(channel(1))).messages.map(each => each.content)
    expect(await contents()).toEqual(['one', 'TWO', 'three', 'four', 'five'])
    expect(await timeline.locate(message(5))).toBe(channel(1))
    gates.shift()?.()
    await commit
    expect(await contents()).toEqual(['one', 'TWO', 'three', 'four', 'five'])
  })

  it('[DB9] after a failed commit the timeline is what the disk has, and the items may come again', async () => {
    let fault: WriteFault | undefined
    const { database, timeline } = await open(createMemoryStore({ beforeWrite: () => fault }))
    await feed(database, timeline, [item(1, 1, said('one'))])
    fault = 'full'
    const first = database.batch()
    await timeline.stage(first, [item(2, 1, said('two'))])
    const begun = database.batch()
    await timeline.stage(begun, [item(7, 3, reacted(2, '👍'))])
    expect(timeline.unread(channel(1)).count).toBe(2)
    await expect(first.commit()).rejects.toMatchObject({ code: 'XCORD_DISK_FULL' })
    fault = undefined
    await expect(begun.commit()).rejects.toMatchObject({ code: 'XCORD_STORE_FAILED' })
    expect(idsOf((await timeline.page(channel(1))).messages)).toEqual([message(1)])
    expect(timeline.unread(channel(1)).count).toBe(1)
    expect(await feed(database, timeline, [item(7, 3, reacted(2, '👍')), item(2, 1, said('two'))])).toEqual([
      'message:create'
    ])
    expect((await timeline.page(channel(1))).messages[1]).toMatchObject({
      content: 'two',
      reactions: [{ users: [user(3)] }]
    })
    expect(timeline.unread(channel(1)).count).toBe(2)
  })

  /** Failed once: seed 70083. The count was taken back, the message was there, and hiding it counted down to -1. */
  it('[DB9] what is unread is counted as on disk where a write is said to have failed and reached it', async () => {
    let fault: WriteFault | undefined
    const { database, timeline, store } = await open(createMemoryStore({ beforeWrite: () => fault }))
    fault = 'fail-late'
    await expect(feed(database, timeline, [item(1, 1, said('one'))])).rejects.toMatchObject({
      code: 'XCORD_STORE_FAILED'
    })
    fault = undefined
    // Whatever is asked next: the counters are read again in a turn of their own.
    await timeline.erase(channel(1), message(99))
    expect(timeline.unread(channel(1)).count).toBe(1)
    await feed(database, timeline, [item(1, 1, said('one'), { standing: 'hidden' })])
    expect(timeline.unread(channel(1)).count).toBe(0)
    await database.close()
    expect((await open(store.reopen())).timeline.unread(channel(1)).count).toBe(0)
  })

  it('[TL12] locate, erase, drop and rebuild', async () => {
    const { database, timeline } = await open()
    const items = [
      item(1, 1, said('canary')),
      item(2, 2, said('two')),
      item(3, 1, deleted(1)),
      item(4, 1, said('elsewhere'), { channel: channel(2) })
    ]
    await feed(database, timeline, items)
    expect(await timeline.locate(message(4))).toBe(channel(2))
    expect(await timeline.locate(message(3))).toBeUndefined()
    expect(await timeline.erase(channel(1), message(2))).toBe(false)
    expect(await timeline.erase(channel(1), message(1))).toBe(true)
    expect(JSON.stringify(await timeline.record(channel(1), message(1)))).not.toContain('canary')
    expect(await timeline.drop(channel(1))).toBe(2)
    expect((await timeline.page(channel(1))).messages).toEqual([])
    expect(await timeline.message(channel(1), message(2))).toBeUndefined()
    await feed(database, timeline, items)
    expect((await timeline.page(channel(1))).messages.map(each => each.status)).toEqual([
      'deleted',
      'visible'
    ])
    expect((await database.verify()).problemCount).toBe(0)
  })
})

describe('unread', () => {
  it('[TL14] counts visible messages of others after the mark, and those that name us', async () => {
    const { database, timeline } = await open()
    const count = () => {
      const { count: messages, mentions } = timeline.unread(channel(1))
      return [messages, mentions]
    }
    await feed(database, timeline, [
      item(1, 1, said('a')),
      item(2, 1, said('b @me')),
      item(3, 9, said('mine')),
      item(4, 2, said('c'))
    ])
    expect(count()).toEqual([3, 1])
    await timeline.markRead(channel(1), message(2))
    expect(count()).toEqual([1, 0])
    await timeline.markRead(channel(1), message(1)) // never back
    expect(count()).toEqual([1, 0])
    await feed(database, timeline, [
      item(5, 2, said('d @me')),
      item(6, 2, said('e')),
      item(20, 2, deleted(6)),
      item(21, 2, edited(4, 'c @me'))
    ])
    expect(count()).toEqual([2, 2])
    await feed(database, timeline, [item(5, 2, said('d @me'), { standing: 'hidden' })])
    expect(count()).toEqual([1, 1])
    await timeline.markRead(channel(1), null)
    expect(count()).toEqual([0, 0])
    expect(timeline.unread(channel(1)).read).toEqual({ at: 6, id: message(6) })
    expect(timeline.unread(channel(7))).toEqual({ read: null, count: 0, mentions: 0 })
  })
})
