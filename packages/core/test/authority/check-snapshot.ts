/** AU-P1 for snapshots: a log that begins with one and a log that has everything say the same of all that follows. */
import {
  type AddResult,
  type AuthorityLog,
  type AuthoritySnapshot,
  type ContentAct,
  openAuthorityLog,
  verifySnapshot
} from '../../src/authority/index.ts'
import { Frozen } from '../../src/authority/frozen.ts'
import type { Operation } from '../../src/graph/index.ts'
import { fakeDeps, fakeSuite, hashOf, orders, Site, START } from './cast.ts'
import { dump } from './check.ts'
import { Dice, Maker } from './history.ts'

export interface SnapshotTally {
  runs: number
  /** Histories that 16 heads could not end. */
  wide: number
  accepted: number
  voided: number
  rejected: number
  /** Held until the operations before the snapshot are there. */
  held: number
  judged: number
  /** Messages that only those operations could judge. */
  waiting: number
}

export const newSnapshotTally = (): SnapshotTally => ({
  runs: 0,
  wide: 0,
  accepted: 0,
  voided: 0,
  rejected: 0,
  held: 0,
  judged: 0,
  waiting: 0
})

const LATER = Number.MAX_SAFE_INTEGER - 1_000_000

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint'
      ? `${each}n`
      : each instanceof Uint8Array
        ? Buffer.from(each).toString('hex')
        : each
  )

function same(what: string, one: unknown, other: unknown): void {
  const [a, b] = [text(one), text(other)]
  if (a === b) return
  let at = 0
  while (a[at] === b[at]) at++
  const [left, right] = [a, b].map(each => each.slice(Math.max(0, at - 300), at + 300))
  throw new Error(`AU-P1: ${what}: from the snapshot …${left}…, from everything …${right}…`)
}

function open(genesis: Operation, snapshot: AuthoritySnapshot): AuthorityLog {
  const verified = verifySnapshot(fakeSuite, snapshot, snapshot.chunks)
  if (!verified.ok) throw new Error(`AU58: ${verified.rule}, ${verified.reason}`)
  return openAuthorityLog(fakeDeps, genesis, { snapshot: verified.value })
}

/** What two logs show. */
function compareLogs(log: AuthorityLog, whole: AuthorityLog): void {
  same('state hash', hashOf(log), hashOf(whole))
  same('state', dump(log.state(), START + 20_000), dump(whole.state(), START + 20_000))
  for (const list of ['objects', 'automod'] as const) same(list, log.state()[list](), whole.state()[list]())
  same('nodes', log.state().nodes, whole.state().nodes)
  same('count', log.count(), whole.count())
  same('heads', log.heads(), whole.heads())
  same('leaves', log.leaves(), whole.leaves())
  same('forks', log.forks(), whole.forks())
}

function outcome(result: AddResult): unknown {
  if (result.kind === 'rejected') return { kind: result.kind, rule: result.refusal.rule }
  if (result.kind !== 'accepted') return { kind: result.kind }
  const { kind, effective, changes, losses } = result
  const devices = result.rejudge.devices.map(text).sort()
  return {
    kind,
    effective,
    losses,
    rejudge: { ...result.rejudge, devices },
    changes: changes.map(text).sort()
  }
}

/** Adds what comes later to both. What the one cannot judge yet, the other is not given either. */
function follow(
  log: AuthorityLog,
  whole: Site,
  later: readonly Operation[],
  tally: SnapshotTally,
  closely: boolean
): readonly Operation[] {
  const taken: Operation[] = []
  for (const op of later) {
    const result = log.add(op, LATER)
    if (result.kind === 'history' || result.kind === 'orphan') {
      tally.held++
      continue
    }
    same(`kind ${op.kind}`, outcome(result), outcome(whole.log.add(op, LATER)))
    if (result.kind === 'rejected') tally.rejected++
    if (result.kind !== 'accepted') continue
    tally.accepted++
    taken.push(op)
    if (closely) same('state hash on the way', hashOf(log), hashOf(whole.log))
  }
  for (const op of taken) {
    same(`standing of kind ${op.kind}`, log.standing(op.id), whole.log.standing(op.id))
    if (log.standing(op.id)?.standing === 'voided') tally.voided++
  }
  return taken
}

function judge(
  log: AuthorityLog,
  whole: AuthorityLog,
  known: readonly Operation[],
  maker: Maker,
  dice: Dice,
  tally: SnapshotTally
): void {
  const channels = whole.state().channels()
  for (let run = 0; run < 12; run++) {
    const author = dice.pick(maker.people)
    const act: ContentAct = {
      device: author.device,
      seq: dice.below(6),
      id: `m${dice.pick(known).id.slice(1)}` as ContentAct['id'],
      channel: (dice.chance(0.2) || channels.length === 0
        ? `c${log.server.slice(1)}`
        : dice.pick(channels).id) as ContentAct['channel'],
      auth: dice.chance(0.5)
        ? whole.frontierFor(author.device).slice(0, 16)
        : [...new Set([dice.pick(known).id, dice.pick(known.slice(-5)).id])],
      at: START + dice.below(60_000),
      needs: dice.chance(0.5) ? ['SendMessages'] : []
    }
    const verdict = log.judge(act)
    if (verdict.kind === 'waiting') tally.waiting++
    else {
      tally.judged++
      same('a message', verdict, whole.judge(act))
    }
  }
}

/** One history: a hostile beginning, a snapshot of it, and a hostile continuation that has it in its past. */
export function checkSnapshot(
  seed: number,
  steps: { before: number; after: number },
  tally: SnapshotTally
): void {
  const maker = new Maker({ seed, steps: 0 })
  const dice = new Dice(seed ^ 0x1b873593)
  for (let step = 0; step < steps.before; step++) maker.step()
  const before = [...maker.site.operations]
  const snapshot = maker.site.log.snapshot()
  tally.runs++
  if (snapshot === undefined) {
    tally.wide++
    return
  }
  const genesis = before[0] as Operation
  const fresh = (): Site => {
    const site = new Site(genesis, START)
    for (const op of before.slice(1)) site.log.add(op, LATER)
    return site
  }
  compareLogs(open(genesis, snapshot), maker.site.log)
  const refused = maker.refused.length
  maker.floor = snapshot.heads.map(id => maker.site.log.get(id) as Operation)
  for (let step = 0; step < steps.after; step++) maker.step()
  const later = [...maker.site.operations.slice(before.length), ...maker.refused.slice(refused)]
  for (const order of [later, ...[...orders(later, 1, seed)].slice(0, 1)]) {
    const log = open(genesis, snapshot)
    const whole = fresh()
    const taken = follow(log, whole, order, tally, order === later)
    compareLogs(log, whole.log)
    judge(log, whole.log, [...before, ...taken], maker, dice, tally)
    checkNext(log, whole.log, genesis)
  }
}

/** Part by part, so that a difference can be read. */
function sameParts(one: AuthoritySnapshot, other: AuthoritySnapshot): void {
  const [a, b] = [one, other].map(each => Frozen.read(each.chunks)?.whole())
  for (const part of ['heads', 'uses', 'forks', 'claims', 'knows', 'writers'] as const) {
    const [left, right] = [a, b].map(each => new Set((each?.[part] ?? []).map(text)))
    const only = (here: Set<string> | undefined, there: Set<string> | undefined): readonly string[] =>
      [...(here ?? [])].filter(each => !there?.has(each))
    same(`the next snapshot's ${part}`, only(left, right), only(right, left))
  }
}

/** A snapshot of a log that began with one is the one that everything gives. */
function checkNext(log: AuthorityLog, whole: AuthorityLog, genesis: Operation): void {
  const [one, other] = [log.snapshot(), whole.snapshot()]
  if (one !== undefined && other !== undefined) sameParts(one, other)
  same('the next snapshot', one, other)
  if (one !== undefined) compareLogs(open(genesis, one), whole)
}

/** A snapshot from behind the newest: everything after it can be added to it, with the same result. */
export function checkBehind(seed: number, steps: number, tally: SnapshotTally): void {
  const maker = new Maker({ seed, steps: 0 })
  for (let step = 0; step < steps; step++) maker.step()
  const { log, operations } = maker.site
  tally.runs++
  const snapshot = log.snapshot({ lag: 6 })
  if (snapshot === undefined) {
    tally.wide++
    return
  }
  const opened = open(operations[0] as Operation, snapshot)
  let placed = 0
  const inside = new Set(snapshot.heads.flatMap(id => [id, ...(maker.pasts.get(id) ?? [])]))
  same('what is inside', snapshot.count, inside.size)
  for (const op of operations) if (!inside.has(op.id) && opened.add(op, LATER).kind === 'accepted') placed++
  if (snapshot.count + placed < log.count()) {
    tally.held++
    return
  }
  tally.accepted += placed
  compareLogs(opened, log)
}
