/** Exports for vectors and tests: one small server, and a file put together by hand, as another team would. */
import { createHash } from 'node:crypto'
import { idAs, idFromBytes, idToBytes } from '../src/base/index.ts'
import { draftBan, draftKick, draftRoleCreate } from '../src/authority/index.ts'
import { signBytes, type Suite } from '../src/crypto/index.ts'
import { signKeyRecord } from '../src/e2ee/index.ts'
import { type CborValue, concatBytes, encodeCbor, utf8 } from '../src/encoding/index.ts'
import { type Envelope, encodeStub, linkAfter, sealEnvelope } from '../src/graph/index.ts'
import { type Account, signProfile } from '../src/identity/index.ts'
import { accountOf, foundServer, joinOf, makeInvite, START, type VectorSite } from './authority-stage.ts'
import { fill } from './vector-tools.ts'

export type RawBlock = readonly [type: number, body: Uint8Array]

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(
    createHash('sha256')
      .update(concatBytes([...parts]))
      .digest()
  )

export const MARK = concatBytes([utf8('xcord-server-export'), Uint8Array.of(1)])

export function rawBlock([type, body]: RawBlock): Uint8Array {
  const head = new Uint8Array(5)
  head[0] = type
  new DataView(head.buffer).setUint32(1, body.length)
  return concatBytes([head, body])
}

/** SX7's digest of all blocks given. */
export function digestOf(blocks: readonly RawBlock[]): Uint8Array {
  return blocks.reduce((digest, each) => sha256(digest, rawBlock(each)), sha256(MARK))
}

export interface SealFields {
  readonly part?: number
  readonly operations?: number
  readonly stateHash?: Uint8Array
  readonly server?: Uint8Array
  readonly digest?: Uint8Array
}

/** A file of blocks; a seal is appended for each part that is asked for. */
export function fileOf(blocks: readonly RawBlock[]): Uint8Array {
  return concatBytes([MARK, ...blocks.map(rawBlock)])
}

export interface ArchiveStage {
  readonly suite: Suite
  readonly site: VectorSite
  readonly ada: Account
  readonly grace: Account
  readonly mallory: Account
  /** Blocks of the state part without its seal. */
  readonly state: readonly RawBlock[]
  /** Blocks of the content part without its end. */
  readonly content: readonly RawBlock[]
  readonly envelopes: readonly Envelope[]
  header(flags: number): RawBlock
  seal(who: Account, before: readonly RawBlock[], fields?: SealFields): RawBlock
}

/** Ada founds, grace joins, a role is made, mallory joins and is put out. */
export function archiveStage(suite: Suite): ArchiveStage {
  const [ada, grace, mallory] = ['ada', 'grace', 'mallory'].map(name => accountOf(suite, name)) as [
    Account,
    Account,
    Account
  ]
  const site = foundServer(suite, ada)
  const invite = makeInvite(site, ada, 'open')
  site.act(grace, joinOf(site, grace, invite))
  site.act(mallory, joinOf(site, mallory, invite))
  const other = site.copy()
  site.act(
    ada,
    draftRoleCreate({ name: 'crew', permissions: ['ManageMessages'], color: 0, position: fill(8, 1) })
  )
  site.act(ada, draftBan(mallory.user, 'spam'))
  // Concurrent with the ban: two heads, and a fork of her device (AU39), which an export holds like anything else.
  other.act(ada, draftKick(mallory.user, 'noise'))
  site.merge(other)
  const { log } = site
  const operations = [...log.operations()].sort((a, b) => a.lamport - b.lamport || (a.id < b.id ? -1 : 1))
  const profiles = [ada, grace]
    .sort((a, b) => (a.user < b.user ? -1 : 1))
    .map(each =>
      signProfile(suite, each.user, each.device, { revision: 1, name: each === ada ? 'Ada' : 'Grace' })
    )
  const header = (flags: number): RawBlock => [1, encodeCbor([1, idToBytes(log.server), flags])]
  const state: readonly RawBlock[] = [
    header(0),
    ...operations.map(each => [2, each.bytes] as const),
    ...log.heads().map(each => [3, idToBytes(each)] as const),
    ...profiles.map(each => [4, each] as const)
  ]
  const seal = (who: Account, before: readonly RawBlock[], fields: SealFields = {}): RawBlock => {
    const part = fields.part ?? 0
    const items: CborValue[] = [
      1,
      fields.server ?? idToBytes(log.server),
      part,
      fields.operations ?? operations.length,
      fields.stateHash ?? log.state().hash(),
      START + 1_000_000,
      idToBytes(who.device.device),
      fields.digest ?? digestOf(before)
    ]
    const sig = signBytes(suite, who.device.signingKey, 'export', encodeCbor(items))
    return [part === 0 ? 5 : 10, encodeCbor([...items, sig])]
  }
  const records = [7, 9]
    .map(
      each =>
        signKeyRecord(suite, grace.device.signingKey, {
          server: log.server,
          frontier: log.heads(),
          body: { kind: 'cannotOpen', keyId: idFromBytes('e', fill(each, 16)) }
        }).bytes
    )
    .sort(Buffer.compare)
  const envelopes: Envelope[] = []
  for (let seq = 1; seq <= 3; seq++) {
    envelopes.push(
      sealEnvelope(suite, {
        type: 1,
        tag: fill(4, 16),
        keyRef: fill(5, 16),
        link: linkAfter(envelopes.at(-1)),
        nonce: fill(seq, 24),
        signingKey: grace.device.signingKey,
        key: fill(3),
        server: log.server,
        channel: idAs('c', log.server),
        payload: utf8(`message ${seq}`)
      })
    )
  }
  const [first, second, third] = envelopes as [Envelope, Envelope, Envelope]
  const content: readonly RawBlock[] = [
    ...records.map(each => [6, each] as const),
    [7, idToBytes(grace.device.device)],
    [8, first.bytes],
    [9, encodeStub(second)],
    [8, third.bytes]
  ]
  return { suite, site, ada, grace, mallory, state, content, envelopes, header, seal }
}
