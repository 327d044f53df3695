/** The identity's devices over the node. */
import { type DeviceId, XcordError } from '@xcord/core'
import type { Node } from '@xcord/core/node'
import type { DeviceCollection } from '../device-types.ts'
import type { DeviceJson } from '../shapes.ts'
import { describeDevices } from './describe.ts'

/** Characters of an id that name it. */
const PREFIX_MIN = 6

function findDevice(all: readonly DeviceJson[], text: string): DeviceJson {
  const found = all.filter(
    each =>
      each.device === text ||
      each.name === text ||
      (text.length >= PREFIX_MIN && each.device.startsWith(text))
  )
  const active = found.filter(each => each.active)
  const [device] = active.length > 0 ? active : found
  if (device === undefined || active.length > 1)
    throw new XcordError(
      'XCORD_DEVICE_NOT_FOUND',
      active.length > 1
        ? `"${text}" names ${active.length} devices of this identity: use an id.`
        : `This identity has no device called "${text}".`,
      { device: text }
    )
  return device
}

/** As `Client.devices`. */
export function deviceCollection(node: Node): DeviceCollection {
  return {
    get all() {
      return describeDevices(node)
    },
    revoke: async (text, options = {}) => {
      const { device } = findDevice(describeDevices(node), text)
      await node.own.revoke(device as DeviceId, options)
      return findDevice(describeDevices(node), device)
    },
    link: async (code, { compare, signal }) => {
      const device = await node.own.link(
        code,
        async ({ signs }) => await compare(signs),
        signal ?? new AbortController().signal
      )
      return findDevice(describeDevices(node), device)
    },
    get returning() {
      return node.own.returning()
    }
  }
}
