/**
 * Identity's public shapes (ID, KS): who signs, what an identity log says, what the key store holds.
 *
 * Secrets are non-enumerable properties (CR8): they do not appear in JSON, logs or spreads.
 */
import type { DeviceId, IdentityEntryId, UserId, Verdict } from '../base/index.ts'
import type { SecretKey, SigningKey } from '../crypto/index.ts'
import type { CborValue } from '../encoding/index.ts'

/** ID2: what names a person for ever. */
export interface Genesis {
  readonly user: UserId
  readonly rootPublicKey: Uint8Array
  readonly recoveryPublicKey: Uint8Array
  /** The tuple as encoded; its labelled hash is the user id. */
  readonly bytes: Uint8Array
}

/** What the phrase gives (ID1), alive only while it is being used: no device keeps it. */
export interface RootSecret {
  readonly user: UserId
  readonly genesis: Genesis
  readonly signingKey: SigningKey
  /** X25519 secret of the recovery box. Non-enumerable. */
  readonly recoverySecret: SecretKey
  /** Key of the backup file (ID11). Non-enumerable. */
  readonly backupKey: SecretKey
}

/** A device's own keys (ID3): made here, never exported except into the sealed key store. */
export interface DeviceSecret {
  readonly device: DeviceId
  readonly signingKey: SigningKey
  /** DBK's public half. */
  readonly boxPublicKey: Uint8Array
  /** DBK, X25519. Non-enumerable. */
  readonly boxSecret: SecretKey
  /** DSK's 32-byte Ed25519 seed, also the libp2p key's. Non-enumerable. */
  readonly signSeed: SecretKey
}

/** One generation of the user key (ID7), opened. */
export interface UserKey {
  readonly generation: number
  readonly keyId: Uint8Array
  /** UBK, X25519 public key. */
  readonly boxPublicKey: Uint8Array
  /** Its secret half. Non-enumerable. */
  readonly boxSecret: SecretKey
  /** u_g. Non-enumerable. */
  readonly seed: SecretKey
}

/** ID4: numbers on the wire. Genesis (0) is never signed as an entry. */
export const IdentityKind = {
  genesis: 0,
  addDevice: 1,
  revokeDevice: 2,
  revokeAll: 3,
  userKey: 4,
  moved: 5
} as const

/** The device may enrol and revoke others (ID4, ID5). */
export const CAPABILITY_MANAGE = 1

export interface AddDeviceBody {
  readonly kind: 'addDevice'
  readonly device: DeviceId
  readonly boxPublicKey: Uint8Array
  readonly caps: number
  /** Sealed name: generation ‖ nonce ‖ ciphertext; null where unnamed. */
  readonly name: Uint8Array | null
  /** The new device's `enrol` signature. */
  readonly proof: Uint8Array
}
export interface RevokeDeviceBody {
  readonly kind: 'revokeDevice'
  readonly device: DeviceId
}
export interface RevokeAllBody {
  readonly kind: 'revokeAll'
}
export interface UserKeyBody {
  readonly kind: 'userKey'
  readonly generation: number
  readonly keyId: Uint8Array
  readonly boxPublicKey: Uint8Array
  /** Lockboxes of kind 0 (EK3): by first 16 bytes of the device, zero for the recovery box. */
  readonly boxes: Uint8Array
  /** The generation before, sealed; null where its author knew none. */
  readonly back: Uint8Array | null
}
export interface MovedBody {
  readonly kind: 'moved'
  /** The successor's genesis. */
  readonly successor: Uint8Array
  /** By the successor's root. */
  readonly proof: Uint8Array
}
export type IdentityBody = AddDeviceBody | RevokeDeviceBody | RevokeAllBody | UserKeyBody | MovedBody

/** A signed entry of an identity log (ID4), its form and signature checked. */
export interface IdentityEntry {
  readonly id: IdentityEntryId
  readonly user: UserId
  /** Root public key or device key. */
  readonly signer: Uint8Array
  /** Ids of earlier entries; the genesis goes by the user id's bytes. */
  readonly parents: readonly IdentityEntryId[]
  readonly lamport: number
  readonly body: IdentityBody
  /** As received: what is stored and passed on. */
  readonly bytes: Uint8Array
}

export interface DeviceState {
  readonly device: DeviceId
  readonly boxPublicKey: Uint8Array
  readonly manage: boolean
  readonly name: Uint8Array | null
  /** The addDevice that counts. */
  readonly entry: IdentityEntryId
  readonly active: boolean
  /** Standing revocations, lowest id first; empty unless revoked. */
  readonly revokedBy: readonly IdentityEntryId[]
}

export interface UserKeyState {
  readonly generation: number
  readonly keyId: Uint8Array
  readonly boxPublicKey: Uint8Array
  readonly entry: IdentityEntryId
  /** A standing revocation outside its past is known (ID7). */
  readonly stale: boolean
}

/** What a set of entries says (ID5): the same for the same set, whatever the order of arrival. */
export interface IdentityState {
  readonly user: UserId
  /** Every device that was ever validly added, by ascending id. */
  readonly devices: readonly DeviceState[]
  /** Every standing generation, ascending; the last is current. */
  readonly userKeys: readonly UserKeyState[]
  readonly userKey: UserKeyState | undefined
  readonly moved: UserId | undefined
  device(device: DeviceId): DeviceState | undefined
  /** A standing revocation names or covers it, whether or not its enrolment is known here. */
  isRevoked(device: DeviceId): boolean
  /** Whether an entry stands, or was voided by a revocation. Undefined where unknown. */
  standing(entry: IdentityEntryId): 'effective' | 'voided' | undefined
}

export type IdentityAdd =
  | {
      readonly kind: 'accepted'
      readonly entry: IdentityEntry
      /** Orphans placed with it. */ readonly released: readonly IdentityEntry[]
    }
  | { readonly kind: 'known'; readonly entry: IdentityEntry }
  | { readonly kind: 'orphan'; readonly entry: IdentityEntry; readonly missing: readonly IdentityEntryId[] }

/** One person's log: a deterministic machine without clock, chance or I/O. */
export interface IdentityLog {
  readonly user: UserId
  readonly genesis: Genesis
  /** Bytes of a stranger's entry: decoded, verified, placed. Refusals name the rule. */
  add(bytes: Uint8Array): Verdict<IdentityAdd>
  get(id: IdentityEntryId): IdentityEntry | undefined
  has(id: IdentityEntryId): boolean
  /** Accepted entries in an order that respects pasts: (lamport, id). */
  entries(): readonly IdentityEntry[]
  heads(): readonly IdentityEntryId[]
  /** Newest entry: highest lamport, then lowest id; the genesis in an empty log. */
  head(): IdentityEntryId
  missing(): readonly IdentityEntryId[]
  state(): IdentityState
  /** addDevice entries from the root down to the device, the shortest standing path; undefined if not enrolled. */
  pathTo(device: DeviceId): readonly IdentityEntry[] | undefined
  /** Whether `entry` lies in the past of `of` (an entry is not in its own past). */
  precedes(entry: IdentityEntryId, of: IdentityEntryId): boolean
}

/** What a device certificate proves (ID6). */
export interface Credential {
  readonly user: UserId
  readonly device: DeviceId
  /** DBK. */
  readonly deviceBoxPublicKey: Uint8Array
  readonly genesis: Genesis
  /** addDevice entries from the root down. */
  readonly path: readonly IdentityEntry[]
  readonly manage: boolean
  /** Newest entry its holder knew. */
  readonly head: IdentityEntryId
  /** Newest user key its holder knew; vouched for by whatever signs the certificate's carrier. */
  readonly userKey?: { readonly generation: number; readonly boxPublicKey: Uint8Array }
  readonly bytes: Uint8Array
}

/** A revocation that a server accepts as the body of device.revoke (ID9). */
export interface Revocation {
  readonly user: UserId
  /** The device, or 'all': every device enrolled without knowing of it. */
  readonly target: DeviceId | 'all'
  readonly entry: IdentityEntry
}

/** Everything a node needs to act for a person on this device; made anew, or read from the key store. */
export interface Account {
  readonly user: UserId
  readonly log: IdentityLog
  readonly device: DeviceSecret
  /** Generations opened so far, ascending; the last is the one to use. Never empty. */
  readonly userKeys: readonly UserKey[]
  /** Certificate of this device (ID6), naming the newest head and user key. */
  readonly credential: Uint8Array
  /** When this device was made, ms since the Unix epoch. */
  readonly created: number
}

/** An account just made: the phrase is shown once and kept nowhere. */
export interface NewAccount extends Account {
  /** 24 words. Non-enumerable. */
  readonly phrase: string
}

/** ID13. */
export interface Profile {
  readonly user: UserId
  readonly device: DeviceId
  /** Grows by each change; the highest (n, device) counts. */
  readonly revision: number
  readonly name: string
  /** AT3's tuple, read by blobs; null for none. */
  readonly avatar: CborValue
  /** 32 bytes that admit to the inbox; null for none. Non-enumerable. */
  readonly inboxSecret: Uint8Array | null
  readonly bytes: Uint8Array
}

/** Cost of turning a password into a key (KS3). */
export interface PasswordCost {
  readonly memoryKiB: number
  readonly passes: number
}

/** What the key store's sealed part holds. The phrase is not kept. */
export interface KeyStoreContents {
  /** The whole identity log, as `encodeIdentityLog` writes it. */
  readonly log: Uint8Array
  readonly device: DeviceSecret
  /** Every generation opened, ascending. */
  readonly userKeys: readonly UserKey[]
  /** When this device was made, ms since the Unix epoch. */
  readonly created: number
  /** Rows [key, value] sorted by key, for layers above (such as a locally kept server list). */
  readonly extensions: readonly (readonly [key: string, value: Uint8Array])[]
}

/** How to open a key store: one of the slots of KS2. */
export type KeyStoreUnlock =
  | { readonly password: string }
  | { readonly keyFile: Uint8Array }
  | { readonly keychain: Uint8Array }
  | { readonly recoverySecret: SecretKey }

/** Slots to write; at least one. */
export interface KeyStoreLocks {
  readonly password?: { readonly text: string; readonly cost?: PasswordCost }
  /** 32 random bytes kept in a file of mode 0600. */
  readonly keyFile?: Uint8Array
  /** The genesis' recovery key, so that the phrase opens the file too. */
  readonly recoveryPublicKey?: Uint8Array
}

/** An open key store. */
export interface KeyStore {
  readonly id: Uint8Array
  readonly created: number
  /** Grows with each write (KS1, KS9). */
  readonly epoch: number
  /** Numbers of the slots present. */
  readonly slots: readonly number[]
  /** Non-enumerable. */
  readonly contents: KeyStoreContents
  /** The file or record as it is to be written. */
  readonly bytes: Uint8Array
  /** MK. Non-enumerable. */
  readonly masterKey: SecretKey
}

/** Keys of the database (KS7). */
export interface DatabaseKeys {
  /** Seals values. */
  readonly value: SecretKey
  /** HMAC key of names and ids within one table. */
  index(table: string): SecretKey
}
