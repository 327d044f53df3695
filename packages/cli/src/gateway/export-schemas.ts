/** Shapes of server exports: what a file says, and what came of taking it in. */
import Type from 'typebox'
import type {
  CopyJson,
  ExportContentJson,
  ExportJson,
  ExportMemberJson,
  ExportRoleJson,
  ImportJson
} from '@xcord/sdk'
import { count, Id, literals, nullable, shape } from './schemas.ts'

const ids = Type.Array(Id)
const time = Type.String({ description: 'ISO 8601, UTC' })
const hash = Type.String({ description: 'State root, hex' })

const ExportContentSchema = shape<ExportContentJson>()(
  Type.Object({ records: count, envelopes: count, stubs: count }, { $id: 'ExportContent' })
)
const ExportMemberSchema = shape<ExportMemberJson>()(
  Type.Object(
    {
      id: Id,
      name: nullable(Type.String()),
      nick: nullable(Type.String()),
      roles: ids,
      joinedAt: time,
      owner: Type.Boolean()
    },
    { $id: 'ExportMember' }
  )
)
const ExportRoleSchema = shape<ExportRoleJson>()(
  Type.Object(
    {
      id: Id,
      name: Type.String(),
      color: nullable(Type.String()),
      position: count,
      permissions: Type.Array(Type.String()),
      members: count
    },
    { $id: 'ExportRole' }
  )
)

export const ExportSchema = shape<ExportJson>()(
  Type.Object(
    {
      valid: Type.Literal(true),
      server: Id,
      name: Type.String(),
      owner: Id,
      stateHash: hash,
      heads: ids,
      operations: count,
      voided: count,
      members: Type.Array(ExportMemberSchema),
      roles: Type.Array(ExportRoleSchema),
      channels: count,
      exportedBy: Id,
      exportedAt: time,
      past: Type.Boolean(),
      content: nullable(ExportContentSchema)
    },
    { $id: 'Export' }
  )
)

export const ImportSchema = shape<ImportJson>()(
  Type.Object(
    {
      server: Id,
      name: Type.String(),
      operations: count,
      fresh: count,
      stateHash: hash,
      merged: hash,
      part: literals('member', 'reader'),
      enrolled: nullable(Id),
      exportedBy: Id,
      exportedAt: time,
      content: nullable(ExportContentSchema)
    },
    { $id: 'Import' }
  )
)

export const CopySchema = shape<CopyJson>()(
  Type.Object(
    {
      server: Id,
      name: Type.String(),
      roles: count,
      channels: count,
      awaited: count,
      banned: count,
      unnamed: ids
    },
    { $id: 'Copy' }
  )
)
