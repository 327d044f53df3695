/**
 * What a peer keeps so that a server opens without all its operations (ND24): authority's snapshot, and what the layers
 * above knew of the operations in it. All of it can be made again from the operations; what does not read is not used.
 */
import {
  type DeviceId,
  idFromBytes,
  type IdLetter,
  idToBytes,
  OPERATION_CITES_MAX,
  type OperationId,
  type UserId
} from '../../base/index.ts'
import type { SnapshotRoots } from '../../authority/index.ts'
import { Marks } from './marks.ts'
import { decodePins, encodePins, type RingPins } from '../../e2ee/index.ts'
import {
  array,
  bool,
  bytes,
  type Codec,
  codec,
  literal,
  mapped,
  type Schema,
  toHex,
  tuple,
  uint
} from '../../encoding/index.ts'

/** The newest operation of a device. */
export interface LastOperation {
  readonly device: DeviceId
  readonly seq: number
  readonly id: OperationId
}

export interface OwnSnapshot {
  readonly claim: Pick<SnapshotRoots, 'server' | 'count' | 'sum' | 'heads'>
  readonly chunks: readonly Uint8Array[]
  /** Operations that were stored when it was made: later ones lie behind them. */
  readonly rows: number
  /** Places of those among them that the snapshot does not stand for. */
  readonly outside: readonly number[]
  /** Places of operations in it that are read though it is there: what made a channel or thread. */
  readonly kept: readonly number[]
  /** What is known of every operation in it, in order of acceptance. */
  readonly marks: Marks
  readonly devices: readonly LastOperation[]
  /** By which operations in it users are out (SY3). */
  readonly removals: readonly { readonly user: UserId; readonly operations: readonly OperationId[] }[]
  /** Some of its operations, newest first, for peers who lack a part of it (SY5). */
  readonly samples: readonly OperationId[]
  readonly automodSeen: boolean
  readonly pins: RingPins
}

const PIECE_ITEMS = 500
const SAMPLES_MAX = 64
const COUNT_MAX = 10_000_000

function idOf<L extends IdLetter>(letter: L): Schema<ReturnType<typeof idFromBytes<L>>> {
  return mapped(
    bytes(32),
    'an id',
    raw => idFromBytes(letter, raw),
    each => idToBytes(each)
  )
}

const head = codec(
  tuple({
    version: literal(1),
    count: uint(COUNT_MAX),
    sum: bytes(32),
    heads: array(idOf('o'), OPERATION_CITES_MAX, 1),
    rows: uint(COUNT_MAX),
    automodSeen: bool,
    samples: array(idOf('o'), SAMPLES_MAX)
  }),
  { rule: 'ND24' }
)
const list = <T>(item: Schema<T>): Codec<readonly T[]> => codec(array(item, PIECE_ITEMS), { rule: 'ND24' })
const numbers = list(uint(COUNT_MAX))
const devices = list(tuple({ device: idOf('d'), seq: uint(), id: idOf('o') }))
const removals = list(tuple({ user: idOf('u'), operations: array(idOf('o'), 16) }))

/** Parts of a snapshot, and what their pieces hold. */
export const SNAPSHOT_PARTS = {
  head: 0,
  chunk: 1,
  devices: 3,
  removals: 4,
  outside: 5,
  kept: 6,
  pins: 7,
  marks: 8
} as const

/** A piece of at most 200 kB. */
export interface SnapshotPiece {
  readonly part: number
  readonly bytes: Uint8Array
}

function pieces<T>(part: number, items: readonly T[], each: Codec<readonly T[]>): SnapshotPiece[] {
  const out: SnapshotPiece[] = []
  for (let at = 0; at < items.length; at += PIECE_ITEMS)
    out.push({ part, bytes: each.encode(items.slice(at, at + PIECE_ITEMS)) })
  return out
}

/** Pieces to be stored, in order. */
export function encodeSnapshot(own: OwnSnapshot): readonly SnapshotPiece[] {
  const { claim, rows, automodSeen, samples } = own
  const { count, heads } = claim
  const sum = Uint8Array.from(claim.sum.toString(16).padStart(64, '0').match(/../g) ?? [], each =>
    Number.parseInt(each, 16)
  )
  const part = SNAPSHOT_PARTS
  return [
    { part: part.head, bytes: head.encode({ version: 1, count, sum, heads, rows, automodSeen, samples }) },
    ...own.chunks.map(each => ({ part: part.chunk, bytes: each })),
    ...own.marks.pieces().map(each => ({ part: part.marks, bytes: each })),
    ...pieces(part.devices, own.devices, devices),
    ...pieces(part.removals, own.removals, removals),
    ...pieces(part.outside, own.outside, numbers),
    ...pieces(part.kept, own.kept, numbers),
    ...encodePins(own.pins).map(each => ({ part: part.pins, bytes: each }))
  ]
}

/** Reads pieces back; undefined where they are not what `encodeSnapshot` wrote. */
export function decodeSnapshot(
  server: OwnSnapshot['claim']['server'],
  stored: readonly SnapshotPiece[]
): OwnSnapshot | undefined {
  const of = (part: number): readonly Uint8Array[] =>
    stored.filter(each => each.part === part).map(each => each.bytes)
  const [first] = of(SNAPSHOT_PARTS.head)
  const read = first === undefined ? undefined : head.decode(first)
  const pins = decodePins(of(SNAPSHOT_PARTS.pins))
  const all = {
    marks: Marks.read(of(SNAPSHOT_PARTS.marks)),
    devices: joined(of(SNAPSHOT_PARTS.devices), devices),
    removals: joined(of(SNAPSHOT_PARTS.removals), removals),
    outside: joined(of(SNAPSHOT_PARTS.outside), numbers),
    kept: joined(of(SNAPSHOT_PARTS.kept), numbers)
  }
  if (read?.ok !== true || !pins.ok || !isWhole(all)) return undefined
  const { count, sum, heads, rows, automodSeen, samples } = read.value
  if (all.marks.size !== count || count + all.outside.length !== rows) return undefined
  return {
    claim: { server, count, sum: BigInt(`0x${toHex(sum)}`), heads },
    chunks: of(SNAPSHOT_PARTS.chunk),
    ...all,
    rows,
    automodSeen,
    samples,
    pins: pins.value
  }
}

type Whole<T> = { readonly [K in keyof T]: NonNullable<T[K]> }

function isWhole<T extends object>(parts: T): parts is T & Whole<T> {
  return !Object.values(parts).includes(undefined)
}

function joined<T>(stored: readonly Uint8Array[], each: Codec<readonly T[]>): readonly T[] | undefined {
  const out: T[] = []
  for (const piece of stored) {
    const read = each.decode(piece)
    if (!read.ok) return undefined
    out.push(...read.value)
  }
  return out
}
