/** Devices that a node checks the envelopes of (EN19, EN20): their certificates, and which places of their chains came. */
import type { DeviceId } from '../base/index.ts'
import { toHex } from '../encoding/index.ts'
import type { GateCert } from './gate.ts'

/** EN19: places up to the newest of which a node knows whether they came. */
export const SEQ_WINDOW = 256
/** EN8, EN19: places with a second envelope that are let through: the proof of a fork has to travel. */
export const FORKS_PASSED_MAX = 8
/** EN20: devices new at the node that are remembered. */
export const NEW_DEVICES_MAX = 2_048
/** EN20: the other ones. */
export const KNOWN_DEVICES_MAX = 20_000
/** EN20: certificates of one device, each for a tag of its own. */
export const DEVICE_CERTS_MAX = 3

const WINDOW_MASK = (1n << BigInt(SEQ_WINDOW)) - 1n

/** What a place in a device's chain is to the node. */
export type SeqStanding = 'free' | 'taken' | 'past'

/** The newest places of one chain. */
export class SeqWindow {
  #tip = 0
  /** Bit i: the place `tip - i` came. */
  #came = 0n

  standing(seq: number): SeqStanding {
    if (seq > this.#tip) return 'free'
    const back = this.#tip - seq
    if (back >= SEQ_WINDOW) return 'past'
    return ((this.#came >> BigInt(back)) & 1n) === 1n ? 'taken' : 'free'
  }

  mark(seq: number): void {
    if (seq > this.#tip) {
      const on = seq - this.#tip
      this.#came = on >= SEQ_WINDOW ? 0n : (this.#came << BigInt(on)) & WINDOW_MASK
      this.#tip = seq
    }
    this.#came |= 1n << BigInt(this.#tip - seq)
  }
}

/** One device at a node. */
export interface PublisherDevice {
  readonly device: DeviceId
  readonly window: SeqWindow
  /** Second envelopes at a place that were let through. */
  forks: number
  /** By author id, as hex; the longest unused first. */
  readonly certs: Map<string, GateCert>
}

/**
 * The devices of one server. Who is new pushes out only who is new: keys can be minted, and those who were there
 * before must not have to show their certificates again and again.
 */
export class PublisherDevices {
  readonly #known = new Map<DeviceId, PublisherDevice>()
  readonly #new = new Map<DeviceId, PublisherDevice>()
  readonly #byAuthor = new Map<string, PublisherDevice>()

  /** Who certified that it writes under this author id. */
  find(authorId: Uint8Array): { readonly device: PublisherDevice; readonly cert: GateCert } | undefined {
    const key = toHex(authorId)
    const device = this.#byAuthor.get(key)
    const cert = device?.certs.get(key)
    return device === undefined || cert === undefined ? undefined : { device, cert }
  }

  /** Puts a certificate in place of an older one for the same author id. */
  put(authorId: Uint8Array, cert: GateCert, isNew: boolean): void {
    const device = this.touch(cert.device, isNew)
    const key = toHex(authorId)
    device.certs.delete(key)
    device.certs.set(key, cert)
    this.#byAuthor.set(key, device)
    const [oldest] = device.certs.keys()
    if (device.certs.size > DEVICE_CERTS_MAX && oldest !== undefined) this.#dropCert(device, oldest)
  }

  /** Forgets a certificate that no longer counts. */
  drop(authorId: Uint8Array): void {
    const key = toHex(authorId)
    const device = this.#byAuthor.get(key)
    if (device !== undefined) this.#dropCert(device, key)
  }

  /** The device, now the last that anything came of. */
  touch(device: DeviceId, isNew: boolean): PublisherDevice {
    const found = this.#known.get(device) ??
      this.#new.get(device) ?? { device, window: new SeqWindow(), forks: 0, certs: new Map() }
    this.#known.delete(device)
    this.#new.delete(device)
    const [among, most] = isNew ? [this.#new, NEW_DEVICES_MAX] : [this.#known, KNOWN_DEVICES_MAX]
    among.set(device, found)
    const [oldest] = among.values()
    if (among.size > most && oldest !== undefined) this.#forget(among, oldest)
    return found
  }

  size(): { readonly devices: number; readonly certificates: number } {
    return { devices: this.#known.size + this.#new.size, certificates: this.#byAuthor.size }
  }

  #forget(among: Map<DeviceId, PublisherDevice>, device: PublisherDevice): void {
    among.delete(device.device)
    for (const key of device.certs.keys()) this.#byAuthor.delete(key)
  }

  #dropCert(device: PublisherDevice, key: string): void {
    device.certs.delete(key)
    this.#byAuthor.delete(key)
  }
}
