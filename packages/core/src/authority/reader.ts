/** What validation reads of a state, and what it leaves behind: the same for the batch oracle and the live log. */
import type { DeviceId, InviteId, OperationId, RoleId, ServerId, UserId } from '../base/index.ts'
import type { CborValue } from '../encoding/index.ts'
import type { Operation } from '../graph/index.ts'
import type { KindBody } from './kinds/table.ts'
import type { Strength } from './strength.ts'

/** One value given to one cell. `denial` marks AU12's `⁻`. */
export interface Write {
  readonly cell: string
  readonly value: CborValue
  readonly denial: boolean
}

/** What validation found for ever (AU14–AU18): it depends on the operation's past alone. */
export interface Known {
  readonly user: UserId
  readonly strength: Strength
  /** Winning writers that the proof rests on (AU17). */
  readonly supp: readonly OperationId[]
  /** Cells whose denial strikes this operation (AU17). */
  readonly cells: readonly string[]
  readonly writes: readonly Write[]
  /** Set where the proof was ownership, and always in a transfer: the generation (AU21). */
  readonly generation?: number
  /** A genesis or transfer: who owns from here on, and in which generation. */
  readonly owner?: { readonly user: UserId; readonly generation: number }
  /** Whom a denial is aimed at: AU19's "R's target". */
  readonly target?: UserId
  /** device.revoke: the devices it strikes (AU22). */
  readonly revokes?: readonly DeviceId[]
  /** A transfer: the target's live joins, which it carries (AU25). */
  readonly carries?: readonly OperationId[]
  /** A join: the invite it used, if that is limited (AU26). */
  readonly limited?: { readonly invite: InviteId; readonly maxUses: number }
  /** A timeout: it strikes only what claims an earlier time (AU20). */
  readonly until?: number
}

/** An operation that validation accepted. */
export interface Judged {
  readonly op: Operation
  readonly body: KindBody
  readonly known: Known
}

/** A cell's value and the operation that gave it. */
export interface Winner {
  readonly value: CborValue
  readonly by: Judged
}

/** State of a causally closed set of operations, cell by cell. */
export interface StateReader {
  readonly server: ServerId
  /** The winner of AU24, or undefined for a cell nobody wrote. */
  winner(cell: string): Winner | undefined
  /** AU25. Ascending ids. */
  liveJoins(user: UserId): readonly OperationId[]
  /** Roles that some operation assigned to or took from this join; a superset of those held. */
  assigned(join: OperationId): Iterable<RoleId>
  /** Effective unbans of a user that no later effective unban of theirs follows: what a join after a ban rests on. */
  unbans(user: UserId): readonly OperationId[]
  /** Effective joins by an invite (AU26). */
  uses(invite: InviteId): number
  /** An operation of the set. */
  lookup(id: OperationId): Judged | undefined
  /** Whether an operation of the set stands in it. */
  isEffective(id: OperationId): boolean
  /** Whether `a` is `b` or in its past; both in the set. */
  isCovered(a: OperationId, b: OperationId): boolean
}
