/** Where the old device was when it gave the account (ID10): without a server there is no other way to it. */
import { type DeviceId, idFromBytes, idToBytes } from '../../base/index.ts'
import { array, bytes, codec, literal, text, tuple } from '../../encoding/index.ts'

const ADDRESSES_MAX = 8
const ADDRESS_BYTES_MAX = 256

const homeCodec = codec(
  tuple({
    version: literal(1),
    device: bytes(32),
    addresses: array(text(ADDRESS_BYTES_MAX, 1), ADDRESSES_MAX)
  }),
  { rule: 'ID10', maxBytes: 4_096, maxDepth: 2 }
)

/** A device of ours, and where it listened. */
export interface Home {
  readonly device: DeviceId
  readonly addresses: readonly string[]
}

/** The row of ID10's payload, and of the key store. */
export const encodeHome = ({ device, addresses }: Home): Uint8Array =>
  homeCodec.encode({
    version: 1,
    device: idToBytes(device),
    addresses: addresses.filter(each => each.length <= ADDRESS_BYTES_MAX).slice(0, ADDRESSES_MAX)
  })

/** A row that does not read says nothing. */
export function decodeHome(row: Uint8Array | undefined): Home | undefined {
  const read = row === undefined ? undefined : homeCodec.decode(row)
  if (read?.ok !== true) return undefined
  return { device: idFromBytes('d', read.value.device), addresses: read.value.addresses }
}
