/**
 * End-to-end encryption as the shell sees it (EK, EN6, IV): records of keys, the ring that holds them, plans
 * for new ones. Machines without clock, chance or I/O: time and `Random` are arguments, what must be stored
 * comes back as values.
 */
import type {
  ChannelId,
  DeviceId,
  InviteId,
  KeyId,
  OperationId,
  Random,
  RecordId,
  Refusal,
  RoleId,
  RuleId,
  ServerId,
  UserId
} from '../base/index.ts'
import type { AuthorityLog } from '../authority/index.ts'
import type { SecretKey, SigningKey, Suite } from '../crypto/index.ts'
import type { Envelope, EnvelopeStub, EnvelopeType } from '../graph/index.ts'
import type { KeyRoutes } from './key-routes.ts'
import type { Payload } from './payload.ts'
import type { RecordStanding, RingPins } from './ring-pins.ts'

export type { AuthorFacts, RecordStanding, RingPins } from './ring-pins.ts'

/** EK15: who reads what was sent before they came. */
export type HistoryMode =
  { readonly mode: 'all' } | { readonly mode: 'join' } | { readonly mode: 'window'; readonly days: number }

/** A seed under the key of the one that follows it (EK15). */
export interface BackLink {
  readonly keyId: KeyId
  /** 48 bytes. */
  readonly sealed: Uint8Array
}

/** The secret of an older topic under the @everyone key of after a cut (EK16). */
export interface TopicLink {
  /** 16 bytes: the topic's tag, by which the secret is checked. */
  readonly tag: Uint8Array
  /** 48 bytes. */
  readonly sealed: Uint8Array
}

/** EK1's six kinds. Lists are sorted and distinct; `boxes` is `E ‖ box…` (EK3). */
export type KeyRecordBody =
  | {
      readonly kind: 'bucket'
      readonly role: RoleId
      readonly k: number
      readonly index: number
      readonly keyId: KeyId
      readonly boxPublicKey: Uint8Array
      readonly after: readonly KeyId[]
      readonly boxes: Uint8Array
    }
  | {
      readonly kind: 'role'
      readonly role: RoleId
      readonly k: number
      readonly keyId: KeyId
      readonly boxPublicKey: Uint8Array
      readonly after: readonly KeyId[]
      readonly boxes: Uint8Array
      readonly back: readonly BackLink[]
      /** Of @everyone only (EK6). */
      readonly gatePublicKey: Uint8Array | null
      readonly topicBox: Uint8Array | null
    }
  | {
      readonly kind: 'epoch'
      readonly channel: ChannelId
      readonly keyId: KeyId
      readonly commit: Uint8Array
      readonly mode: HistoryMode
      readonly after: readonly KeyId[]
      readonly boxes: Uint8Array
      readonly back: readonly BackLink[]
    }
  | {
      readonly kind: 'grant'
      readonly keyId: KeyId
      readonly ephemeral: Uint8Array
      readonly box: Uint8Array
    }
  | { readonly kind: 'cannotOpen'; readonly keyId: KeyId }
  | { readonly kind: 'topics'; readonly keyId: KeyId; readonly topics: readonly TopicLink[] }

/** A key record whose form is right (EK1). */
export interface KeyRecord {
  readonly id: RecordId
  readonly server: ServerId
  readonly device: DeviceId
  readonly frontier: readonly OperationId[]
  readonly body: KeyRecordBody
  /** What the signature signs: the tuple before it. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  /** As received: what is stored and passed on. */
  readonly bytes: Uint8Array
}

/** What a key belongs to; part of its id (EK2). */
export type KeyScope =
  | { readonly kind: 'bucket'; readonly role: RoleId; readonly index: number }
  | { readonly kind: 'role'; readonly role: RoleId }
  | { readonly kind: 'epoch'; readonly channel: ChannelId }

/** A seed to keep, sealed at rest. `encodeStoredSeed` gives its bytes. */
export interface StoredSeed {
  readonly keyId: KeyId
  readonly scope: KeyScope
  /** 32 bytes. Non-enumerable (CR8). */
  readonly seed: SecretKey
}

/** A record to keep. */
export interface StoredKeyRecord {
  readonly bytes: Uint8Array
  /** When this device first saw it, ms: ages keys and retires topics. */
  readonly receivedAt: number
}

/** One generation of the own user key (ID7). */
export interface OwnUserKey {
  readonly generation: number
  readonly boxPublicKey: Uint8Array
  readonly boxSecret: SecretKey
}

/** An open invite whose secret is held (IV3): its box key opens @everyone keys. */
export interface HeldInvite {
  readonly invite: InviteId
  readonly boxPublicKey: Uint8Array
  readonly boxSecret: SecretKey
}

export interface KeyRingInit {
  readonly suite: Suite
  readonly server: ServerId
  readonly log: AuthorityLog
  readonly user: UserId
  readonly device: DeviceId
  readonly signingKey: SigningKey
  readonly userKeys: readonly OwnUserKey[]
  readonly invites?: readonly HeldInvite[]
  /** From storage. Loading opens no box: only these seeds are held until something new arrives. */
  readonly records?: readonly StoredKeyRecord[]
  readonly seeds?: readonly StoredSeed[]
  /** Of a log that begins with a snapshot: what was kept with it. */
  readonly pins?: RingPins
}

/** What a record did. */
export type KeyAddResult =
  | {
      readonly kind: 'accepted'
      readonly record: KeyRecord
      /** To be stored with the record. */
      readonly seeds: readonly StoredSeed[]
      /** The current topic is another than before: subscribe, publish its key records there too. */
      readonly topicChanged: boolean
    }
  | { readonly kind: 'known'; readonly id: RecordId }
  | { readonly kind: 'rejected'; readonly refusal: Refusal }

/** Why a key is not safe, for people and for tests. */
export type KeySafety =
  | { readonly safe: true }
  | { readonly safe: false; readonly rule: RuleId; readonly reason: string; readonly operation?: OperationId }

/** New keys: to be published and stored before the ring takes them in with `apply`. */
export interface KeyPlan {
  readonly records: readonly KeyRecord[]
  readonly seeds: readonly StoredSeed[]
  /** The plan draws a new topic: publish the records under the old topic and the new (EK17). */
  readonly newTopic: boolean
  /** Roles whose key it renews: where others may be doing the same, wait EK11's jitter before publishing. */
  readonly rotates: readonly RoleId[]
}

/** What planning says. `gather`: more than 16 leaves are open, a `gather` operation must come first (EK4). */
export type KeyPlanResult =
  | { readonly kind: 'plan'; readonly plan: KeyPlan }
  | { readonly kind: 'gather' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** The answer to "what do I send under". */
export type EpochChoice =
  | { readonly kind: 'key'; readonly keyId: KeyId }
  | { readonly kind: 'plan'; readonly keyId: KeyId; readonly plan: KeyPlan }
  | { readonly kind: 'gather' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** A topic as gossip and sync need it (EK17). */
export interface TopicKeys {
  readonly keyId: KeyId
  readonly topicSecret: SecretKey
  /** 16 bytes, in envelopes. */
  readonly tag: Uint8Array
  /** Gossip topic of shard 0. */
  readonly topic: string
  readonly topicKey: SecretKey
  /** Masks key ids in envelopes (EN2). */
  readonly maskKey: SecretKey
  /** Ed25519 seed and key of the gate (EK6). */
  readonly gatePublicKey: Uint8Array
  /** When it stopped being current, ms; null for the current one. */
  readonly retiredAt: number | null
}

/** Which key an envelope was sealed under. */
export type ResolvedKey =
  | { readonly kind: 'epoch'; readonly keyId: KeyId; readonly channel: ChannelId; readonly key: SecretKey }
  /** Type 3: the topic key. */
  | { readonly kind: 'topic'; readonly key: SecretKey }
  /** None of the topics known. */
  | { readonly kind: 'foreign' }
  /** The record or its seed is not here yet: keep the envelope, ask for key records, send cannotOpen (EK14). */
  | { readonly kind: 'missing'; readonly keyId: KeyId }

/** What is missing of a key. */
export type KeyLack = 'unknown' | 'closed' | 'asked' | 'sealed'

/** A grant that is owed (EK14). */
export interface GrantDue {
  readonly keyId: KeyId
  readonly recipient: { readonly user: UserId; readonly generation: number } | { readonly invite: InviteId }
  readonly publicKey: Uint8Array
  /** Whether the account asked with cannotOpen. */
  readonly asked: boolean
}

/** A renewal that is owed (EK11). */
export interface RotationDue {
  readonly role: RoleId
  /** loss: somebody in it was removed. age: older than 30 days. */
  readonly cause: 'loss' | 'age'
  /** Whether this device may make the new key (EK12). */
  readonly mayRotate: boolean
}

/** A key as doctor and the UI show it; no secrets. */
export interface KeySummary {
  readonly keyId: KeyId
  readonly scope: KeyScope
  readonly opened: boolean
  readonly standing: RecordStanding
  readonly safety: KeySafety
  readonly lamport: number
  readonly receivedAt: number
  readonly messages: number
}

/** What to seal. */
export interface SealOptions {
  readonly random: Random
  readonly type: EnvelopeType
  readonly keyId: KeyId | 'topic'
  readonly link: { readonly seq: number; readonly prev: Uint8Array }
  readonly payload: Payload
  /** Topic to publish under; the current one unless told. */
  readonly topic?: TopicKeys
}

/** An envelope opened: its channel is proven by the key. */
export interface OpenedEnvelope {
  readonly keyId: KeyId | null
  /** Channel that the key belongs to. */
  readonly keyChannel: ChannelId
  /** The thread the payload names, else the key's channel; the server's id for meta and type 3. */
  readonly channel: ChannelId
  readonly payload: Payload
}

/** What came of opening. */
export type OpenResult =
  | { readonly kind: 'opened'; readonly opened: OpenedEnvelope }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'missing'; readonly keyId: KeyId }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** One server's keys on this device. */
export interface KeyRing extends KeyRoutes<KeyRecord> {
  readonly server: ServerId
  /** Takes a record: form and signature are checked, boxes tried at once (EK13). `at` is this device's clock. */
  add(bytes: Uint8Array, at: number): KeyAddResult
  /** Takes in what a plan made, after it was stored. */
  apply(plan: KeyPlan, at: number): readonly KeyAddResult[]
  has(id: RecordId): boolean
  get(id: RecordId): KeyRecord | undefined
  /** Every record held, in order of (lamport of frontier, id): for sync and for a topic change. */
  records(): readonly KeyRecord[]
  /** Records that newcomers to a topic need first: current heads of every scope and what they are sealed to. */
  headRecords(): readonly KeyRecord[]
  /** Tries unopened boxes again, with a new own user key or invite; new seeds are to be stored. */
  unlock(keys: {
    readonly userKeys?: readonly OwnUserKey[]
    readonly invites?: readonly HeldInvite[]
  }): readonly StoredSeed[]

  /** EK12. */
  standing(id: RecordId): RecordStanding
  /** EK9, against everything known here. */
  safety(keyId: KeyId): KeySafety
  isSafe(keyId: KeyId): boolean
  /** EK10: whether the key was safe in what a message's author knew; undefined where that is not known here. */
  wasSafe(keyId: KeyId, auth: readonly OperationId[]): boolean | undefined
  keys(): readonly KeySummary[]
  /** EK20: what a ring over a snapshot with these heads needs; they and all before them are known here. */
  pin(heads: readonly OperationId[]): RingPins

  /** EK10: the key to send under, or undefined where one has to be made. */
  chooseEpoch(channel: ChannelId, at: number): KeyId | undefined
  /** The key to send under, or the plan that makes it. */
  epochFor(random: Random, channel: ChannelId, at: number): EpochChoice
  /** EK11: role keys this view makes unsafe or old. */
  rotationsDue(at: number): readonly RotationDue[]
  /** EK11(1): new keys for every rotation due that this device may make. undefined plan: none. */
  planRotations(random: Random, at: number): KeyPlanResult
  /** A new key of @everyone, though the one in force is safe: for whoever came back and holds none (SX11). */
  planEveryone(random: Random): KeyPlanResult
  /** EK14. */
  grantsDue(at: number): readonly GrantDue[]
  /** EK15, EK16: whether this device would give a key to an account now. Entitlement is not asked. */
  mayGive(keyId: KeyId, user: UserId, at: number): boolean
  planGrants(random: Random, due: readonly GrantDue[]): KeyPlanResult
  /**
   * Why a key does not open anything here: no record of it, closed to us by EK15 or EK16, asked for already, or sealed
   * and not asked for yet. undefined: it is held.
   */
  lack(keyId: KeyId): KeyLack | undefined
  /** EK14: asks for a key that is sealed to us in vain; undefined for any other lack. */
  planCannotOpen(keyId: KeyId): KeyPlan | undefined

  /** EK17: the topic of the @everyone key in force; undefined until one is opened. */
  currentTopic(): TopicKeys | undefined
  /** Topics to be subscribed to at `at`: the current one, and those retired less than 24 h ago. */
  topics(at: number): readonly TopicKeys[]
  /** SY2: secrets to send hello tokens of, and all to recognise (≤ 32, newest first). */
  topicSecrets(): { readonly current: readonly SecretKey[]; readonly known: readonly SecretKey[] }
  topicOf(tag: Uint8Array): TopicKeys | undefined
  /**
   * Gate key of the current @everyone key, or of the gate that a node announces (EN12), to sign GateCerts with (EN11).
   * undefined: it was not opened.
   */
  gateKey(announced?: Uint8Array): SigningKey | undefined

  resolveKey(envelope: EnvelopeStub): ResolvedKey
  /** Seals and signs under an opened key. @throws RangeError for a key that is not held. */
  seal(options: SealOptions): Envelope
  /** Opens and decodes. Its signature must have been verified before (EN4). */
  open(envelope: Envelope): OpenResult
}

/** Refusals of an invite link that people can act on. */
export type LinkFault = 'garbled' | 'newer' | 'too-long'

/** What an invite link says (IV1). */
export interface InviteLink {
  readonly server: ServerId
  /** Checkpoint or, while there is none, the server's id. */
  readonly checkpoint: Uint8Array
  /** Joining waits for approval (IV4). */
  readonly approval: boolean
  /** 16 bytes. Non-enumerable. */
  readonly secret: SecretKey
  /** Multiaddrs as text, at most 8. */
  readonly addresses: readonly string[]
}

export type LinkVerdict =
  { readonly ok: true; readonly value: InviteLink } | (Refusal & { readonly fault: LinkFault })

/** Everything the secret of an invite gives (IV1). */
export interface InviteKeys {
  readonly signingKey: SigningKey
  readonly boxPublicKey: Uint8Array
  readonly boxSecret: SecretKey
  /** 32 bytes: where the package lies. */
  readonly address: Uint8Array
  readonly packageKey: SecretKey
}

/** The package a joiner fetches (IV2). */
export interface InvitePackage {
  readonly name: string
  /** The genesis operation as stored. */
  readonly genesis: Uint8Array
  readonly invite: InviteId
  readonly heads: readonly OperationId[]
  readonly addresses: readonly string[]
  readonly aclHead: Uint8Array | null
  /** Where to ask for approval (IV4). */
  readonly askPublicKey: Uint8Array | null
  /** Of open invites. */
  readonly topicSecret: SecretKey | null
}
