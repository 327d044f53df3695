/** Devices and PeerIds: the same Ed25519 key under two names (NT2). */
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { type DeviceId, idFromBytes } from '../../base/index.ts'
import type { SecretKey, Suite } from '../../crypto/index.ts'
import { concatBytes } from '../../encoding/index.ts'
import { peerIdText } from '../../net/index.ts'

const devices = new WeakMap<PeerId, DeviceId>()

/**
 * libp2p's private key of a device's seed. It is told the public key, which the suite has found already: deriving
 * it once more in JavaScript took a third of the time that opening a profile takes.
 */
export function privateKeyOf(seed: SecretKey, publicKey: Uint8Array): Ed25519PrivateKey {
  return privateKeyFromRaw(concatBytes([seed, publicKey])) as Ed25519PrivateKey
}

/** The device behind a PeerId; undefined for any key but Ed25519. */
export function deviceOfPeer(peer: PeerId): DeviceId | undefined {
  const known = devices.get(peer)
  if (known !== undefined) return known
  if (peer.type !== 'Ed25519') return undefined
  const device = idFromBytes('d', peer.publicKey.raw)
  devices.set(peer, device)
  return device
}

/** The PeerId of a device. */
export function peerOfDevice(device: DeviceId): PeerId {
  return peerIdFromString(peerIdText(device))
}

/** May this peer be talked to: an Ed25519 key that CR5 accepts? */
export function isAcceptablePeer(suite: Pick<Suite, 'isEnrollable'>, peer: PeerId): boolean {
  return peer.type === 'Ed25519' && suite.isEnrollable(peer.publicKey.raw)
}
