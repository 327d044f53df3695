/**
 * Which operations an answer needs (AU50): those it was read from, what each of these was judged by and rests on, who
 * strikes or might have struck it; and the links that show which of them came first.
 */
import { type OperationId } from '../../base/index.ts'
import type { AuthorityDeps } from '../deps.ts'
import { covers, type Entry } from '../entry.ts'
import { citedBy } from '../structure.ts'
import { validate } from '../validate.ts'
import { pastMembership, View } from '../view.ts'
import { Recorder } from './recorder.ts'

const NO_EXTRA: ReadonlySet<Entry> = new Set()

/** Operations of one answer, closed under what each needs. */
export class Gathering {
  readonly facts = new Set<Entry>()
  readonly view: View
  readonly #deps: AuthorityDeps
  readonly #queue: Entry[] = []

  /** @param view - State of the frontier that is spoken of. */
  constructor(deps: AuthorityDeps, view: View) {
    this.#deps = deps
    this.view = view
  }

  readonly note = (entry: Entry): void => {
    if (this.facts.has(entry)) return
    this.facts.add(entry)
    this.#queue.push(entry)
  }

  /** Adds what the operations noted so far need, and what these need. */
  close(): void {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      if (next.body.name !== 'genesis') this.#reread(next)
      for (const each of next.supp) this.note(each)
      for (const { from } of next.attackers) if (this.view.has(from)) this.note(from)
      this.#rivals(next)
    }
  }

  /** What an operation was judged by: it is judged again, by a state that takes notes. */
  #reread(entry: Entry): void {
    const past = new View(this.view.ledger, pastMembership(entry.past, NO_EXTRA))
    validate(this.#deps, entry.op, entry.body, new Recorder(past, this.note), { trusted: true })
  }

  /** Joins by an invite that more used than it allows (AU26). */
  #rivals({ known: { limited } }: Entry): void {
    if (limited === undefined) return
    const joins = (this.view.limited(limited.invite)?.joins ?? []).filter(each => this.view.has(each))
    if (joins.length > limited.maxUses) for (const join of joins) this.note(join)
  }
}

/** Ends from which paths are looked for: a frontier, or what a message cites. */
export interface Ends {
  readonly ids: readonly OperationId[]
  readonly past: (entry: Entry) => boolean
}

/**
 * Operations that connect facts with those of their past, and the ends with all: a shortest way to each fact that no
 * other fact stands before.
 */
export function linksOf(view: View, facts: ReadonlySet<Entry>, ends: readonly Ends[]): Set<Entry> {
  const links = new Set<Entry>()
  const entry = (id: OperationId): Entry => view.ledger.entry(id)
  const connect = (from: readonly Entry[], within: (each: Entry) => boolean): void => {
    const inside = [...facts].filter(within)
    const targets = new Set(inside.filter(a => !inside.some(b => a !== b && covers(b, a))))
    for (const each of pathsTo(targets, from, id => entry(id))) if (!facts.has(each)) links.add(each)
  }
  for (const fact of facts) connect(citedBy(fact.op).map(entry), each => each !== fact && covers(fact, each))
  for (const { ids, past } of ends) connect(ids.map(entry), past)
  return links
}

/** Breadth first from `from` against time; the entries on the ways found, targets and starts among them. */
function pathsTo(
  targets: Set<Entry>,
  from: readonly Entry[],
  entryOf: (id: OperationId) => Entry
): Set<Entry> {
  const left = new Set(targets)
  const before = new Map<Entry, Entry | undefined>()
  const found = new Set<Entry>()
  let ring: Entry[] = []
  const reach = (each: Entry, by: Entry | undefined): void => {
    if (before.has(each)) return
    before.set(each, by)
    if (left.delete(each))
      for (let at: Entry | undefined = each; at !== undefined; at = before.get(at)) found.add(at)
    else ring.push(each)
  }
  for (const each of from) reach(each, undefined)
  while (left.size > 0 && ring.length > 0) {
    const last = ring
    ring = []
    for (const each of last)
      if ([...left].some(target => covers(each, target)))
        for (const id of citedBy(each.op)) reach(entryOf(id), each)
  }
  return found
}
