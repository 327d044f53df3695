/** Every loss that accepted operations brought (EK8), so that keys made without knowing of it are found (EK9). */
import type { OperationId } from '../base/index.ts'
import type { Loss } from './contract.ts'
import type { Entry } from './entry.ts'
import { fallenLosses, lossesOf, strikerOf } from './losses.ts'
import type { Membership } from './view.ts'

export class LossBook {
  readonly #kept: { readonly entry: Entry; readonly losses: readonly Loss[] }[] = []
  readonly #find: (id: OperationId) => Entry | undefined

  constructor(find: (id: OperationId) => Entry | undefined) {
    this.#find = find
  }

  /** What an operation takes away by what it says, and by what fell with it. */
  note(entry: Entry, flips: readonly Entry[]): readonly Loss[] {
    const own = lossesOf(entry)
    if (own.length > 0) this.#kept.push({ entry, losses: own })
    const fallen = [...flips, entry].filter(each => !each.effective).flatMap(each => this.#fallenBy(each))
    return [...own, ...fallen]
  }

  /** Losses by the fall of a voided operation, kept with its striker: EK8 counts them even if the striker falls too. */
  #fallenBy(fallen: Entry): Loss[] {
    const striker = strikerOf(fallen, this.#find)
    if (striker === undefined) return []
    const losses = fallenLosses(fallen, striker)
    if (losses.length > 0) this.#kept.push({ entry: striker, losses })
    return losses
  }

  /** Those that some past does not hold. */
  outside(inside: Membership): readonly Loss[] {
    return this.#kept.flatMap(({ entry, losses }) => (inside(entry) ? [] : losses))
  }
}
