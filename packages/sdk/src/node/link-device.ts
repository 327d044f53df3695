/** `linkDevice` for Node. */
import { linkDeviceOver, type LinkDeviceInit } from '../link-device.ts'
import type { Client } from '../types.ts'
import { nodePlatform } from './create-client.ts'

/**
 * Waits to be linked, keeps the identity it is given, and opens it.
 *
 * Errors: XCORD_PROFILE_EXISTS, XCORD_LINK_REFUSED, XCORD_PORT_IN_USE, XCORD_ADDRESS_INVALID.
 */
export async function linkDevice(init: LinkDeviceInit): Promise<Client> {
  return await linkDeviceOver(nodePlatform, init)
}
