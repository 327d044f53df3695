/** Routes of a metered line: how far sync is, and what it may spend. */
import Type from 'typebox'
import { BUDGET_PERIOD_MS_MAX, BUDGET_PERIOD_MS_MIN } from '@xcord/core'
import type { SyncBudgetJson, SyncProgressJson, SyncStatusJson } from '@xcord/sdk'
import { input, route } from './route.ts'
import { count, Id, literals, nullable, shape } from './schemas.ts'

const BudgetSchema = shape<SyncBudgetJson>()(
  Type.Object(
    {
      bytes: count,
      periodMs: count,
      spentBytes: count,
      leftBytes: count,
      resumesAt: nullable(Type.String())
    },
    { $id: 'SyncBudget' }
  )
)

export const SyncProgressSchema = shape<SyncProgressJson>()(
  Type.Object(
    {
      server: Id,
      phase: literals('page', 'operations', 'messages'),
      channel: Type.Optional(Id),
      received: count,
      bytes: count,
      expected: nullable(count),
      done: Type.Boolean(),
      channels: Type.Array(Type.Object({ channel: Id, received: count })),
      budget: nullable(BudgetSchema)
    },
    { $id: 'SyncProgress' }
  )
)

const SyncStatusSchema = shape<SyncStatusJson>()(
  Type.Object(
    { budget: nullable(BudgetSchema), servers: Type.Array(SyncProgressSchema) },
    { $id: 'SyncStatus' }
  )
)

const limit = Type.Object({
  bytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  periodMs: Type.Integer({ minimum: BUDGET_PERIOD_MS_MIN, maximum: BUDGET_PERIOD_MS_MAX })
})

export const sync = {
  getSync: route({
    method: 'GET',
    url: '/v1/sync',
    tag: 'network',
    summary: 'How far sync is, and what a metered line has spent',
    reply: SyncStatusSchema
  }),
  setSyncBudget: route({
    method: 'PUT',
    url: '/v1/sync/budget',
    tag: 'network',
    summary: 'Bounds what is spent on what can wait; null lifts the bound',
    body: input({ budget: Type.Union([limit, Type.Null()]) }),
    reply: SyncStatusSchema
  })
}
