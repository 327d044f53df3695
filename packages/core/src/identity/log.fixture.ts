/** What tests of identity logs share: a root, fresh devices, branches, and every order of arrival. */
import { expect } from 'vitest'
import { invariant, type Random } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import type { DeviceSecret, IdentityLog, RootSecret } from './contract.ts'
import { createDevice } from './device.ts'
import { copyIdentityLog, createIdentityLog } from './log.ts'
import { createPhrase, rootFromPhrase } from './phrase.ts'

/** Randomness from a seed: block n is SHA-256("seed/n"). */
export function seededRandom(suite: Suite, seed: string): Random {
  let block = 0
  return {
    bytes: length => {
      const out = new Uint8Array(length)
      for (let at = 0; at < length; at += 32) {
        const digest = suite.sha256(new TextEncoder().encode(`${seed}/${block++}`))
        out.set(digest.subarray(0, length - at), at)
      }
      return out
    }
  }
}

/** The root of a seed. */
export function rootOf(suite: Suite, seed: string): RootSecret {
  const root = rootFromPhrase(suite, createPhrase(seededRandom(suite, seed)))
  invariant(root.ok, 'ID1')
  return root.value
}

/** Everything a log says, comparable. */
export function saying(log: IdentityLog): unknown {
  const { devices, userKeys, moved } = log.state()
  return {
    devices,
    userKeys,
    moved,
    heads: log.heads(),
    head: log.head(),
    entries: log.entries().map(({ id }) => [id, log.state().standing(id)]),
    paths: devices.map(({ device }) => log.pathTo(device)?.map(({ id }) => id))
  }
}

/** Adds all, each of which must be taken or wait. */
export function addAll(log: IdentityLog, entries: readonly Uint8Array[]): void {
  for (const entry of entries) {
    const added = log.add(entry)
    if (!added.ok) throw new Error(`${added.rule}: ${added.reason}`)
  }
}

function orders<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, at) =>
    orders([...items.slice(0, at), ...items.slice(at + 1)]).map(rest => [item, ...rest])
  )
}

/** Logs of one root, and what may happen to them. */
export interface LogCast {
  readonly root: RootSecret
  readonly random: Random
  newLog(): IdentityLog
  newDevice(): DeviceSecret
  /** Entries that `write` adds unseen by others, as bytes. */
  branch(log: IdentityLog, write: (copy: IdentityLog) => void): Uint8Array[]
  /** The log after the entries, by every order of arrival: one of the outcomes, all of which must say the same. */
  inEveryOrder(log: IdentityLog, entries: readonly Uint8Array[]): IdentityLog
}

/** Makes the cast of a seed. */
export function castLog(suite: Suite, seed: string): LogCast {
  const root = rootOf(suite, seed)
  const random = seededRandom(suite, `${seed} devices`)
  return {
    root,
    random,
    newLog: () => createIdentityLog(suite, root.genesis),
    newDevice: () => createDevice(suite, random),
    branch: (log, write) => {
      const copy = copyIdentityLog(suite, log)
      write(copy)
      return copy
        .entries()
        .filter(({ id }) => !log.has(id))
        .map(({ bytes }) => bytes)
    },
    inEveryOrder: (log, entries) => {
      const outcomes = orders(entries).map(order => {
        const copy = copyIdentityLog(suite, log)
        addAll(copy, order)
        return copy
      })
      const [first] = outcomes
      invariant(first !== undefined, 'ID5')
      for (const outcome of outcomes) expect(saying(outcome)).toEqual(saying(first))
      return first
    }
  }
}

/** Whether a device is on. */
export function isActive(log: IdentityLog, device: DeviceSecret): boolean {
  return log.state().device(device.device)?.active === true
}
