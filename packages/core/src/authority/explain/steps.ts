/** The steps that operations give by themselves: each signed, permitted by its past, standing or struck (AU49). */
import type { RuleId } from '../../base/index.ts'
import type { Step } from '../../verifier/index.ts'
import { compareAge, compareFate } from '../attack.ts'
import type { Entry } from '../entry.ts'
import { causeOf } from '../fate.ts'
import { type Strength } from '../strength.ts'
import type { View } from '../view.ts'

/** A strength as claims have it. */
function strengthText(strength: Strength): string {
  if (strength[0] === '0') return 'self'
  const rest = strength.slice(1)
  return strength[0] === '2' ? `owner:${Number.parseInt(rest, 16)}` : `position:${rest}`
}

/** Ids of entries, each once, ascending. */
export function idsOf(entries: Iterable<Entry>): string[] {
  return [...new Set([...entries].map(each => each.op.id))].sort()
}

/** Steps in the making. */
export class StepList {
  readonly steps: Step[] = []
  readonly #accepted = new Map<Entry, number>()
  readonly #fates = new Map<Entry, number>()

  /** Adds a step and gives its index. */
  add(
    rule: RuleId,
    claim: readonly string[],
    subjects: readonly string[],
    because: Iterable<number>
  ): number {
    this.steps.push({ rule, claim, subjects, because: [...new Set(because)].sort((a, b) => a - b) })
    return this.steps.length - 1
  }

  /** Where the operations were said to be permitted. */
  accepted(entries: Iterable<Entry>): number[] {
    return [...entries].map(each => this.#accepted.get(each) as number)
  }

  /** Where the operations were said to stand, or to fall. */
  fates(entries: Iterable<Entry>): number[] {
    return [...entries].map(each => this.#fates.get(each) as number)
  }

  /** AU2, AU14 and AU23 for every operation, in an order where what is relied on comes first. */
  operations(view: View, facts: Iterable<Entry>): void {
    const entries = [...facts]
    for (const entry of entries.sort(compareAge)) {
      const { op, body, known, supp } = entry
      const signed = this.add('AU2', ['signed', body.name], [op.id], [])
      const claim = ['accepted', known.user, strengthText(known.strength)]
      const because = [signed, ...this.accepted(supp)]
      this.#accepted.set(entry, this.add('AU14', claim, [op.id, ...idsOf(supp)], because))
    }
    for (const entry of entries.sort(compareFate)) this.#fates.set(entry, this.#fate(view, entry))
  }

  #fate(view: View, entry: Entry): number {
    const own = this.accepted([entry])
    const cause = view.isEffective(entry) ? undefined : causeOf(entry, view)
    if (cause?.by !== undefined) {
      const by = view.ledger.entry(cause.by)
      return this.add(cause.rule, ['falls'], [entry.op.id, by.op.id], [...own, ...this.fates([by])])
    }
    const strikers = entry.attackers.map(each => each.from).filter(each => view.has(each))
    return this.add('AU23', ['stands'], [entry.op.id], [...own, ...this.fates([...entry.supp, ...strikers])])
  }
}
