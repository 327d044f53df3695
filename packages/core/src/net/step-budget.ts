/** A token bucket (NT2): so many at once, so many a second. Pure; one value per peer and purpose. */

/** Size and refill of a bucket. */
export interface BudgetBounds {
  readonly burst: number
  readonly perSecond: number
}

/** Tokens left at a time. */
export interface Budget {
  readonly tokens: number
  readonly at: number
}

/** A full bucket. */
export function openBudget(bounds: BudgetBounds, at: number): Budget {
  return { tokens: bounds.burst, at }
}

/** Takes `cost` tokens if there are so many; else the budget only refills. A clock that went back refills nothing. */
export function spend(
  budget: Budget,
  bounds: BudgetBounds,
  at: number,
  cost = 1
): readonly [Budget, boolean] {
  const tokens = Math.min(
    bounds.burst,
    budget.tokens + (Math.max(0, at - budget.at) * bounds.perSecond) / 1000
  )
  return tokens >= cost ? [{ tokens: tokens - cost, at }, true] : [{ tokens, at }, false]
}
