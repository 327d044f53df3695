/** Public types of an identity's devices. Interfaces only. */
import type { ServerId } from '@xcord/core'
import type { DeviceJson } from './shapes.ts'
import type { WaitOptions } from './types.ts'

export interface RevokeOptions {
  /** The 24 words, where this device may not manage the others. */
  readonly phrase?: string
}

/** One of six signs that both screens show while a device is linked. */
export interface LinkSign {
  readonly sign: string
  readonly name: string
}

export interface LinkOptions extends WaitOptions {
  /** Asked with six signs: resolves with whether the other device shows the same. Nothing is added before. */
  readonly compare: (signs: readonly LinkSign[]) => Promise<boolean>
}

/** The devices of this identity. */
export interface DeviceCollection {
  /** Those that were revoked last. */
  readonly all: readonly DeviceJson[]
  /**
   * Puts a device out for good: it can write nothing that others take, and reads nothing that is written from now on.
   * Servers are told at once; what the device has it keeps. Id, unique prefix or name. XCORD_DEVICE_NOT_FOUND,
   * XCORD_DEVICE_REVOKED, XCORD_PERMISSION_DENIED, XCORD_PHRASE_INVALID.
   */
  revoke(device: string, options?: RevokeOptions): Promise<DeviceJson>
  /**
   * Adds the device that shows this code. It gets the identity and the list of servers, and fetches these with all
   * their readable history. XCORD_LINK_INVALID, XCORD_LINK_REFUSED, XCORD_NO_PEER, XCORD_PERMISSION_DENIED.
   */
  link(code: string, options: LinkOptions): Promise<DeviceJson>
  /** Servers that this device is to come back to, and that nobody gave it yet. */
  readonly returning: readonly ServerId[]
}
