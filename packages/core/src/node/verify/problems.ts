/** What can be wrong with a profile (ND41): stable codes, for people, scripts and tests. */
import type { ServerId } from '../../base/index.ts'

/** Codes of `ProfileProblem`. What each means stands in docs/spec/node.md. */
export const PROFILE_PROBLEM_CODES = [
  'record-damaged',
  'record-newer',
  'record-older',
  'record-unknown',
  'record-orphaned',
  'header-damaged',
  'header-missing',
  'header-newer',
  'header-older',
  'store-unreadable',
  'server-unloadable',
  'snapshot-damaged',
  'operation-missing',
  'operation-invalid',
  'key-record-missing',
  'key-record-invalid',
  'key-missing',
  'envelope-invalid',
  'envelope-misplaced',
  'envelope-unsigned',
  'envelope-missing',
  'chain-missing',
  'chain-differs',
  'waiting-missing',
  'waiting-orphaned',
  'message-missing',
  'message-orphaned',
  'order-missing',
  'order-orphaned',
  'act-missing',
  'outbox-ahead',
  'delivery-orphaned',
  'events-overlap'
] as const
export type ProfileProblemCode = (typeof PROFILE_PROBLEM_CODES)[number]

/** One thing that is wrong. Names places and never content. */
export interface ProfileProblem {
  readonly code: ProfileProblemCode
  /** The server it is about; null where it is none's, or cannot be told. */
  readonly server: ServerId | null
  readonly detail: string
}

/** What was found in one server. */
export interface VerifiedServer {
  readonly server: ServerId
  readonly operations: number
  readonly keyRecords: number
  readonly envelopes: number
  readonly messages: number
  /** Hash of the state that its operations make; null where they do not. */
  readonly stateHash: Uint8Array | null
}

/** What `verifyProfile` found. */
export interface ProfileReport {
  readonly records: number
  readonly servers: readonly VerifiedServer[]
  /** All, counted. */
  readonly problemCount: number
  /** The first 1,000. */
  readonly problems: readonly ProfileProblem[]
  /** False where so much does not read that what builds on it was not looked at. */
  readonly complete: boolean
}

/** Problems told in full; the rest is only counted. */
const PROBLEMS_TOLD_MAX = 1_000

/** Gathers what is found. */
export class Findings {
  readonly problems: ProfileProblem[] = []
  count = 0

  add(code: ProfileProblemCode, server: ServerId | null, detail: string): void {
    this.count++
    if (this.problems.length < PROBLEMS_TOLD_MAX) this.problems.push({ code, server, detail })
  }
}
