/** What verification of a profile tells. */
import type { ServerId } from '@xcord/core'
import type { ProfileProblemCode } from '@xcord/core/node'

/** Codes of ND41; those of the folder itself among them. Stable. */
export type VerifyCode =
  | ProfileProblemCode
  | 'keystore-missing'
  | 'keystore-damaged'
  | 'keystore-newer'
  | 'keystore-exposed'
  | 'account-damaged'
  | 'database-missing'
  | 'log-damaged'
  | 'table-damaged'
  | 'backup-damaged'

/** One thing that is wrong. */
export interface VerifyProblem {
  readonly code: VerifyCode
  /** The server it is about, where it is one's and that can be told. */
  readonly server: ServerId | null
  /** A sentence: places, no content. */
  readonly detail: string
}

/** A server of a verified profile. */
export interface VerifiedServerJson {
  readonly id: ServerId
  readonly operations: number
  readonly keyRecords: number
  readonly envelopes: number
  readonly messages: number
  /** Hex; null where its operations make no state. */
  readonly stateHash: string | null
}

/** What `verifyProfile` found. */
export interface VerifyJson {
  /** Nothing is wrong with what was looked at. */
  readonly valid: boolean
  /** Its password was not given: only what lies in the clear was looked at. */
  readonly locked: boolean
  /** False where so much does not read that what builds on it was not looked at; never true while locked. */
  readonly complete: boolean
  readonly records: number
  readonly servers: readonly VerifiedServerJson[]
  /** All of them; `problems` tells the first 1,000. */
  readonly problemCount: number
  readonly problems: readonly VerifyProblem[]
}
