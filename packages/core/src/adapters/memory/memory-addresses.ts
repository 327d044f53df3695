/** Addresses of a memory network: whom they lead to, and through whom. */
import { type DeviceId, XcordError } from '../../base/index.ts'
import { deviceOfAddress, deviceOfPeerIdText, pathOfAddress } from '../../net/index.ts'

/** Whom addresses lead to. XCORD_ADDRESS_INVALID. */
export function targetOf(addresses: readonly string[], self: DeviceId): DeviceId {
  const targets = addresses.map(each =>
    pathOfAddress(each) === 'memory' || relayOf(each) !== undefined ? deviceOfAddress(each) : undefined
  )
  const target = targets.find(each => each !== undefined)
  const odd = targets.findIndex(each => each !== undefined && (each !== target || each === self))
  if (target !== undefined && odd < 0) return target
  const address = addresses[Math.max(odd, 0)] ?? ''
  throw new XcordError('XCORD_ADDRESS_INVALID', `"${address}" cannot be dialled.`, { address })
}

/** The relay an address goes through. */
export function relayOf(address: string): DeviceId | undefined {
  const parts = address.split('/')
  const at = parts.indexOf('p2p-circuit')
  return at < 2 ? undefined : deviceOfPeerIdText(parts[at - 1] ?? '')
}
