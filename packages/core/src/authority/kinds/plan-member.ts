/** Plans of invites and moderation of members (AU12, 16–25). */
import { type OperationId, refuse, type Refusal, type UserId } from '../../base/index.ts'
import type { Operation } from '../../graph/index.ts'
import { compareAge } from '../attack.ts'
import {
  assignmentCell,
  cutCell,
  inviteCell,
  inviteTermsCell,
  MEMBER_BANNED,
  MEMBER_IN,
  MEMBER_OUT,
  memberCell,
  nickCell,
  timeoutCell,
  voiceCell
} from '../cell.ts'
import {
  isEveryone,
  isMember,
  isRefusal,
  managesMember,
  managesRole,
  need,
  no,
  type PlanContext,
  type Planned,
  roleActs,
  userOfDevice,
  write
} from '../plan.ts'
import type { Judged, Write } from '../reader.ts'
import type { Strength } from '../strength.ts'
import type { BodyOf } from './table.ts'
import { idAs } from '../../base/index.ts'

/** AU12, 23: no timeout is longer. */
const TIMEOUT_MS_MAX = 28 * 86_400_000

export function planInviteCreate(context: PlanContext, body: BodyOf<'inviteCreate'>): Planned {
  if (!context.deps.suite.isEnrollable(body.signPublicKey))
    return refuse('CR5', "the invite's key may not enter any state")
  for (const role of body.roles) {
    const fault = isEveryone(context, role) ? no('everybody holds @everyone') : managesRole(context, role)
    if (fault !== undefined) return fault
  }
  const invite = idAs('i', context.op.id)
  return {
    rankless: body.roles.length === 0,
    leans: body.roles.length === 0 ? admissionOf(context) : [],
    needs:
      body.roles.length > 0
        ? [need('CreateInstantInvite'), need('ManageRoles')]
        : [need('CreateInstantInvite')],
    acts: body.roles.flatMap(role => roleActs(context, role)),
    writes: [write(inviteCell(invite), 1), write(inviteTermsCell(invite), context.op.body)]
  }
}

/**
 * The author's own admission, the first of several by (lam, id). Whoever was never rightly in invites nobody: else a
 * banned member's puppet would bring in the next (ADR 0150).
 */
function admissionOf({ reader, user }: PlanContext): OperationId[] {
  const joins = reader.liveJoins(user).map(id => reader.lookup(id) as Judged)
  return joins
    .sort(compareAge)
    .slice(0, 1)
    .map(each => each.op.id)
}

export function planInviteRevoke(context: PlanContext, body: BodyOf<'inviteRevoke'>): Planned {
  const terms = context.reader.winner(inviteTermsCell(body.invite))
  if (terms === undefined || context.reader.winner(inviteCell(body.invite))?.value !== 1)
    return no('no such open invite')
  const own = terms.by.known.user === context.user
  return {
    rankless: own,
    needs: own ? [] : [need('ManageServer')],
    writes: [write(inviteCell(body.invite), 0, true)]
  }
}

/** Target in and manageable, for 18–20 and 23. */
function memberFault(context: PlanContext, target: UserId): Refusal | undefined {
  return isMember(context.reader, target) ? managesMember(context, target) : no('the target is not in')
}

export function planMemberNick(context: PlanContext, body: BodyOf<'memberNick'>): Planned {
  return (
    memberFault(context, body.user) ?? {
      needs: [need('ManageNicknames')],
      writes: [write(nickCell(body.user), body.nick)]
    }
  )
}

export function planMemberVoice(context: PlanContext, body: BodyOf<'memberVoice'>): Planned {
  const fault = memberFault(context, body.user)
  if (fault !== undefined) return fault
  const needs = []
  const writes: Write[] = []
  if (body.mute !== null) {
    needs.push(need('MuteMembers'))
    writes.push(write(voiceCell(body.user, 'mute'), body.mute, body.mute === 1))
  }
  if (body.deaf !== null) {
    needs.push(need('DeafenMembers'))
    writes.push(write(voiceCell(body.user, 'deaf'), body.deaf, body.deaf === 1))
  }
  return writes.length === 0 ? no('changes nothing') : { needs, writes, target: body.user }
}

export function planKick(context: PlanContext, body: BodyOf<'kick'>): Planned {
  return (
    memberFault(context, body.user) ?? {
      needs: [need('KickMembers')],
      writes: [write(memberCell(body.user), MEMBER_OUT, true)],
      target: body.user
    }
  )
}

export function planBan(context: PlanContext, body: BodyOf<'ban'>): Planned {
  // A weaker repetition would stand in the place of a stronger ban (AU24 drops what is dominated): seal instead.
  if (context.reader.winner(memberCell(body.user))?.value === MEMBER_BANNED) return no('is banned already')
  return (
    managesMember(context, body.user) ?? {
      needs: [need('BanMembers')],
      writes: [write(memberCell(body.user), MEMBER_BANNED, true)],
      target: body.user
    }
  )
}

export function planUnban(context: PlanContext, body: BodyOf<'unban'>): Planned {
  if (context.reader.winner(memberCell(body.user))?.value !== MEMBER_BANNED) return no('is not banned')
  return { needs: [need('BanMembers')], writes: [write(memberCell(body.user), MEMBER_OUT)] }
}

export function planTimeout(context: PlanContext, body: BodyOf<'timeout'>): Planned {
  const fault = memberFault(context, body.user)
  if (fault !== undefined) return fault
  if (body.until > context.op.at + TIMEOUT_MS_MAX) return no('longer than 28 days')
  const denial = body.until > context.op.at
  return {
    needs: [need('ModerateMembers')],
    writes: [write(timeoutCell(body.user), body.until, denial)],
    target: body.user,
    ...(denial ? { until: body.until } : {})
  }
}

/** AU40: repeats a denial that holds already, never with less strength. */
export function planSeal(context: PlanContext, body: BodyOf<'seal'>): Planned {
  const { reader } = context
  if (context.standing.user === body.user || isOwner(context, body.user))
    return no('the target is the owner or the author')
  const cells = body.role === null ? [memberCell(body.user)] : sealedAssignments(context, body)
  const winners = cells.map(cell => reader.winner(cell))
  if (body.role === null && (winners[0] === undefined || winners[0].value === MEMBER_IN))
    return no('there is nothing to seal')
  if (cells.length === 0) return no('there is nothing to seal')
  const fault = body.role === null ? undefined : managesRole(context, body.role)
  if (fault !== undefined) return fault
  return {
    needs: [need(body.role === null ? 'KickMembers' : 'ManageRoles')],
    acts: body.role === null ? [] : roleActs(context, body.role),
    writes: cells.map((cell, index) => write(cell, winners[index]?.value ?? MEMBER_OUT, true)),
    target: body.user,
    check: strength =>
      winners.some(each => (each as { by: Judged }).by.known.strength > strength)
        ? no('a seal is never weaker than what it repeats')
        : undefined
  }
}

function isOwner(context: PlanContext, user: UserId): boolean {
  return context.reader.winner('owner')?.by.known.owner?.user === user
}

function sealedAssignments(context: PlanContext, body: BodyOf<'seal'>): string[] {
  const role = body.role
  if (role === null) return []
  return context.reader
    .liveJoins(body.user)
    .map(join => assignmentCell(join, role))
    .filter(cell => context.reader.winner(cell)?.value === 0)
}

/** Need of the denial that a cut belongs to. */
function cutNeed(context: PlanContext, denial: Judged): Planned {
  const { name } = denial.body
  const target = denial.known.target as UserId
  switch (name) {
    case 'kick':
      return managesMember(context, target) ?? { needs: [need('KickMembers')] }
    case 'ban':
      return managesMember(context, target) ?? { needs: [need('BanMembers')] }
    case 'timeout':
      return managesMember(context, target) ?? { needs: [need('ModerateMembers')] }
    case 'seal':
      return { needs: [need(denial.body.body.role === null ? 'KickMembers' : 'ManageRoles')] }
    case 'roleUnassign':
      return managesRole(context, denial.body.body.role) ?? { needs: [need('ManageRoles')] }
    case 'deviceRevoke':
      return target === context.user ? {} : no('only the user may widen their own cut')
    default:
      return no('that operation has no cut')
  }
}

/** Re-admits content beyond a cut; what the denial struck among operations stays struck (ADR 0020). */
export function planCutExtend(context: PlanContext, body: BodyOf<'cutExtend'>): Planned {
  const denial = context.reader.lookup(body.denial)
  if (denial === undefined || denial.op.cut === null) return no('no such cut')
  const plan = cutNeed(context, denial)
  if (isRefusal(plan)) return plan
  const writes: Write[] = []
  for (const row of body.rows) {
    if (userOfDevice(context.reader, row.device)?.user !== denial.known.target)
      return no("the device is not the target's")
    const cell = cutCell(body.denial, row.device)
    if (row.contentSeq <= standingContent(context, denial, row.device, cell))
      return no('a cut is only widened')
    writes.push(write(cell, [row.contentSeq, row.envelope]))
  }
  if (new Set(writes.map(each => each.cell)).size !== writes.length) return no('a device is named twice')
  const check = (strength: Strength): Refusal | undefined =>
    denial.known.strength > strength ? no('the denial is stronger than its extension') : undefined
  return { ...plan, writes, check }
}

function standingContent(context: PlanContext, denial: Judged, device: string, cell: string): number {
  const extended = context.reader.winner(cell)?.value
  if (Array.isArray(extended)) return extended[0] as number
  return denial.op.cut?.find(row => row.device === device)?.contentSeq ?? -1
}

/** AU1, field 11: rows name the target's devices and operations in the past. */
export function cutRowsFault(
  context: PlanContext,
  op: Operation,
  target: UserId | undefined
): Refusal | undefined {
  for (const row of op.cut ?? []) {
    if (userOfDevice(context.reader, row.device)?.user !== target)
      return refuse('AU1', "a cut row names a device that is not the target's")
    if (row.operation === null) continue
    const last = context.reader.lookup(row.operation)
    if (last === undefined || last.op.device !== row.device || last.op.seq !== row.seq) {
      return refuse('AU1', 'a cut row names an operation that is not in the past')
    }
  }
  return undefined
}
