/**
 * What a ring keeps of its answers says at every step what everything it knows gives, over random histories: of the small
 * authority, which hears of things in any order, and of the real one, snapshots included. XCORD_RUNS sets the histories.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChannelId } from '../base/index.ts'
import { play, step } from './coverage.fixture.ts'
import type { Peer as SmallPeer } from './peers.fixture.ts'
import { bothAnswers } from './plain.fixture.ts'
import { type Peer, time } from './real-peers.fixture.ts'
import type { RingState } from './ring-state.ts'
import { openFromSnapshot, Story } from './story.fixture.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 10)
const SEED = Number(process.env['XCORD_SEED'] ?? 1)

function same(ring: RingState, channels: readonly ChannelId[], at: number, where: string): void {
  const [kept, plain] = bothAnswers(ring, channels, at)
  expect(kept, where).toEqual(plain)
}

describe('[EK9] what is kept of answers', () => {
  it(
    '[EK9] [EK14] says what everything gives, whatever is heard of in whatever order',
    { timeout: 0 },
    () => {
      let looked = 0
      const counts = new WeakMap<RingState, string>()
      const look = (peers: readonly SmallPeer[], channels: readonly ChannelId[]): void => {
        for (const { state, log, name } of peers) {
          const now = `${log.count()}/${state.version}`
          if (counts.get(state) === now) continue
          counts.set(state, now)
          same(state, channels, 0, name)
          looked++
        }
      }
      fc.assert(
        fc.property(fc.array(step, { minLength: 20, maxLength: 50 }), steps => {
          play(steps, false, look)
        }),
        { numRuns: RUNS, seed: SEED, endOnFailure: process.env['XCORD_SHRINK'] === undefined }
      )
      expect(looked).toBeGreaterThan(RUNS * 10)
    }
  )

  it(
    '[EK9] [EK14] says what everything gives, over the real authority and behind a snapshot',
    { timeout: 0 },
    () => {
      let [safe, behind] = [0, 0]
      for (let seed = SEED; seed < SEED + RUNS; seed++) {
        const story = new Story(seed + 40_000)
        const look = (peers: readonly Peer[], at: string): void => {
          for (const { state, ring } of peers) {
            same(state, story.channels, time.now, `seed ${seed}, ${at}`)
            safe += ring.keys().filter(key => key.safety.safe).length
          }
        }
        for (let at = 0; at < 40; at++) {
          if (story.dice(8) === 0 && story.peers.length < 8) join(story)
          story.step()
          look(story.peers, `step ${at}`)
        }
        const peer = story.pick(story.peers)
        const opened = openFromSnapshot(peer, story.town.genesis, story.dice(8))
        for (let more = 0; opened !== undefined && more < 8; more++) {
          story.step()
          for (const op of peer.log.operations()) opened.log.add(op, time.now)
          for (const { bytes } of peer.ring.records()) opened.ring.add(bytes, time.now)
          if (opened.log.wantsHistory()) break
          same(opened.state, story.channels, time.now, `seed ${seed}, behind a snapshot`)
          behind++
        }
      }
      expect(safe).toBeGreaterThan(RUNS * 20)
      expect(behind).toBeGreaterThan(RUNS)
    }
  )
})

/** Somebody new, while the invite is open. */
function join(story: Story): void {
  const { ada, invite } = story.town
  if (ada.log.state().invite(`i${invite.id.slice(1)}` as never)?.open !== true) return
  if (ada.log.leaves().length > 12) return
  story.peers.push(story.town.join(50 + story.peers.length))
}
