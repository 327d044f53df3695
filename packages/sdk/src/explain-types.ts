/** Public types of explanations: why somebody may do something, why an operation or a message counts. */
import type { ChannelId, OperationId, PermissionName } from '@xcord/core'
import type { Channel, Member } from './types.ts'

/** What can be asked. */
export type ExplainQuestion =
  | {
      readonly permission: PermissionName
      readonly member: Member
      /** The server as a whole unless told. */
      readonly channel?: Channel | { readonly id: ChannelId }
      /** For timeouts; now unless told. */
      readonly at?: Date
    }
  | { readonly operation: OperationId }
  /** A message held here, hidden or not. */
  | { readonly message: string }

export interface ExplainOptions {
  /** Puts every operation into the proof, judged: nothing is left to be refuted by what is not in it. Default false. */
  readonly complete?: boolean
}

/** One step: by this rule of the specification, this is so of these, because of those steps before it. */
export interface ExplanationStepJson {
  /** Such as `AU19`. */
  readonly rule: string
  readonly claim: readonly string[]
  readonly subjects: readonly string[]
  readonly because: readonly number[]
}

/** What is saved, sent to others and verified by anybody. */
export interface ExplanationJson {
  readonly version: 1
  readonly server: string
  readonly question: Readonly<Record<string, unknown>>
  readonly allowed: boolean
  /** Such as `granted`, `masked`, `void` or `hidden`: docs/spec/authority.md has them all. */
  readonly code: string
  readonly frontier: readonly string[]
  readonly steps: readonly ExplanationStepJson[]
  /** Signed operations, base64url. */
  readonly proof: readonly string[]
  readonly completeness: {
    readonly kind: 'closure' | 'slice'
    readonly judged: number
    readonly links: number
  }
}

/** An answer in words, with the names that are known here. */
export interface ToldJson {
  readonly answer: string
  readonly steps: readonly string[]
  readonly proof: string
}

/** An answer with all that led to it. */
export interface Explained {
  readonly allowed: boolean
  readonly code: string
  readonly steps: readonly ExplanationStepJson[]
  readonly completeness: ExplanationJson['completeness']
  readonly told: ToldJson
  toJSON(): ExplanationJson
}

/** What a proof is found to show. */
export interface VerifiedJson {
  readonly server: string
  readonly allowed: boolean
  readonly code: string
  readonly completeness: ExplanationJson['completeness']
  readonly told: ToldJson
}
