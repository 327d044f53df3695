/**
 * Addresses as text (NT40): multiaddrs that end in /p2p/ and the PeerId of a device. Only what decisions need
 * is read here; whether an adapter can dial an address is the adapter's business.
 */
import { fromString, toString } from 'uint8arrays'
import { ADDRESS_BYTES_MAX, type DeviceId, idFromBytes, idToBytes } from '../base/index.ts'
import { concatBytes, equalBytes } from '../encoding/index.ts'
import type { PathKind } from './contract.ts'

/** Identity multihash over the protobuf of an Ed25519 public key (libp2p peer-ids spec): 36 bytes follow. */
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** Names that are remembered both ways: base 58 is dear, and the same few are asked for with each address. */
const KNOWN_MAX = 4_096
const textOfDevice = new Map<DeviceId, string>()
const deviceOfText = new Map<string, DeviceId>()

function remember<K, V>(known: Map<K, V>, key: K, value: V): void {
  const oldest = known.size >= KNOWN_MAX ? known.keys().next().value : undefined
  if (oldest !== undefined) known.delete(oldest)
  known.set(key, value)
}

/** PeerId text of a device: base58btc of the identity multihash of its Ed25519 key (NT2, ID3). */
export function peerIdText(device: DeviceId): string {
  const known = textOfDevice.get(device)
  if (known !== undefined) return known
  const text = toString(concatBytes([PEER_ID_PREFIX, idToBytes(device)]), 'base58btc')
  remember(textOfDevice, device, text)
  return text
}

/** The device a PeerId names; undefined for anything but the canonical text of an Ed25519 PeerId. */
export function deviceOfPeerIdText(text: string): DeviceId | undefined {
  const known = deviceOfText.get(text)
  if (known !== undefined) return known
  if (!/^12D3KooW[1-9A-HJ-NP-Za-km-z]{40,48}$/.test(text)) return undefined
  const bytes = fromString(text, 'base58btc')
  if (
    bytes.length !== PEER_ID_PREFIX.length + 32 ||
    !equalBytes(bytes.subarray(0, PEER_ID_PREFIX.length), PEER_ID_PREFIX)
  ) {
    return undefined
  }
  const device = idFromBytes('d', bytes.subarray(PEER_ID_PREFIX.length))
  if (peerIdText(device) !== text) return undefined
  remember(deviceOfText, text, device)
  return device
}

/** The device an address leads to: its last /p2p/ component. */
export function deviceOfAddress(address: string): DeviceId | undefined {
  if (address.length > ADDRESS_BYTES_MAX) return undefined
  const parts = address.split('/')
  return parts.at(-2) === 'p2p' ? deviceOfPeerIdText(parts.at(-1) ?? '') : undefined
}

/** The address with /p2p/ of its device at the end, as `dial` wants it. */
export function withDevice(address: string, device: DeviceId): string {
  return deviceOfAddress(address) === device ? address : `${address}/p2p/${peerIdText(device)}`
}

/** The address without the /p2p/ at its end: what a record keeps, since the device is known there. */
export function withoutDevice(address: string): string {
  return deviceOfAddress(address) === undefined ? address : address.split('/').slice(0, -2).join('/')
}

/** Is this host reachable only from the same network: private, link-local, loopback, shared or unique-local? */
export function isLocalHost(host: string): boolean {
  const text = host.toLowerCase()
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    const [a, b] = text.split('.').map(Number) as [number, number]
    return (
      a === 10 ||
      a === 127 ||
      (a === 172 && b >= 16 && b <= 31) ||
      (a === 192 && b === 168) ||
      (a === 169 && b === 254) ||
      (a === 100 && b >= 64 && b <= 127)
    )
  }
  return (
    text === '::1' ||
    /^f[cd][0-9a-f]{2}:/.test(text) ||
    /^fe[89ab][0-9a-f]:/.test(text) ||
    text === 'localhost'
  )
}

/** Does the address name this very machine? Useless to anyone elsewhere. */
export function isLoopback(address: string): boolean {
  return /^\/(ip4\/127\.|ip6\/::1\/|ip6\/0:0:0:0:0:0:0:1\/|dns[46]?\/localhost\/)/.test(`${address}/`)
}

/** What kind of path an address is; undefined if it is none we know. */
export function pathOfAddress(address: string): PathKind | undefined {
  const parts = address.split('/')
  if (parts[0] !== '' || parts.length < 3 || address.length > ADDRESS_BYTES_MAX) return undefined
  if (parts.includes('webrtc')) return 'webrtc'
  if (parts.includes('p2p-circuit')) return 'relayed'
  if (parts[1] === 'memory') return 'memory'
  if (
    parts[1] !== 'ip4' &&
    parts[1] !== 'ip6' &&
    parts[1] !== 'dns4' &&
    parts[1] !== 'dns6' &&
    parts[1] !== 'dns'
  )
    return undefined
  if (parts[3] !== 'tcp') return undefined
  if (parts.includes('ws') || parts.includes('wss')) return 'wss'
  return isLocalHost(parts[2] ?? '') ? 'lan' : 'tcp'
}
