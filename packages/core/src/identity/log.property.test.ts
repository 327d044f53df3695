/** Random histories by honest and hostile devices, in partitions: the same set says the same (ID4, ID5). */
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { Suite } from '../crypto/index.ts'
import {
  appendDevice,
  appendRevocation,
  appendRevokeAll,
  appendUserKey,
  copyIdentityLog,
  createDevice,
  createIdentityLog,
  type DeviceSecret,
  type IdentityLog,
  readEntry,
  readGenesis,
  readProfile,
  type RootSecret,
  verifyCredential,
  verifyIdentityEntry
} from './index.ts'
import { rootOf, saying, seededRandom } from './log.fixture.ts'

const DEVICES = 5
const REPLICAS = 3
const runs = Number(process.env['XCORD_RUNS'] ?? 60)
let suite: Suite
let root: RootSecret
let devices: DeviceSecret[]
beforeAll(async () => {
  suite = await createNodeSuite()
  root = rootOf(suite, 'root')
  devices = Array.from({ length: DEVICES }, (_, at) =>
    createDevice(suite, seededRandom(suite, `device ${at}`))
  )
})

interface Step {
  replica: number
  act: 'add' | 'revoke' | 'duel' | 'all' | 'key' | 'merge'
  signer: number
  target: number
  manage: boolean
}
const step: fc.Arbitrary<Step> = fc.record({
  replica: fc.nat(REPLICAS - 1),
  act: fc.constantFrom('add', 'add', 'revoke', 'revoke', 'duel', 'key', 'merge', 'merge', 'all'),
  signer: fc.constantFrom(0, 0, 1, 1, 2, 2, 3, 4, DEVICES),
  target: fc.nat(DEVICES - 1),
  manage: fc.boolean()
})

/** Does what the log allows; a refusal is part of the history. */
function play(log: IdentityLog, { act, signer, target, manage }: Step): void {
  const who = signer === DEVICES ? root : (devices[signer] as DeviceSecret)
  const device = devices[target] as DeviceSecret
  try {
    if (act === 'add') appendDevice(suite, log, who, device, { manage })
    if (act === 'revoke') appendRevocation(suite, log, who, device.device)
    if (act === 'all') appendRevokeAll(suite, log, root)
    if (act === 'key') appendUserKey(suite, seededRandom(suite, `${log.entries().length}${signer}`), log, who)
  } catch (error) {
    if (!(error instanceof TypeError) || !/refuses this entry by (ID|CR)/.test(error.message)) throw error
  }
}

function simulate(steps: readonly Step[]): Uint8Array[] {
  const base = createIdentityLog(suite, root.genesis)
  appendDevice(suite, base, root, devices[0] as DeviceSecret, { manage: true })
  appendDevice(suite, base, root, devices[1] as DeviceSecret, { manage: true })
  appendDevice(suite, base, devices[1] as DeviceSecret, devices[2] as DeviceSecret, { manage: true })
  const replicas = Array.from({ length: REPLICAS }, () => copyIdentityLog(suite, base))
  for (const each of steps) {
    const own = replicas[each.replica] as IdentityLog
    if (each.act === 'merge')
      for (const { bytes } of (replicas[each.target % REPLICAS] as IdentityLog).entries()) own.add(bytes)
    // Each replica lets its own device revoke the next one: circles, which a random history hardly draws.
    else if (each.act === 'duel')
      for (const [at, log] of replicas.entries())
        play(log, { ...each, act: 'revoke', signer: at, target: (at + 1) % (each.manage ? 3 : 2) })
    else play(own, each)
  }
  const entries = new Map(replicas.flatMap(log => log.entries().map(({ id, bytes }) => [id, bytes] as const)))
  return [...entries.values()]
}

const history = fc.tuple(fc.array(step, { minLength: 4, maxLength: 24 }), fc.infiniteStream(fc.nat()))

test('[ID5] any order of arrival gives the same devices, keys, standings and paths', () => {
  let conflicts = 0
  fc.assert(
    fc.property(history, ([steps, chance]) => {
      const entries = simulate(steps)
      const inOrder = createIdentityLog(suite, root.genesis)
      for (const entry of entries) expect(inOrder.add(entry).ok).toBe(true)
      const shuffled = entries
        .map(entry => [chance.next().value as number, entry] as const)
        .sort(([a], [b]) => a - b)
        .map(([, entry]) => entry)
      const other = createIdentityLog(suite, root.genesis)
      for (const entry of shuffled) expect(other.add(entry).ok).toBe(true)
      expect(other.missing()).toEqual([])
      expect(saying(other)).toEqual(saying(inOrder))
      if (inOrder.entries().some(({ id }) => inOrder.state().standing(id) === 'voided')) conflicts++
    }),
    { numRuns: runs, seed: 1 }
  )
  // The property says something only where revocations voided entries.
  expect(conflicts).toBeGreaterThan(runs / 20)
})

test('[ID5] what the root says stands, the revoked are off, and revocation never brings a device back by itself', () => {
  fc.assert(
    fc.property(history, ([steps]) => {
      const log = createIdentityLog(suite, root.genesis)
      for (const entry of simulate(steps)) log.add(entry)
      const state = log.state()
      for (const entry of log.entries()) {
        const byRoot = entry.signer.every((byte, at) => byte === root.signingKey.publicKey[at])
        if (byRoot) expect(state.standing(entry.id)).toBe('effective')
        if (entry.body.kind === 'revokeDevice' && state.standing(entry.id) === 'effective') {
          expect(state.isRevoked(entry.body.device)).toBe(true)
          expect(state.device(entry.body.device)?.active ?? false).toBe(false)
        }
      }
      for (const { device, active } of state.devices) if (active) expect(log.pathTo(device)).toBeDefined()
      const later = copyIdentityLog(suite, log)
      const [victim] = state.devices.filter(({ active }) => active)
      if (victim === undefined) return
      appendRevocation(suite, later, root, victim.device)
      const on = new Set(state.devices.filter(({ active }) => active).map(({ device }) => device))
      expect(later.state().device(victim.device)?.active).toBe(false)
      // The root's word may free those whom the victim had turned off, and no one else.
      for (const { device, active } of later.state().devices) {
        const freed = log
          .entries()
          .some(
            ({ body, signer, id }) =>
              body.kind === 'revokeDevice' &&
              body.device === device &&
              state.standing(id) === 'effective' &&
              later.state().standing(id) === 'voided' &&
              signer.length === 32
          )
        if (active && !on.has(device))
          expect(freed || state.standing(later.state().device(device)!.entry) === 'voided').toBe(true)
      }
    }),
    { numRuns: runs, seed: 2 }
  )
})

test('[ID4] [ID6] [ID13] arbitrary bytes give a verdict, never an exception', () => {
  const log = createIdentityLog(suite, root.genesis)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
      for (const verdict of [
        log.add(bytes),
        readEntry(suite, bytes),
        readGenesis(suite, bytes),
        verifyCredential(suite, bytes),
        verifyIdentityEntry(suite, bytes),
        readProfile(suite, bytes)
      ]) {
        expect(verdict.ok).toBe(false)
      }
    }),
    { numRuns: runs * 5 }
  )
})
