/** What a node takes of a server's authors in a while (EN16): pure, the node's clock comes in. */
import { accept, type DeviceId, refuse, TokenBucket, type Verdict } from '../base/index.ts'
import type { AclFields } from './acl.ts'

/** EN16: a device key younger than this at the node is new. */
export const NEW_DEVICE_MS = 86_400_000
/** EN16: share of the rate for all new device keys together. */
const NEW_SHARE = 5
/** EN16: device keys remembered of one server; beyond, those that come are new each time. */
const DEVICES_KEPT_MAX = 20_000
/** EN16: a device key unseen for so long is forgotten, and new again. */
const FORGET_MS = 30 * NEW_DEVICE_MS
/** EN16: where no head tells (EN12). */
export const DEFAULT_RATE: AclFields['rate'] = { envelopesPerSecond: 5, burst: 100 }

interface Seen {
  readonly first: number
  last: number
}

/** One server's authors at a node. */
export class AuthorRates {
  readonly #all: TokenBucket
  readonly #newcomers: TokenBucket
  /** By when they were last seen, the longest ago first. */
  readonly #seen = new Map<DeviceId, Seen>()

  constructor(now: number, rate: AclFields['rate'] = DEFAULT_RATE) {
    const { envelopesPerSecond, burst } = rate
    this.#all = new TokenBucket(envelopesPerSecond, burst, now)
    this.#newcomers = new TokenBucket(envelopesPerSecond / NEW_SHARE, burst / NEW_SHARE, now)
  }

  /** Takes one envelope of a certified author; refused ones are ignored, not held against who brought them. */
  take(device: DeviceId, now: number): Verdict<DeviceId> {
    const isNew = now - this.#note(device, now) < NEW_DEVICE_MS
    // Asked in this order, so that what newcomers may not send takes nothing from the others.
    if (isNew && !this.#newcomers.take(now))
      return refuse('EN16', 'devices seen here for less than a day have sent their share for now')
    if (!this.#all.take(now))
      return refuse('EN16', "the server's members have sent more than this node takes for now")
    return accept(device)
  }

  /** When a device was seen first. */
  #note(device: DeviceId, now: number): number {
    this.#forget(now)
    const known = this.#seen.get(device)
    if (known === undefined) {
      if (this.#seen.size < DEVICES_KEPT_MAX) this.#seen.set(device, { first: now, last: now })
      return now
    }
    this.#seen.delete(device)
    this.#seen.set(device, { first: known.first, last: Math.max(known.last, now) })
    return known.first
  }

  #forget(now: number): void {
    for (const [device, { last }] of this.#seen) {
      if (now - last < FORGET_MS) return
      this.#seen.delete(device)
    }
  }
}
