/** The invariants AU-P1–P10 and P12 of one random history, each as a check that names what failed. */
import type { OperationId } from '../../src/base/index.ts'
import {
  ALL_PERMISSIONS,
  type AuthorityLog,
  type AuthorityState,
  type BatchResult,
  type ContentAct,
  resolveBatch
} from '../../src/authority/index.ts'
import { compareFate, attackRule } from '../../src/authority/attack.ts'
import { memberCell } from '../../src/authority/cell.ts'
import type { Judged } from '../../src/authority/reader.ts'
import { stateRow, merkleRoot, stateChunks } from '../../src/authority/state-root.ts'
import { positionStrength } from '../../src/authority/strength.ts'
import type { Operation } from '../../src/graph/index.ts'
import { fakeDeps, fakeSuite, hashOf, orders, Site, START } from './cast.ts'
import { CEILING, Dice, makeHistory, type Maker } from './history.ts'

export interface Tally {
  runs: number
  accepted: number
  refused: number
  hostile: number
  voided: number
  bans: number
  backdated: number
  views: number
  /** Accepted operations by kind, and voided ones by rule. */
  readonly kinds: Map<string, number>
  readonly rules: Map<string, number>
}

export const newTally = (): Tally => ({
  runs: 0,
  accepted: 0,
  refused: 0,
  hostile: 0,
  voided: 0,
  bans: 0,
  backdated: 0,
  views: 0,
  kinds: new Map(),
  rules: new Map()
})

class Broken extends Error {}

function must(condition: boolean, rule: string, detail: string): void {
  if (!condition) throw new Broken(`${rule}: ${detail}`)
}

/** What anybody could see of a state. */
export function dump(state: AuthorityState, at: number): unknown {
  const members = [...state.members()].sort((a, b) => (a.user < b.user ? -1 : 1))
  const channels = state.channels()
  return {
    name: state.name,
    owner: state.owner,
    generation: state.ownerGeneration,
    members,
    banned: [...state.banned()].sort(),
    roles: state.roles(),
    channels,
    invites: [...state.invites()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    permissions: members.map(member =>
      [null, ...channels.map(each => each.id)].map(channel => state.permissions(member.user, channel, at))
    )
  }
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint'
      ? `${each}n`
      : each instanceof Uint8Array
        ? Buffer.from(each).toString('hex')
        : each
  )

function oracleHash(oracle: BatchResult, reader: BatchResult['reader']): string {
  const rows: Uint8Array[] = []
  for (const cell of oracle.cells) {
    const winner = reader.winner(cell)
    if (winner !== undefined) rows.push(stateRow(cell, winner))
  }
  return Buffer.from(merkleRoot(fakeSuite, stateChunks(rows))).toString('hex')
}

/** Delivers to a fresh log, warming its caches on the way; AU-P4 is watched at every step. */
function deliver(
  order: readonly Operation[],
  oracle: BatchResult,
  dice: Dice,
  acts: readonly ContentAct[]
): Site {
  const site = new Site(order[0] as Operation, START)
  const past: { readonly state: AuthorityState; readonly hash: string; readonly text: string }[] = []
  for (const [index, op] of order.slice(1).entries()) {
    const act = acts[index % acts.length]
    if (act !== undefined) site.log.judge(act)
    const result = site.add(op)
    if (result.kind === 'accepted') watchFlips(result.changes, oracle.judged.get(op.id) as Judged, oracle)
    if (dice.chance(0.25)) {
      const state = site.log.state()
      past.push({
        state,
        hash: Buffer.from(state.hash()).toString('hex'),
        text: text(dump(state, START + 20_000))
      })
    } else if (dice.chance(0.3)) text(dump(site.log.state(), START))
  }
  for (const each of past) {
    must(
      Buffer.from(each.state.hash()).toString('hex') === each.hash,
      'state',
      'an older state changed its hash'
    )
    must(text(dump(each.state, START + 20_000)) === each.text, 'state', 'an older state changed')
  }
  return site
}

/** AU-P4: nothing stronger turns, nor anything equal but by transfer, revocation or invite uses. */
function watchFlips(
  changes: readonly { type: string; operation: OperationId }[],
  cause: Judged,
  oracle: BatchResult
): void {
  for (const change of changes) {
    if (!change.type.startsWith('operation:') || change.operation === cause.op.id) continue
    const flipped = oracle.judged.get(change.operation) as Judged
    const weakerThan = flipped.known.strength < cause.known.strength
    const excepted =
      cause.body.name === 'transfer' ||
      cause.known.revokes !== undefined ||
      flipped.known.limited !== undefined
    must(
      weakerThan || excepted,
      'AU-P4',
      `${cause.body.name} turned ${flipped.body.name} of no less strength`
    )
  }
}

/** AU-P5: all that a fate depends on is decided before it. */
function checkOrder(oracle: BatchResult): void {
  const all = [...oracle.judged.values()]
  const covered = (a: Judged, b: OperationId): boolean => oracle.reader.isCovered(a.op.id, b)
  for (const each of all) {
    for (const id of each.known.supp)
      must(compareFate(oracle.judged.get(id) as Judged, each) < 0, 'AU-P5', 'support is decided later')
    for (const other of all) {
      if (other === each) continue
      const relation = covered(each, other.op.id) ? 'past' : 'unreckoned'
      if (attackRule(other, each, relation, covered) !== undefined)
        must(compareFate(other, each) < 0, 'AU-P5', 'an attacker is decided later')
    }
  }
}

/** AU-P6: a coalition that nobody else lifted stays below the ceiling, and nothing it does reaches above. */
function checkCoalition(maker: Maker, log: AuthorityLog, oracle: BatchResult): void {
  for (const each of oracle.judged.values()) {
    if (!maker.coalition.has(each.known.user)) continue
    must(
      each.known.strength < positionStrength(Uint8Array.of(CEILING)),
      'AU-P6',
      'a coalition acts with more strength than it was given'
    )
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
  const ceiling = positionStrength(Uint8Array.of(CEILING))
  for (const user of maker.coalition) {
    for (const role of state.member(user)?.roles ?? []) {
      must(
        positionStrength(state.role(role)?.position as Uint8Array) < ceiling,
        'AU-P6',
        'a coalition rose above what it was given'
      )
    }
    must(
      (state.member(user)?.roles ?? []).every(role => ((state.role(role)?.permissions ?? 0n) & 8n) === 0n),
      'AU-P6',
      'a coalition made itself Administrator'
    )
    must(state.owner !== user, 'AU-P6', 'a coalition owns the server')
  }
}

/** AU-P7. */
function checkOwner(log: AuthorityLog): void {
  const state = log.state()
  must(state.permissions(state.owner, null, START) === ALL_PERMISSIONS, 'AU-P7', 'the owner lacks something')
  must(state.member(state.owner)?.status === 'in', 'AU-P7', 'the owner is not a member')
}

/** AU-P8: after a ban by somebody stronger than the target ever was, nothing outside the ban's past moves a cell. */
function checkBans(oracle: BatchResult, tally: Tally): void {
  const all = [...oracle.judged.values()]
  for (const ban of all) {
    if (ban.body.name !== 'ban' || !oracle.effective.has(ban.op.id)) continue
    const { user } = ban.body.body
    if (all.some(each => each.body.name === 'unban' && each.body.body.user === user)) continue
    const own = all.filter(each => each.known.user === user)
    if (own.some(each => each.known.strength >= ban.known.strength)) continue
    tally.bans++
    for (const each of own) {
      if (oracle.reader.isCovered(each.op.id, ban.op.id)) continue
      tally.backdated++
      for (const write of each.known.writes) {
        must(
          oracle.reader.winner(write.cell)?.by !== each,
          'AU-P8',
          `${each.body.name} of the banned moves ${write.cell}`
        )
      }
    }
    must(oracle.reader.winner(memberCell(user))?.value === 2, 'AU-P8', 'the banned is not banned')
  }
}

/** AU-P9: what voids a denial is stronger, a transfer or a revocation, or its own support fell. */
function checkDenials(oracle: BatchResult, log: AuthorityLog): void {
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

function randomAct(dice: Dice, maker: Maker, ops: readonly Operation[]): ContentAct {
  const author = dice.pick(maker.people)
  const auth = [...new Set(Array.from({ length: 1 + dice.below(3) }, () => dice.pick(ops).id))]
  const channels = ops.filter(op => op.kind === 48 || op.kind === 7)
  const channel = channels.length === 0 ? (ops[0] as Operation) : dice.pick(channels)
  return {
    device: author.device,
    seq: dice.below(6),
    id: `m${dice.pick(ops).id.slice(1)}` as ContentAct['id'],
    channel: `c${channel.id.slice(1)}` as ContentAct['channel'],
    auth,
    at: START + dice.below(60_000),
    needs: dice.chance(0.5) ? ['SendMessages'] : ['SendMessages', 'AttachFiles']
  }
}

/** Runs one history through every check. */
export function checkHistory(
  seed: number,
  tally: Tally,
  init: {
    readonly steps: number
    readonly coalition?: boolean
    readonly transfers?: boolean
    readonly orders?: number
  }
): void {
  const { accepted, refused, maker, hostile } = makeHistory({ seed, ...init })
  const dice = new Dice(seed ^ 0x5bd1e995)
  const oracle = resolveBatch(fakeDeps, [...accepted, ...refused])
  tally.runs++
  tally.accepted += accepted.length
  tally.refused += refused.length
  tally.hostile += hostile
  tally.voided += accepted.length - oracle.effective.size
  const count = (map: Map<string, number>, key: string): void => {
    map.set(key, (map.get(key) ?? 0) + 1)
  }
  for (const each of oracle.judged.values()) count(tally.kinds, each.body.name)
  for (const op of accepted) {
    const standing = maker.site.log.standing(op.id)
    if (standing?.standing === 'voided') count(tally.rules, standing.rule ?? '')
  }
  must(
    oracle.judged.size === accepted.length,
    'AU-P3',
    `oracle accepts ${oracle.judged.size}, the first log ${accepted.length}`
  )
  for (const op of refused) must(oracle.rejected.has(op.id), 'AU-P3', `oracle accepts a refused ${op.kind}`)
  const expected = oracleHash(oracle, oracle.reader)
  const acts = Array.from({ length: 15 }, () => randomAct(dice, maker, accepted))
  const verdicts = acts.map(act => text(maker.site.log.judge(act)))
  must(hashOf(maker.site.log) === expected, 'AU-P10', 'the first log and the oracle differ')
  checkOrder(oracle)
  checkCoalition(maker, maker.site.log, oracle)
  checkOwner(maker.site.log)
  checkDenials(oracle, maker.site.log)
  if (init.transfers === false) checkBans(oracle, tally)
  const shuffled = [
    ...orders(
      [...accepted.slice(1), ...refused.filter(op => placeable(op, accepted))],
      init.orders ?? 2,
      seed
    )
  ].slice(0, init.orders ?? 2)
  for (const order of shuffled) {
    const site = deliver([accepted[0] as Operation, ...order], oracle, dice, acts)
    compare(site, maker.site.log, accepted, expected)
    for (const [index, act] of acts.entries())
      must(text(site.log.judge(act)) === verdicts[index], 'AU-P12', 'a message is judged differently')
  }
  checkLoose(accepted, expected, dice)
  checkViews(maker.site.log, oracle, accepted, dice, tally)
}

function placeable(op: Operation, accepted: readonly Operation[]): boolean {
  const known = new Set(accepted.map(each => each.id))
  return [...op.parents, ...op.refs, ...(op.prev === null ? [] : [op.prev])].every(id => known.has(id))
}

function compare(site: Site, first: AuthorityLog, accepted: readonly Operation[], expected: string): void {
  must(site.log.count() === accepted.length, 'AU-P3', `accepts ${site.log.count()} of ${accepted.length}`)
  for (const op of accepted) {
    must(
      text(site.log.standing(op.id)) === text(first.standing(op.id)),
      'AU-P1',
      `kind ${op.kind} stands differently, or for another cause`
    )
    must(site.log.add(op, Number.MAX_SAFE_INTEGER - 1_000_000).kind === 'known', 'AU-P2', 'added twice')
  }
  must(hashOf(site.log) === expected, 'AU-P1', 'another order, another state')
  must(
    text(dump(site.log.state(), START + 20_000)) === text(dump(first.state(), START + 20_000)),
    'AU-P1',
    'another order, another view'
  )
  must(
    text(site.log.heads()) === text(first.heads()) && text(site.log.leaves()) === text(first.leaves()),
    'AU-P1',
    'other heads'
  )
}

/** Any order at all: what comes too early waits among the orphans. */
function checkLoose(accepted: readonly Operation[], expected: string, dice: Dice): void {
  const site = new Site(accepted[0] as Operation, START)
  const left = accepted.slice(1)
  while (left.length > 0) site.add(left.splice(dice.below(left.length), 1)[0] as Operation)
  must(
    hashOf(site.log) === expected,
    'AU9',
    `through the orphan pool another state: ${site.log.count()} of ${accepted.length}`
  )
}

/** State of arbitrary frontiers, against the oracle. */
function checkViews(
  log: AuthorityLog,
  oracle: BatchResult,
  accepted: readonly Operation[],
  dice: Dice,
  tally: Tally
): void {
  for (let i = 0; i < 6; i++) {
    const frontier = [...new Set(Array.from({ length: 1 + dice.below(3) }, () => dice.pick(accepted).id))]
    const state = log.stateAt(frontier) as AuthorityState
    tally.views++
    must(
      Buffer.from(state.hash()).toString('hex') === oracleHash(oracle, oracle.readerAt(frontier)),
      'AU48',
      "a frontier's state differs from the oracle's"
    )
  }
}
