/**
 * Verdicts: what is said of a peer's bytes. A value, never an exception (architecture: "theirs, the
 * world's, ours").
 */

/** Number of a rule in docs/spec, such as `AU7`. */
export type RuleId =
  `${'AT' | 'AU' | 'BN' | 'CR' | 'DB' | 'DM' | 'EK' | 'EN' | 'GR' | 'ID' | 'IV' | 'KS' | 'ND' | 'NT' | 'ST' | 'SX' | 'SY' | 'TL' | 'VX'}${number}`

/** A refusal, with the rule that was broken and a sentence for people. Never holds secrets or content. */
export interface Refusal {
  readonly ok: false
  readonly rule: RuleId
  readonly reason: string
}

/** Either a value or the rule that refused it. */
export type Verdict<T> = { readonly ok: true; readonly value: T } | Refusal

/** Accepts. */
export function accept<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

/** Refuses under a rule. */
export function refuse(rule: RuleId, reason: string): Refusal {
  return { ok: false, rule, reason }
}
