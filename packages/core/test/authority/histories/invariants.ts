/** AU-P5 to AU-P9 as checks on one resolved history; each names what failed. */
import type { OperationId } from '../../../src/base/index.ts'
import {
  ALL_PERMISSIONS,
  type AuthorityLog,
  type AuthorityState,
  type BatchResult
} from '../../../src/authority/index.ts'
import { attackRule, compareFate } from '../../../src/authority/attack.ts'
import { memberCell } from '../../../src/authority/cell.ts'
import type { Judged } from '../../../src/authority/reader.ts'
import { positionStrength } from '../../../src/authority/strength.ts'
import { START } from '../cast.ts'
import { CEILING, type History } from './maker.ts'
import type { Tally } from './tally.ts'

export class Broken extends Error {}

export function must(condition: boolean, rule: string, detail: string): void {
  if (!condition) throw new Broken(`${rule}: ${detail}`)
}

/** Rests, by way of invites and joins alone, on a join whose uses are counted: what AU26 may turn. */
function restsOnUses(judged: Judged, oracle: BatchResult): boolean {
  if (judged.known.limited !== undefined) return true
  if (judged.body.name !== 'join' && judged.body.name !== 'inviteCreate') return false
  return judged.known.supp.some(id => restsOnUses(oracle.judged.get(id) as Judged, oracle))
}

/** AU-P4: nothing stronger turns, nor anything equal but by transfer, revocation or invite uses. */
export function watchFlips(
  changes: readonly { type: string; operation: OperationId }[],
  cause: Judged,
  oracle: BatchResult,
  tally: Tally
): void {
  for (const change of changes) {
    if (!change.type.startsWith('operation:') || change.operation === cause.op.id) continue
    tally.add(change.type)
    const flipped = oracle.judged.get(change.operation) as Judged
    const excepted =
      cause.body.name === 'transfer' || cause.known.revokes !== undefined || restsOnUses(flipped, oracle)
    const detail = `${cause.body.name} turned ${flipped.body.name} of no less strength`
    // A transfer that gives way takes along what later owners did, who are stronger by their generation.
    const notStronger = flipped.known.strength <= cause.known.strength || cause.body.name === 'transfer'
    must(notStronger, 'AU-P4', detail)
    must(flipped.known.strength < cause.known.strength || excepted, 'AU-P4', detail)
  }
}

/** AU-P5: all that a fate depends on is decided before it. */
export function checkOrder(oracle: BatchResult, tally: Tally): void {
  const all = [...oracle.judged.values()]
  const covered = (a: Judged, b: OperationId): boolean => oracle.reader.isCovered(a.op.id, b)
  for (const each of all) {
    for (const id of each.known.supp)
      must(compareFate(oracle.judged.get(id) as Judged, each) < 0, 'AU-P5', 'support is decided later')
    for (const other of all) {
      if (other === each) continue
      const relation = covered(each, other.op.id) ? 'past' : 'unreckoned'
      const rule = attackRule(other, each, relation, covered)
      if (rule === undefined) continue
      must(compareFate(other, each) < 0, 'AU-P5', 'an attacker is decided later')
      // Whether it strikes one that has it in its past depends on how it stood there.
      const seen = covered(other, each.op.id)
      if (!seen) tally.add(`strikes ${rule} ${relation}${each.body.name === 'transfer' ? ' transfer' : ''}`)
      else if (!oracle.readerAt([each.op.id]).isEffective(other.op.id)) tally.add(`strikes ${rule} unheeded`)
    }
  }
}

/** AU-P6: a coalition that nobody else lifted stays below the ceiling, and nothing it does reaches above. */
export function checkCoalition({ coalition }: History, log: AuthorityLog, oracle: BatchResult): void {
  const ceiling = positionStrength(Uint8Array.of(CEILING))
  for (const each of oracle.judged.values()) {
    if (!coalition.has(each.known.user)) continue
    must(each.known.strength < ceiling, 'AU-P6', 'a coalition acts with more strength than it was given')
    for (const write of each.known.writes) {
      const [family, role] = write.cell.split('|') as [string, Parameters<AuthorityState['role']>[0]]
      const top = family === 'role' ? log.stateAt(each.op.parents)?.role(role)?.position[0] : undefined
      must(
        top === undefined || top < CEILING,
        'AU-P6',
        `a coalition's ${each.body.name} touches a role above it`
      )
    }
  }
  const state = log.state()
  for (const user of coalition) {
    for (const id of state.member(user)?.roles ?? []) {
      const role = state.role(id)
      must(
        positionStrength(role?.position as Uint8Array) < ceiling,
        'AU-P6',
        'a coalition rose above what it was given'
      )
      must(((role?.permissions ?? 0n) & 8n) === 0n, 'AU-P6', 'a coalition made itself Administrator')
    }
    must(state.owner !== user, 'AU-P6', 'a coalition owns the server')
  }
}

/** AU-P7. */
export function checkOwner(log: AuthorityLog): void {
  const state = log.state()
  must(state.permissions(state.owner, null, START) === ALL_PERMISSIONS, 'AU-P7', 'the owner lacks something')
  must(state.member(state.owner)?.status === 'in', 'AU-P7', 'the owner is not a member')
}

/** AU-P8: after a ban by somebody stronger than the target ever was, nothing outside the ban's past counts. */
export function checkBans(oracle: BatchResult, tally: Tally): void {
  const all = [...oracle.judged.values()]
  for (const ban of all) {
    if (ban.body.name !== 'ban' || !oracle.effective.has(ban.op.id)) continue
    const { user } = ban.body.body
    if (all.some(each => each.body.name === 'unban' && each.body.body.user === user)) continue
    const own = all.filter(each => each.known.user === user)
    if (own.some(each => each.known.strength >= ban.known.strength)) continue
    tally.add('bans')
    const late = own.filter(each => !oracle.reader.isCovered(each.op.id, ban.op.id))
    tally.add('backdated', late.length)
    for (const each of late) {
      for (const write of each.known.writes) {
        const moves = oracle.reader.winner(write.cell)?.by === each
        must(!moves, 'AU-P8', `${each.body.name} of the banned moves ${write.cell}`)
      }
    }
    must(oracle.reader.winner(memberCell(user))?.value === 2, 'AU-P8', 'the banned is not banned')
    checkPuppets(oracle, late, tally)
  }
}

/** Nobody is in by what a banned user signed beyond the ban, nor by those whom that let in. */
function checkPuppets(oracle: BatchResult, late: readonly Judged[], tally: Tally): void {
  const tainted = new Set<OperationId>(late.map(each => each.op.id))
  const inByAge = [...oracle.judged.values()]
    .filter(each => each.body.name === 'join' || each.body.name === 'inviteCreate')
    .sort((a, b) => a.op.lamport - b.op.lamport)
  for (const each of inByAge) {
    if (tainted.has(each.op.id) && each.body.name === 'join') continue
    const by = each.body.name === 'join' ? [each.body.body.invite.slice(1)] : admittedBy(each, oracle)
    if (by.length === 0 || !by.every(id => tainted.has(`o${id}` as OperationId))) continue
    tainted.add(each.op.id)
    tally.add('puppets')
    must(!oracle.effective.has(each.op.id), 'AU-P8', `a puppet's ${each.body.name} stands`)
  }
}

/** The joins by which the author of a plain invite was in. */
function admittedBy(invite: Judged, oracle: BatchResult): readonly string[] {
  if (invite.body.name !== 'inviteCreate' || invite.body.body.roles.length > 0) return []
  if (invite.known.generation !== undefined) return []
  const past = [...invite.op.parents, ...invite.op.refs, ...(invite.op.prev === null ? [] : [invite.op.prev])]
  return oracle
    .readerAt(past)
    .liveJoins(invite.known.user)
    .map(id => id.slice(1))
}

/** AU-P9: what voids a denial is stronger, a transfer or a revocation, or its own support fell. */
export function checkDenials(oracle: BatchResult, log: AuthorityLog): void {
  for (const each of oracle.judged.values()) {
    if (!each.known.writes.some(write => write.denial)) continue
    const standing = log.standing(each.op.id)
    if (standing?.standing !== 'voided') continue
    const by = standing.by === undefined ? undefined : oracle.judged.get(standing.by)
    const fair =
      standing.rule === 'AU18' ||
      standing.rule === 'AU21' ||
      standing.rule === 'AU22' ||
      (by !== undefined && by.known.strength > each.known.strength)
    must(fair, 'AU-P9', `${each.body.name} fell to ${standing.rule}`)
  }
}
