/** Walks once over a snapshot's records and notes where everything stands (AU58). */
import { Columns } from './columns.ts'
import { Cursor, NamePlaces } from './frozen-cursor.ts'
import { DEVICE_FAMILY, FAMILIES, type Part } from './snapshot-families.ts'
import { MARK_UNBAN, RECORD, type SnapshotParts } from './snapshot-writer.ts'

/** Rows one operation writes at most: every permission bit of an overwrite, and then some. */
const ROWS_MAX = 4_096
const LIST_MAX = 65_536
/** In the column of devices: not its device's newest. */
export const NO_TIP = -1

/** Columns of operations. */
export const WRITER = {
  id: 0,
  kind: 1,
  user: 2,
  device: 3,
  rows: 4,
  rowsEnd: 5,
  strength: 6,
  carries: 7,
  met: 8,
  seq: 9,
  lamport: 10,
  at: 11
} as const
/** Columns of rows. */
export const ROW = { writer: 0, code: 1, parts: 2, met: 3, hash: 4, of: 5 } as const

/** First bytes of a name as a number; names are hashes and keys. */
export function nameHash(bytes: Uint8Array, at = 0): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}

function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193) ^ (hash >>> 7)
}

function partHash(hash: number, part: Part): number {
  if (typeof part === 'number') return mix(hash, part + 1)
  if (part instanceof Uint8Array) return mix(hash, nameHash(part))
  let mixed = hash
  for (let at = 0; at < part.length; at++) mixed = mix(mixed, part.charCodeAt(at))
  return mixed
}

/** A cell's name as a number. */
export const keyHash = (family: number, parts: readonly Part[]): number =>
  parts.reduce(partHash, mix(0x811c9dc5, family))

/** Records of which there are few. */
export type Listed = Pick<SnapshotParts, 'heads' | 'uses' | 'forks' | 'claims' | 'knows'>

/** One part of a name. Ids are views of the snapshot's bytes. */
export function readPart(cursor: Cursor, kind: string, fresh: boolean): Part {
  if (kind === 'number') return cursor.uint()
  if (kind === 'text') return cursor.text()
  const index = cursor.name(fresh)
  return cursor.fault ? 0 : cursor.nameBytes(index)
}

export class FrozenScan {
  readonly cursor: Cursor
  readonly writers = new Columns(
    ...Array.from({ length: WRITER.seq }, () => Int32Array),
    Float64Array,
    Float64Array,
    Float64Array
  )
  readonly rows = new Columns(Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array)
  readonly listed: { readonly [K in keyof Listed]: Listed[K][number][] } = {
    heads: [],
    uses: [],
    forks: [],
    claims: [],
    knows: []
  }
  #room: Uint8Array
  /** Records of one kind stand together. */
  #section = 0

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#room = bytes
    this.cursor = new Cursor(bytes, new NamePlaces())
  }

  /** More bytes, behind those there are. */
  append(bytes: Uint8Array): void {
    const { cursor } = this
    const from = cursor.bytes.length
    if (from + bytes.length > this.#room.length) {
      this.#room = new Uint8Array(Math.max(from + bytes.length, this.#room.length * 2))
      this.#room.set(cursor.bytes)
    }
    this.#room.set(bytes, from)
    cursor.bytes = this.#room.subarray(0, from + bytes.length)
  }

  /** No more bytes come: what was held ready for them is given back. */
  end(): void {
    this.cursor.bytes = this.#room = this.cursor.bytes.slice()
  }

  /** Reads one record. @returns false where it is none. */
  next(): boolean {
    const cursor = this.cursor
    const length = cursor.array()
    const tag = cursor.uint()
    if (tag < this.#section) return false
    this.#section = tag
    if (tag === RECORD.writer) this.#scanWriter(length)
    else this.#scanListed(tag, length)
    return !cursor.fault
  }

  #scanWriter(length: number): void {
    const cursor = this.cursor
    if (length !== 10) cursor.fail()
    const id = cursor.name(true)
    const kind = cursor.uint()
    const user = cursor.name(true)
    let device = NO_TIP
    let seq = 0
    if (!cursor.isNull()) {
      if (cursor.array() !== 2) cursor.fail()
      device = cursor.name(true)
      seq = cursor.uint()
    }
    const lamport = cursor.uint()
    const at = cursor.uint()
    const strength = cursor.at
    cursor.skip()
    const rows = this.rows.length
    const count = cursor.array()
    if (count > ROWS_MAX) cursor.fail()
    for (let left = count; left > 0 && !cursor.fault; left--) this.#scanRow(this.writers.length)
    const carries = cursor.at
    const met = cursor.met
    for (let left = cursor.array(); left > 0 && !cursor.fault; left--) cursor.name(true)
    this.writers.push(
      id,
      kind,
      user,
      device,
      rows,
      this.rows.length,
      strength,
      carries,
      met,
      seq,
      lamport,
      at
    )
  }

  #scanRow(writer: number): void {
    const cursor = this.cursor
    const length = cursor.array()
    const code = cursor.uint()
    const family = code % FAMILIES.length
    const kinds = FAMILIES[family]?.parts
    if (kinds === undefined || code > FAMILIES.length * MARK_UNBAN + family || length !== kinds.length + 2) {
      cursor.fail()
      return
    }
    const { at, met } = cursor
    let hash = mix(0x811c9dc5, family)
    let of = 0
    for (const kind of kinds) {
      const part = readPart(cursor, kind, true)
      if (of === 0 && part instanceof Uint8Array) of = nameHash(part)
      hash = partHash(hash, part)
    }
    if (family === DEVICE_FAMILY) of = this.#scanDevice()
    else cursor.skip()
    this.rows.push(writer, code, at, met, hash, of)
  }

  /** Whose a device is. */
  #scanDevice(): number {
    const { cursor } = this
    if (cursor.array() !== 2) cursor.fail()
    cursor.uint()
    const user = cursor.name(true)
    return cursor.fault ? 0 : nameHash(cursor.bytes, cursor.names.at(user))
  }

  #names(): Uint8Array[] {
    const cursor = this.cursor
    const count = cursor.array()
    if (count > LIST_MAX) cursor.fail()
    const out: Uint8Array[] = []
    for (let left = count; left > 0 && !cursor.fault; left--) out.push(this.#name())
    return out
  }

  #name(): Uint8Array {
    const index = this.cursor.name(true)
    return this.cursor.fault ? new Uint8Array(32) : this.cursor.nameBytes(index).slice()
  }

  #scanListed(tag: number, length: number): void {
    const cursor = this.cursor
    const { heads, uses, forks, claims, knows } = this.listed
    if (length !== (tag === RECORD.fork ? 4 : 3)) cursor.fail()
    const name = this.#name()
    if (tag === RECORD.head) heads.push({ id: name, parents: this.#names() })
    else if (tag === RECORD.uses) uses.push({ invite: name, uses: cursor.uint() })
    else if (tag === RECORD.fork) forks.push({ device: name, seq: cursor.uint(), operations: this.#names() })
    else if (tag === RECORD.claim) claims.push({ device: name, user: this.#name() })
    else if (tag === RECORD.knows) knows.push({ id: name, of: this.#names() })
    else cursor.fail()
  }
}
