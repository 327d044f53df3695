/**
 * Keeps enough relay reservations (NT19). Pure. A relay that refused is not asked again while we stay connected
 * (PF8), so the keeper hangs up on it: the redial asks anew, or leaves the place to another.
 */

/** Fewer than wanted for this long before anything is done, ms. */
const PATIENCE_MS = 30_000
/** A node is hung up on at most this often, ms: it may be full, and it is our rendezvous too. */
const REPEAT_MS = 600_000

/** What is remembered between checks. */
export interface RelayKeeperState {
  readonly shortSince?: number | undefined
  readonly hungUpAt: ReadonlyMap<string, number>
}

/** What the check sees: reservations held, and connected nodes that could relay but hold none for us. */
export interface RelayKeeperInput {
  readonly at: number
  readonly wanted: number
  readonly held: number
  readonly refusing: readonly string[]
}

/** Nothing known yet. */
export function openRelayKeeper(): RelayKeeperState {
  return { hungUpAt: new Map() }
}

/** One check; run every 15 s. Returns the one relay to hang up on, if any. */
export function stepRelayKeeper(
  state: RelayKeeperState,
  input: RelayKeeperInput
): readonly [RelayKeeperState, string | undefined] {
  if (input.held >= input.wanted) return [{ ...state, shortSince: undefined }, undefined]
  const shortSince = state.shortSince ?? input.at
  if (input.at - shortSince < PATIENCE_MS) return [{ ...state, shortSince }, undefined]
  const victim = input.refusing.find(each => input.at - (state.hungUpAt.get(each) ?? -REPEAT_MS) >= REPEAT_MS)
  if (victim === undefined) return [{ ...state, shortSince }, undefined]
  const recent = [...state.hungUpAt].filter(([, at]) => input.at - at < REPEAT_MS)
  return [{ shortSince: input.at, hungUpAt: new Map([...recent, [victim, input.at]]) }, victim]
}
