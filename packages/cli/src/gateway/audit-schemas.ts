/** Shapes of the audit log and of the operations behind it. */
import Type from 'typebox'
import type { AuditJson, ForkJson, StateJson } from '@xcord/sdk'
import { count, Id, literals, nullable, shape, time } from './schemas.ts'

export const AuditSchema = shape<AuditJson>()(
  Type.Object(
    {
      operation: Id,
      actor: nullable(Id),
      actorName: nullable(Type.String()),
      action: Type.String(),
      target: nullable(Id),
      reason: nullable(Type.String()),
      at: time,
      standing: literals('effective', 'voided'),
      rule: Type.Optional(Type.String()),
      by: Type.Optional(Id),
      forked: Type.Optional(Type.Unsafe<true>({ type: 'boolean' }))
    },
    { $id: 'AuditEntry' }
  )
)
const ForkSchema = shape<ForkJson>()(
  Type.Object({ device: Id, seq: count, operations: Type.Array(Id) }, { $id: 'Fork' })
)
export const StateSchema = shape<StateJson>()(
  Type.Object(
    {
      server: Id,
      heads: Type.Array(Id),
      leaves: Type.Array(Id),
      operations: count,
      stateHash: Type.String(),
      forks: Type.Array(ForkSchema)
    },
    { $id: 'State' }
  )
)
