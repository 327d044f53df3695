/** Verifies an export with nothing else at hand (SX): no profile, no peer, no clock. */
import { compareIds, idAs, permissionsFromBits, type UserId, XcordError } from '@xcord/core'
import { type ContentCounts, type ExportedState, openExport } from '@xcord/core/archive'
import type { MemberState, RoleState } from '@xcord/core/authority'
import type { Suite } from '@xcord/core/crypto'
import { toHex } from '@xcord/core/encoding'
import type {
  ByteSource,
  ExportJson,
  ExportMemberJson,
  ExportRoleJson,
  VerifyExportOptions
} from '../export-types.ts'
import { dateOf } from './date-of.ts'

/** Reads a file to its end. XCORD_EXPORT_INVALID with the rule that it breaks. */
export async function verifyExport(
  suite: Suite,
  source: ByteSource,
  options: VerifyExportOptions
): Promise<ExportJson> {
  const reader = openExport(suite, source)
  try {
    const state = await reader.readState({ server: options.server })
    if (!state.ok) throw invalid(state)
    const content = await reader.readContent(state.value)
    if (!content.ok) throw invalid(content)
    return describe(state.value, content.value)
  } finally {
    await reader.close()
  }
}

function invalid({ rule, reason }: { readonly rule: string; readonly reason: string }): XcordError {
  return new XcordError('XCORD_EXPORT_INVALID', `This file is refused by ${rule}: ${reason}.`, {
    rule: rule as never,
    reason
  })
}

function describe(file: ExportedState, content: ContentCounts): ExportJson {
  const { log, seal, exporter, hasContent, server } = file
  const state = log.state()
  const names = new Map<UserId, string>(file.profiles.map(each => [each.user, each.name]))
  const members = [...state.members()].sort((a, b) => compareIds(a.user, b.user))
  let voided = 0
  for (const { id } of log.operations()) if (log.standing(id)?.standing === 'voided') voided++
  // `@everyone` is last, and 0.
  const roles = [...state.roles()].reverse()
  return {
    valid: true,
    server,
    name: state.name,
    owner: state.owner,
    stateHash: toHex(seal.stateHash),
    heads: log.heads(),
    operations: seal.operations,
    voided,
    members: members.map(each => memberJson(each, names.get(each.user) ?? null, state.owner)),
    roles: roles.map((each, position) => roleJson(each, position, holders(each, members, idAs('r', server)))),
    channels: state.channels().length,
    exportedBy: exporter,
    exportedAt: dateOf(seal.at).toISOString(),
    past: file.past,
    content: hasContent ? content : null
  }
}

function holders({ id }: RoleState, members: readonly MemberState[], everyone: string): number {
  return id === everyone ? members.length : members.filter(each => each.roles.includes(id)).length
}

function memberJson(member: MemberState, name: string | null, owner: UserId): ExportMemberJson {
  const { user, nick, roles, joinedAt } = member
  return { id: user, name, nick, roles, joinedAt: dateOf(joinedAt).toISOString(), owner: user === owner }
}

function roleJson(
  { id, name, color, permissions }: RoleState,
  position: number,
  members: number
): ExportRoleJson {
  return {
    id,
    name,
    color: color === 0 ? null : `#${color.toString(16).padStart(6, '0')}`,
    position,
    permissions: permissionsFromBits(permissions),
    members
  }
}
