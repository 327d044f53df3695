/** What backups of profiles tell. */
import type { ServerId } from '@xcord/core'
import type { VerifiedServerJson, VerifyProblem } from './verify-types.ts'

/** A backup that was verified. */
export interface BackupJson {
  readonly identity: string
  readonly createdAt: string
  /** Nothing is wrong with what it holds. */
  readonly valid: boolean
  readonly records: number
  readonly servers: readonly VerifiedServerJson[]
  readonly problemCount: number
  readonly problems: readonly VerifyProblem[]
}

/** A profile that was restored. */
export interface RestoredJson {
  readonly identity: string
  /** The new device: a restored profile never goes on as the one that was backed up. */
  readonly device: string
  readonly name: string
  readonly createdAt: string
  readonly records: number
  readonly servers: readonly ServerId[]
}
