import type { RuleId } from './verdict.ts'

/** A mistake of ours: stop and ask for a report. Never caused by a peer's bytes or the world. */
export class InvariantError extends Error {
  readonly rule: RuleId
  constructor(rule: RuleId, detail: string) {
    super(`XCord broke its own rule ${rule}${detail === '' ? '' : `: ${detail}`}. Please report this.`)
    this.name = 'InvariantError'
    this.rule = rule
  }
}

/** Asserts something that only a defect of ours can make false. */
export function invariant(condition: unknown, rule: RuleId, detail = ''): asserts condition {
  if (condition === false || condition === null || condition === undefined)
    throw new InvariantError(rule, detail)
}
