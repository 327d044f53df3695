import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeviceId, idFromBytes } from '../base/index.ts'
import type { PathKind } from './contract.ts'
import {
  type DialCandidate,
  type DiallerEffect,
  type DiallerInput,
  type DiallerState,
  nextTryAt,
  openDialler,
  stepDialler
} from './step-dialler.ts'

const device = (n: number): DeviceId => idFromBytes('d', new Uint8Array(32).fill(n))
const A = device(1)
const candidates = (...list: [string, PathKind][]): DialCandidate[] =>
  list.map(([address, path]) => ({ address, path }))
const want = (list: DialCandidate[], at = 0, patient = false, who = A): DiallerInput => ({
  kind: 'want',
  device: who,
  candidates: list,
  patient,
  at
})
const failed = (address: string, at: number, jitter = 0.5): DiallerInput => ({
  kind: 'failed',
  device: A,
  address,
  error: 'refused',
  jitter,
  at
})

/** Feeds inputs and returns the last effects. */
function run(state: DiallerState, ...inputs: DiallerInput[]): [DiallerState, readonly DiallerEffect[]] {
  let effects: readonly DiallerEffect[] = []
  for (const input of inputs) [state, effects] = stepDialler(state, input)
  return [state, effects]
}
const dials = (effects: readonly DiallerEffect[]): string[] =>
  effects.filter(each => each.kind === 'dial').map(each => each.address)

describe('dialler', () => {
  it('[NT14] dials the nearest two at once, each with its own deadline', () => {
    const [, effects] = run(openDialler(), want(candidates(['t', 'tcp'], ['w', 'wss'], ['l', 'lan'])))
    expect(effects).toEqual([
      { kind: 'dial', device: A, address: 'l', deadlineMs: 2_000 },
      { kind: 'dial', device: A, address: 't', deadlineMs: 5_000 }
    ])
  })

  it('[NT14] starts the circuit 300 ms later, on a place of its own', () => {
    const [state, first] = run(
      openDialler(),
      want(candidates(['c', 'relayed'], ['t', 'tcp'], ['l', 'lan'], ['w', 'wss']), 1_000)
    )
    expect(dials(first)).toEqual(['l', 't'])
    expect(first.at(-1)).toEqual({ kind: 'wake', at: 1_300 })
    const [, later] = run(state, { kind: 'tick', at: 1_300 })
    expect(later).toEqual([{ kind: 'dial', device: A, address: 'c', deadlineMs: 8_000 }])
  })

  it('[NT14] starts the circuit at once where nothing direct is left', () => {
    expect(dials(run(openDialler(), want(candidates(['c', 'relayed'])))[1])).toEqual(['c'])
    expect(
      dials(run(openDialler(), want(candidates(['c', 'relayed'], ['l', 'lan'])), failed('l', 50))[1])
    ).toEqual(['c'])
  })

  it('[NT14] ends the other dials when a direct one opens', () => {
    const [state, effects] = run(openDialler(), want(candidates(['t', 'tcp'], ['l', 'lan'])), {
      kind: 'opened',
      device: A,
      address: 't',
      at: 40
    })
    expect(effects).toEqual([
      { kind: 'abort', device: A, address: 'l' },
      { kind: 'done', device: A, address: 't', tried: [{ address: 't', path: 'tcp', startedAt: 0, ms: 40 }] }
    ])
    expect(state.jobs.size).toBe(0)
  })

  it('[NT14] tries direct addresses on when a circuit opens first', () => {
    const [state, effects] = run(
      openDialler(),
      want(candidates(['c', 'relayed'], ['t', 'tcp'])),
      { kind: 'tick', at: 300 },
      { kind: 'opened', device: A, address: 'c', at: 400 }
    )
    expect(effects.map(each => each.kind)).toEqual(['done'])
    expect([...(state.jobs.get(A)?.active.keys() ?? [])]).toEqual(['t'])
    const [, end] = run(state, { kind: 'opened', device: A, address: 't', at: 900 })
    expect(end.at(-1)).toMatchObject({ kind: 'done', address: 't' })
  })

  it('[NT14] gives up when all failed, and says what was tried', () => {
    const [, effects] = run(
      openDialler(),
      want(candidates(['l', 'lan'], ['t', 'tcp'])),
      failed('l', 10),
      failed('t', 20)
    )
    expect(effects).toEqual([
      {
        kind: 'give-up',
        device: A,
        tried: [
          { address: 'l', path: 'lan', startedAt: 0, ms: 10, error: 'refused' },
          { address: 't', path: 'tcp', startedAt: 0, ms: 20, error: 'refused' }
        ]
      }
    ])
  })

  it('[NT14] backs off from 2 s, doubling to 10 min, spread by a quarter', () => {
    let state = openDialler()
    const waits: number[] = []
    for (let i = 0; i < 12; i++) {
      ;[state] = run(state, want(candidates(['t', 'tcp']), 0), failed('t', 0))
      waits.push((nextTryAt(state, ['t'], 0) ?? 0) / 1000)
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600])
    const spread = [0, 1].map(jitter =>
      nextTryAt(run(openDialler(), want(candidates(['t', 'tcp'])), failed('t', 0, jitter))[0], ['t'], 0)
    )
    expect(spread).toEqual([1_500, 2_500])
  })

  it('[NT14] leaves out addresses in back-off for the patient only, and forgets it on success or a new network', () => {
    const [state] = run(openDialler(), want(candidates(['t', 'tcp'])), failed('t', 0))
    expect(run(state, want(candidates(['t', 'tcp']), 1_999, true))[1]).toMatchObject([
      { kind: 'give-up', tried: [{ address: 't', error: expect.stringContaining('1 s') }] }
    ])
    expect(dials(run(state, want(candidates(['t', 'tcp']), 2_000, true))[1])).toEqual(['t'])
    expect(dials(run(state, want(candidates(['t', 'tcp']), 1, false))[1])).toEqual(['t'])
    expect(dials(run(state, { kind: 'network', at: 1 }, want(candidates(['t', 'tcp']), 1, true))[1])).toEqual(
      ['t']
    )
    const [opened] = run(state, want(candidates(['t', 'tcp']), 5_000), {
      kind: 'opened',
      device: A,
      address: 't',
      at: 5_001
    })
    expect(nextTryAt(opened, ['t'], 5_001)).toBe(5_001)
  })

  it('[NT14] joins a job under way, and ends it on request', () => {
    const [state, joined] = run(
      openDialler(),
      want(candidates(['l', 'lan'])),
      want(candidates(['l', 'lan'], ['t', 'tcp']), 5)
    )
    expect(dials(joined)).toEqual(['t'])
    const [ended, effects] = run(state, { kind: 'cancel', device: A, at: 6 })
    expect(effects.map(each => each.kind)).toEqual(['abort', 'abort'])
    expect(ended.jobs.size).toBe(0)
    expect(run(ended, failed('l', 7))[1]).toEqual([])
  })

  it('[NT14] never exceeds 8 dials, 2 direct and one circuit a peer, and always comes to an end', () => {
    const step = fc.record({
      who: fc.integer({ min: 0, max: 6 }),
      addresses: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 6 }),
      act: fc.integer({ min: 0, max: 4 }),
      wait: fc.integer({ min: 0, max: 5_000 })
    })
    const paths: PathKind[] = ['lan', 'tcp', 'wss', 'relayed', 'webrtc', 'relayed']
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        let state = openDialler()
        let at = 0
        const active = new Map<string, DeviceId>()
        const feed = (input: DiallerInput): void => {
          const before = JSON.stringify([...state.backoff])
          const old = state
          const [next, effects] = stepDialler(state, input)
          expect(JSON.stringify([...old.backoff])).toBe(before)
          state = next
          for (const effect of effects) {
            if (effect.kind === 'dial') {
              expect(active.has(effect.address)).toBe(false)
              active.set(effect.address, effect.device)
            }
            if (effect.kind === 'abort') active.delete(effect.address)
            if (effect.kind === 'done') active.delete(effect.address)
          }
          expect(active.size).toBeLessThanOrEqual(8)
          for (let i = 0; i <= 6; i++) {
            const mine = [...active]
              .filter(([, each]) => each === device(i))
              .map(([address]) => paths[Number(address.split('-')[1])])
            expect(mine.filter(each => each === 'relayed').length).toBeLessThanOrEqual(1)
            expect(mine.filter(each => each !== 'relayed').length).toBeLessThanOrEqual(2)
          }
        }
        for (const { who, addresses, act, wait } of steps) {
          at += wait
          const first = [...active][0]
          if (act <= 1)
            feed(
              want(
                addresses.map(each => ({ address: `${who}-${each}`, path: paths[each] ?? 'tcp' })),
                at,
                act === 1,
                device(who)
              )
            )
          else if (first === undefined) feed({ kind: 'tick', at })
          else if (act === 2) feed({ kind: 'opened', device: first[1], address: first[0], at })
          else if (act === 3) {
            active.delete(first[0])
            feed({ kind: 'failed', device: first[1], address: first[0], error: 'x', jitter: 0.3, at })
          } else feed({ kind: 'cancel', device: first[1], at })
        }
        for (let left = 0; left < 500 && state.jobs.size > 0; left++) {
          at += 300
          feed({ kind: 'tick', at })
          for (const [address, who] of [...active]) {
            active.delete(address)
            feed({ kind: 'failed', device: who, address, error: 'x', jitter: 0.3, at })
          }
        }
        expect(state.jobs.size).toBe(0)
        expect(active.size).toBe(0)
      }),
      { numRuns: Number(process.env['XCORD_RUNS'] ?? 200) }
    )
  })
})
