/** Writes docs/spec/vectors/identity from fixed seeds: `node --conditions=xcord-source packages/core/scripts/vectors-identity.ts`. */
import { writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idFromBytes, idToBytes } from '../src/base/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../src/encoding/index.ts'
import {
  appendDevice, appendMoved, appendRevocation, appendRevokeAll, appendUserKey, copyIdentityLog, createAccount, createCredential, createDevice, createIdentityLog,
  createIdentityProof, createKeyStore, createPhrase, createRevocation, type DeviceSecret, encodeIdentityLog, type IdentityBody, type IdentityLog, keyStoreContents,
  PASSWORD_COST_LOW_MEMORY, proveEnrolment, type RootSecret, rootFromPhrase, safetyNumber, sealBackup, signEntry, signProfile
} from '../src/identity/index.ts'
import { fill, seededRandom, toHex } from './vector-tools.ts'

const AT = 1_764_000_000_000

function rootOf(suite: Suite, phrase: string): RootSecret {
  const root = rootFromPhrase(suite, phrase)
  if (!root.ok) throw new Error(root.reason)
  return root.value
}

function flipLast(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))
}

function phrases(suite: Suite): object {
  const valid = [`${'abandon '.repeat(23)}art`, `${'zoo '.repeat(23)}vote`, createPhrase(seededRandom('phrase'))]
  return {
    title: 'Recovery phrase, root keys, genesis, user id',
    rules: 'ID1, ID2',
    valid: valid.map(phrase => {
      const root = rootOf(suite, phrase)
      return {
        phrase, rootPublicKey: toHex(root.signingKey.publicKey), recoverySecret: toHex(root.recoverySecret), recoveryPublicKey: toHex(root.genesis.recoveryPublicKey),
        backupKey: toHex(root.backupKey), genesis: toHex(root.genesis.bytes), user: root.user
      }
    }),
    refuse: [
      { note: '23 words', phrase: 'abandon '.repeat(23).trim(), rule: 'ID1' },
      { note: 'a word outside the list', phrase: `abandom ${'abandon '.repeat(22)}art`, rule: 'ID1' },
      { note: 'checksum', phrase: 'abandon '.repeat(24).trim(), rule: 'ID1' }
    ],
    refuseGenesis: [
      { note: 'version 2', genesis: toHex(rootOf(suite, valid[0] as string).genesis.bytes.map((byte, at) => (at === 1 ? 2 : byte))), rule: 'ID2' },
      { note: 'root key of small order', genesis: toHex(encodeCbor([1, 1, fill(0), fill(1), []])), rule: 'CR5' },
      { note: 'a further key in suite 1', genesis: toHex(encodeCbor([1, 1, rootOf(suite, valid[0] as string).signingKey.publicKey, fill(1), [fill(2)]])), rule: 'ID2' }
    ]
  }
}

interface Cast { readonly root: RootSecret; readonly devices: readonly DeviceSecret[] }

function castOf(suite: Suite): Cast {
  const devices = Array.from({ length: 4 }, (_, at) => createDevice(suite, seededRandom(`device ${at}`))).sort((a, b) => (a.device < b.device ? -1 : 1))
  return { root: rootOf(suite, createPhrase(seededRandom('phrase'))), devices }
}

function stateOf(log: IdentityLog): object {
  const state = log.state()
  return {
    devices: state.devices.map(({ device, active, manage }) => ({ device, active, manage })),
    userKey: state.userKey === undefined ? null : { generation: state.userKey.generation, boxPublicKey: toHex(state.userKey.boxPublicKey), stale: state.userKey.stale },
    moved: state.moved ?? null, heads: log.heads(), head: log.head(),
    voided: log.entries().filter(({ id }) => state.standing(id) === 'voided').map(({ id }) => id)
  }
}

/** Entries of branches grown apart from one base, in causal order. */
function merge(suite: Suite, base: IdentityLog, branches: readonly ((log: IdentityLog) => void)[]): IdentityLog {
  const merged = copyIdentityLog(suite, base)
  for (const grow of branches) {
    const branch = copyIdentityLog(suite, base)
    grow(branch)
    for (const { bytes } of branch.entries()) merged.add(bytes)
  }
  return merged
}

function logs(suite: Suite, { root, devices }: Cast): object {
  const [a, b, c, d] = devices as [DeviceSecret, DeviceSecret, DeviceSecret, DeviceSecret]
  const base = createIdentityLog(suite, root.genesis)
  for (const device of [a, b, c]) appendDevice(suite, base, root, device, { manage: true })
  const lone = createIdentityLog(suite, root.genesis)
  appendDevice(suite, lone, root, a, { manage: true })
  appendDevice(suite, lone, a, b, { manage: true })
  const revoke = (signer: DeviceSecret | RootSecret, target: DeviceSecret) => (log: IdentityLog): void => { appendRevocation(suite, log, signer, target.device) }
  const histories: [string, IdentityLog][] = [
    ['every kind in one line', merge(suite, lone, [log => {
      const key = appendUserKey(suite, seededRandom('u1'), log, a)
      revoke(a, b)(log)
      appendUserKey(suite, seededRandom('u2'), log, a, key)
      appendRevokeAll(suite, log, root)
      appendDevice(suite, log, root, d, { manage: false })
      appendMoved(suite, log, root, rootOf(suite, createPhrase(seededRandom('successor'))))
    }])],
    ['a revocation voids what the device signed concurrently', merge(suite, base, [log => { appendDevice(suite, log, a, d, { manage: true }) }, revoke(root, a)])],
    ['a revocation spares what it knew of', merge(suite, base, [log => { appendDevice(suite, log, a, d, { manage: true }); revoke(root, a)(log) }])],
    ['duel, paths unequal: the shorter stands', merge(suite, lone, [revoke(a, b), revoke(b, a)])],
    ['duel, paths equal: the lower device stands', merge(suite, base, [revoke(a, b), revoke(b, a)])],
    ['duel, the root against the senior', merge(suite, lone, [revoke(a, b), revoke(b, a), revoke(root, a)])],
    ['circle of three', merge(suite, base, [revoke(a, b), revoke(b, c), revoke(c, a)])],
    ['revokeAll and a concurrent enrolment', merge(suite, base, [log => { appendDevice(suite, log, a, d, { manage: true }) }, log => { appendRevokeAll(suite, log, root) }])],
    ['concurrent user keys of one generation: the later lamport counts', merge(suite, base, [
      log => { appendUserKey(suite, seededRandom('k1'), log, a) }, log => { revoke(b, c)(log); appendUserKey(suite, seededRandom('k2'), log, b) }
    ])]
  ]
  return {
    title: 'Identity logs and what they say',
    rules: 'ID4, ID5, ID7, ID12; in any order of arrival',
    valid: histories.map(([note, log]) => ({ note, log: toHex(encodeIdentityLog(log)), entries: log.entries().map(({ id, lamport, body }) => ({ id, kind: body.kind, lamport })), state: stateOf(log) })),
    refuse: refusedEntries(suite, { root, devices })
  }
}

function refusedEntries(suite: Suite, { root, devices }: Cast): object[] {
  const [a, b] = devices as [DeviceSecret, DeviceSecret]
  const log = createIdentityLog(suite, root.genesis)
  const base = toHex(encodeIdentityLog(log))
  const enrol = (caps: number, proofCaps = caps): IdentityBody => ({
    kind: 'addDevice', device: a.device, boxPublicKey: a.boxPublicKey, caps, name: null, proof: proveEnrolment(suite, a.signingKey, root.user, a.boxPublicKey, proofCaps)
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
    { note: 'version 2', log: base, entry: toHex(encodeCbor(items.map((item, at) => (at === 0 ? 2 : item)))), rule: 'ID4' },
    { note: 'unknown kind', log: base, entry: toHex(encodeCbor(items.map((item, at) => (at === 2 ? 6 : item)))), rule: 'ID4' },
    { note: 'genesis as an entry', log: base, entry: toHex(encodeCbor(items.map((item, at) => (at === 2 ? 0 : item)))), rule: 'ID4' },
    { note: 'lamport does not follow', log: base, entry: toHex(sign(enrol(1), { lamport: 2 })), rule: 'ID4' },
    { note: 'of another identity', log: base, entry: toHex(sign({ kind: 'revokeAll' }, { user: idFromBytes('u', fill(1)) })), rule: 'ID4' },
    { note: 'no parents', log: base, entry: toHex(sign(enrol(1), { parents: [] })), rule: 'ID4' },
    { note: 'consent to other capabilities', log: base, entry: toHex(sign(enrol(1, 0))), rule: 'ID4' },
    { note: 'device key of small order', log: base, entry: toHex(sign({ ...enrol(1), device: idFromBytes('d', fill(0)) } as IdentityBody)), rule: 'CR5' },
    { note: 'signed by a stranger', log: base, entry: toHex(sign(enrol(1), {}, b.signingKey)), rule: 'ID5' },
    { note: 'signed by a device that may not manage', log: logOf(withA), entry: toHex(sign({ kind: 'revokeDevice', device: b.device }, later, a.signingKey)), rule: 'ID5' },
    { note: 'enrolled before', log: logOf(withA), entry: toHex(sign(enrol(1), later)), rule: 'ID4' },
    { note: 'user key generation 0 after none', log: base, entry: toHex(encodeCbor([...items.slice(0, 2), 4, ...items.slice(3, 6), [0, fill(1, 16), fill(2), fill(3), null], items[7] as CborValue])), rule: 'ID4' },
    { note: 'not CBOR', log: base, entry: 'ff', rule: 'ID4' }
  ]
}

function certificates(suite: Suite, { root, devices }: Cast): object {
  const [a, b, c] = devices as [DeviceSecret, DeviceSecret, DeviceSecret]
  const log = createIdentityLog(suite, root.genesis)
  appendDevice(suite, log, root, a, { manage: true })
  appendDevice(suite, log, a, b, { manage: false })
  const bare = createCredential(log, b.device)
  appendUserKey(suite, seededRandom('certificate'), log, a)
  const keyed = createCredential(log, a.device)
  const list = decodeCbor(bare)
  const items = (list.ok ? list.value : []) as readonly CborValue[]
  const path = items[2] as readonly Uint8Array[]
  const withPath = (of: readonly CborValue[]): string => toHex(encodeCbor([items[0] as CborValue, items[1] as CborValue, of, items[3] as CborValue, null]))
  const userKeyProof = createIdentityProof(log, log.head())
  appendRevocation(suite, log, a, b.device)
  const revocation = createRevocation(log, b.device) as Uint8Array
  const cAsUnmanaged = signEntry(suite, b.signingKey, {
    user: root.user, parents: log.heads(), lamport: 9,
    body: { kind: 'addDevice', device: c.device, boxPublicKey: c.boxPublicKey, caps: 0, name: null, proof: proveEnrolment(suite, c.signingKey, root.user, c.boxPublicKey, 0) }
  })
  return {
    title: 'Device certificates, revocations, proofs of entries',
    rules: 'ID6, ID9',
    certificates: [
      { certificate: toHex(bare), user: root.user, device: b.device, boxPublicKey: toHex(b.boxPublicKey), manage: false, userKey: null },
      { certificate: toHex(keyed), user: root.user, device: a.device, boxPublicKey: toHex(a.boxPublicKey), manage: true, userKey: 1 }
    ],
    refuseCertificates: [
      { note: 'path without its first step', certificate: withPath(path.slice(1)), rule: 'ID6' },
      { note: 'path reversed', certificate: withPath([...path].reverse()), rule: 'ID6' },
      { note: 'no path', certificate: withPath([]), rule: 'ID6' },
      { note: 'an enrolment signed by a device that may not manage', certificate: withPath([...path, cAsUnmanaged]), rule: 'ID6' },
      { note: 'an enrolment altered', certificate: withPath([path[0] as Uint8Array, flipLast(path[1] as Uint8Array)]), rule: 'ID4' },
      { note: 'version 2', certificate: toHex(encodeCbor([2, ...items.slice(1)])), rule: 'ID6' }
    ],
    revocations: [{ proof: toHex(revocation), user: root.user, device: b.device }],
    proofs: [{ proof: toHex(userKeyProof), user: root.user, kind: 'userKey' }],
    refuseRevocations: [
      { note: 'of another device', proof: toHex(revocation), device: a.device, rule: 'ID9' },
      { note: 'an entry that revokes nothing', proof: toHex(userKeyProof), device: b.device, rule: 'ID9' },
      { note: 'altered', proof: toHex(flipLast(revocation)), device: b.device, rule: 'ID4' }
    ]
  }
}

function sealed(suite: Suite): object {
  const random = seededRandom('account')
  const account = createAccount(suite, random, AT, { deviceName: 'laptop' })
  const root = rootOf(suite, account.phrase)
  const password = 'correct horse battery'
  const store = createKeyStore(suite, random, AT, keyStoreContents(account, [['note', Uint8Array.of(1)]]), {
    password: { text: password, cost: PASSWORD_COST_LOW_MEMORY }, keyFile: fill(9), recoveryPublicKey: root.genesis.recoveryPublicKey
  })
  const list = decodeCbor(store.bytes)
  const items = (list.ok ? list.value : []) as CborValue[]
  const altered = (at: number, value: CborValue): string => toHex(encodeCbor(items.map((item, index) => (index === at ? value : item))))
  const slot = (items[6] as CborValue[][])[0] as CborValue[]
  const withSlot = (at: number, value: CborValue): string => altered(6, [slot.map((item, index) => (index === at ? value : item))])
  const backup = sealBackup(suite, random, root, {
    log: encodeIdentityLog(account.log), servers: [{ server: idFromBytes('s', fill(1)), addresses: ['/ip4/127.0.0.1/tcp/4001'] }],
    userKeys: account.userKeys, contacts: [{ user: idFromBytes('u', fill(2)), name: 'Grace' }], extensions: []
  })
  const profile = signProfile(suite, account.user, account.device, { revision: 1, name: 'Ada', inboxSecret: fill(3) })
  return {
    title: 'Account, key store, backup, profile, safety number',
    rules: 'ID7, ID8, ID11, ID13, KS1 to KS5, KS7, KS10',
    account: {
      phrase: account.phrase, user: account.user, device: account.device.device, signSeed: toHex(account.device.signSeed), boxSecret: toHex(account.device.boxSecret),
      log: toHex(encodeIdentityLog(account.log)), userKeySeed: toHex(account.userKeys[0]?.seed ?? fill(0)), deviceName: 'laptop', certificate: toHex(account.credential)
    },
    keyStore: { bytes: toHex(store.bytes), password, keyFile: toHex(fill(9)), masterKey: toHex(store.masterKey), epoch: 1, created: AT, slots: [1, 2, 3] },
    refuseKeyStores: [
      { note: 'wrong password', bytes: toHex(store.bytes), password: 'wrong password', rule: 'KS5' },
      { note: 'mac altered', bytes: altered(9, flipLast(items[9] as Uint8Array)), password, rule: 'KS5' },
      { note: 'epoch lowered', bytes: altered(5, 0), password, rule: 'KS5' },
      { note: 'payload altered', bytes: altered(8, flipLast(items[8] as Uint8Array)), password, rule: 'KS5' },
      { note: 'cut short', bytes: toHex(store.bytes.subarray(0, -1)), password, rule: 'KS1' },
      { note: 'another magic', bytes: altered(0, 'xcord-kt'), password, rule: 'KS1' },
      { note: 'version 2', bytes: altered(1, 2), password, rule: 'KS10' },
      { note: '4 TiB of memory', bytes: withSlot(3, 4_294_967_295), password, rule: 'KS3' },
      { note: '17 passes', bytes: withSlot(4, 17), password, rule: 'KS3' },
      { note: 'two lanes', bytes: withSlot(5, 2), password, rule: 'KS3' },
      { note: 'one pass at 19 MiB', bytes: withSlot(4, 1), password, rule: 'KS3' },
      { note: 'no password slot', bytes: altered(6, [(items[6] as CborValue[])[2] as CborValue]), password, rule: 'KS2' }
    ],
    backup: { bytes: toHex(backup), servers: 1, contacts: ['Grace'] },
    refuseBackups: [
      { note: 'altered', bytes: toHex(flipLast(backup)), rule: 'ID11' },
      { note: 'cut short', bytes: toHex(backup.subarray(0, -1)), rule: 'ID11' }
    ],
    profile: { bytes: toHex(profile), user: account.user, device: account.device.device, revision: 1, name: 'Ada' },
    refuseProfiles: [{ note: 'altered', bytes: toHex(flipLast(profile)), rule: 'ID13' }, { note: 'not CBOR', bytes: 'ff', rule: 'ID13' }],
    safety: [[fill(1), fill(2)], [fill(2), fill(1)], [fill(0), idToBytes(account.user)]].map(([one, two]) => {
      const [a, b] = [idFromBytes('u', one as Uint8Array), idFromBytes('u', two as Uint8Array)]
      return { a, b, number: safetyNumber(suite, a, b) }
    })
  }
}

/** Every file of the folder by name. */
export async function buildIdentityVectors(): Promise<Record<string, object>> {
  const suite = await createNodeSuite()
  const cast = castOf(suite)
  return { phrases: phrases(suite), logs: logs(suite, cast), certificates: certificates(suite, cast), sealed: sealed(suite) }
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(await buildIdentityVectors())) {
    await writeFile(new URL(`../../../docs/spec/vectors/identity/${name}.json`, import.meta.url), `${JSON.stringify(content, null, 1)}\n`)
  }
}
