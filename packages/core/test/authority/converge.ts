/**
 * The same outcome for every order of delivery, live and in one batch (AU-S, AU-P1, AU-P10).
 *
 * What happened after the parties parted comes in every order there is, behind what all knew; then the whole history,
 * the beginning included, in every order, or in two thousand where there are more.
 */
import type { OperationId } from '../../src/base/index.ts'
import { type AuthorityLog, type BatchResult, resolveBatch } from '../../src/authority/index.ts'
import type { Operation } from '../../src/graph/index.ts'
import { fakeDeps, hashOf, Site, START } from './cast.ts'
import { Dice } from './histories/dice.ts'
import { oracleHash, plain } from './histories/plain.ts'
import { ALL_ORDERS_MAX, everyOrder, orders, randomOrders } from './orders.ts'

/** Random orders of a part too long for all of them. */
const RANDOM_ORDERS = 2_000
const WHOLE_ORDERS = 2_000
const LOOSE_ORDERS = 40
const FAR = Number.MAX_SAFE_INTEGER - 1_000_000

/** What a scenario wants to be the same, beside state and standings. */
export type Look = (log: AuthorityLog) => unknown

class Outcome {
  readonly #all: readonly Operation[]
  readonly #look: Look
  readonly #oracle: BatchResult
  readonly #expected: string
  /** State by the set of operations delivered: it has to be the same whichever way led there. */
  readonly #onTheWay = new Map<string, string>()
  #seen: string | undefined

  constructor(all: readonly Operation[], look: Look) {
    this.#all = all
    this.#look = look
    this.#oracle = resolveBatch(fakeDeps, all)
    this.#expected = oracleHash(this.#oracle, this.#oracle.reader)
  }

  /** After some of the operations; what is asked for on the way must not change what comes out. */
  pause(log: AuthorityLog): void {
    const ids = [...log.operations()].map(op => op.id)
    const key = [...ids].sort().join()
    const hash = hashOf(log)
    const known = this.#onTheWay.get(key)
    if (known === undefined) {
      const expected = oracleHash(this.#oracle, this.#oracle.readerAt(ids))
      if (hash !== expected) throw new Error('on the way, the log and the oracle differ')
      this.#onTheWay.set(key, hash)
    } else if (known !== hash) throw new Error('two ways to one set, two states')
    this.#look(log)
  }

  end(log: AuthorityLog): void {
    if (hashOf(log) !== this.#expected) throw new Error('the log and the oracle differ')
    const standings = this.#all.map(({ id }) => log.standing(id))
    for (const [index, { id, kind }] of this.#all.entries()) {
      const { effective, judged } = this.#oracle
      const there = effective.has(id) ? 'effective' : judged.has(id) ? 'voided' : undefined
      const here = standings[index]?.standing
      if (here !== there) throw new Error(`${kind}: live ${here}, oracle ${there}`)
    }
    const seen = plain([standings, log.heads(), log.leaves(), log.forks(), this.#look(log)])
    this.#seen ??= seen
    if (seen !== this.#seen) throw new Error(`two orders, two outcomes: ${this.#seen}\n${seen}`)
  }
}

/** Delivers in every order and compares with the batch oracle; returns one of the logs. */
export function converge(
  common: readonly Operation[],
  late: readonly Operation[],
  look: Look = () => null
): AuthorityLog {
  const genesis = common[0] as Operation
  const outcome = new Outcome([...common, ...late], look)
  let kept: AuthorityLog | undefined
  const deliver = (order: readonly Operation[], pauses: boolean): void => {
    const site = new Site(genesis, START)
    for (const op of order) {
      const result = site.add(op)
      if (result.kind !== 'accepted') throw new Error(`kind ${op.kind} was ${result.kind} in one order`)
      if (pauses) outcome.pause(site.log)
    }
    outcome.end(site.log)
    kept ??= site.log
  }
  const before = common.slice(1)
  const parts = late.length <= ALL_ORDERS_MAX ? everyOrder(late) : randomOrders(late, RANDOM_ORDERS)
  let count = 0
  for (const order of parts) deliver([...before, ...order], count++ < 40)
  for (const order of orders([...before, ...late], WHOLE_ORDERS, 2)) deliver(order, false)
  const dice = new Dice(3)
  for (let run = 0; run < LOOSE_ORDERS; run++) outcome.end(loosely(genesis, [...before, ...late], dice))
  return kept as AuthorityLog
}

/** In any order at all, in batches, some of it twice: what comes too early waits. */
function loosely(genesis: Operation, operations: readonly Operation[], dice: Dice): AuthorityLog {
  const { log } = new Site(genesis, START)
  const left = [...operations]
  while (left.length > 0) {
    for (let batch = 1 + dice.below(5); batch > 0 && left.length > 0; batch--) {
      const [op] = left.splice(dice.below(left.length), 1) as [Operation]
      log.add(op, FAR)
      if (dice.chance(0.3)) log.add(op, FAR)
    }
    log.drain(FAR)
  }
  for (const op of operations)
    if (log.add(op, FAR).kind !== 'known') throw new Error('AU-P2: a second time is no second operation')
  return log
}

/** All operations of several sites, those of `common` first. */
export function together(common: Site, ...sites: Site[]): { common: Operation[]; late: Operation[] } {
  const known = new Set(common.operations.map(op => op.id))
  const late = new Map<OperationId, Operation>()
  for (const site of sites) for (const op of site.operations) if (!known.has(op.id)) late.set(op.id, op)
  return { common: common.operations, late: [...late.values()] }
}
