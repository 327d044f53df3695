/**
 * A snapshot in memory (AU58): its bytes, where everything stands in them, and ways to find it. Tens of thousands of
 * cells stay as they came until somebody asks for one.
 */
import { type CborValue, concatBytes, encodeCbor } from '../encoding/index.ts'
import { HashIndex, idToBytes, type OperationId } from '../base/index.ts'
import { OWNER_CELL } from './cell.ts'
import type { Columns } from './columns.ts'
import { Cursor } from './frozen-cursor.ts'
import { FrozenScan, keyHash, type Listed, nameHash, NO_TIP, readPart, ROW, WRITER } from './frozen-scan.ts'
import {
  ASSIGNMENT_FAMILY,
  DEVICE_FAMILY,
  FAMILIES,
  joinKey,
  MEMBER_FAMILY,
  OBJECT_FAMILY,
  type Part,
  splitKey
} from './snapshot-families.ts'
import {
  MARK_UNBAN,
  MARK_WINS,
  type SnapshotParts,
  type SnapshotRow,
  type SnapshotWriter
} from './snapshot-writer.ts'

export class Frozen {
  readonly #cursor: Cursor
  readonly #writers: Columns
  readonly #rows: Columns
  readonly listed: Listed
  #byId = new HashIndex(0)
  #byDevice = new HashIndex(0)
  #byKey = new HashIndex(0)
  #devicesOf: HashIndex | undefined
  #assigned: HashIndex | undefined

  /** Over what a scan has read so far and will read; `index` once it is through. */
  constructor(scan: FrozenScan) {
    this.#cursor = scan.cursor
    this.#writers = scan.writers
    this.#rows = scan.rows
    this.listed = scan.listed
  }

  /** Reads chunks; undefined where they are no snapshot. Their canonical form is checked by writing them again. */
  static read(chunks: readonly Uint8Array[]): Frozen | undefined {
    const scan = new FrozenScan(concatBytes(chunks as Uint8Array[]))
    while (!scan.cursor.atEnd) if (!scan.next()) return undefined
    const frozen = new Frozen(scan)
    return frozen.index() ? frozen : undefined
  }

  get writers(): number {
    return this.#writers.length
  }

  get rows(): number {
    return this.#rows.length
  }

  get bytes(): number {
    return this.#cursor.bytes.length
  }

  /** Makes what is found by name findable. False where somebody chose names that crowd together. */
  index(): boolean {
    const { bytes, names } = this.#cursor
    let fair = true
    const add = (index: HashIndex, hash: number, place: number): void => {
      fair = index.add(hash, place) && fair
    }
    const hashOf = (name: number): number => nameHash(bytes, names.at(name))
    this.#byId = new HashIndex(this.writers)
    this.#byDevice = new HashIndex(this.writers)
    for (let at = 0; at < this.writers && fair; at++) {
      add(this.#byId, hashOf(this.#writers.get(at, WRITER.id)), at)
      const device = this.#writers.get(at, WRITER.device)
      if (device !== NO_TIP) add(this.#byDevice, hashOf(device), at)
    }
    this.#byKey = new HashIndex(this.rows)
    for (let row = 0; row < this.rows && fair; row++) add(this.#byKey, this.#rows.get(row, ROW.hash), row)
    return fair
  }

  /** Rows of a family, whatever their mark. */
  rowsIn(family: number): number[] {
    const found: number[] = []
    for (let row = 0; row < this.rows; row++)
      if (this.#rows.get(row, ROW.code) % FAMILIES.length === family) found.push(row)
    return found
  }

  #cursorAt(row: number): Cursor {
    const { bytes, names } = this.#cursor
    return new Cursor(bytes, names, this.#rows.get(row, ROW.parts), this.#rows.get(row, ROW.met))
  }

  family(row: number): number {
    return this.#rows.get(row, ROW.code) % FAMILIES.length
  }

  mark(row: number): number {
    return Math.floor(this.#rows.get(row, ROW.code) / FAMILIES.length)
  }

  writerOf(row: number): number {
    return this.#rows.get(row, ROW.writer)
  }

  parts(row: number): Part[] {
    const cursor = this.#cursorAt(row)
    const { parts } = FAMILIES[this.family(row)] as (typeof FAMILIES)[number]
    return parts.map(kind => readPart(cursor, kind, false))
  }

  key(row: number): string {
    return joinKey(this.family(row), this.parts(row))
  }

  value(row: number): CborValue {
    const cursor = this.#cursorAt(row)
    const family = this.family(row)
    for (const kind of (FAMILIES[family] as (typeof FAMILIES)[number]).parts) readPart(cursor, kind, false)
    if (family !== DEVICE_FAMILY) return cursor.value()
    cursor.array()
    const on = cursor.uint()
    return [on, cursor.nameBytes(cursor.name(false)).slice()]
  }

  /** Rows of one cell, the winning one first. */
  rowsOf(key: string): readonly number[] {
    const split = splitKey(key)
    if (split === undefined) return []
    const { family, parts } = split
    return this.#byKey
      .find(keyHash(family, parts))
      .filter(row => this.mark(row) !== MARK_UNBAN && this.key(row) === key)
      .sort((a, b) => this.mark(a) - this.mark(b))
  }

  #sameName(column: number, name: Uint8Array): (writer: number) => boolean {
    const { bytes, names } = this.#cursor
    return writer => {
      const place = names.at(this.#writers.get(writer, column))
      return name.every((byte, at) => byte === bytes[place + at])
    }
  }

  /** The writer with this id. */
  find(id: Uint8Array): number | undefined {
    return this.#byId.find(nameHash(id)).find(this.#sameName(WRITER.id, id))
  }

  /** A device's newest operation. */
  tip(device: Uint8Array): number | undefined {
    return this.#byDevice.find(nameHash(device)).find(this.#sameName(WRITER.device, device))
  }

  /** An index over the rows of a family by the user or join, made when it is first asked. */
  #indexOf(family: number): HashIndex {
    const rows = this.rowsIn(family)
    const index = new HashIndex(rows.length)
    for (const row of rows) index.add(this.#rows.get(row, ROW.of), row)
    return index
  }

  /** Devices written to a user. */
  devicesOf(user: Uint8Array): readonly Uint8Array[] {
    const ownerOf = (row: number): Uint8Array => (this.value(row) as [number, Uint8Array])[1]
    this.#devicesOf ??= this.#indexOf(DEVICE_FAMILY)
    return this.#devicesOf
      .find(nameHash(user))
      .filter(row => isSame(ownerOf(row), user))
      .map(row => this.parts(row)[0] as Uint8Array)
  }

  /** Roles that a join's cells of assignment name. */
  assigned(join: Uint8Array): readonly Uint8Array[] {
    const joinOf = (row: number): Uint8Array => this.parts(row)[0] as Uint8Array
    this.#assigned ??= this.#indexOf(ASSIGNMENT_FAMILY)
    return this.#assigned
      .find(nameHash(join))
      .filter(row => isSame(joinOf(row), join))
      .map(row => this.parts(row)[1] as Uint8Array)
  }

  id(writer: number): Uint8Array {
    return this.#cursor.nameBytes(this.#writers.get(writer, WRITER.id))
  }

  kind(writer: number): number {
    return this.#writers.get(writer, WRITER.kind)
  }

  /** One writer whole. */
  writer(at: number): SnapshotWriter {
    const { bytes, names } = this.#cursor
    const get = (column: number): number => this.#writers.get(at, column)
    const device = get(WRITER.device)
    const carried = new Cursor(bytes, names, get(WRITER.carries), get(WRITER.met))
    const carries: Uint8Array[] = []
    for (let left = carried.array(); left > 0; left--) carries.push(carried.nameBytes(carried.name(false)))
    const rows: SnapshotRow[] = []
    for (let row = get(WRITER.rows); row < get(WRITER.rowsEnd); row++)
      rows.push({
        family: this.family(row),
        parts: this.parts(row),
        value: this.value(row),
        mark: this.mark(row)
      })
    return {
      id: this.id(at),
      kind: get(WRITER.kind),
      user: this.#cursor.nameBytes(get(WRITER.user)),
      tip: device === NO_TIP ? undefined : { device: this.#cursor.nameBytes(device), seq: get(WRITER.seq) },
      lamport: get(WRITER.lamport),
      at: get(WRITER.at),
      strength: new Cursor(bytes, names, get(WRITER.strength)).value(),
      rows,
      carries
    }
  }

  /** All of it, for writing it again. */
  whole(): SnapshotParts {
    return { ...this.listed, writers: Array.from({ length: this.writers }, (_, at) => this.writer(at)) }
  }

  /** AU41's row of a winning row. */
  stateRow(row: number): Uint8Array {
    const writer = this.writerOf(row)
    const { bytes, names } = this.#cursor
    const strength = new Cursor(bytes, names, this.#writers.get(writer, WRITER.strength)).value()
    const cell = { family: this.family(row), parts: this.parts(row), value: this.value(row) }
    return stateRowOf({ id: this.id(writer), strength }, cell)
  }

  /** What a log could not begin without: these operations, an owner, and that all that is named is told of. */
  lacks(ids: readonly OperationId[]): string | undefined {
    if (this.rowsOf(OWNER_CELL).length === 0) return 'it tells of no owner'
    if (ids.some(id => this.find(idToBytes(id)) === undefined)) return 'it does not tell of its heads'
    const { heads, forks, knows } = this.listed
    const named = [
      ...heads.map(each => each.id),
      ...forks.flatMap(each => each.operations),
      ...knows.flatMap(each => [each.id, ...each.of]),
      ...this.rowsIn(OBJECT_FAMILY).map(row => this.parts(row)[0] as Uint8Array)
    ]
    return named.every(id => this.find(id) !== undefined) ? undefined : 'it names what it does not tell of'
  }

  /** Whether a row is its cell's winner. */
  wins(row: number): boolean {
    return this.mark(row) === MARK_WINS
  }

  /** Unbans in force of a user: by kind, whatever their mark. */
  memberRows(user: Uint8Array): readonly number[] {
    return this.#byKey
      .find(keyHash(MEMBER_FAMILY, [user]))
      .filter(
        row =>
          this.family(row) === MEMBER_FAMILY &&
          (this.parts(row)[0] as Uint8Array).every((byte, at) => byte === user[at])
      )
  }
}

/** AU41's row of a cell and who wrote it. */
export function stateRowOf(
  { id, strength }: Pick<SnapshotWriter, 'id' | 'strength'>,
  { family, parts, value }: Pick<SnapshotRow, 'family' | 'parts' | 'value'>
): Uint8Array {
  const { key } = FAMILIES[family] as (typeof FAMILIES)[number]
  let next = 0
  const name = key.map(each => (each === '*' ? (parts[next++] as Part) : each))
  return encodeCbor([name, value, id, longStrength(strength)])
}

/** Strength as AU41's rows have it. */
function longStrength(short: CborValue): CborValue {
  if (short === 0) return [0]
  if (short instanceof Uint8Array) return [1, short]
  return [2, Array.isArray(short) ? (short[0] as CborValue) : 0]
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, at) => byte === b[at])
}
