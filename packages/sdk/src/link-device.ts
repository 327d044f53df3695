/** Making this place a further device of an identity that exists (ID10). */
import { XcordError } from '@xcord/core'
import { createDevice } from '@xcord/core/identity'
import { takeAccount } from '@xcord/core/node'
import type { LinkSign } from './device-types.ts'
import { openClient, type Platform, profileInit } from './open-client.ts'
import type { OpenableStore } from './profile-store.ts'
import type { Client, ClientInit } from './types.ts'

/** How to be linked. */
export interface LinkDeviceInit extends Pick<ClientInit, 'bootstrap' | 'network' | 'backupFile'> {
  /** Empty yet. */
  readonly store: NonNullable<ClientInit['store']>
  /** What the owner's devices call this one. Default: the machine's name, or `browser`. */
  readonly deviceName?: string
  /** Whether it may link and revoke others. Default: true in Node, false in browsers (ID5). */
  readonly manage?: boolean
  /** The code to show: pasted on a device of the identity, once, within five minutes. */
  readonly onCode: (code: string) => void
  /** Asked with six signs: resolves with whether the other device shows the same. */
  readonly compare: (signs: readonly LinkSign[]) => Promise<boolean>
  readonly signal?: AbortSignal
}

/**
 * Waits to be linked, keeps the identity it is given, and opens it.
 *
 * Errors: XCORD_PROFILE_EXISTS, XCORD_LINK_REFUSED, XCORD_PORT_IN_USE, XCORD_ADDRESS_INVALID.
 */
export async function linkDeviceOver(platform: Platform, init: LinkDeviceInit): Promise<Client> {
  const { clock, random, timers } = platform
  const place = init.store as OpenableStore
  if (await place.exists())
    throw new XcordError(
      'XCORD_PROFILE_EXISTS',
      'There is an identity here already; it is never overwritten.',
      {
        profile: place.kind
      }
    )
  const opening = await profileInit(platform, {})
  const device = createDevice(opening.suite, random)
  const transport = await platform.transportOf(init, opening.suite, device)
  try {
    await transport.start()
    await takeAccount(
      {
        suite: opening.suite,
        random,
        clock,
        timers,
        transport,
        device,
        deviceName: init.deviceName ?? platform.deviceName,
        manage: init.manage ?? platform.manages
      },
      {
        onCode: code => init.onCode(code.text),
        compare: async ({ signs }) => await init.compare(signs),
        keep: async linked => {
          const profile = await place.open({ ...opening, linked })
          await profile.store.close()
          await profile.release()
        },
        signal: init.signal ?? new AbortController().signal
      }
    )
  } finally {
    await transport.stop()
  }
  const { store, bootstrap, network, backupFile } = init
  const opens: ClientInit = {
    store,
    ...(bootstrap === undefined ? {} : { bootstrap }),
    ...(network === undefined ? {} : { network }),
    ...(backupFile === undefined ? {} : { backupFile })
  }
  return await openClient(platform, opens, place)
}
