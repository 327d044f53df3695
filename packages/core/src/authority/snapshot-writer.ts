/**
 * Writes what a snapshot holds (AU41.2): records in a fixed order, every 32-byte name in full where it first stands and
 * as a distance afterwards, in chunks that a newcomer checks one by one. The same operations give the same bytes.
 */
import { SNAPSHOT_CHUNK_BYTES_MAX } from '../base/index.ts'
import { type CborValue, compareBytes, concatBytes, encodeCbor } from '../encoding/index.ts'
import { DEVICE_FAMILY, FAMILIES, type Part } from './snapshot-families.ts'

/** What a written value is to its cell. */
export const MARK_WINS = 0
/** Undominated beside the winner: another live join (AU25). */
export const MARK_STANDS = 1
/** An unban in force that no longer stands in its cell: a later join rests on it (AU17). */
export const MARK_UNBAN = 2

export const RECORD = { writer: 0, head: 1, uses: 2, fork: 3, claim: 4, knows: 5 } as const

/** One value of one cell. */
export interface SnapshotRow {
  readonly family: number
  readonly parts: readonly Part[]
  readonly value: CborValue
  readonly mark: number
}

/** An operation of the snapshot that later ones may rest on, follow or name. */
export interface SnapshotWriter {
  readonly id: Uint8Array
  readonly kind: number
  readonly user: Uint8Array
  /** Where it is its device's newest. */
  readonly tip: { readonly device: Uint8Array; readonly seq: number } | undefined
  readonly lamport: number
  readonly at: number
  /** 0: self; a position; `[generation]`. */
  readonly strength: CborValue
  readonly rows: readonly SnapshotRow[]
  /** A transfer: the effective joins it stands for (AU25). */
  readonly carries: readonly Uint8Array[]
}

/** All that goes into a snapshot. Ids as bytes. */
export interface SnapshotParts {
  readonly writers: readonly SnapshotWriter[]
  /** Spine operations that nothing of the spine follows, and for each leaf that nothing follows those it cites. */
  readonly heads: readonly { readonly id: Uint8Array; readonly parents: readonly Uint8Array[] }[]
  readonly uses: readonly { readonly invite: Uint8Array; readonly uses: number }[]
  readonly forks: readonly {
    readonly device: Uint8Array
    readonly seq: number
    readonly operations: readonly Uint8Array[]
  }[]
  /** Users that claimed a device beside the one it is written to. */
  readonly claims: readonly { readonly device: Uint8Array; readonly user: Uint8Array }[]
  /** User keys that were announced knowing of a revocation (ID7). */
  readonly knows: readonly { readonly id: Uint8Array; readonly of: readonly Uint8Array[] }[]
}

/** Bytes told apart by text: names met so far. */
const nameKey = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

class Names {
  readonly #met = new Map<string, number>()

  /** In full the first time, afterwards how many names ago it was. */
  write(name: Uint8Array): CborValue {
    const key = nameKey(name)
    const before = this.#met.get(key)
    if (before !== undefined) return this.#met.size - before
    this.#met.set(key, this.#met.size)
    return name
  }
}

function writeRow(names: Names, row: SnapshotRow): CborValue {
  const parts = row.parts.map(part => (part instanceof Uint8Array ? names.write(part) : part))
  const value =
    row.family === DEVICE_FAMILY ? writeDevice(names, row.value as readonly [number, Uint8Array]) : row.value
  return [row.family + FAMILIES.length * row.mark, ...parts, value]
}

function writeDevice(names: Names, [on, user]: readonly [number, Uint8Array]): CborValue {
  return [on, names.write(user)]
}

function writeWriter(names: Names, each: SnapshotWriter): CborValue {
  return [
    RECORD.writer,
    names.write(each.id),
    each.kind,
    names.write(each.user),
    each.tip === undefined ? null : [names.write(each.tip.device), each.tip.seq],
    each.lamport,
    each.at,
    each.strength,
    sortRows(each.rows).map(row => writeRow(names, row)),
    sortNames(each.carries).map(id => names.write(id))
  ]
}

const sortNames = (list: readonly Uint8Array[]): readonly Uint8Array[] => [...list].sort(compareBytes)

/** By family and mark, then as their names are written in full. */
function sortRows(rows: readonly SnapshotRow[]): readonly SnapshotRow[] {
  if (rows.length < 2) return rows
  const order = new Map(
    rows.map(row => [row, encodeCbor([row.family + FAMILIES.length * row.mark, ...row.parts])])
  )
  return [...rows].sort((a, b) => compareBytes(order.get(a) as Uint8Array, order.get(b) as Uint8Array))
}

/** The order of writers. */
export function byPlace(a: SnapshotWriter, b: SnapshotWriter): number {
  return a.lamport - b.lamport || compareBytes(a.id, b.id)
}

/** Records that are few. */
type Listed = Omit<SnapshotParts, 'writers'>

/** Writes record by record: writers in their order, then what is listed. */
export class RecordWriter {
  readonly #names = new Names()

  writer(each: SnapshotWriter): Uint8Array {
    return encodeCbor(writeWriter(this.#names, each))
  }

  *listed(parts: Listed): Iterable<Uint8Array> {
    for (const record of listedRecords(this.#names, parts)) yield encodeCbor(record)
  }
}

function* listedRecords(names: Names, parts: Listed): Iterable<CborValue> {
  const list = (items: readonly Uint8Array[]): CborValue => sortNames(items).map(id => names.write(id))
  const by =
    <T>(pick: (each: T) => Uint8Array) =>
    (a: T, b: T): number =>
      compareBytes(pick(a), pick(b))
  for (const { id, parents } of [...parts.heads].sort(by(each => each.id)))
    yield [RECORD.head, names.write(id), list(parents)]
  for (const { invite, uses } of [...parts.uses].sort(by(each => each.invite)))
    yield [RECORD.uses, names.write(invite), uses]
  for (const fork of [...parts.forks].sort((a, b) => compareBytes(a.device, b.device) || a.seq - b.seq))
    yield [RECORD.fork, names.write(fork.device), fork.seq, list(fork.operations)]
  for (const claim of [...parts.claims].sort(
    (a, b) => compareBytes(a.device, b.device) || compareBytes(a.user, b.user)
  ))
    yield [RECORD.claim, names.write(claim.device), names.write(claim.user)]
  for (const { id, of } of [...parts.knows].sort(by(each => each.id)))
    yield [RECORD.knows, names.write(id), list(of)]
}

function* recordsOf(parts: SnapshotParts): Iterable<Uint8Array> {
  const writer = new RecordWriter()
  for (const each of [...parts.writers].sort(byPlace)) yield writer.writer(each)
  yield* writer.listed(parts)
}

/** The chunks of a snapshot: whole records, each chunk as many as fit; at least one chunk. */
export function writeSnapshot(parts: SnapshotParts): readonly Uint8Array[] {
  const chunks: Uint8Array[] = []
  let open: Uint8Array[] = []
  let length = 0
  for (const bytes of recordsOf(parts)) {
    if (length + bytes.length > SNAPSHOT_CHUNK_BYTES_MAX && open.length > 0) {
      chunks.push(concatBytes(open))
      open = []
      length = 0
    }
    open.push(bytes)
    length += bytes.length
  }
  chunks.push(concatBytes(open))
  return chunks
}
