/**
 * What a node remembers for rendezvous (NT10): a record per key and device for ten minutes, bounded in every
 * direction. Time and chance are arguments. A node learns neither what a key stands for nor who asks together.
 */
import {
  type DeviceId,
  RENDEZVOUS_ANSWER_MAX,
  RENDEZVOUS_KEYS_MAX,
  RENDEZVOUS_RECORDS_MAX,
  RENDEZVOUS_TOTAL_MAX,
  RENDEZVOUS_TTL_MS,
  type Random
} from '../base/index.ts'
import { toString } from 'uint8arrays'

interface Entry {
  readonly record: Uint8Array
  readonly expiresAt: number
}

/** The bounds, so that tests and operators can set smaller ones. */
export interface RegistryBounds {
  readonly recordsPerKeyMax: number
  readonly keysPerDeviceMax: number
  readonly totalMax: number
  readonly ttlMs: number
}

/** The bounds of NT10. */
export const REGISTRY_BOUNDS: RegistryBounds = {
  recordsPerKeyMax: RENDEZVOUS_RECORDS_MAX,
  keysPerDeviceMax: RENDEZVOUS_KEYS_MAX,
  totalMax: RENDEZVOUS_TOTAL_MAX,
  ttlMs: RENDEZVOUS_TTL_MS
}

/** A live registry. */
export interface RendezvousRegistry {
  /** How long a registration lives. */
  readonly ttlMs: number
  /** Keeps the record under each key; false if that would pass a bound, and then nothing was kept. */
  register(device: DeviceId, keys: readonly Uint8Array[], record: Uint8Array, at: number): boolean
  unregister(device: DeviceId, keys: readonly Uint8Array[]): void
  /** Up to 32 records of others under the key, at random. */
  query(device: DeviceId, key: Uint8Array, at: number, random: Random): readonly Uint8Array[]
  /** Forgets what has expired; `query` never shows it either way. */
  expire(at: number): void
  /** Registrations held. */
  size(): number
}

/** Makes an empty registry. */
export function createRendezvousRegistry(bounds: RegistryBounds = REGISTRY_BOUNDS): RendezvousRegistry {
  const byKey = new Map<string, Map<DeviceId, Entry>>()
  const keysOf = new Map<DeviceId, Set<string>>()
  let total = 0

  const remove = (name: string, device: DeviceId): void => {
    const entries = byKey.get(name)
    if (entries?.delete(device) !== true) return
    total--
    if (entries.size === 0) byKey.delete(name)
    const names = keysOf.get(device)
    names?.delete(name)
    if (names?.size === 0) keysOf.delete(device)
  }

  return {
    ttlMs: bounds.ttlMs,
    register: (device, keys, record, at) => {
      const names = [...new Set(keys.map(key => toString(key, 'base64')))]
      const held = keysOf.get(device) ?? new Set<string>()
      const fresh = names.filter(name => !held.has(name)).length
      if (held.size + fresh > bounds.keysPerDeviceMax || total + fresh > bounds.totalMax) return false
      for (const name of names) {
        remove(name, device)
        const entries = byKey.get(name) ?? new Map<DeviceId, Entry>()
        // A full key forgets whoever registered longest ago: presence is worth more the fresher it is.
        const oldest = entries.size >= bounds.recordsPerKeyMax ? entries.keys().next().value : undefined
        if (oldest !== undefined) remove(name, oldest)
        byKey.set(name, entries)
        entries.set(device, { record, expiresAt: at + bounds.ttlMs })
        total++
        const mine = keysOf.get(device) ?? new Set<string>()
        mine.add(name)
        keysOf.set(device, mine)
      }
      return true
    },
    unregister: (device, keys) => {
      for (const key of keys) remove(toString(key, 'base64'), device)
    },
    query: (device, key, at, random) => {
      const entries = byKey.get(toString(key, 'base64')) ?? new Map<DeviceId, Entry>()
      const records = [...entries]
        .filter(([owner, entry]) => owner !== device && entry.expiresAt > at)
        .map(([, entry]) => entry.record)
      return pick(records, RENDEZVOUS_ANSWER_MAX, random)
    },
    expire: at => {
      for (const [name, entries] of byKey) {
        for (const [device, entry] of entries) {
          if (entry.expiresAt <= at) remove(name, device)
        }
      }
    },
    size: () => total
  }
}

/** `count` items at random: the head of a Fisher-Yates shuffle. The slight bias of a modulus is no matter here. */
function pick<T>(items: readonly T[], count: number, random: Random): T[] {
  const pool = [...items]
  const chosen = Math.min(count, pool.length)
  const words = new DataView(random.bytes(4 * Math.max(1, chosen)).buffer)
  for (let i = 0; i < chosen; i++) {
    const other = i + (words.getUint32(4 * i) % (pool.length - i))
    const mine = pool[i] as T
    pool[i] = pool[other] as T
    pool[other] = mine
  }
  return pool.slice(0, chosen)
}
