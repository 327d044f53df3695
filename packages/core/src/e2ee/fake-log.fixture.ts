/** One peer's authority log over the small world of `authority.fixture.ts`: what it has heard of, and nothing more. */
import type { DeviceId, OperationId } from '../base/index.ts'
import type { AuthorityLog, AuthorityState } from '../authority/index.ts'
import { type Act, commit, lossOf, movedBy, type Node, stateOf, type World } from './authority.fixture.ts'

/** One peer's knowledge of the world. */
export interface FakeLog extends AuthorityLog {
  /** Makes an operation on everything known here. */
  act(device: DeviceId, act: Act): OperationId
  /** Takes in an operation made elsewhere, and its past. */
  learn(id: OperationId): void
}

/** A log that knows the given operations' pasts. */
export function createFakeLog(world: World, known: Iterable<OperationId> = []): FakeLog {
  const have = new Set<OperationId>()
  const states = new Map<string, AuthorityState>()
  const closure = (frontier: readonly OperationId[]): Set<OperationId> =>
    new Set(frontier.flatMap(id => [id, ...(world.nodes.get(id) as Node).past]))
  const cached = (ids: ReadonlySet<OperationId>): AuthorityState => {
    const name = [...ids].sort().join()
    let state = states.get(name)
    if (state === undefined) states.set(name, (state = stateOf(world, ids)))
    return state
  }
  const heads = (): OperationId[] =>
    [...have].filter(id => ![...have].some(other => (world.nodes.get(other) as Node).past.has(id))).sort()
  const never = (): never => {
    throw new Error('the fake has no such answer')
  }
  const learn = (id: OperationId): void => {
    for (const each of closure([id])) have.add(each)
  }
  for (const id of known) learn(id)
  return {
    server: world.server,
    learn,
    act: (device, act) => {
      const id = commit(world, device, heads(), act, world.count * 1_000)
      have.add(id)
      return id
    },
    get: id => (have.has(id) ? world.nodes.get(id)?.op : undefined),
    has: id => have.has(id),
    operations: () => [...have].map(id => (world.nodes.get(id) as Node).op),
    count: () => have.size,
    movedSince: count => movedBy([...have].slice(count).map(id => world.nodes.get(id) as Node)),
    heads,
    leaves: () => [],
    frontier: () => {
      const all = heads()
      return all.length > 16 ? undefined : all
    },
    frontierFor: () => heads().slice(0, 16),
    covers: (frontier, id) => closure(frontier.filter(each => have.has(each))).has(id),
    state: () => cached(have),
    stateAt: frontier => (frontier.every(id => have.has(id)) ? cached(closure(frontier)) : undefined),
    lossesOutside: frontier => {
      const inside = closure(frontier.filter(id => world.nodes.has(id)))
      return [...have].filter(id => !inside.has(id)).flatMap(id => lossOf(world.nodes.get(id) as Node) ?? [])
    },
    lamportOf: frontier => Math.max(0, ...frontier.map(id => world.nodes.get(id)?.op.lamport ?? 0)),
    missing: () => [],
    add: never,
    drain: never,
    standing: never,
    permits: never,
    place: never,
    judge: never,
    mark: id => {
      const op = have.has(id) ? world.nodes.get(id)?.op : undefined
      return op && { kind: op.kind, lamport: op.lamport, at: op.at }
    },
    gathers: () => [],
    forks: () => [],
    strengthens: never,
    needsNewer: () => false,
    explain: never,
    settledCount: () => 0,
    wantsHistory: () => false,
    auditSnapshot: never,
    snapshot: never
  }
}
