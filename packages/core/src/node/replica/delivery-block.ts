/**
 * How far own messages have come, as the store keeps it (SY17): a row for every 32 consecutive ones. Receipts name
 * whole runs, so a row a message would cost each message one more row (docs/adr/0093).
 */
import { type DeviceId, idFromBytes, idToBytes, type MessageId } from '../../base/index.ts'
import { array, bool, bytes, mapped, type Schema, toHex, tuple, uint } from '../../encoding/index.ts'
import { DELIVERY_LEVELS, type DeliveryEntry, type DeliveryLevel } from '../../sync/index.ts'

/** Sequence numbers in one row. */
const BLOCK_SEQS = 32
/** A fork of our own chain may double some; what is beyond is told anew by the next receipt. */
const BLOCK_ENTRIES_MAX = 2 * BLOCK_SEQS
/** Holders named in one row, and of one message; more are counted, not named. */
const BLOCK_DEVICES_MAX = 256
const ENTRY_DEVICES_MAX = 64
const MARK_BYTES = 8

/** One message's entry in a row. */
interface KeptDelivery {
  readonly seq: number
  /** First bytes of its id: two envelopes of one number are told apart. */
  readonly mark: Uint8Array
  readonly level: DeliveryLevel
  readonly holders: number
  readonly settled: boolean
  /** Places in the row's list of devices. */
  readonly durable: readonly number[]
}

/** A row. */
export interface DeliveryBlock {
  readonly devices: readonly DeviceId[]
  readonly entries: readonly KeptDelivery[]
}

const level: Schema<DeliveryLevel> = mapped(
  uint(DELIVERY_LEVELS.length - 1),
  'a level',
  index => DELIVERY_LEVELS[index],
  value => DELIVERY_LEVELS.indexOf(value)
)
const device: Schema<DeviceId> = mapped(bytes(32), 'an id', raw => idFromBytes('d', raw), idToBytes)

/** Fields of a row. */
export const deliveryBlockFields = {
  devices: array(device, BLOCK_DEVICES_MAX),
  entries: array(
    tuple({
      seq: uint(),
      mark: bytes(MARK_BYTES),
      level,
      holders: uint(),
      settled: bool,
      durable: array(uint(BLOCK_DEVICES_MAX - 1), ENTRY_DEVICES_MAX)
    }),
    BLOCK_ENTRIES_MAX
  )
}

/** The row that a sequence number lies in. */
export function blockOf(seq: number): number {
  return Math.floor(seq / BLOCK_SEQS)
}

/** The last sequence number of a row. */
export function lastOfBlock(block: number): number {
  return block * BLOCK_SEQS + BLOCK_SEQS - 1
}

/** How many of these sequence numbers a row calls settled. */
export function settledIn(block: DeliveryBlock | undefined, from: number, to: number): number {
  const settled = block?.entries.filter(each => each.settled && each.seq >= from && each.seq <= to) ?? []
  return new Set(settled.map(each => each.seq)).size
}

const markOf = (id: MessageId): Uint8Array => idToBytes(id).slice(0, MARK_BYTES)
const nameOf = (entry: { readonly seq: number; readonly mark: Uint8Array }): string =>
  `${entry.seq}/${toHex(entry.mark)}`

/** A message's entry in its row. */
export function findDelivery(
  block: DeliveryBlock | undefined,
  message: { readonly id: MessageId; readonly seq: number }
): DeliveryEntry | undefined {
  const name = nameOf({ seq: message.seq, mark: markOf(message.id) })
  const kept = block?.entries.find(each => nameOf(each) === name)
  if (block === undefined || kept === undefined) return undefined
  const durable = kept.durable.flatMap(index => block.devices[index] ?? [])
  return {
    id: message.id,
    seq: kept.seq,
    level: kept.level,
    holders: kept.holders,
    settled: kept.settled,
    durable
  }
}

/** The row with these messages' entries as they are now. */
export function mergeDeliveries(
  block: DeliveryBlock | undefined,
  changed: Iterable<DeliveryEntry>
): DeliveryBlock {
  const devices = [...(block?.devices ?? [])]
  const places = new Map(devices.map((each, index) => [each, index]))
  const place = (each: DeviceId): number[] => {
    let index = places.get(each)
    if (index === undefined) {
      if (devices.length >= BLOCK_DEVICES_MAX) return []
      places.set(each, (index = devices.push(each) - 1))
    }
    return [index]
  }
  const entries = new Map((block?.entries ?? []).map(each => [nameOf(each), each]))
  for (const { id, seq, level, holders, settled, durable } of changed) {
    const mark = markOf(id)
    entries.set(nameOf({ seq, mark }), {
      seq,
      mark,
      level,
      holders,
      settled,
      durable: durable.slice(0, ENTRY_DEVICES_MAX).flatMap(place)
    })
  }
  return { devices, entries: [...entries.values()].slice(0, BLOCK_ENTRIES_MAX) }
}
