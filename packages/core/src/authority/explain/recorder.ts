/** A state that notes which operations it was read from: what a proof has to hold (AU50). */
import type { InviteId, OperationId, RoleId, ServerId, UserId } from '../../base/index.ts'
import { assignmentCell, memberCell, OWNER_CELL } from '../cell.ts'
import type { Entry } from '../entry.ts'
import type { Judged, StateReader, Winner } from '../reader.ts'
import type { View } from '../view.ts'

export class Recorder implements StateReader {
  readonly server: ServerId
  readonly view: View
  readonly #note: (entry: Entry) => void

  /** @param note - Hears of every operation that an answer was read from. */
  constructor(view: View, note: (entry: Entry) => void) {
    this.view = view
    this.server = view.server
    this.#note = note
  }

  #cell(key: string): void {
    for (const each of this.view.standing(key)) this.#note(each)
  }

  winner(cell: string): Winner | undefined {
    this.#cell(cell)
    return this.view.winner(cell)
  }

  liveJoins(user: UserId): readonly OperationId[] {
    this.#cell(OWNER_CELL)
    this.#cell(memberCell(user))
    for (const each of this.view.standing(memberCell(user)))
      for (const join of each.known.carries ?? []) this.#note(this.view.ledger.entry(join))
    return this.view.liveJoins(user)
  }

  assigned(join: OperationId): Iterable<RoleId> {
    return [...this.view.assigned(join)].filter(role => {
      const cell = assignmentCell(join, role)
      this.#cell(cell)
      return this.view.standing(cell).length > 0
    })
  }

  unbans(user: UserId): readonly OperationId[] {
    const ids = this.view.unbans(user)
    for (const id of ids) this.#note(this.view.ledger.entry(id))
    return ids
  }

  uses(invite: InviteId): number {
    return this.view.uses(invite)
  }

  lookup(id: OperationId): Judged | undefined {
    const found = this.view.lookup(id)
    if (found !== undefined) this.#note(this.view.ledger.entry(id))
    return found
  }

  isEffective(id: OperationId): boolean {
    return this.view.isEffective(id)
  }

  isCovered(a: OperationId, b: OperationId): boolean {
    return this.view.isCovered(a, b)
  }
}
