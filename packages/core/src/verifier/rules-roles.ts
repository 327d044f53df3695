/** AU12, 32 to 37: roles and who holds them. undefined refuses. */
import { idAs } from '../base/index.ts'
import { compareBytes } from '../encoding/index.ts'
import type { BodyOf } from './kinds.ts'
import {
  type Case,
  isDefined,
  isEveryone,
  isFitPosition,
  need,
  needsOf,
  overRole,
  type Plan,
  roleActs,
  type Rules,
  write
} from './plan.ts'

function assignments(at: Case, user: string, role: string, value: 0 | 1): string[] {
  const cells = at.reader.liveJoins(user).map(join => `asg|${join}|${role}`)
  return cells.filter(cell => (at.reader.value(cell) === 1) === (value === 1))
}

function assign(at: Case, { user, role }: BodyOf<'roleAssign'>, value: 0 | 1): Plan | undefined {
  if (isEveryone(at, role) || !overRole(at, role) || !at.reader.isIn(user)) return undefined
  const cells = assignments(at, user, role, value === 1 ? 0 : 1)
  if (cells.length === 0) return undefined
  return {
    needs: [need('ManageRoles')],
    acts: roleActs(at, role),
    writes: cells.map(cell => write(cell, value, value === 0)),
    target: user
  }
}

export const roles = {
  roleCreate: (at, body) => {
    if (!isFitPosition(at, body.position) || !body.bits.every(isDefined)) return undefined
    const cell = (attribute: string): string => `role|${idAs('r', at.op.id as never)}|${attribute}`
    return {
      needs: [need('ManageRoles'), ...needsOf(body.bits, null)],
      writes: [
        write(cell('exists'), 1),
        write(cell('pos'), body.position),
        ...(['name', 'color', 'hoist', 'mentionable'] as const).map(each => write(cell(each), body[each])),
        ...body.bits.map(bit => write(cell(`bit|${bit}`), 1))
      ]
    }
  },
  roleEdit: (at, { role, rows, set, clear }) => {
    if (!overRole(at, role) || ![...set, ...clear].every(isDefined) || set.some(bit => clear.includes(bit)))
      return undefined
    if (rows.length > 0 && isEveryone(at, role)) return undefined
    if (rows.some(row => row.key === 4) && at.standing.generation === undefined) return undefined
    const cell = (bit: number): string => `role|${role}|bit|${bit}`
    const is = (bit: number): boolean => at.reader.value(cell(bit)) === 1
    const names = ['name', 'color', 'hoist', 'mentionable', 'notary']
    const writes = [
      ...rows.map(row => write(`role|${role}|${names[row.key]}`, row.value)),
      ...set.filter(bit => !is(bit)).map(bit => write(cell(bit), 1)),
      ...clear.filter(is).map(bit => write(cell(bit), 0, true))
    ]
    if (writes.length === 0) return undefined
    return { needs: [need('ManageRoles'), ...needsOf(set, null)], acts: roleActs(at, role), writes }
  },
  roleMove: (at, { role, position }) => {
    if (isEveryone(at, role) || !overRole(at, role) || !isFitPosition(at, position)) return undefined
    const order = compareBytes(position, at.reader.value(`role|${role}|pos`) as Uint8Array)
    if (order === 0) return undefined
    const writes = [write(`role|${role}|pos`, position, order < 0)]
    return { needs: [need('ManageRoles')], acts: roleActs(at, role), writes }
  },
  roleDelete: (at, { role }) =>
    isEveryone(at, role) || !overRole(at, role)
      ? undefined
      : {
          needs: [need('ManageRoles')],
          acts: roleActs(at, role),
          writes: [write(`role|${role}|exists`, 0, true)]
        },
  roleAssign: (at, body) => assign(at, body, 1),
  roleUnassign: (at, body) => assign(at, body, 0)
} satisfies Partial<Rules>
