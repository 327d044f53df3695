/**
 * What a key ring remembers: records, keys, seeds, and who was granted or refused what. Changed only by
 * `ring-add.ts`; everything else reads.
 */
import type {
  ChannelId,
  DeviceId,
  KeyId,
  OperationId,
  RecordId,
  RoleId,
  ServerId,
  UserId
} from '../base/index.ts'
import type { AuthorityLog, Loss } from '../authority/index.ts'
import type { SecretKey, SigningKey, Suite } from '../crypto/index.ts'
import type {
  AuthorFacts,
  HeldInvite,
  KeyRecord,
  KeyRecordBody,
  KeyScope,
  OwnUserKey,
  RecordStanding
} from './contract.ts'
import type { RidIndex } from './readers.ts'

/** Bodies that announce a key. */
export type KeyBody = Extract<KeyRecordBody, { kind: 'bucket' | 'role' | 'epoch' }>
/** Bodies that grant one. */
export type GrantBody = Extract<KeyRecordBody, { kind: 'grant' }>

/** Bodies that hand older topics on. */
export type TopicsBody = Extract<KeyRecordBody, { kind: 'topics' }>

/** One record in the ring. */
export interface Held<B extends KeyRecordBody = KeyRecordBody> {
  readonly record: KeyRecord & { readonly body: B }
  readonly receivedAt: number
  /** EK12, once it is final. */
  standing?: RecordStanding
  /** What its author had seen, once it was asked. */
  facts?: AuthorFacts | undefined
}

/** One key: every record that announces it. */
export interface KeyEntry {
  readonly keyId: KeyId
  readonly scope: KeyScope
  readonly records: Held<KeyBody>[]
  /** Messages seen under it since it was loaded (EK11). */
  messages: number
  /** Newest seq counted of each author, so that opening again counts nothing. */
  readonly counted: Map<string, number>
}

/** A seed that was opened and checked. */
export interface OpenedSeed {
  readonly scope: KeyScope
  readonly seed: SecretKey
}

/** Losses by frontier, of frontiers inside a snapshot. */
export interface Pinned {
  /** Of the snapshot. */
  readonly heads: readonly OperationId[]
  readonly losses: ReadonlyMap<string, readonly Loss[]>
}

export interface RingState {
  readonly suite: Suite
  readonly server: ServerId
  readonly log: AuthorityLog
  readonly user: UserId
  readonly device: DeviceId
  readonly signingKey: SigningKey
  userKeys: readonly OwnUserKey[]
  invites: readonly HeldInvite[]
  readonly records: Map<RecordId, Held>
  readonly keys: Map<KeyId, KeyEntry>
  /** Keys by scope. */
  readonly scopes: Map<string, KeyEntry[]>
  readonly grants: Map<KeyId, Held<GrantBody>[]>
  /** The same by key and recipient. */
  readonly granted: Map<string, Held<GrantBody>[]>
  /** cannotOpen by key: the accounts that asked. */
  readonly asked: Map<KeyId, Set<DeviceId>>
  /** Older topics by the @everyone key they are sealed under (EK16). */
  readonly handedTopics: Map<KeyId, Held<TopicsBody>[]>
  readonly seeds: Map<KeyId, OpenedSeed>
  /** Verified links: a key to the older ones it opens (EK15). */
  readonly links: Map<KeyId, Set<KeyId>>
  /** Records by the role or bucket keys they are sealed to. */
  readonly sealedTo: Map<KeyId, Held<KeyBody>[]>
  /** Records of a device whose frontier was not known when they came. */
  readonly waiting: Map<DeviceId, Set<RecordId>>
  readonly rids: RidIndex
  /** What was kept for frontiers inside the snapshot that the log began with. */
  readonly pins: Pinned | undefined
  /** EK12 of one record. */
  readonly judge: (held: Held) => RecordStanding
  /** Grows with every change here; with the log's count it dates caches. */
  version: number
  /** Grows with those changes from which other topics may follow: all but grants and questions. */
  topicsVersion: number
  /** Keys that got a record or grant, and those heard of for the first time, since what is kept of answers was told. */
  readonly fresh: Set<KeyId>
  readonly announced: Set<KeyId>
  /** Grows when something is taken back that was taken in: what follows from it is forgotten. */
  upheavals: number
}

/** A scope as a map key. */
export function scopeKey(scope: KeyScope): string {
  if (scope.kind === 'epoch') return scope.channel
  return scope.kind === 'role' ? scope.role : `${scope.role}/${scope.index}`
}

export const bucketScope = (role: RoleId, index: number): Extract<KeyScope, { kind: 'bucket' }> => ({
  kind: 'bucket',
  role,
  index
})
export const roleScope = (role: RoleId): KeyScope => ({ kind: 'role', role })
export const epochScope = (channel: ChannelId): KeyScope => ({ kind: 'epoch', channel })

/** The scope a record announces a key for. */
export function scopeOf(body: KeyBody): KeyScope {
  if (body.kind === 'epoch') return epochScope(body.channel)
  return body.kind === 'role' ? roleScope(body.role) : { kind: 'bucket', role: body.role, index: body.index }
}

/** Every key of a scope that is known by some record. */
export function keysOf(state: RingState, scope: KeyScope): readonly KeyEntry[] {
  return state.scopes.get(scopeKey(scope)) ?? []
}

/** Highest lamport value among an entry's frontiers: EK10's order. */
export function lamportOf(state: RingState, entry: KeyEntry): number {
  return Math.max(...entry.records.map(each => heldLamport(state, each)))
}

/** Highest lamport value in a record's frontier. */
export function heldLamport(state: RingState, held: Held): number {
  return held.facts?.lamport ?? state.log.lamportOf(held.record.frontier)
}

/** When this device first saw the key, ms. */
export function firstSeen(entry: KeyEntry): number {
  return Math.min(...entry.records.map(each => each.receivedAt))
}

/** A date for caches: nothing that answers depend on changes without it. */
export function stamp(state: RingState): string {
  return `${state.log.count()}/${state.version}`
}
