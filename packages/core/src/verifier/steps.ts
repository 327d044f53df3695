/** The steps that a proof's operations give by themselves: each signed, permitted by its past, standing or struck (AU49). */
import type { RuleId } from '../base/index.ts'
import { compareAge, compareFate, type Fact, strengthText } from './cells.ts'
import type { Step } from './explanation.ts'
import type { Resolution, World } from './world.ts'

/** Steps in the making. */
export class Derivation {
  readonly steps: Step[] = []
  readonly #accepted = new Map<Fact, number>()
  readonly #fates = new Map<Fact, number>()

  add(
    rule: string,
    claim: readonly string[],
    subjects: readonly string[],
    because: readonly number[]
  ): number {
    this.steps.push({
      rule: rule as RuleId,
      claim,
      subjects,
      because: [...new Set(because)].sort((a, b) => a - b)
    })
    return this.steps.length - 1
  }

  accepted(facts: Iterable<Fact>): number[] {
    return [...facts].map(each => this.#accepted.get(each) as number)
  }

  fates(facts: Iterable<Fact>): number[] {
    return [...facts].map(each => this.#fates.get(each) as number)
  }

  /** AU2, AU14 and AU23 of every judged operation. */
  operations(world: World, at: Resolution): void {
    const facts = [...world.facts.values()]
    for (const fact of facts.sort(compareAge)) {
      const { op, known } = fact
      const signed = this.add('AU2', ['signed', op.what.name], [op.id], [])
      const supp = known.supp.flatMap(id => world.facts.get(id) ?? [])
      const claim = ['accepted', known.user, strengthText(known.strength)]
      const because = [signed, ...this.accepted(supp)]
      this.#accepted.set(fact, this.add('AU14', claim, [op.id, ...known.supp], because))
    }
    for (const fact of facts.sort(compareFate)) this.#fates.set(fact, this.#fate(world, at, fact))
  }

  #fate(world: World, at: Resolution, fact: Fact): number {
    const { op, known } = fact
    const fall = at.falls.get(op.id)
    const own = this.accepted([fact])
    if (fall !== undefined)
      return this.add(fall.rule, ['falls'], [op.id, fall.by.op.id], [...own, ...this.fates([fall.by])])
    const others = [...known.supp.flatMap(id => world.facts.get(id) ?? []), ...strikersOf(world, at, fact)]
    return this.add('AU23', ['stands'], [op.id], [...own, ...this.fates(others)])
  }
}

/** Who in the set would strike a fact. */
export function strikersOf(world: World, at: Resolution, fact: Fact): Fact[] {
  return (world.attackers.get(fact) ?? [])
    .map(each => each.from)
    .filter(each => (at.mask & world.bit(each)) !== 0n)
}
