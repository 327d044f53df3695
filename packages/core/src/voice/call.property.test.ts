import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { Suite } from '../crypto/index.ts'
import { SimWorld } from './call.fixture.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 20)
let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

describe('calls come about', () => {
  it('[VX8] two that join at the same instant connect, fifty times of fifty', () => {
    for (let run = 0; run < 50; run++) {
      const world = new SimWorld(suite, `both/${run}`, 2)
      const [a, b] = world.peers as [SimWorld['peers'][0], SimWorld['peers'][0]]
      world.join(a)
      world.join(b)
      world.run(1_500)
      expect(world.complete(), `run ${run}`).toBe(true)
      expect(world.media.openLinks()).toBe(2)
      expect([...a.refused, ...b.refused]).toEqual([])
    }
  })

  it('[VX8] whatever is lost, said twice or late, everybody comes to hear everybody', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer(),
          size: fc.integer({ min: 2, max: 5 }),
          loss: fc.integer({ min: 0, max: 40 }),
          repeat: fc.integer({ min: 0, max: 40 }),
          delayMs: fc.integer({ min: 1, max: 800 }),
          gaps: fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 5, maxLength: 5 })
        }),
        ({ seed, size, loss, repeat, delayMs, gaps }) => {
          const world = new SimWorld(suite, String(seed), size)
          world.faults = { loss: loss / 100, repeat: repeat / 100, delayMs }
          for (const [at, peer] of world.peers.entries()) {
            world.join(peer)
            world.run(gaps[at] ?? 0)
          }
          world.run(60_000)
          // Said right and heard late is no breach: nobody is blamed for what the network does.
          expect(world.peers.flatMap(each => each.refused)).toEqual([])
          world.faults = {}
          for (let waited = 0; waited < 120 && !world.complete(); waited++) world.run(500)
          expect(world.complete()).toBe(true)
          expect(world.media.openLinks()).toBe(size * (size - 1))
          const codes = new Set(world.peers.map(each => each.call?.code()))
          expect(codes.size).toBe(1)
        }
      ),
      { numRuns: RUNS }
    )
  })

  it('[VX8] machines so slow that no attempt connects in the usual time connect all the same, and nobody is taken for gone', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 4 }), (seed, size) => {
        const world = new SimWorld(suite, String(seed), size)
        // Offer, answer and connecting take 7.5 to 15 s together, where 6 s are the usual time.
        world.engineMs = 5_000
        for (const peer of world.peers) world.join(peer)
        for (let waited = 0; waited < 240 && !world.complete(); waited++) world.run(500)
        expect(world.complete()).toBe(true)
        expect(world.peers.flatMap(each => each.events.filter(event => event.type === 'leave'))).toEqual([])
      }),
      { numRuns: RUNS }
    )
  })

  it('[VX8] paths that are cut and engines that die come back within five seconds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 2 }), fc.boolean(), (seed, whom, crash) => {
        const world = new SimWorld(suite, String(seed), 3)
        for (const peer of world.peers) world.join(peer)
        world.run(2_000)
        expect(world.complete()).toBe(true)
        const peer = world.peers[whom] as SimWorld['peers'][0]
        const other = world.peers[(whom + 1) % 3] as SimWorld['peers'][0]
        if (crash) world.media.crash(peer.port)
        else {
          world.media.cut(peer.port, other.port, true)
          world.run(world.chance() * 1_000)
          world.media.cut(peer.port, other.port, false)
        }
        world.run(5_000)
        expect(world.complete()).toBe(true)
        expect(world.media.openLinks()).toBe(6)
      }),
      { numRuns: RUNS }
    )
  })

  it('[VX8] a peer that was killed and is back is heard again, under its new session', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 20_000 }), (seed, awayMs) => {
        const world = new SimWorld(suite, String(seed), 3)
        for (const peer of world.peers) world.join(peer)
        world.run(2_000)
        const back = world.peers[0] as SimWorld['peers'][0]
        world.kill(back)
        world.run(awayMs)
        back.heardAt.clear()
        world.join(back)
        world.run(5_000)
        expect(world.complete()).toBe(true)
        expect(world.media.openLinks()).toBe(6)
      }),
      { numRuns: RUNS }
    )
  })

  it('[VX6] more than there are places: as many stay as there are, and the others are told', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 2, max: 4 }),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 0, max: 400 }),
        (seed, limit, more, gapMs) => {
          const world = new SimWorld(suite, String(seed), limit + more)
          world.userLimit = limit
          for (const peer of world.peers) {
            world.join(peer)
            world.run(gapMs)
          }
          world.run(15_000)
          const ended = world.peers.filter(each => each.call?.ended === 'full')
          expect(ended).toHaveLength(more)
          expect(world.complete()).toBe(true)
        }
      ),
      { numRuns: RUNS }
    )
  })
})
