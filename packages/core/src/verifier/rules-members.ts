/** AU12, 16 to 25: invites and moderation of members. undefined refuses. */
import { idAs } from '../base/index.ts'
import type { CborValue } from '../encoding/index.ts'
import { compareAge, type Fact, type Strength, type Write } from './cells.ts'
import { type BIT } from './rights.ts'
import {
  type Case,
  deviceOf,
  isEveryone,
  need,
  overMember,
  overRole,
  type Plan,
  roleActs,
  type Rules,
  write
} from './plan.ts'

const TIMEOUT_MS_MAX = 28 * 86_400_000

function denyMember(
  at: Case,
  user: string,
  name: keyof typeof BIT,
  writes: readonly Write[]
): Plan | undefined {
  return overMember(at, user) ? { needs: [need(name)], writes, target: user } : undefined
}

/** The author's own admission, of several the first by (lam, id). */
function admissionOf({ reader, standing }: Case): Fact[] {
  const joins = reader.liveJoins(standing.user).flatMap(id => reader.lookup(id) ?? [])
  return joins.sort(compareAge).slice(0, 1)
}

/** Need of the denial that a cut belongs to. */
function cutPlan(at: Case, { op, known }: Fact): Plan | undefined {
  const target = known.target ?? ''
  const over = (name: keyof typeof BIT): Plan | undefined =>
    overMember(at, target) ? { needs: [need(name)] } : undefined
  switch (op.what.name) {
    case 'kick':
      return over('KickMembers')
    case 'ban':
      return over('BanMembers')
    case 'timeout':
      return over('ModerateMembers')
    case 'seal':
      return { needs: [need(op.what.body.role === null ? 'KickMembers' : 'ManageRoles')] }
    case 'roleUnassign':
      return overRole(at, op.what.body.role) ? { needs: [need('ManageRoles')] } : undefined
    case 'deviceRevoke':
      return target === at.standing.user ? {} : undefined
    default:
      return undefined
  }
}

export const members = {
  inviteCreate: (at, body) => {
    if (!at.suite.isEnrollable(body.key)) return undefined
    if (body.roles.some(role => isEveryone(at, role) || !overRole(at, role))) return undefined
    const invite = idAs('i', at.op.id as never)
    const roles = body.roles.length > 0
    return {
      rankless: !roles,
      needs: [need('CreateInstantInvite'), ...(roles ? [need('ManageRoles')] : [])],
      acts: body.roles.flatMap(role => roleActs(at, role)),
      leans: roles ? [] : admissionOf(at),
      writes: [write(`invite|${invite}`, 1), write(`invite|${invite}|terms`, at.op.raw)]
    }
  },
  inviteRevoke: ({ reader, standing }, { invite }) => {
    const terms = reader.winner(`invite|${invite}|terms`)
    if (terms === undefined || reader.value(`invite|${invite}`) !== 1) return undefined
    const own = terms.by.known.user === standing.user
    return {
      rankless: own,
      needs: own ? [] : [need('ManageServer')],
      writes: [write(`invite|${invite}`, 0, true)]
    }
  },
  memberNick: (at, { user, nick }) =>
    at.reader.isIn(user) && overMember(at, user)
      ? { needs: [need('ManageNicknames')], writes: [write(`nick|${user}`, nick)] }
      : undefined,
  memberVoice: (at, { user, mute, deaf }) => {
    if (!at.reader.isIn(user) || !overMember(at, user) || (mute === null && deaf === null)) return undefined
    const needs = [
      ...(mute === null ? [] : [need('MuteMembers')]),
      ...(deaf === null ? [] : [need('DeafenMembers')])
    ]
    const one = (what: string, value: number | null): Write[] =>
      value === null ? [] : [write(`voice|${user}|${what}`, value, value === 1)]
    return { needs, writes: [...one('mute', mute), ...one('deaf', deaf)], target: user }
  },
  kick: (at, { user }) =>
    at.reader.isIn(user)
      ? denyMember(at, user, 'KickMembers', [write(`member|${user}`, 1, true)])
      : undefined,
  ban: (at, { user }) =>
    at.reader.value(`member|${user}`) === 2
      ? undefined
      : denyMember(at, user, 'BanMembers', [write(`member|${user}`, 2, true)]),
  unban: ({ reader }, { user }) =>
    reader.value(`member|${user}`) === 2
      ? { needs: [need('BanMembers')], writes: [write(`member|${user}`, 1)] }
      : undefined,
  timeout: (at, { user, until }) => {
    if (!at.reader.isIn(user) || until > at.op.ts + TIMEOUT_MS_MAX) return undefined
    const denial = until > at.op.ts
    const plan = denyMember(at, user, 'ModerateMembers', [write(`timeout|${user}`, until, denial)])
    return plan !== undefined && denial ? { ...plan, until } : plan
  },
  seal: (at, { user, role }) => {
    if (at.standing.user === user || at.reader.owner().user === user) return undefined
    const joins = role === null ? [] : at.reader.liveJoins(user)
    const cells =
      role === null
        ? [`member|${user}`]
        : joins.map(join => `asg|${join}|${role}`).filter(cell => at.reader.value(cell) === 0)
    const winners = cells.flatMap(cell => at.reader.winner(cell) ?? [])
    if (cells.length === 0 || winners.length < cells.length || (role === null && winners[0]?.value === 0))
      return undefined
    if (role !== null && !overRole(at, role)) return undefined
    return {
      needs: [need(role === null ? 'KickMembers' : 'ManageRoles')],
      acts: role === null ? [] : roleActs(at, role),
      writes: cells.map((cell, i) => write(cell, winners[i]?.value as CborValue, true)),
      target: user,
      atLeast: winners
        .map(each => each.by.known.strength)
        .sort()
        .at(-1) as Strength
    }
  },
  cutExtend: (at, { denial, rows }) => {
    const of = at.reader.lookup(denial)
    const plan = of === undefined || of.op.cut === null ? undefined : cutPlan(at, of)
    if (of === undefined || plan === undefined || new Set(rows.map(each => each.device)).size < rows.length)
      return undefined
    for (const row of rows) {
      if (deviceOf(at.reader, row.device)?.user !== of.known.target) return undefined
      const extended = at.reader.value(`cut|${denial}|${row.device}`)
      const first = of.op.cut?.find(each => each.device === row.device)?.cseq ?? -1
      if (row.seq <= (Array.isArray(extended) ? (extended[0] as number) : first)) return undefined
    }
    const writes = rows.map(row => write(`cut|${denial}|${row.device}`, [row.seq, row.last]))
    return { ...plan, writes, atLeast: of.known.strength }
  }
} satisfies Partial<Rules>
