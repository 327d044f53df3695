/** What a node takes of a server's authors in a while (EN16): pure, the node's clock comes in. */
import { accept, type DeviceId, refuse, TokenBucket, type Verdict } from '../base/index.ts'
import type { AclFields } from './acl.ts'

/** EN16: a device key younger than this at the node is new. */
export const NEW_DEVICE_MS = 86_400_000
/** EN16: share of the rate for all new device keys together. */
const NEW_SHARE = 5
/** EN16: device keys remembered of one server; beyond, those that come are new each time. */
export const DEVICES_KEPT_MAX = 20_000
/** EN16: a device key unseen for so long is forgotten, and new again. */
const FORGET_MS = 30 * NEW_DEVICE_MS
/** EN16: where no head tells (EN12). */
export const DEFAULT_RATE: AclFields['rate'] = { envelopesPerSecond: 5, burst: 100 }

interface Seen {
  readonly first: number
  last: number
}

/** A device key and when it was seen first and last, ms since the Unix epoch: what outlives a restart of the node. */
export interface SeenDevice {
  readonly device: DeviceId
  readonly first: number
  readonly last: number
}

/** One server's authors at a node. */
export class AuthorRates {
  #all: TokenBucket
  #newcomers: TokenBucket
  #rate: AclFields['rate']
  /** By when they were last seen, the longest ago first. */
  readonly #seen = new Map<DeviceId, Seen>()

  constructor(now: number, rate: AclFields['rate'] = DEFAULT_RATE, seen: readonly SeenDevice[] = []) {
    this.#rate = rate
    ;[this.#all, this.#newcomers] = bucketsOf(rate, now)
    for (const { device, first, last } of seen.slice(-DEVICES_KEPT_MAX))
      this.#seen.set(device, { first, last })
  }

  /** Goes on at another rate, from a full measure; the same one changes nothing. */
  setRate(rate: AclFields['rate'], now: number): void {
    if (rate.envelopesPerSecond === this.#rate.envelopesPerSecond && rate.burst === this.#rate.burst) return
    this.#rate = rate
    ;[this.#all, this.#newcomers] = bucketsOf(rate, now)
  }

  /** Whether one envelope of a certified author would be taken; takes nothing. */
  ask(device: DeviceId, now: number): Verdict<DeviceId> {
    // Asked in this order, so that what newcomers may not send takes nothing from the others.
    if (this.isNew(device, now) && !this.#newcomers.has(now))
      return refuse('EN16', 'devices seen here for less than a day have sent their share for now')
    if (!this.#all.has(now))
      return refuse('EN16', "the server's members have sent more than this node takes for now")
    return accept(device)
  }

  /**
   * Takes envelopes of a certified author, if one would be: what one bundle brings beyond what is left is owed.
   * Refused ones are ignored, not held against who brought them.
   */
  take(device: DeviceId, now: number, count = 1): Verdict<DeviceId> {
    const asked = this.ask(device, now)
    if (!asked.ok) return asked
    if (this.isNew(device, now)) this.#newcomers.take(now, count)
    this.#all.take(now, count)
    return asked
  }

  /** Whether a device was seen first less than a day ago, or now. */
  isNew(device: DeviceId, now: number): boolean {
    return now - this.#note(device, now) < NEW_DEVICE_MS
  }

  /** As `isNew`, said the other way and without remembering the device. */
  isKnown(device: DeviceId, now: number): boolean {
    const seen = this.#seen.get(device)
    return seen !== undefined && now - seen.first >= NEW_DEVICE_MS
  }

  /** Devices by when they were last seen, the longest ago first. */
  seen(): readonly SeenDevice[] {
    return [...this.#seen].map(([device, { first, last }]) => ({ device, first, last }))
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

/** For all, and for those who are new. */
function bucketsOf(
  { envelopesPerSecond, burst }: AclFields['rate'],
  now: number
): [TokenBucket, TokenBucket] {
  return [
    new TokenBucket(envelopesPerSecond, burst, now),
    new TokenBucket(envelopesPerSecond / NEW_SHARE, burst / NEW_SHARE, now)
  ]
}
