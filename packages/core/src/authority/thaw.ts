/**
 * What a log that begins with a snapshot knows of the operations before it (AU59): who wrote the cells, each device's
 * newest operation, the heads. Their fates are settled: nothing that builds on all of them turns one, but by a cut.
 */
import {
  type DeviceId,
  idAs,
  idFromBytes,
  idToBytes,
  type InviteId,
  type OperationId,
  type RoleId,
  type ServerId,
  type UserId
} from '../base/index.ts'
import type { CborValue } from '../encoding/index.ts'
import type { CutRow, Operation } from '../graph/index.ts'
import { OWNER_CELL } from './cell.ts'
import type { Cell, DeviceChain, Entry } from './entry.ts'
import type { Frozen } from './frozen.ts'
import { HistoryNeeded } from './history-needed.ts'
import { decodeBody, isSpine, type KindBody, kindName, KINDS } from './kinds/table.ts'
import { EMPTY_PAST, type Past, unionPasts } from './past.ts'
import type { Known, Write } from './reader.ts'
import {
  ASSIGNMENT_FAMILY,
  DEVICE_FAMILY,
  joinKey,
  MEMBER_FAMILY,
  TERMS_FAMILY
} from './snapshot-families.ts'
import type { SnapshotClaim } from './snapshot-claim.ts'
import { MARK_UNBAN, type SnapshotWriter } from './snapshot-writer.ts'
import { readStrength } from './strength.ts'

/** An operation before the snapshot: what the snapshot tells of it. Asking for more ends the question. */
class SettledOperation implements Operation {
  readonly id: OperationId
  readonly server: ServerId
  readonly kind: number
  readonly lamport: number
  readonly at: number
  readonly parents: readonly OperationId[]
  readonly #tip: SnapshotWriter['tip']

  constructor(server: ServerId, writer: SnapshotWriter, parents: readonly OperationId[]) {
    this.id = idFromBytes('o', writer.id)
    this.server = server
    this.kind = writer.kind
    this.lamport = writer.lamport
    this.at = writer.at
    this.parents = parents
    this.#tip = writer.tip
  }

  get device(): DeviceId {
    return idFromBytes('d', this.#required().device)
  }

  get seq(): number {
    return this.#required().seq
  }

  #required(): NonNullable<SnapshotWriter['tip']> {
    if (this.#tip === undefined) throw new HistoryNeeded()
    return this.#tip
  }

  get prev(): OperationId | null {
    throw new HistoryNeeded()
  }

  get refs(): readonly OperationId[] {
    throw new HistoryNeeded()
  }

  get body(): readonly CborValue[] {
    throw new HistoryNeeded()
  }

  get cut(): readonly CutRow[] | null {
    throw new HistoryNeeded()
  }

  get bytes(): Uint8Array {
    throw new HistoryNeeded()
  }
}

const NONE: never[] = []
/** Families with as many cells as there are members: listed when asked, all others at once. */
const WIDE: ReadonlySet<number> = new Set([MEMBER_FAMILY, 3, 4, 5, 6, 7, 8, ASSIGNMENT_FAMILY])

export class Foundation {
  readonly claim: SnapshotClaim
  readonly frozen: Frozen
  readonly heads: readonly Entry[]
  readonly forked: ReadonlySet<DeviceId>
  readonly uses: ReadonlyMap<InviteId, number>
  /** Rows that were thawed: their cells speak for themselves. */
  readonly thawed = new Set<number>()
  readonly #entries = new Map<number, Entry>()
  readonly #parents = new Map<OperationId, readonly OperationId[]>()
  readonly #knows = new Map<OperationId, readonly number[]>()
  readonly #spineHeads: ReadonlySet<OperationId>

  constructor(claim: SnapshotClaim, frozen: Frozen) {
    this.claim = claim
    this.frozen = frozen
    const { heads, forks, uses, knows } = frozen.listed
    for (const { id, parents } of heads)
      this.#parents.set(
        idFromBytes('o', id),
        parents.map(each => idFromBytes('o', each))
      )
    for (const { id, of } of knows)
      this.#knows.set(
        idFromBytes('o', id),
        of.flatMap(each => frozen.find(each) ?? [])
      )
    this.forked = new Set(forks.map(each => idFromBytes('d', each.device)))
    this.uses = new Map(uses.map(each => [idFromBytes('i', each.invite), each.uses]))
    this.heads = claim.heads.flatMap(id => this.entry(id) ?? [])
    this.#spineHeads = new Set([...this.#parents.keys()].filter(id => isSpine(this.entry(id)?.op.kind ?? 0)))
  }

  /** Spine operations of the snapshot that nothing of its spine follows. */
  spineHeads(): readonly Entry[] {
    return [...this.#spineHeads].flatMap(id => this.entry(id) ?? [])
  }

  /** Leaves of the snapshot that nothing in it follows. */
  leaves(): readonly Entry[] {
    return this.heads.filter(each => !isSpine(each.op.kind))
  }

  /** Whether an operation lies below the snapshot's heads, so that whoever has the heads in the past has it. */
  isBelow(entry: Entry): boolean {
    return entry.settled === true && !this.#spineHeads.has(entry.op.id) && !this.heads.includes(entry)
  }

  /** The past of what cites all heads; undefined where one is missing. */
  lift(past: Past, has: (entry: Entry) => boolean): Past | undefined {
    if (!this.heads.every(has)) return undefined
    return unionPasts([{ full: this.claim.count, words: EMPTY_PAST.words }, past], [])
  }

  entry(id: OperationId): Entry | undefined {
    const writer = this.frozen.find(idToBytes(id))
    return writer === undefined ? undefined : this.#entryAt(writer)
  }

  #entryAt(at: number): Entry {
    let entry = this.#entries.get(at)
    if (entry === undefined) this.#entries.set(at, (entry = this.#makeEntry(at)))
    return entry
  }

  #makeEntry(at: number): Entry {
    const writer = this.frozen.writer(at)
    const id = idFromBytes('o', writer.id)
    return {
      op: new SettledOperation(this.claim.server, writer, this.#parents.get(id) ?? NONE),
      body: bodyOf(writer),
      known: knownOf(writer),
      order: -1,
      index: at,
      past: unionPasts([], this.#knows.get(id) ?? NONE),
      supp: NONE,
      attackers: NONE,
      targets: NONE,
      dependants: NONE,
      contested: false,
      effective: true,
      voided: undefined,
      settled: true
    }
  }

  cell(key: string): Cell | undefined {
    const rows = this.frozen.rowsOf(key)
    const [first] = rows
    if (first === undefined || !this.frozen.wins(first)) return undefined
    this.thawed.add(first)
    const standing = rows.map(row => this.#entryAt(this.frozen.writerOf(row)))
    const winner = { value: this.frozen.value(first), by: standing[0] as Entry }
    const settled = { standing, winner }
    return { key, writes: [], denials: [], reliers: [], standing, winner, merged: undefined, settled }
  }

  chain(device: DeviceId): DeviceChain | undefined {
    const tip = this.frozen.tip(idToBytes(device))
    if (tip === undefined) return undefined
    const newest = this.#entryAt(tip)
    const forks = this.frozen.listed.forks.filter(each => idFromBytes('d', each.device) === device)
    const forked = forks.flatMap(each =>
      each.operations.flatMap(id => this.entry(idFromBytes('o', id)) ?? [])
    )
    return { all: [newest], bySeq: new Map([[newest.op.seq, [newest]]]), forked, newest, settled: newest }
  }

  unbans(user: UserId): Entry[] | undefined {
    const found = this.frozen
      .memberRows(idToBytes(user))
      .map(row => this.frozen.writerOf(row))
      .filter(writer => this.frozen.kind(writer) === KINDS.unban[0])
      .map(writer => this.#entryAt(writer))
    return found.length === 0 ? undefined : found
  }

  usersOf(device: DeviceId): Set<UserId> | undefined {
    const name = idToBytes(device)
    const users = new Set<UserId>()
    for (const row of this.frozen.rowsOf(joinKey(DEVICE_FAMILY, [name])))
      users.add(idFromBytes('u', (this.frozen.value(row) as [number, Uint8Array])[1]))
    for (const each of this.frozen.listed.claims)
      if (idFromBytes('d', each.device) === device) users.add(idFromBytes('u', each.user))
    return users.size === 0 ? undefined : users
  }

  devicesOf(user: UserId): Set<DeviceId> | undefined {
    const devices = new Set(this.frozen.devicesOf(idToBytes(user)).map(each => idFromBytes('d', each)))
    for (const each of this.frozen.listed.claims)
      if (idFromBytes('u', each.user) === user) devices.add(idFromBytes('d', each.device))
    return devices.size === 0 ? undefined : devices
  }

  assigned(join: OperationId): Set<RoleId> | undefined {
    const roles = this.frozen.assigned(idToBytes(join))
    return roles.length === 0 ? undefined : new Set(roles.map(each => idFromBytes('r', each)))
  }

  *users(): Iterable<UserId> {
    for (const row of this.frozen.rowsIn(MEMBER_FAMILY))
      yield idFromBytes('u', this.frozen.parts(row)[0] as Uint8Array)
  }

  /** Keys of the cells that there are few of. */
  *fewKeys(): Iterable<string> {
    for (let row = 0; row < this.frozen.rows; row++)
      if (!WIDE.has(this.frozen.family(row))) yield this.frozen.key(row)
  }
}

function knownOf(writer: SnapshotWriter): Known {
  const user = idFromBytes('u', writer.user)
  const writes: Write[] = writer.rows
    .filter(row => row.mark !== MARK_UNBAN)
    .map(row => ({ cell: joinKey(row.family, row.parts), value: row.value, denial: false }))
  const owner = writes.find(write => write.cell === OWNER_CELL)?.value as [number, Uint8Array] | undefined
  return {
    user,
    strength: readStrength(writer.strength),
    supp: NONE,
    cells: NONE,
    writes,
    ...(owner === undefined ? {} : { owner: { generation: owner[0], user: idFromBytes('u', owner[1]) } }),
    ...(writer.kind === KINDS.transfer[0]
      ? { carries: writer.carries.map(each => idFromBytes('o', each)) }
      : {})
  }
}

/** The body of an invite is in its cell; of other operations only the kind is known. */
function bodyOf(writer: SnapshotWriter): KindBody {
  const terms = writer.rows.find(row => row.family === TERMS_FAMILY)
  const read = terms === undefined ? undefined : decodeBody(writer.kind, terms.value as readonly CborValue[])
  if (read?.ok === true) return read.value
  return {
    name: kindName(writer.kind) ?? 'gather',
    get body(): never {
      throw new HistoryNeeded()
    }
  } as KindBody
}

/** Name of the genesis' own operation. */
export const genesisOf = (server: ServerId): OperationId => idAs('o', server)
