/**
 * The rules read straight from the page: every past a set, every state computed from nothing. Slow, and the
 * oracle that the live log is tested against (AU-P10).
 */
import {
  idAs,
  type InviteId,
  type OperationId,
  refuse,
  type Refusal,
  type RoleId,
  type ServerId,
  type UserId
} from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import { attackRule, compareAge, compareFate } from './attack.ts'
import { memberCell, MEMBER_IN, OWNER_CELL } from './cell.ts'
import type { AuthorityDeps } from './deps.ts'
import { isRaised } from './kinds/plan-server.ts'
import { decodeBody } from './kinds/table.ts'
import { mergeWrites, writeTo } from './merge.ts'
import type { Judged, StateReader, Winner } from './reader.ts'
import { citedBy, placeFault } from './structure.ts'
import { validate, validateGenesis } from './validate.ts'

/** What the oracle says of a set of operations. */
export interface BatchResult {
  readonly judged: ReadonlyMap<OperationId, Judged>
  readonly rejected: ReadonlyMap<OperationId, Refusal>
  readonly effective: ReadonlySet<OperationId>
  /** State of everything accepted. */
  readonly reader: StateReader
  /** State of a frontier's past. */
  readerAt(frontier: readonly OperationId[]): StateReader
  readonly cells: ReadonlySet<string>
}

class Batch {
  readonly judged = new Map<OperationId, Judged>()
  readonly rejected = new Map<OperationId, Refusal>()
  /** What stood in each operation's past. */
  readonly #stood = new Map<OperationId, ReadonlySet<OperationId>>()
  readonly pasts = new Map<OperationId, ReadonlySet<OperationId>>()
  readonly #deps: AuthorityDeps
  readonly #server: ServerId

  constructor(deps: AuthorityDeps, server: ServerId) {
    this.#deps = deps
    this.#server = server
  }

  isCovered = (a: OperationId, b: OperationId): boolean => a === b || this.pasts.get(b)?.has(a) === true

  /** Union of the pasts of ids, and the ids. */
  closure(ids: readonly OperationId[]): Set<OperationId> {
    const out = new Set<OperationId>()
    for (const id of ids) {
      out.add(id)
      for (const each of this.pasts.get(id) ?? []) out.add(each)
    }
    return out
  }

  /** Judges one operation whose cited operations were all seen. */
  add(op: Operation): void {
    const past = this.closure(citedBy(op))
    const refusal = this.#judge(op, past)
    if (refusal !== undefined) this.rejected.set(op.id, refusal)
    else this.pasts.set(op.id, past)
  }

  #judge(op: Operation, past: ReadonlySet<OperationId>): Refusal | undefined {
    if (citedBy(op).some(id => !this.judged.has(id))) return refuse('AU9', 'cites what is not accepted')
    if (op.server !== this.#server) return refuse('AU1', "another server's operation")
    const stood = this.resolve(past)
    const reader = this.reader(past, stood)
    if (isRaised(reader)) return refuse('AU7', 'stands on a newer protocol')
    const kind = decodeBody(op.kind, op.body)
    if (!kind.ok) return kind
    const genesis = op.id === idAs('o', this.#server)
    const place = genesis
      ? undefined
      : placeFault(op, {
          operation: id => this.judged.get(id)?.op,
          isCovered: this.isCovered,
          hasOwnOutsideChain: () =>
            [...past].some(
              id =>
                this.judged.get(id)?.op.device === op.device &&
                (op.prev === null || !this.isCovered(id, op.prev))
            )
        })
    if (place !== undefined) return place
    const known = genesis
      ? validateGenesis(this.#deps, op, kind.value)
      : validate(this.#deps, op, kind.value, reader)
    if (!known.ok) return known
    this.#stood.set(op.id, stood)
    this.judged.set(op.id, { op, body: kind.value, known: known.value })
    return undefined
  }

  /** AU19–AU23 and AU26 over a closed set. */
  resolve(set: ReadonlySet<OperationId>): Set<OperationId> {
    const members = [...set].map(id => this.judged.get(id) as Judged).sort(compareFate)
    const effective = new Set<OperationId>()
    const uses = new Map<InviteId, number>()
    for (const each of members) {
      if (each.known.supp.some(id => !effective.has(id))) continue
      if (members.some(other => effective.has(other.op.id) && this.#attacks(other, each))) continue
      const { limited } = each.known
      if (limited !== undefined) {
        const used = uses.get(limited.invite) ?? 0
        if (used >= limited.maxUses) continue
        uses.set(limited.invite, used + 1)
      }
      effective.add(each.op.id)
    }
    return effective
  }

  #attacks(attacker: Judged, target: Judged): boolean {
    if (attacker === target || this.#stood.get(target.op.id)?.has(attacker.op.id) === true) return false
    const relation = this.isCovered(target.op.id, attacker.op.id) ? 'past' : 'unreckoned'
    return attackRule(attacker, target, relation, (a, b) => this.isCovered(a.op.id, b)) !== undefined
  }

  /** State of a closed set. */
  reader(
    set: ReadonlySet<OperationId>,
    effective: ReadonlySet<OperationId> = this.resolve(set)
  ): StateReader {
    const standing = [...effective].map(id => this.judged.get(id) as Judged)
    const undominated = (all: readonly Judged[]): Judged[] =>
      all.filter(a => !all.some(b => a !== b && this.isCovered(a.op.id, b.op.id)))
    const memo = new Map<string, readonly Judged[]>()
    const writers = (cell: string): readonly Judged[] => {
      let found = memo.get(cell)
      if (found === undefined)
        memo.set(cell, (found = undominated(standing.filter(each => writeTo(each, cell) !== undefined))))
      return found
    }
    const winner = (cell: string): Winner | undefined => mergeWrites(cell, writers(cell))
    return {
      server: this.#server,
      winner,
      liveJoins: user => this.#liveJoins(user, writers(memberCell(user)), winner, effective),
      assigned: join => this.#assigned(set, join),
      unbans: user =>
        undominated(standing.filter(each => each.body.name === 'unban' && each.body.body.user === user))
          .map(each => each.op.id)
          .sort(),
      uses: invite =>
        standing.filter(each => each.body.name === 'join' && each.body.body.invite === invite).length,
      lookup: id => (set.has(id) ? this.judged.get(id) : undefined),
      isEffective: id => effective.has(id),
      isCovered: this.isCovered
    }
  }

  /** AU25. */
  #liveJoins(
    user: UserId,
    writers: readonly Judged[],
    winner: (cell: string) => Winner | undefined,
    effective: ReadonlySet<OperationId>
  ): readonly OperationId[] {
    const owner = winner(OWNER_CELL)?.by.known.owner?.user
    if (owner !== user && winner(memberCell(user))?.value !== MEMBER_IN) return []
    const out = new Set<OperationId>()
    for (const by of writers) {
      if (writeTo(by, memberCell(user))?.value !== MEMBER_IN) continue
      if (by.known.carries === undefined) out.add(by.op.id)
      else for (const join of by.known.carries) if (effective.has(join)) out.add(join)
    }
    return [...out].sort()
  }

  #assigned(set: ReadonlySet<OperationId>, join: OperationId): Set<RoleId> {
    const prefix = `asg|${join}|`
    const out = new Set<RoleId>()
    for (const id of set) {
      for (const write of (this.judged.get(id) as Judged).known.writes) {
        if (write.cell.startsWith(prefix)) out.add(write.cell.slice(prefix.length) as RoleId)
      }
    }
    return out
  }
}

/** Judges and resolves operations given in an order that respects pasts; the first is the genesis. */
export function resolveBatch(deps: AuthorityDeps, operations: readonly Operation[]): BatchResult {
  const batch = new Batch(deps, (operations[0] as Operation).server)
  for (const op of [...operations].sort((a, b) => compareAge({ op: a } as Judged, { op: b } as Judged)))
    batch.add(op)
  const all = new Set(batch.judged.keys())
  const cells = new Set<string>()
  for (const each of batch.judged.values()) for (const write of each.known.writes) cells.add(write.cell)
  return {
    judged: batch.judged,
    rejected: batch.rejected,
    effective: batch.resolve(all),
    reader: batch.reader(all),
    cells,
    readerAt: frontier => batch.reader(batch.closure(frontier))
  }
}
