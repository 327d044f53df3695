/**
 * Signed peer records (NT41): where a device says it can be reached. Our own tuple rather than libp2p's envelope:
 * one encoding and one verification rule (EN1, CR5, CR6) for both adapters, and a bound that holds.
 */
import {
  accept,
  ADDRESS_BYTES_MAX,
  type DeviceId,
  idFromBytes,
  PEER_RECORD_ADDRESSES_MAX,
  PEER_RECORD_BYTES_MAX,
  refuse,
  type Verdict
} from '../base/index.ts'
import { array, bytes, codec, type Infer, literal, text, tuple, uint } from '../encoding/index.ts'
import { signBytes, type SigningKey, type Suite, verifyBytes } from '../crypto/index.ts'
import { isLoopback, pathOfAddress, withDevice, withoutDevice } from './address.ts'
import type { PeerRecord } from './contract.ts'

const body = tuple({
  version: literal(1),
  device: bytes(32),
  seq: uint(),
  addresses: array(text(ADDRESS_BYTES_MAX, 1), PEER_RECORD_ADDRESSES_MAX)
})
const bodyCodec = codec(body, { rule: 'NT41', maxBytes: PEER_RECORD_BYTES_MAX })
const signedCodec = codec(tuple({ body: bytes(1, PEER_RECORD_BYTES_MAX), signature: bytes(64) }), {
  rule: 'NT41',
  maxBytes: PEER_RECORD_BYTES_MAX
})

/** Body, signature and their heads: what the envelope adds to the body, bytes. */
const ENVELOPE_BYTES = 1 + 3 + 2 + 64

/**
 * Our own record. Loopback addresses are left out unless there is nothing else; addresses that do not fit 1 KiB
 * are dropped from the end, so the caller puts the best first.
 */
export function encodePeerRecord(
  suite: Suite,
  key: SigningKey,
  record: { readonly addresses: readonly string[]; readonly seq: number }
): Uint8Array {
  const elsewhere = record.addresses.filter(each => !isLoopback(each))
  let addresses = (elsewhere.length > 0 ? elsewhere : record.addresses)
    .map(withoutDevice)
    .filter(each => each.length > 0 && each.length <= ADDRESS_BYTES_MAX)
    .slice(0, PEER_RECORD_ADDRESSES_MAX)
  for (;;) {
    const value: Infer<typeof body> = { version: 1, device: key.publicKey, seq: record.seq, addresses }
    const size = 64 + addresses.reduce((sum, each) => sum + each.length + 3, 0) + ENVELOPE_BYTES
    if (size <= PEER_RECORD_BYTES_MAX) {
      const encoded = bodyCodec.encode(value)
      return signedCodec.encode({ body: encoded, signature: signBytes(suite, key, 'peer', encoded) })
    }
    addresses = addresses.slice(0, -1)
  }
}

/** Checks a record that anyone brought: size, form, key (CR5), signature (CR6). Unknown kinds of address are left out. */
export function openPeerRecord(suite: Suite, input: Uint8Array): Verdict<PeerRecord> {
  const outer = signedCodec.decode(input)
  if (!outer.ok) return outer
  const inner = bodyCodec.decode(outer.value.body)
  if (!inner.ok) return inner
  const { device: key, seq, addresses } = inner.value
  if (!suite.isEnrollable(key)) return refuse('CR5', 'the key of a peer record is not acceptable')
  if (!verifyBytes(suite, key, 'peer', outer.value.body, outer.value.signature)) {
    return refuse('CR6', 'the signature of a peer record is wrong')
  }
  const device: DeviceId = idFromBytes('d', key)
  return accept({
    device,
    seq,
    addresses: addresses
      .filter(each => pathOfAddress(each) !== undefined)
      .map(each => withDevice(each, device))
  })
}
