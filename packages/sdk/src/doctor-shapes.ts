/** How a peer is: what doctor says, what cannot be shown, what is not verified yet. */
import type { PeerJson } from './shapes.ts'

export interface DoctorCheckJson {
  readonly check:
    | 'store'
    | 'identity'
    | 'addresses'
    | 'bootstrap'
    | 'relay'
    | 'members'
    | 'forks'
    | 'snapshots'
    | 'clock'
    | 'unopened'
    | 'outbox'
    | 'keystore'
    | 'keychain'
    | 'budget'
  readonly ok: boolean
  readonly detail: string
  readonly cause?: string
  readonly remedy?: string
}

/** Something held that cannot be shown yet. */
export interface UnopenedJson {
  readonly id: string
  /** User id of its author; null while their device is not known. */
  readonly author: string | null
  /**
   * `key-unknown`: its key was not heard of. `key-asked`: members are asked for it. `before-you`: it is from before you
   * could read there. `operations`: what its author had seen is missing. `clock`: it claims a time far ahead.
   */
  readonly cause: 'key-unknown' | 'key-asked' | 'before-you' | 'operations' | 'clock'
}

export interface DoctorJson {
  readonly ok: boolean
  readonly addresses: readonly string[]
  readonly checks: readonly DoctorCheckJson[]
  readonly peers: readonly PeerJson[]
}

/** A member's snapshot by which a server is shown while its operations are fetched and replayed. */
export interface VerifyingJson {
  /** The operation that published it, and the user who signed that; null where the device is not known. */
  readonly snapshot: string
  readonly by: string | null
  /** Operations that are here, and those that it stands for. */
  readonly operations: number
  readonly of: number
}

/** A snapshot that somebody published and that the operations prove false. */
export interface FalseSnapshotJson {
  readonly server: string
  readonly operation: string
  readonly device: string
  readonly user: string | null
  /** What differs; null where this was found in an earlier run. */
  readonly reason: string | null
}

/** A message that was shown unverified and did not stand. */
export interface MessageWithdrawnJson {
  readonly server: string
  readonly channel: string
  readonly message: string
  /** Number of the rule that it broke; ND25 where what opens it never came. */
  readonly rule: string
  /** Who signed the snapshot that it was shown by, where that was false. */
  readonly by: string | null
}

/** An operation that stood, or was to, and that the rules set aside (AU18 to AU26). */
export interface OperationVoidJson {
  readonly operation: string
  readonly server: string
  readonly rule: string
  /** The rule in plain words: a clause without a full stop. */
  readonly reason: string
  /** The operation that did it. */
  readonly by: string | null
  /** This account's. */
  readonly own: boolean
}
