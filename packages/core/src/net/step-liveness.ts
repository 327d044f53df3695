/**
 * Is a silent connection alive (NT20)? Pure: says when to probe and when to cut; the adapter probes on that very
 * connection, since another one to the same peer may be well.
 */
import { PROBE_FAILURES_MAX, PROBE_MS_MIN, SILENCE_MS_MAX } from '../base/index.ts'

/** What is known of one connection. Times in ms. */
export interface LivenessState {
  readonly heardAt: number
  /** Set while a probe is out. */
  readonly probedAt?: number | undefined
  /** Failed probes since a byte was heard. */
  readonly failures: number
  readonly rttMs?: number | undefined
  /** A probe went out once: how far the other side is, is known or will not be. */
  readonly measured?: boolean
}

/** What happened. */
export type LivenessInput =
  | { readonly kind: 'heard'; readonly at: number }
  | { readonly kind: 'tick'; readonly at: number }
  /** `sentAt`: when the probe left, which its stream had to be opened for first. */
  | { readonly kind: 'answered'; readonly at: number; readonly sentAt?: number }
  | { readonly kind: 'failed'; readonly at: number }
  | { readonly kind: 'hurry'; readonly at: number }

/** What to do. */
export type LivenessEffect =
  { readonly kind: 'probe'; readonly deadlineMs: number } | { readonly kind: 'abort' }

/** State of a connection that has just opened. */
export function openLiveness(at: number): LivenessState {
  return { heardAt: at, failures: 0 }
}

/** Deadline of one probe: four round trips, never below 5 s. */
export function probeDeadlineMs(state: LivenessState): number {
  return Math.max(PROBE_MS_MIN, 4 * (state.rttMs ?? 0))
}

/** One step. `hurry` probes at once: the network changed, or the machine woke. */
export function stepLiveness(
  state: LivenessState,
  input: LivenessInput
): readonly [LivenessState, readonly LivenessEffect[]] {
  switch (input.kind) {
    case 'heard':
      return [{ ...state, heardAt: Math.max(state.heardAt, input.at), failures: 0 }, []]
    case 'answered': {
      const rttMs = Math.max(0, input.at - (input.sentAt ?? state.probedAt ?? input.at))
      return [{ heardAt: input.at, failures: 0, rttMs, measured: true }, []]
    }
    case 'failed': {
      const heardSince = state.probedAt !== undefined && state.heardAt > state.probedAt
      const failures = heardSince ? 0 : state.failures + 1
      const next = { ...state, probedAt: undefined, failures }
      return failures >= PROBE_FAILURES_MAX ? [next, [{ kind: 'abort' }]] : [next, []]
    }
    case 'tick':
    case 'hurry': {
      if (state.probedAt !== undefined) return [state, []]
      // Once soon after it opened, so that people see how far it is. After a failure the next probe follows at once: 20 s of patience are over.
      const due =
        input.kind === 'hurry' ||
        state.measured !== true ||
        state.failures > 0 ||
        input.at - state.heardAt >= SILENCE_MS_MAX
      return due
        ? [
            { ...state, probedAt: input.at, measured: true },
            [{ kind: 'probe', deadlineMs: probeDeadlineMs(state) }]
          ]
        : [state, []]
    }
  }
}
