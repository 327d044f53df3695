/** AU12's table as the verifier reads it: one rule for each kind. */
import type { Case, Plan, Rules } from './plan.ts'
import { channels } from './rules-channels.ts'
import { members } from './rules-members.ts'
import { roles } from './rules-roles.ts'
import { selves } from './rules-selves.ts'
import { servers } from './rules-servers.ts'

const RULES: Rules = { ...members, ...roles, ...channels, ...selves, ...servers }

/** What a kind asks and does; undefined where its checks fail. */
export function planOf(at: Case): Plan | undefined {
  const { name, body } = at.op.what
  return name === 'genesis'
    ? undefined
    : (RULES[name] as (at: Case, body: unknown) => Plan | undefined)(at, body)
}
