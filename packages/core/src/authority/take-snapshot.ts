/** Takes a snapshot of a log (AU58): the state of a closed set, and what operations after it rest on or follow. */
import {
  type DeviceId,
  idFromBytes,
  idToBytes,
  type InviteId,
  type OperationId,
  type UserId
} from '../base/index.ts'
import { deviceCell, identityCell, MEMBER_OUT } from './cell.ts'
import { covers, type DeviceChain, type Entry } from './entry.ts'
import { isSpine } from './kinds/table.ts'
import type { Ledger } from './ledger.ts'
import {
  DEVICE_FAMILY,
  joinKey,
  MEMBER_FAMILY,
  OBJECT_FAMILY,
  type SplitKey,
  splitKey
} from './snapshot-families.ts'
import { ownEntries, type SnapshotCut } from './snapshot-cut.ts'
import {
  MARK_STANDS,
  MARK_UNBAN,
  MARK_WINS,
  type SnapshotParts,
  type SnapshotRow,
  type SnapshotWriter
} from './snapshot-writer.ts'
import { writeStrength } from './strength.ts'
import { View } from './view.ts'

interface Collected {
  readonly entry: Entry
  readonly rows: SnapshotRow[]
  carries: readonly OperationId[]
  tip: SnapshotWriter['tip']
}

/** What a snapshot of this set holds. */
export function takeSnapshot(ledger: Ledger, cut: SnapshotCut): SnapshotParts {
  return new Taker(ledger, cut).take()
}

class Taker {
  readonly #ledger: Ledger
  readonly #cut: SnapshotCut
  readonly #view: View
  readonly #found = new Map<OperationId, Collected>()
  /** Keys that the log itself wrote: what an earlier snapshot had there no longer counts. */
  readonly #written = new Set<string>()
  readonly #tips = new Map<DeviceId, Entry>()
  readonly #off: { readonly device: DeviceId; readonly by: Entry }[] = []

  constructor(ledger: Ledger, cut: SnapshotCut) {
    this.#ledger = ledger
    this.#cut = cut
    this.#view = new View(ledger, cut.has)
  }

  take(): SnapshotParts {
    for (const cell of this.#ledger.cells.values())
      if (cell.writes.some(this.#cut.has)) this.#takeCell(cell.key)
    const forks = this.#takeChains()
    this.#keepOld()
    this.#takeMakers()
    const heads = this.#takeHeads()
    const knows = this.#takeKnows()
    for (const each of this.#found.values())
      for (const id of each.carries) this.#collect(this.#ledger.entry(id))
    return {
      writers: [...this.#found.values()].map(writerOf),
      heads,
      forks,
      knows,
      uses: this.#takeUses(),
      claims: this.#takeClaims()
    }
  }

  #collect(entry: Entry): Collected {
    let found = this.#found.get(entry.op.id)
    if (found === undefined) {
      found = { entry, rows: [], carries: [], tip: undefined }
      this.#found.set(entry.op.id, found)
    }
    return found
  }

  #row(entry: Entry, key: string, value: SnapshotRow['value'], mark: number): void {
    const found = this.#collect(entry)
    found.rows.push({ ...(splitKey(key) as SplitKey), value, mark })
    if (entry.known.carries !== undefined && mark !== MARK_UNBAN)
      found.carries = entry.known.carries.filter(id => this.#view.isEffective(id))
  }

  #takeCell(key: string): void {
    this.#written.add(key)
    const winner = this.#view.winner(key)
    if (winner === undefined) return
    const by = this.#ledger.entry(winner.by.op.id)
    this.#row(by, key, winner.value, MARK_WINS)
    if (key.startsWith('dev|')) this.#noteOff(key.slice(4) as DeviceId, by, winner.value)
    if (key.startsWith('member|')) this.#takeMember(key, key.slice(7) as UserId, by)
  }

  #noteOff(device: DeviceId, by: Entry, value: SnapshotRow['value']): void {
    if ((value as readonly number[])[0] === 0) this.#off.push({ device, by })
  }

  /** Live joins beside the winner, and unbans that a later join rests on. */
  #takeMember(key: string, user: UserId, winner: Entry): void {
    const standing = this.#view.standing(key)
    for (const each of standing) {
      if (each === winner) continue
      const write = each.known.writes.find(({ cell }) => cell === key)
      if (write !== undefined) this.#row(each, key, write.value, MARK_STANDS)
    }
    for (const id of this.#view.unbans(user)) {
      const unban = this.#ledger.entry(id)
      if (!standing.includes(unban)) this.#row(unban, key, MEMBER_OUT, MARK_UNBAN)
    }
  }

  /** Each device's newest operation, and the forks of those that have two. */
  #takeChains(): SnapshotParts['forks'] {
    const forks = [...(this.#ledger.settled?.frozen.listed.forks ?? [])]
    for (const [device, chain] of this.#ledger.chains) {
      const own = chain.all.filter(each => each.settled !== true && this.#cut.has(each))
      const newest = newestOf(own)
      if (newest === undefined) continue
      this.#tips.set(device, newest)
      this.#collect(newest).tip = { device: idToBytes(device), seq: newest.op.seq }
      forks.push(...this.#forksOf(device, chain))
    }
    for (const { operations } of forks)
      for (const id of operations) this.#collect(this.#ledger.entry(idFromBytes('o', id)))
    return forks
  }

  #forksOf(device: DeviceId, chain: DeviceChain): SnapshotParts['forks'] {
    const out: SnapshotParts['forks'][number][] = []
    for (const seq of new Set(chain.forked.filter(each => each.settled !== true).map(each => each.op.seq))) {
      const both = (chain.bySeq.get(seq) ?? []).filter(this.#cut.has)
      if (both.length > 1)
        out.push({ device: idToBytes(device), seq, operations: both.map(each => idToBytes(each.op.id)) })
    }
    return out
  }

  /** What the snapshot before this one had, where nothing was written since. */
  #keepOld(): void {
    const { settled } = this.#ledger
    if (settled === undefined) return
    for (let at = 0; at < settled.frozen.writers; at++) {
      const writer = settled.frozen.writer(at)
      const rows = writer.rows.filter(row => !this.#written.has(joinKey(row.family, row.parts)))
      const tip = writer.tip
      const ends = tip !== undefined && !this.#tips.has(idFromBytes('d', tip.device))
      if (rows.length === 0 && !ends) continue
      const entry = this.#ledger.entry(idFromBytes('o', writer.id))
      const found = this.#collect(entry)
      found.rows.push(...rows)
      if (ends) found.tip = tip
      if (rows.some(row => row.family === MEMBER_FAMILY && row.mark !== MARK_UNBAN))
        found.carries = entry.known.carries ?? []
      for (const row of rows)
        if (row.family === DEVICE_FAMILY && row.mark === MARK_WINS)
          this.#noteOff(idFromBytes('d', row.parts[0] as Uint8Array), entry, row.value)
    }
  }

  /** Whose an object is, the operation that made it tells. */
  #takeMakers(): void {
    for (const { rows } of [...this.#found.values()])
      for (const row of rows)
        if (row.family === OBJECT_FAMILY)
          this.#collect(this.#ledger.entry(idFromBytes('o', row.parts[0] as Uint8Array)))
  }

  #takeHeads(): SnapshotParts['heads'] {
    const { heads, spine } = this.#cut
    for (const each of [...heads, ...spine]) this.#collect(each)
    const inSpine = new Set(spine.map(each => each.op.id))
    const leaves = heads.filter(each => !isSpine(each.op.kind))
    return [
      ...spine.map(each => ({ id: idToBytes(each.op.id), parents: [] })),
      ...leaves.map(each => ({
        id: idToBytes(each.op.id),
        parents: each.op.parents.filter(id => inSpine.has(id)).map(id => idToBytes(id))
      }))
    ]
  }

  /** Which user keys were announced knowing of a revocation among the user's devices (ID7). */
  #takeKnows(): SnapshotParts['knows'] {
    const out = new Map<OperationId, Set<OperationId>>()
    for (const { device, by } of this.#off) {
      for (const user of this.#ledger.registry.devices.get(device) ?? []) {
        const key = this.#view.winner(identityCell(user))?.by
        if (key === undefined || !covers(this.#ledger.entry(key.op.id), by) || key.op.id === by.op.id)
          continue
        const of = out.get(key.op.id) ?? new Set()
        out.set(key.op.id, of.add(by.op.id))
      }
    }
    return [...out].map(([id, of]) => ({ id: idToBytes(id), of: [...of].map(each => idToBytes(each)) }))
  }

  #takeUses(): SnapshotParts['uses'] {
    const invites = new Set<InviteId>([
      ...this.#ledger.joinsBy.keys(),
      ...(this.#ledger.settled?.uses.keys() ?? [])
    ])
    return [...invites]
      .map(invite => ({ invite: idToBytes(invite), uses: this.#view.uses(invite) }))
      .filter(each => each.uses > 0)
  }

  /** Users who claimed a device that is not written to them: the registry has to know all. */
  #takeClaims(): SnapshotParts['claims'] {
    const { settled, registry, cells } = this.#ledger
    const claims = new Map<DeviceId, Set<UserId>>()
    const claim = (device: DeviceId, user: UserId): void => {
      claims.set(device, (claims.get(device) ?? new Set()).add(user))
    }
    for (const each of settled?.frozen.listed.claims ?? [])
      claim(idFromBytes('d', each.device), idFromBytes('u', each.user))
    for (const device of registry.devices.keys()) {
      for (const user of settled?.usersOf(device) ?? []) claim(device, user)
      for (const each of cells.get(deviceCell(device))?.writes ?? [])
        if (this.#cut.has(each)) claim(device, each.known.user)
    }
    return [...claims].flatMap(([device, users]) => {
      const written = this.#view.winner(deviceCell(device))?.by.known.user
      return [...users]
        .filter(user => user !== written)
        .map(user => ({ device: idToBytes(device), user: idToBytes(user) }))
    })
  }
}

/** The end of the longest branch. */
function newestOf(entries: readonly Entry[]): Entry | undefined {
  return entries.reduce<Entry | undefined>((best, each) => {
    if (best === undefined || each.op.seq > best.op.seq) return each
    const older = each.op.lamport - best.op.lamport || (each.op.id < best.op.id ? -1 : 1)
    return each.op.seq === best.op.seq && older < 0 ? each : best
  }, undefined)
}

function writerOf({ entry, rows, carries, tip }: Collected): SnapshotWriter {
  const { op, known } = entry
  return {
    id: idToBytes(op.id),
    kind: op.kind,
    user: idToBytes(known.user),
    tip,
    lamport: op.lamport,
    at: op.at,
    strength: writeStrength(known.strength),
    rows,
    carries: carries.map(id => idToBytes(id))
  }
}

/** Sum of the ids of a closed set (AU41's setFp), modulo 2^256. */
export function sumOf(ledger: Ledger, cut: SnapshotCut): bigint {
  let sum = ledger.settled?.claim.sum ?? 0n
  for (const each of ownEntries(ledger)) if (cut.has(each)) sum += toBigint(idToBytes(each.op.id))
  return sum & MASK
}

const MASK = (1n << 256n) - 1n

function toBigint(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}
