import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GOSSIP_VERDICT_MS_MAX } from '../../base/index.ts'
import type { GossipVerdict } from '../../net/index.ts'
import { createVerdicts } from './verdicts.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('verdicts', () => {
  it('[NT26] are ignore where none came in 3 s, and count once', async () => {
    const verdicts = createVerdicts()
    const said: GossipVerdict[] = []
    const slow = Promise.withResolvers<GossipVerdict>()
    verdicts.expect(slow.promise, verdict => said.push(verdict))
    await vi.advanceTimersByTimeAsync(GOSSIP_VERDICT_MS_MAX / 2)
    expect([said, verdicts.waiting]).toEqual([[], 1])
    await vi.advanceTimersByTimeAsync(GOSSIP_VERDICT_MS_MAX / 2)
    expect([said, verdicts.waiting]).toEqual([['ignore'], 0])
    slow.resolve('accept')
    await vi.advanceTimersByTimeAsync(0)
    expect(said).toEqual(['ignore'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('[NT26] come as they are judged; a fault of the judge is ignore', async () => {
    const verdicts = createVerdicts()
    const said: GossipVerdict[] = []
    verdicts.expect(Promise.resolve('reject'), verdict => said.push(verdict))
    verdicts.expect(Promise.reject(new Error('ours')), verdict => said.push(verdict))
    await vi.advanceTimersByTimeAsync(0)
    expect(said).toEqual(['reject', 'ignore'])
  })
})
