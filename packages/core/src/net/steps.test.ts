import { describe, expect, it } from 'vitest'
import { meshProfile } from './mesh-profile.ts'
import { openBudget, spend } from './step-budget.ts'
import {
  type LivenessEffect,
  type LivenessInput,
  type LivenessState,
  openLiveness,
  stepLiveness
} from './step-liveness.ts'
import { openRelayKeeper, stepRelayKeeper } from './step-relay-keeper.ts'

describe('liveness', () => {
  const feed = (
    state: LivenessState,
    ...inputs: LivenessInput[]
  ): [LivenessState, readonly LivenessEffect[]] => {
    let effects: readonly LivenessEffect[] = []
    for (const input of inputs) [state, effects] = stepLiveness(state, input)
    return [state, effects]
  }

  /** Measured when it opened. */
  const opened: LivenessState = { ...openLiveness(0), measured: true }

  it('[NT20] probes once soon after a connection opened, and knows how far the other side is', () => {
    const [probing, probe] = feed(openLiveness(0), { kind: 'heard', at: 400 }, { kind: 'tick', at: 500 })
    expect(probe).toEqual([{ kind: 'probe', deadlineMs: 5_000 }])
    // What it took to open the stream is not what a round trip takes.
    const [known] = feed(probing, { kind: 'answered', at: 640, sentAt: 600 })
    expect(known.rttMs).toBe(40)
    expect(feed(known, { kind: 'tick', at: 3_000 })[1]).toEqual([])
    // Whoever does not answer such a question is not asked it again: it sent something since.
    const [mute] = feed(probing, { kind: 'heard', at: 700 }, { kind: 'failed', at: 800 })
    expect(mute.failures).toBe(0)
    expect(mute.rttMs).toBeUndefined()
    expect(feed(mute, { kind: 'tick', at: 3_000 })[1]).toEqual([])
  })

  it('[NT20] probes after 20 s of silence, one probe at a time', () => {
    const [state, none] = feed(opened, { kind: 'tick', at: 19_999 })
    expect(none).toEqual([])
    const [probing, probe] = feed(state, { kind: 'tick', at: 20_000 })
    expect(probe).toEqual([{ kind: 'probe', deadlineMs: 5_000 }])
    expect(feed(probing, { kind: 'tick', at: 22_000 })[1]).toEqual([])
  })

  it('[NT20] cuts after three failures, unless a byte came in', () => {
    const fail = (at: number): LivenessInput[] => [
      { kind: 'tick', at },
      { kind: 'failed', at: at + 5_000 }
    ]
    const [two, effects] = feed(openLiveness(0), ...fail(20_000), ...fail(25_000))
    expect(effects).toEqual([])
    expect(feed(two, ...fail(30_000))[1]).toEqual([{ kind: 'abort' }])
    const [saved, spared] = feed(
      two,
      { kind: 'tick', at: 30_000 },
      { kind: 'heard', at: 31_000 },
      { kind: 'failed', at: 35_000 }
    )
    expect(spared).toEqual([])
    expect(saved.failures).toBe(0)
  })

  it('[NT20] waits four round trips where these are long', () => {
    const [state] = feed(openLiveness(0), { kind: 'tick', at: 20_000 }, { kind: 'answered', at: 23_000 })
    expect(state).toMatchObject({ rttMs: 3_000, failures: 0, heardAt: 23_000 })
    expect(feed(state, { kind: 'tick', at: 43_000 })[1]).toEqual([{ kind: 'probe', deadlineMs: 12_000 }])
  })

  it('[NT20] probes at once when in a hurry', () => {
    expect(feed(openLiveness(0), { kind: 'hurry', at: 1 })[1]).toEqual([{ kind: 'probe', deadlineMs: 5_000 }])
  })
})

describe('relay keeper', () => {
  it('[NT19] hangs up on a refusing relay after 30 s without enough, one at a time, seldom twice', () => {
    let state = openRelayKeeper()
    const check = (at: number, held: number, refusing: string[]): string | undefined => {
      const [next, victim] = stepRelayKeeper(state, { at, wanted: 2, held, refusing })
      state = next
      return victim
    }
    expect(check(0, 1, ['x', 'y'])).toBeUndefined()
    expect(check(15_000, 1, ['x', 'y'])).toBeUndefined()
    expect(check(30_000, 1, ['x', 'y'])).toBe('x')
    expect(check(45_000, 1, ['x', 'y'])).toBeUndefined()
    expect(check(60_000, 1, ['x', 'y'])).toBe('y')
    expect(check(90_000, 1, ['x', 'y'])).toBeUndefined()
    expect(check(630_000, 1, ['x', 'y'])).toBe('x')
    expect(check(700_000, 2, ['y'])).toBeUndefined()
    expect(check(715_000, 1, ['y'])).toBeUndefined()
  })
})

describe('budgets', () => {
  it('[NT2] grant a burst, then so many a second, and nothing for a clock that went back', () => {
    const bounds = { burst: 3, perSecond: 2 }
    let budget = openBudget(bounds, 0)
    const take = (at: number): boolean => {
      const [next, granted] = spend(budget, bounds, at)
      budget = next
      return granted
    }
    expect([take(0), take(0), take(0), take(0)]).toEqual([true, true, true, false])
    expect([take(499), take(500), take(501)]).toEqual([false, true, false])
    expect([take(0), take(0)]).toEqual([false, false])
    expect([take(100_000), take(100_000), take(100_000), take(100_000)]).toEqual([true, true, true, false])
  })
})

describe('mesh', () => {
  it('[NT25] grows with who is online, and floods less', () => {
    expect(meshProfile(8)).toMatchObject({ D: 4, Dlo: 3, Dhi: 6, floodBytesMax: Number.MAX_SAFE_INTEGER })
    expect(meshProfile(9)).toMatchObject({ D: 5, floodBytesMax: 4_096 })
    expect(meshProfile(51)).toMatchObject({ D: 6, floodBytesMax: 0 })
    for (const online of [0, 8, 9, 50, 51, 1_000]) {
      const { D, Dlo, Dhi, Dout, Dscore } = meshProfile(online)
      // What gossipsub asks of its degrees.
      expect(Dlo <= D && D <= Dhi && Dout < Dlo && Dout < D / 2 && Dscore <= Dhi).toBe(true)
    }
  })
})
