/**
 * AU-P13: explanations of random hostile histories say what the resolver says and verify; one changed thing, and they
 * do not. XCORD_RUNS sets the histories, XCORD_SEED the first seed.
 */
import { describe, expect, it } from 'vitest'
import { explanationToJson, type Explanation, verifyProof } from '../../../src/verifier/index.ts'
import { compareAge } from '../../../src/verifier/cells.ts'
import { judge } from '../../../src/verifier/judge.ts'
import { type Op, readOp } from '../../../src/verifier/operation.ts'
import { World } from '../../../src/verifier/world.ts'
import { fakeSuite } from '../cast.ts'
import { Dice } from '../history.ts'
import { makeHistory } from '../histories/maker.ts'
import { initOf } from '../histories/run.ts'
import { mutantsOf } from './mutants.ts'
import { contradiction, fakeIdentity, questionsOf } from './questions.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 24)
const SEED = Number(process.env['XCORD_SEED'] ?? 1)
const seeds = Array.from({ length: RUNS }, (_, at) => SEED + 500_000 + at)
const identity = fakeIdentity
/** Stand-in signatures are zeros: anything else is wrong. */
const suite = {
  ...fakeSuite,
  verify: (_key: Uint8Array, _message: Uint8Array, signature: Uint8Array) =>
    signature.every(byte => byte === 0)
}
const file = (explanation: Explanation): unknown => JSON.parse(JSON.stringify(explanationToJson(explanation)))
const verify = (explanation: Explanation): ReturnType<typeof verifyProof> =>
  verifyProof(suite, file(explanation), { identity })

describe('explanations of random histories', () => {
  it(
    '[AU49] [AU50] [AU-P13] say what the resolver says, verify, and hold less than the history',
    { timeout: 0 },
    () => {
      const codes = new Set<string>()
      let [judged, held] = [0, 0]
      for (const seed of seeds) {
        const { maker } = makeHistory(initOf(seed))
        for (const question of questionsOf(maker, new Dice(seed), 4)) {
          const explanation = maker.site.log.explain(question)
          const where = `seed ${seed}: ${JSON.stringify(question)}`
          expect(contradiction(maker.site.log, explanation), where).toBeUndefined()
          expect(verify(explanation), where).toEqual({ ok: true, value: explanation.completeness })
          codes.add(explanation.code)
          judged += explanation.proof.length
          held += maker.site.operations.length
        }
      }
      console.info(`AU49: ${[...codes].sort().join(', ')}; ${judged} of ${held} operations in proofs`)
      for (const code of ['effective', 'void', 'granted', 'not-granted', 'visible', 'rejected'])
        expect([...codes]).toContain(code)
      expect(judged).toBeLessThan(held)
    }
  )

  it('[AU50] [AU-P13] with one thing changed are refused', { timeout: 0 }, () => {
    let mutants = 0
    for (const seed of seeds) {
      const { maker } = makeHistory(initOf(seed))
      const dice = new Dice(seed)
      for (const question of questionsOf(maker, dice, 1)) {
        for (const { what, explanation } of mutantsOf(maker.site.log.explain(question), dice)) {
          const verdict = verify(explanation)
          expect(verdict.ok, `seed ${seed}: ${what} of ${JSON.stringify(question)}`).toBe(false)
          mutants++
        }
      }
    }
    expect(mutants).toBeGreaterThan(RUNS * 20)
  })

  it('[AU50] a complete proof holds the whole past and judges all of it', { timeout: 0 }, () => {
    for (const seed of seeds.slice(0, 6)) {
      const { maker } = makeHistory(initOf(seed))
      const [question] = questionsOf(maker, new Dice(seed), 1)
      const explanation = maker.site.log.explain(question as NonNullable<typeof question>, { complete: true })
      expect(explanation.completeness).toEqual({
        kind: 'closure',
        judged: maker.site.operations.length,
        links: 0
      })
      expect(verify(explanation)).toEqual({ ok: true, value: explanation.completeness })
    }
  })

  it('[AU14] [AU23] the verifier alone judges whole histories as the resolver does', { timeout: 0 }, () => {
    for (const seed of seeds) {
      const { maker, accepted, refused } = makeHistory(initOf(seed))
      const { log } = maker.site
      const world = new World(log.server)
      const take = (op: Op): boolean => {
        world.place(op)
        return world.isInPlace(op) && judge(world, { suite: fakeSuite, identity }, op)
      }
      const ops = accepted.map(each => readOp(fakeSuite, each.bytes) as Op)
      for (const op of ops.sort((a, b) => compareAge({ op: a }, { op: b })))
        expect(take(op), `seed ${seed}: ${op.what.name}`).toBe(true)
      const { falls } = world.resolve((1n << BigInt(world.facts.size)) - 1n)
      for (const { id } of accepted) {
        const { rule, by } = log.standing(id) ?? {}
        expect([falls.get(id)?.rule, falls.get(id)?.by.op.id], `seed ${seed}`).toEqual([rule, by])
      }
      for (const each of refused) {
        const op = readOp(fakeSuite, each.bytes)
        if (op?.cites.every(id => world.facts.has(id)) === true)
          expect(take(op), `seed ${seed}: refused ${op.what.name}`).toBe(false)
      }
    }
  })
})
