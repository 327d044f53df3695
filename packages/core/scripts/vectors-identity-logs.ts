/** Identity logs for docs/spec/vectors/identity: histories with what they say, and entries that are refused. */
import { idFromBytes } from '../src/base/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../src/encoding/index.ts'
import {
  appendDevice,
  appendMoved,
  appendRevocation,
  appendRevokeAll,
  appendUserKey,
  copyIdentityLog,
  createDevice,
  createIdentityLog,
  createPhrase,
  type DeviceSecret,
  encodeIdentityLog,
  type IdentityBody,
  type IdentityLog,
  proveEnrolment,
  type RootSecret,
  signEntry
} from '../src/identity/index.ts'
import { fill, flipLast, rootOf, seededRandom, toHex } from './vector-tools.ts'

/** Who plays in the histories. */
export interface Cast {
  readonly root: RootSecret
  readonly devices: readonly DeviceSecret[]
}

/** The same root and four devices, by ascending id, each time. */
export function castOf(suite: Suite): Cast {
  const devices = Array.from({ length: 4 }, (_, at) =>
    createDevice(suite, seededRandom(`device ${at}`))
  ).sort((a, b) => (a.device < b.device ? -1 : 1))
  return { root: rootOf(suite, createPhrase(seededRandom('phrase'))), devices }
}

function stateOf(log: IdentityLog): object {
  const state = log.state()
  return {
    devices: state.devices.map(({ device, active, manage }) => ({ device, active, manage })),
    userKey:
      state.userKey === undefined
        ? null
        : {
            generation: state.userKey.generation,
            boxPublicKey: toHex(state.userKey.boxPublicKey),
            stale: state.userKey.stale
          },
    moved: state.moved ?? null,
    heads: log.heads(),
    head: log.head(),
    voided: log
      .entries()
      .filter(({ id }) => state.standing(id) === 'voided')
      .map(({ id }) => id)
  }
}

/** Entries of branches grown apart from one base, in causal order. */
function merge(
  suite: Suite,
  base: IdentityLog,
  branches: readonly ((log: IdentityLog) => void)[]
): IdentityLog {
  const merged = copyIdentityLog(suite, base)
  for (const grow of branches) {
    const branch = copyIdentityLog(suite, base)
    grow(branch)
    for (const { bytes } of branch.entries()) merged.add(bytes)
  }
  return merged
}

/** logs.json. */
export function buildLogVectors(suite: Suite, { root, devices }: Cast): object {
  const [a, b, c, d] = devices as [DeviceSecret, DeviceSecret, DeviceSecret, DeviceSecret]
  const base = createIdentityLog(suite, root.genesis)
  for (const device of [a, b, c]) appendDevice(suite, base, root, device, { manage: true })
  const lone = createIdentityLog(suite, root.genesis)
  appendDevice(suite, lone, root, a, { manage: true })
  appendDevice(suite, lone, a, b, { manage: true })
  const revoke =
    (signer: DeviceSecret | RootSecret, target: DeviceSecret) =>
    (log: IdentityLog): void => {
      appendRevocation(suite, log, signer, target.device)
    }
  const histories: [string, IdentityLog][] = [
    [
      'every kind in one line',
      merge(suite, lone, [
        log => {
          const key = appendUserKey(suite, seededRandom('u1'), log, a)
          revoke(a, b)(log)
          appendUserKey(suite, seededRandom('u2'), log, a, key)
          appendRevokeAll(suite, log, root)
          appendDevice(suite, log, root, d, { manage: false })
          appendMoved(suite, log, root, rootOf(suite, createPhrase(seededRandom('successor'))))
        }
      ])
    ],
    [
      'a revocation voids what the device signed concurrently',
      merge(suite, base, [
        log => {
          appendDevice(suite, log, a, d, { manage: true })
        },
        revoke(root, a)
      ])
    ],
    [
      'a revocation spares what it knew of',
      merge(suite, base, [
        log => {
          appendDevice(suite, log, a, d, { manage: true })
          revoke(root, a)(log)
        }
      ])
    ],
    ['duel, paths unequal: the shorter stands', merge(suite, lone, [revoke(a, b), revoke(b, a)])],
    ['duel, paths equal: the lower device stands', merge(suite, base, [revoke(a, b), revoke(b, a)])],
    ['duel, the root against the senior', merge(suite, lone, [revoke(a, b), revoke(b, a), revoke(root, a)])],
    ['circle of three', merge(suite, base, [revoke(a, b), revoke(b, c), revoke(c, a)])],
    [
      'revokeAll and a concurrent enrolment',
      merge(suite, base, [
        log => {
          appendDevice(suite, log, a, d, { manage: true })
        },
        log => {
          appendRevokeAll(suite, log, root)
        }
      ])
    ],
    [
      'concurrent user keys of one generation: the later lamport counts',
      merge(suite, base, [
        log => {
          appendUserKey(suite, seededRandom('k1'), log, a)
        },
        log => {
          revoke(b, c)(log)
          appendUserKey(suite, seededRandom('k2'), log, b)
        }
      ])
    ]
  ]
  return {
    title: 'Identity logs and what they say',
    rules: 'ID4, ID5, ID7, ID12; in any order of arrival',
    valid: histories.map(([note, log]) => ({
      note,
      log: toHex(encodeIdentityLog(log)),
      entries: log.entries().map(({ id, lamport, body }) => ({ id, kind: body.kind, lamport })),
      state: stateOf(log)
    })),
    refuse: refusedEntries(suite, { root, devices })
  }
}

function refusedEntries(suite: Suite, { root, devices }: Cast): object[] {
  const [a, b] = devices as [DeviceSecret, DeviceSecret]
  const log = createIdentityLog(suite, root.genesis)
  const base = toHex(encodeIdentityLog(log))
  const enrol = (caps: number, proofCaps = caps): IdentityBody => ({
    kind: 'addDevice',
    device: a.device,
    boxPublicKey: a.boxPublicKey,
    caps,
    name: null,
    proof: proveEnrolment(suite, a.signingKey, root.user, a.boxPublicKey, proofCaps)
  })
  const sign = (body: IdentityBody, draft: object = {}, key = root.signingKey): Uint8Array =>
    signEntry(suite, key, { user: root.user, parents: log.heads(), lamport: 1, body, ...draft })
  const good = sign(enrol(1))
  const list = decodeCbor(good)
  const items = (list.ok ? list.value : []) as readonly CborValue[]
  const withA = copyIdentityLog(suite, log)
  appendDevice(suite, withA, root, a, { manage: false })
  const later = { parents: withA.heads(), lamport: 2 }
  const logOf = (of: IdentityLog): string => toHex(encodeIdentityLog(of))
  return [
    { note: 'signature altered', log: base, entry: toHex(flipLast(good)), rule: 'ID4' },
    {
      note: 'version 2',
      log: base,
      entry: toHex(encodeCbor(items.map((item, at) => (at === 0 ? 2 : item)))),
      rule: 'ID4'
    },
    {
      note: 'unknown kind',
      log: base,
      entry: toHex(encodeCbor(items.map((item, at) => (at === 2 ? 6 : item)))),
      rule: 'ID4'
    },
    {
      note: 'genesis as an entry',
      log: base,
      entry: toHex(encodeCbor(items.map((item, at) => (at === 2 ? 0 : item)))),
      rule: 'ID4'
    },
    { note: 'lamport does not follow', log: base, entry: toHex(sign(enrol(1), { lamport: 2 })), rule: 'ID4' },
    {
      note: 'of another identity',
      log: base,
      entry: toHex(sign({ kind: 'revokeAll' }, { user: idFromBytes('u', fill(1)) })),
      rule: 'ID4'
    },
    { note: 'no parents', log: base, entry: toHex(sign(enrol(1), { parents: [] })), rule: 'ID4' },
    { note: 'consent to other capabilities', log: base, entry: toHex(sign(enrol(1, 0))), rule: 'ID4' },
    {
      note: 'device key of small order',
      log: base,
      entry: toHex(sign({ ...enrol(1), device: idFromBytes('d', fill(0)) } as IdentityBody)),
      rule: 'CR5'
    },
    { note: 'signed by a stranger', log: base, entry: toHex(sign(enrol(1), {}, b.signingKey)), rule: 'ID5' },
    {
      note: 'signed by a device that may not manage',
      log: logOf(withA),
      entry: toHex(sign({ kind: 'revokeDevice', device: b.device }, later, a.signingKey)),
      rule: 'ID5'
    },
    { note: 'enrolled before', log: logOf(withA), entry: toHex(sign(enrol(1), later)), rule: 'ID4' },
    {
      note: 'user key generation 0 after none',
      log: base,
      entry: toHex(
        encodeCbor([
          ...items.slice(0, 2),
          4,
          ...items.slice(3, 6),
          [0, fill(1, 16), fill(2), fill(3), null],
          items[7] as CborValue
        ])
      ),
      rule: 'ID4'
    },
    { note: 'not CBOR', log: base, entry: 'ff', rule: 'ID4' }
  ]
}
