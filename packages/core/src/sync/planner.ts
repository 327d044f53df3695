/**
 * Who was asked for what in one server, over all sessions: what one peer is fetching, no other is asked for
 * until it fell silent for 5 s (SY8).
 */
import type { ChainId } from './chain-index.ts'
import type { SessionId } from './contract.ts'
import { RETRY_MS } from './limits.ts'
import { type Ranges, subtract } from './ranges.ts'

/** What a claim covers: a chain's ranges, a whole kind, or the walk through message logs (SY6). */
export type ClaimKey = ChainId | 'operations' | 'records' | 'windows'

interface Claim {
  readonly session: SessionId
  readonly request: number
  readonly ranges: Ranges
  until: number
}

/** Claims of one server. */
export class FetchPlanner {
  readonly #claims = new Map<ClaimKey, Claim[]>()

  /** What of these ranges this session may ask for now. */
  free(key: ClaimKey, ranges: Ranges, session: SessionId, at: number): Ranges {
    let out = ranges
    for (const claim of this.#claims.get(key) ?? []) {
      if (claim.session === session || claim.until > at) out = subtract(out, claim.ranges)
    }
    return out
  }

  /** Whether some other session is at it. */
  isTaken(key: ClaimKey, session: SessionId, at: number): boolean {
    return (this.#claims.get(key) ?? []).some(claim => claim.session !== session && claim.until > at)
  }

  /** Notes what is asked. */
  claim(key: ClaimKey, ranges: Ranges, session: SessionId, request: number, at: number): void {
    const list = this.#claims.get(key) ?? []
    list.push({ session, request, ranges, until: at + RETRY_MS })
    this.#claims.set(key, list)
  }

  /** Something of the request arrived. */
  progress(keys: Iterable<ClaimKey>, session: SessionId, request: number, at: number): void {
    for (const key of keys) {
      for (const claim of this.#claims.get(key) ?? []) {
        if (claim.session === session && claim.request === request) claim.until = at + RETRY_MS
      }
    }
  }

  /** The request is over. */
  release(keys: Iterable<ClaimKey>, session: SessionId, request: number): void {
    for (const key of keys) this.#keep(key, claim => claim.session !== session || claim.request !== request)
  }

  /** When the next claim of another session falls; undefined for none. */
  nextExpiry(session: SessionId, at: number): number | undefined {
    let next: number | undefined
    for (const list of this.#claims.values()) {
      for (const { session: owner, until } of list) {
        if (owner !== session && until > at && (next === undefined || until < next)) next = until
      }
    }
    return next
  }

  #keep(key: ClaimKey, keep: (claim: Claim) => boolean): void {
    const list = (this.#claims.get(key) ?? []).filter(keep)
    if (list.length === 0) this.#claims.delete(key)
    else this.#claims.set(key, list)
  }
}
