/** What a ring remembers of records and frontiers once it was asked (EK12, EK20). */
import type { ChannelId, KeyId, OperationId, RecordId, RuleId } from '../base/index.ts'
import type { Loss } from '../authority/index.ts'

/** EK12's answer. `waiting`: operations or earlier keys it names are missing here. */
export type RecordStanding =
  | { readonly kind: 'valid' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'invalid'; readonly rule: RuleId; readonly reason: string }

/** What a record's author had seen, as far as keys ask for it; it never changes (EK9). */
export interface AuthorFacts {
  /** Highest in its frontier. */
  readonly lamport: number
  /** Of an epoch: its channel. */
  readonly channel: {
    readonly known: boolean
    /** To every member. */
    readonly open: boolean
    /** Itself, and what it hangs on. */
    readonly chain: readonly ChannelId[]
  }
  /** Of a key of a role: channels that the role, held alone, let one view (EK16). */
  readonly views: readonly ChannelId[]
  /** Of a key: our own account could read then, or held the role (EK15). */
  readonly mine: boolean
  /** Boxes, by rid, for user keys of which their owner had a newer one. */
  readonly outdated: readonly KeyId[]
}

/**
 * What a ring keeps beside a snapshot of authority, so that it needs no state inside it (EK20): what each record was
 * judged as, and what its author had seen; and the losses outside the frontiers that keys and invites rest on.
 */
export interface RingPins {
  readonly heads: readonly OperationId[]
  readonly records: readonly {
    readonly id: RecordId
    /** Absent where it still waits for a key. */
    readonly standing?: RecordStanding
    readonly facts?: AuthorFacts
  }[]
  readonly losses: readonly { readonly frontier: readonly OperationId[]; readonly losses: readonly Loss[] }[]
}
