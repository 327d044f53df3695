/** Plans of roles and assignments (AU12, 32–37). */
import { idAs, type RoleId } from '../../base/index.ts'
import { assignmentCell, type RoleAttribute, roleBitCell, roleCell } from '../cell.ts'
import { bitPositions } from '../flags.ts'
import {
  bitNeeds,
  isEveryone,
  isMember,
  managesRole,
  need,
  no,
  type PlanContext,
  type Planned,
  roleActs,
  undefinedBits,
  write
} from '../plan.ts'
import { comparePositions } from '../position.ts'
import type { Write } from '../reader.ts'
import { positionStrength } from '../strength.ts'
import type { BodyOf } from './table.ts'

/** AU12: 0 < position < rank. */
function positionFault(context: PlanContext, position: Uint8Array): ReturnType<typeof no> | undefined {
  if (position.length === 0) return no('only @everyone is at the bottom')
  return positionStrength(position) < context.standing.rank
    ? undefined
    : no("the position is not below the author's rank")
}

export function planRoleCreate(context: PlanContext, body: BodyOf<'roleCreate'>): Planned {
  const role = idAs('r', context.op.id)
  const fault = positionFault(context, body.position) ?? undefinedBits(body.permissions)
  if (fault !== undefined) return fault
  return {
    needs: [need('ManageRoles'), ...bitNeeds(body.permissions, null)],
    writes: [
      write(roleCell(role, 'exists'), 1),
      write(roleCell(role, 'pos'), body.position),
      write(roleCell(role, 'name'), body.name),
      write(roleCell(role, 'color'), body.color),
      write(roleCell(role, 'hoist'), body.hoist),
      write(roleCell(role, 'mentionable'), body.mentionable),
      ...bitPositions(body.permissions).map(bit => write(roleBitCell(role, bit), 1))
    ]
  }
}

const ROLE_ATTRIBUTES: readonly RoleAttribute[] = ['name', 'color', 'hoist', 'mentionable', 'notary']
const NOTARY_KEY = 4

export function planRoleEdit(context: PlanContext, body: BodyOf<'roleEdit'>): Planned {
  const fault = managesRole(context, body.role) ?? undefinedBits(body.set | body.clear)
  if (fault !== undefined) return fault
  if ((body.set & body.clear) !== 0n) return no('a bit is both set and cleared')
  if (body.rows.length > 0 && isEveryone(context, body.role)) return no('@everyone has bits only')
  if (body.rows.some(row => row.key === NOTARY_KEY) && context.standing.owner === undefined)
    return no('only the owner names notaries')
  const bits = (set: bigint, value: number): Write[] =>
    bitPositions(set)
      .filter(bit => (context.reader.winner(roleBitCell(body.role, bit))?.value === 1) !== (value === 1))
      .map(bit => write(roleBitCell(body.role, bit), value, value === 0))
  const writes = [
    ...body.rows.map(row => write(roleCell(body.role, ROLE_ATTRIBUTES[row.key] as RoleAttribute), row.value)),
    ...bits(body.set, 1),
    ...bits(body.clear, 0)
  ]
  if (writes.length === 0) return no('changes nothing')
  return {
    needs: [need('ManageRoles'), ...bitNeeds(body.set, null)],
    acts: roleActs(context, body.role),
    writes
  }
}

export function planRoleMove(context: PlanContext, body: BodyOf<'roleMove'>): Planned {
  if (isEveryone(context, body.role)) return no('@everyone stays at the bottom')
  const fault = managesRole(context, body.role) ?? positionFault(context, body.position)
  if (fault !== undefined) return fault
  const now = context.reader.winner(roleCell(body.role, 'pos'))?.value as Uint8Array
  const order = comparePositions(body.position, now)
  if (order === 0) return no('changes nothing')
  return {
    needs: [need('ManageRoles')],
    acts: roleActs(context, body.role),
    writes: [write(roleCell(body.role, 'pos'), body.position, order < 0)]
  }
}

export function planRoleDelete(context: PlanContext, body: BodyOf<'roleDelete'>): Planned {
  if (isEveryone(context, body.role)) return no('@everyone stays')
  return (
    managesRole(context, body.role) ?? {
      needs: [need('ManageRoles')],
      acts: roleActs(context, body.role),
      writes: [write(roleCell(body.role, 'exists'), 0, true)]
    }
  )
}

function assignmentFault(
  context: PlanContext,
  role: RoleId,
  user: BodyOf<'roleAssign'>['user']
): ReturnType<typeof no> | undefined {
  if (isEveryone(context, role)) return no('everybody holds @everyone')
  return (
    managesRole(context, role) ?? (isMember(context.reader, user) ? undefined : no('the target is not in'))
  )
}

export function planRoleAssign(context: PlanContext, body: BodyOf<'roleAssign'>): Planned {
  const fault = assignmentFault(context, body.role, body.user)
  if (fault !== undefined) return fault
  const cells = context.reader
    .liveJoins(body.user)
    .map(join => assignmentCell(join, body.role))
    .filter(cell => context.reader.winner(cell)?.value !== 1)
  if (cells.length === 0) return no('holds the role already')
  return {
    needs: [need('ManageRoles')],
    acts: roleActs(context, body.role),
    writes: cells.map(cell => write(cell, 1)),
    target: body.user
  }
}

export function planRoleUnassign(context: PlanContext, body: BodyOf<'roleUnassign'>): Planned {
  const fault = assignmentFault(context, body.role, body.user)
  if (fault !== undefined) return fault
  const cells = context.reader
    .liveJoins(body.user)
    .map(join => assignmentCell(join, body.role))
    .filter(cell => context.reader.winner(cell)?.value === 1)
  if (cells.length === 0) return no('does not hold the role')
  return {
    needs: [need('ManageRoles')],
    acts: roleActs(context, body.role),
    writes: cells.map(cell => write(cell, 0, true)),
    target: body.user
  }
}
