/** How far an own message has come, as the store keeps it (SY17). */
import type { DeviceId, MessageId } from '../base/index.ts'
import { array, bool, codec, literal, text, tuple, uint } from '../encoding/index.ts'
import { DELIVERY_LEVELS, type DeliveryEntry } from '../sync/index.ts'

const rowCodec = codec(
  tuple({
    version: literal(1), id: text(80), seq: uint(), level: uint(DELIVERY_LEVELS.length - 1), holders: uint(), durable: array(text(80), 64),
    settled: bool
  }),
  { rule: 'SY17', maxBytes: 8_192 }
)

/** Bytes of one entry. Devices beyond 64 are counted, not named. */
export function encodeDelivery(entry: DeliveryEntry): Uint8Array {
  return rowCodec.encode({
    version: 1, id: entry.id, seq: entry.seq, level: DELIVERY_LEVELS.indexOf(entry.level), holders: entry.holders,
    durable: entry.durable.slice(0, 64), settled: entry.settled
  })
}

/** The entry, or undefined where the bytes are damaged. */
export function decodeDelivery(bytes: Uint8Array): DeliveryEntry | undefined {
  const read = rowCodec.decode(bytes)
  if (!read.ok) return undefined
  const { id, seq, level, holders, durable, settled } = read.value
  return {
    id: id as MessageId, seq, level: DELIVERY_LEVELS[level] ?? 'local', holders, durable: durable as readonly DeviceId[], settled
  }
}
