/** Runs one history through AU-P1 to AU-P12: the live log in several orders against the batch oracle. */
import { idAs, idFromBytes } from '../../../src/base/index.ts'
import {
  type AuthorityLog,
  type AuthorityState,
  type BatchResult,
  type ContentAct,
  type ContentVerdict,
  KINDS,
  kindName,
  resolveBatch
} from '../../../src/authority/index.ts'
import { cutCell } from '../../../src/authority/cell.ts'
import type { Judged } from '../../../src/authority/reader.ts'
import type { Operation } from '../../../src/graph/index.ts'
import { fakeDeps, hashOf, Site, START } from '../cast.ts'
import { randomOrders } from '../orders.ts'
import { Dice } from './dice.ts'
import {
  checkBans,
  checkCoalition,
  checkDenials,
  checkOrder,
  checkOwner,
  must,
  watchFlips
} from './invariants.ts'
import { type History, type HistoryInit, makeHistory } from './maker.ts'
import { dump, oracleHash, plain } from './plain.ts'
import type { Tally } from './tally.ts'

const FAR = Number.MAX_SAFE_INTEGER - 1_000_000

/** Delivers to a fresh log, warming its caches on the way; AU-P4 is watched at every step. */
function deliver(
  order: readonly Operation[],
  oracle: BatchResult,
  dice: Dice,
  acts: readonly ContentAct[],
  tally: Tally
): Site {
  const site = new Site(order[0] as Operation, START)
  const past: { readonly state: AuthorityState; readonly hash: Uint8Array; readonly text: string }[] = []
  const late = START + 20_000
  for (const [index, op] of order.slice(1).entries()) {
    const act = acts[index % acts.length]
    if (act !== undefined && dice.chance(0.5)) site.log.judge(act)
    const result = site.add(op)
    if (result.kind === 'accepted')
      watchFlips(result.changes, oracle.judged.get(op.id) as Judged, oracle, tally)
    if (dice.chance(0.05)) {
      const state = site.log.state()
      past.push({ state, hash: state.hash(), text: plain(dump(state, late)) })
    } else if (dice.chance(0.06)) dump(site.log.state(), START)
    if (dice.chance(0.03)) must(site.log.add(op, FAR).kind !== 'accepted', 'AU-P2', 'taken twice')
  }
  for (const { state, hash, text } of past) {
    must(Buffer.from(state.hash()).equals(hash), 'AU48', 'an older state changed its hash')
    must(plain(dump(state, late)) === text, 'AU48', 'an older state changed')
  }
  return site
}

function randomAct(dice: Dice, ops: readonly Operation[]): ContentAct {
  const author = dice.pick(ops)
  const auth = [...new Set(Array.from({ length: 1 + dice.below(3) }, () => dice.pick(ops).id))]
  const channels = ops.filter(op => op.kind === KINDS.channelCreate[0] || op.kind === KINDS.threadCreate[0])
  const channel = channels.length === 0 || dice.chance(0.2) ? (ops[0] as Operation) : dice.pick(channels)
  return {
    device: author.device,
    seq: dice.below(6),
    id: dice.chance(0.5) ? idAs('m', author.id) : idAs('m', `m${'0'.repeat(52)}` as never),
    channel: idAs('c', channel.id),
    auth: dice.chance(0.5) ? auth : [...new Set([author.id, ...auth])],
    at: START + dice.below(60_000),
    needs: dice.chance(0.5) ? ['SendMessages'] : ['SendMessages', 'AttachFiles']
  }
}

/** A message by somebody whom a cut names, at the numbers that the cut and its extensions speak of. */
function cutActs(dice: Dice, ops: readonly Operation[]): ContentAct[] {
  const cuts = ops.filter(op => op.cut !== null)
  const extended = ops
    .filter(op => op.kind === KINDS.cutExtend[0])
    .map(op => idFromBytes('o', op.body[0] as Uint8Array))
  const denial = cuts.find(op => extended.includes(op.id)) ?? cuts.at(-1)
  const row = denial?.cut?.[0]
  if (denial === undefined || row === undefined) return []
  const before = ops.filter(op => op.device === row.device && op.lamport < denial.lamport).at(-1)
  if (before === undefined) return []
  const base = { ...randomAct(dice, ops), device: row.device, auth: [before.id] }
  return [0, 1, 2, 3].map(step => ({
    ...base,
    seq: (row.contentSeq ?? 0) + step,
    channel: idAs('c', before.server)
  }))
}

function placeable(op: Operation, accepted: ReadonlySet<string>): boolean {
  return [...op.parents, ...op.refs, ...(op.prev === null ? [] : [op.prev])].every(id => accepted.has(id))
}

function compare(site: Site, first: AuthorityLog, accepted: readonly Operation[], expected: string): void {
  must(site.log.count() === accepted.length, 'AU-P3', `accepts ${site.log.count()} of ${accepted.length}`)
  for (const op of accepted) {
    const same = plain(site.log.standing(op.id)) === plain(first.standing(op.id))
    must(same, 'AU-P1', `kind ${op.kind} stands differently, or for another cause`)
    must(site.log.add(op, FAR).kind === 'known', 'AU-P2', 'added twice')
  }
  must(hashOf(site.log) === expected, 'AU-P1', 'another order, another state')
  const seen = (log: AuthorityLog): string => plain(dump(log.state(), START + 20_000))
  must(seen(site.log) === seen(first), 'AU-P1', 'another order, another view')
  const tips = (log: AuthorityLog): string => plain([log.heads(), log.leaves(), log.forks()])
  must(tips(site.log) === tips(first), 'AU-P1', 'other heads, leaves or forks')
}

/** Any order at all, in batches of any size: what comes too early waits among the orphans. */
function checkLoose(accepted: readonly Operation[], expected: string, dice: Dice): void {
  const site = new Site(accepted[0] as Operation, START)
  const left = accepted.slice(1)
  let batch = 0
  while (left.length > 0) {
    const [op] = left.splice(dice.below(left.length), 1)
    site.log.add(op as Operation, FAR)
    if (batch-- > 0) continue
    site.log.drain(FAR)
    batch = dice.below(5)
  }
  site.log.drain(FAR)
  const count = `${site.log.count()} of ${accepted.length}`
  must(hashOf(site.log) === expected, 'AU9', `through the orphan pool another state: ${count}`)
}

/** State of arbitrary frontiers, against the oracle. */
function checkViews(
  log: AuthorityLog,
  oracle: BatchResult,
  accepted: readonly Operation[],
  dice: Dice,
  tally: Tally
): void {
  for (let i = 0; i < 4; i++) {
    const frontier = [...new Set(Array.from({ length: 1 + dice.below(3) }, () => dice.pick(accepted).id))]
    const state = log.stateAt(frontier) as AuthorityState
    tally.add('views')
    const expected = oracleHash(oracle, oracle.readerAt(frontier))
    const same = Buffer.from(state.hash()).toString('hex') === expected
    must(same, 'AU48', "a frontier's state differs from the oracle's")
  }
}

function count(history: History, log: AuthorityLog, oracle: BatchResult, tally: Tally): void {
  tally.add('runs')
  tally.add('accepted', history.accepted.length)
  for (const op of history.accepted) {
    tally.add(`accepts ${kindName(op.kind)}`)
    const standing = log.standing(op.id)
    if (standing?.standing === 'voided') tally.add(`voids ${standing.rule}`)
    else tally.add(`stands ${kindName(op.kind)}`)
    if (op.kind === KINDS.channelCreate[0] && op.body[5] !== 0) tally.add('slow mode')
    if (op.kind === KINDS.seal[0] && op.body[1] !== null) tally.add('seals an assignment')
    if (op.kind === KINDS.threadCreate[0] && op.body[1] === 1) tally.add('private thread')
  }
  for (const refusal of oracle.rejected.values()) tally.add(`rejects by ${refusal.rule}`)
  tally.add('forks', log.forks().length)
}

/** Messages beyond a standing cut that an extension brought back. */
function countReadmitted(
  oracle: BatchResult,
  acts: readonly ContentAct[],
  verdicts: readonly ContentVerdict[],
  tally: Tally
): void {
  const beyond = (act: ContentAct): boolean =>
    [...oracle.judged.values()].some(({ op }) => {
      const row = op.cut?.find(each => each.device === act.device)
      if (row === undefined || !oracle.effective.has(op.id)) return false
      return (
        act.seq > (row.contentSeq ?? -1) && oracle.reader.winner(cutCell(op.id, act.device)) !== undefined
      )
    })
  for (const [index, act] of acts.entries())
    if (verdicts[index]?.kind === 'visible' && beyond(act)) tally.add('readmitted')
}

/** Checks a history, wherever it comes from. @throws Broken with the rule that did not hold. */
export function checkHistory(history: History, seed: number, tally: Tally): void {
  const { accepted, refused } = history
  const dice = new Dice(seed ^ 0x5bd1e995)
  const oracle = resolveBatch(fakeDeps, [...accepted, ...refused])
  const first = new Site(accepted[0] as Operation, START)
  for (const op of accepted.slice(1)) first.add(op)
  const { log } = first
  count(history, log, oracle, tally)
  const taken = oracle.judged.size
  must(taken === accepted.length, 'AU-P3', `oracle accepts ${taken}, the first log ${accepted.length}`)
  for (const op of refused) must(oracle.rejected.has(op.id), 'AU-P3', `oracle accepts a refused ${op.kind}`)
  const expected = oracleHash(oracle, oracle.reader)
  const acts = [...Array.from({ length: 12 }, () => randomAct(dice, accepted)), ...cutActs(dice, accepted)]
  const verdicts = acts.map(act => log.judge(act))
  for (const each of verdicts) tally.add(`judges ${each.kind}${'rule' in each ? ` by ${each.rule}` : ''}`)
  countReadmitted(oracle, acts, verdicts, tally)
  must(hashOf(log) === expected, 'AU-P10', 'the first log and the oracle differ')
  checkOrder(oracle, tally)
  checkCoalition(history, log, oracle)
  checkOwner(log)
  checkDenials(oracle, log)
  if (!history.transfers) checkBans(oracle, tally)
  const ids = new Set<string>(accepted.map(op => op.id))
  const all = [...accepted.slice(1), ...refused.filter(op => placeable(op, ids))]
  for (const order of randomOrders(all, 2, seed)) {
    const site = deliver([accepted[0] as Operation, ...order], oracle, dice, acts, tally)
    compare(site, log, accepted, expected)
    for (const [index, act] of acts.entries()) {
      const same = plain(site.log.judge(act)) === plain(verdicts[index])
      must(same, 'AU-P12', 'a message is judged differently')
    }
  }
  checkLoose(accepted, expected, dice)
  checkViews(log, oracle, accepted, dice, tally)
}

/** Makes a history from its seed and checks it. */
export function checkSeed(init: HistoryInit, tally: Tally): void {
  const history = makeHistory(init)
  const { maker } = history
  tally.add('hostile', maker.hostile)
  for (const [key, times] of maker.refusals) tally.add(`refuses ${key}`, times)
  checkHistory(history, init.seed, tally)
}
