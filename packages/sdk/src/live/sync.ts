/** Sync as applications see it. */
import type { BudgetReport, LiveEvent, Node } from '@xcord/core/node'
import type { SyncBudgetJson, SyncControl, SyncProgressJson } from '../sync-types.ts'

/** Budget and progress of a node. */
export function syncControl(node: Node): SyncControl {
  return {
    status: () => ({
      budget: budgetJson(node.line.report()),
      servers: node.line.progress().map(progressJson)
    }),
    setBudget: async budget => await node.line.setBudget(budget)
  }
}

/** What `sync:progress` carries. */
export function progressJson({
  type: _,
  budget,
  ...rest
}: Extract<LiveEvent, { readonly type: 'sync:progress' }>): SyncProgressJson {
  return { bytes: 0, channels: [], ...rest, budget: budgetJson(budget ?? null) }
}

function budgetJson(report: BudgetReport | null): SyncBudgetJson | null {
  if (report === null) return null
  const { resumesAt } = report
  return { ...report, resumesAt: resumesAt === null ? null : new Date(resumesAt).toISOString() }
}
