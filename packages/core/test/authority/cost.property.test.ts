/** AU-P11: what an operation costs, counted in looked-up and walked-over entries, so that no clock is asked. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { draft, draftKick, type OperationDraft } from '../../src/authority/index.ts'
import type { Operation } from '../../src/graph/index.ts'
import type { Person, Site } from './cast.ts'
import { Stage } from './ladder.ts'

const RUNS = Number(process.env.XCORD_RUNS ?? 12)

type Callable = (this: { readonly size?: number; readonly length?: number }, ...args: unknown[]) => unknown

/** Looks into maps and sets cost one; walks over them and over lists cost their length. */
const ONES = ['get', 'has', 'set', 'add', 'delete'] as const
const WALKS = ['values', 'keys', 'entries', 'forEach', Symbol.iterator] as const
const LIST_WALKS = [
  'filter',
  'map',
  'flatMap',
  'some',
  'every',
  'find',
  'includes',
  'indexOf',
  'sort',
  'slice',
  'reduce',
  'forEach',
  Symbol.iterator
] as const

/** Runs with every map, set and list counting. */
function counted(run: () => void): number {
  let count = 0
  const undo: (() => void)[] = []
  const watch = (
    target: object,
    names: readonly (string | symbol)[],
    costOf: (self: object) => number
  ): void => {
    for (const name of names) {
      const own = Object.getOwnPropertyDescriptor(target, name)
      if (own === undefined) continue
      const before = own.value as Callable
      const watched: Callable = function (...args) {
        count += costOf(this)
        return before.apply(this, args)
      }
      Object.defineProperty(target, name, { ...own, value: watched })
      undo.push(() => Object.defineProperty(target, name, own))
    }
  }
  for (const kind of [Map.prototype, Set.prototype]) {
    watch(kind, ONES, () => 1)
    watch(kind, WALKS, self => (self as Set<unknown>).size)
  }
  watch(Array.prototype, LIST_WALKS, self => (self as unknown[]).length)
  try {
    run()
  } finally {
    for (const each of undo) each()
  }
  return count
}

const rename = (name: string): OperationDraft =>
  draft('serverSet', { rows: [{ key: 0, value: name }], reason: null })
const topic = (text: string): OperationDraft =>
  draft('serverSet', { rows: [{ key: 3, value: text }], reason: null })

/** A server where so much happened: its name and description, by two people in turns. */
function lived(count: number, picks: readonly number[]): Stage {
  const stage = new Stage({ a: 10, b: 8, x: 5 })
  const people = ['a', 'b', 'x'] as const
  for (let at = 0; at < count; at++) {
    const pick = picks[at % picks.length] ?? 0
    stage.site.act(stage.who(people[pick % 3] ?? 'a'), pick % 2 === 0 ? rename(`${at}`) : topic(`${at}`))
  }
  return stage
}

const fates = (site: Site): readonly boolean[] =>
  site.operations.map(each => site.standing(each) === 'effective')

const named = (stage: Stage): { readonly site: Site; readonly who: (name: string) => Person } => ({
  site: stage.site,
  who: name => stage.who(name)
})

/** What adding it cost, and how many fates it turned. */
function cost(site: Site, op: Operation): { readonly work: number; readonly flips: number } {
  const before = fates(site)
  let kind = ''
  const work = counted(() => (kind = site.log.add(op, Number.MAX_SAFE_INTEGER - 1_000_000).kind))
  expect(kind).toBe('accepted')
  const after = fates(site)
  return { work, flips: before.filter((each, at) => each !== after[at]).length }
}

/** What one operation may cost by itself: what it cites, its proof, its cells, and what is told of it. */
const OWN = 450
/** For each operation that relies on a cell it denies, struck or not. */
const EACH_RELIER = 6
/** For each that wrote a cell whose writer falls: who writes it now is found among them, once. */
const EACH_WRITER = 3
/** For each fate it turns, by the logarithm of how many operations there are. */
const EACH_FLIP = 8

const history = {
  count: fc.integer({ min: 20, max: 500 }),
  picks: fc.array(fc.nat(5), { minLength: 1, maxLength: 12 })
}

describe('[AU-P11] the cost of an operation', () => {
  it('[AU-P11] [AU48] at the heads or behind them all is its own, however long the history', () => {
    fc.assert(
      fc.property(fc.record(history), ({ count, picks }) => {
        const { site, who } = named(lived(count, picks))
        const early = lived(10, picks)
        const backdated = early.site.sign(early.who('b'), topic('early'))
        expect(cost(site.fork(), site.fork().sign(who('a'), rename('now'))).work).toBeLessThan(OWN)
        expect(cost(site.fork(), backdated).work).toBeLessThan(OWN)
      }),
      { numRuns: RUNS }
    )
  })

  it('[AU-P11] [AU48] of a denial grows with those who rely on what it denies, and with the fates it turns', () => {
    fc.assert(
      fc.property(fc.record({ ...history, falls: fc.nat(60) }), ({ count, picks, falls }) => {
        const stage = lived(count, picks)
        const { site, who } = named(stage)
        const there = site.fork()
        for (let each = 0; each < falls; each++) site.act(who('x'), rename(`fallen ${each}`))
        const reliers = site.operations.filter(each => each.device === who('x').device).length
        const renamed = Array.from({ length: count }, (_, at) => picks[at % picks.length] ?? 0)
        const writers = falls === 0 ? 0 : falls + renamed.filter(pick => pick % 2 === 0).length
        const { work, flips } = cost(site, there.sign(who('a'), draftKick(stage.user('x'))))
        expect(flips).toBe(falls)
        const all = Math.log2(site.operations.length)
        expect(work).toBeLessThan(
          OWN + EACH_RELIER * reliers + EACH_WRITER * writers + EACH_FLIP * flips * all
        )
      }),
      { numRuns: RUNS }
    )
  })
})
