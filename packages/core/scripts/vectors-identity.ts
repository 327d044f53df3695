/** Writes docs/spec/vectors/identity from fixed seeds: `node --conditions=xcord-source packages/core/scripts/vectors-identity.ts`. */
import { writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idFromBytes, idToBytes } from '../src/base/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../src/encoding/index.ts'
import {
  appendDevice,
  appendRevocation,
  appendUserKey,
  createAccount,
  createCredential,
  createIdentityLog,
  createIdentityProof,
  createKeyStore,
  createPhrase,
  createRevocation,
  type DeviceSecret,
  encodeIdentityLog,
  type KeyStore,
  keyStoreContents,
  PASSWORD_COST_LOW_MEMORY,
  proveEnrolment,
  safetyNumber,
  sealBackup,
  setKeychainSlot,
  signEntry,
  signProfile
} from '../src/identity/index.ts'
import { fill, flipLast, rootOf, seededRandom, toHex } from './vector-tools.ts'
import { links } from './vectors-link.ts'
import { buildLogVectors, type Cast, castOf } from './vectors-identity-logs.ts'

const AT = 1_764_000_000_000

function phrases(suite: Suite): object {
  const valid = [
    `${'abandon '.repeat(23)}art`,
    `${'zoo '.repeat(23)}vote`,
    createPhrase(seededRandom('phrase'))
  ]
  return {
    title: 'Recovery phrase, root keys, genesis, user id',
    rules: 'ID1, ID2',
    valid: valid.map(phrase => {
      const root = rootOf(suite, phrase)
      return {
        phrase,
        rootPublicKey: toHex(root.signingKey.publicKey),
        recoverySecret: toHex(root.recoverySecret),
        recoveryPublicKey: toHex(root.genesis.recoveryPublicKey),
        backupKey: toHex(root.backupKey),
        genesis: toHex(root.genesis.bytes),
        user: root.user
      }
    }),
    refuse: [
      { note: '23 words', phrase: 'abandon '.repeat(23).trim(), rule: 'ID1' },
      { note: 'a word outside the list', phrase: `abandom ${'abandon '.repeat(22)}art`, rule: 'ID1' },
      { note: 'checksum', phrase: 'abandon '.repeat(24).trim(), rule: 'ID1' }
    ],
    refuseGenesis: [
      {
        note: 'version 2',
        genesis: toHex(
          rootOf(suite, valid[0] as string).genesis.bytes.map((byte, at) => (at === 1 ? 2 : byte))
        ),
        rule: 'ID2'
      },
      {
        note: 'root key of small order',
        genesis: toHex(encodeCbor([1, 1, fill(0), fill(1), []])),
        rule: 'CR5'
      },
      {
        note: 'a further key in suite 1',
        genesis: toHex(
          encodeCbor([1, 1, rootOf(suite, valid[0] as string).signingKey.publicKey, fill(1), [fill(2)]])
        ),
        rule: 'ID2'
      }
    ]
  }
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
  const withPath = (of: readonly CborValue[]): string =>
    toHex(encodeCbor([items[0] as CborValue, items[1] as CborValue, of, items[3] as CborValue, null]))
  const userKeyProof = createIdentityProof(log, log.head())
  appendRevocation(suite, log, a, b.device)
  const revocation = createRevocation(log, b.device) as Uint8Array
  const cAsUnmanaged = signEntry(suite, b.signingKey, {
    user: root.user,
    parents: log.heads(),
    lamport: 9,
    body: {
      kind: 'addDevice',
      device: c.device,
      boxPublicKey: c.boxPublicKey,
      caps: 0,
      name: null,
      proof: proveEnrolment(suite, c.signingKey, root.user, c.boxPublicKey, 0)
    }
  })
  return {
    title: 'Device certificates, revocations, proofs of entries',
    rules: 'ID6, ID9',
    certificates: [
      {
        certificate: toHex(bare),
        user: root.user,
        device: b.device,
        boxPublicKey: toHex(b.boxPublicKey),
        manage: false,
        userKey: null
      },
      {
        certificate: toHex(keyed),
        user: root.user,
        device: a.device,
        boxPublicKey: toHex(a.boxPublicKey),
        manage: true,
        userKey: 1
      }
    ],
    refuseCertificates: [
      { note: 'path without its first step', certificate: withPath(path.slice(1)), rule: 'ID6' },
      { note: 'path reversed', certificate: withPath([...path].reverse()), rule: 'ID6' },
      { note: 'no path', certificate: withPath([]), rule: 'ID6' },
      {
        note: 'an enrolment signed by a device that may not manage',
        certificate: withPath([...path, cAsUnmanaged]),
        rule: 'ID6'
      },
      {
        note: 'an enrolment altered',
        certificate: withPath([path[0] as Uint8Array, flipLast(path[1] as Uint8Array)]),
        rule: 'ID4'
      },
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

/** KS11: the same store with a keychain's slot; who finds what in the keychain. */
function keychained(suite: Suite, store: KeyStore): object {
  const given = setKeychainSlot(suite, seededRandom('keychain'), store, fill(10))
  return {
    bytes: toHex(given.bytes),
    account: toHex(given.id),
    key: toHex(fill(10)),
    masterKey: toHex(given.masterKey),
    epoch: given.epoch,
    slots: given.slots,
    refuse: [
      { note: 'another key', bytes: toHex(given.bytes), key: toHex(fill(11)), rule: 'KS5' },
      { note: "the key file's", bytes: toHex(given.bytes), key: toHex(fill(9)), rule: 'KS5' },
      { note: 'no such slot', bytes: toHex(store.bytes), key: toHex(fill(10)), rule: 'KS2' }
    ]
  }
}

function sealed(suite: Suite): object {
  const random = seededRandom('account')
  const account = createAccount(suite, random, AT, { deviceName: 'laptop' })
  const root = rootOf(suite, account.phrase)
  const password = 'correct horse battery'
  const store = createKeyStore(suite, random, AT, keyStoreContents(account, [['note', Uint8Array.of(1)]]), {
    password: { text: password, cost: PASSWORD_COST_LOW_MEMORY },
    keyFile: fill(9),
    recoveryPublicKey: root.genesis.recoveryPublicKey
  })
  const list = decodeCbor(store.bytes)
  const items = (list.ok ? list.value : []) as CborValue[]
  const altered = (at: number, value: CborValue): string =>
    toHex(encodeCbor(items.map((item, index) => (index === at ? value : item))))
  const slot = (items[6] as CborValue[][])[0] as CborValue[]
  const withSlot = (at: number, value: CborValue): string =>
    altered(6, [slot.map((item, index) => (index === at ? value : item))])
  const backup = sealBackup(suite, random, root, {
    log: encodeIdentityLog(account.log),
    servers: [{ server: idFromBytes('s', fill(1)), addresses: ['/ip4/127.0.0.1/tcp/4001'] }],
    userKeys: account.userKeys,
    contacts: [{ user: idFromBytes('u', fill(2)), name: 'Grace' }],
    extensions: []
  })
  const profile = signProfile(suite, account.user, account.device, {
    revision: 1,
    name: 'Ada',
    inboxSecret: fill(3)
  })
  return {
    title: 'Account, key store, backup, profile, safety number',
    rules: 'ID7, ID8, ID11, ID13, KS1 to KS5, KS7, KS10, KS11',
    account: {
      phrase: account.phrase,
      user: account.user,
      device: account.device.device,
      signSeed: toHex(account.device.signSeed),
      boxSecret: toHex(account.device.boxSecret),
      log: toHex(encodeIdentityLog(account.log)),
      userKeySeed: toHex(account.userKeys[0]?.seed ?? fill(0)),
      deviceName: 'laptop',
      certificate: toHex(account.credential)
    },
    keyStore: {
      bytes: toHex(store.bytes),
      password,
      keyFile: toHex(fill(9)),
      masterKey: toHex(store.masterKey),
      epoch: 1,
      created: AT,
      slots: [1, 2, 3]
    },
    keychain: keychained(suite, store),
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
      {
        note: 'no password slot',
        bytes: altered(6, [(items[6] as CborValue[])[2] as CborValue]),
        password,
        rule: 'KS2'
      }
    ],
    backup: { bytes: toHex(backup), servers: 1, contacts: ['Grace'] },
    refuseBackups: [
      { note: 'altered', bytes: toHex(flipLast(backup)), rule: 'ID11' },
      { note: 'cut short', bytes: toHex(backup.subarray(0, -1)), rule: 'ID11' }
    ],
    profile: {
      bytes: toHex(profile),
      user: account.user,
      device: account.device.device,
      revision: 1,
      name: 'Ada'
    },
    refuseProfiles: [
      { note: 'altered', bytes: toHex(flipLast(profile)), rule: 'ID13' },
      { note: 'not CBOR', bytes: 'ff', rule: 'ID13' }
    ],
    safety: [
      [fill(1), fill(2)],
      [fill(2), fill(1)],
      [fill(0), idToBytes(account.user)]
    ].map(([one, two]) => {
      const [a, b] = [idFromBytes('u', one as Uint8Array), idFromBytes('u', two as Uint8Array)]
      return { a, b, number: safetyNumber(suite, a, b) }
    })
  }
}

/** Every file of the folder by name. */
export async function buildIdentityVectors(): Promise<Record<string, object>> {
  const suite = await createNodeSuite()
  const cast = castOf(suite)
  return {
    phrases: phrases(suite),
    logs: buildLogVectors(suite, cast),
    certificates: certificates(suite, cast),
    sealed: sealed(suite),
    links: links(suite)
  }
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(await buildIdentityVectors())) {
    await writeFile(
      new URL(`../../../docs/spec/vectors/identity/${name}.json`, import.meta.url),
      `${JSON.stringify(content, null, 1)}\n`
    )
  }
}
