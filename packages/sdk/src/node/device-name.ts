/** What a device calls itself for its owner: this machine's name, as far as it fits. Only own devices read it. */
import { hostname } from 'node:os'

const DEVICE_NAME_BYTES_MAX = 48

export function deviceName(): string {
  let name = hostname().trim() || 'device'
  while (Buffer.byteLength(name) > DEVICE_NAME_BYTES_MAX) name = name.slice(0, -1)
  return name
}
