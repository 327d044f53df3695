/** Making this place a further device of an identity that exists (ID10). */
import { XcordError } from '@xcord/core'
import { systemRandom, systemClock } from '@xcord/core/adapters/runtime-node'
import { createDevice, LINK_CODE_MS } from '@xcord/core/identity'
import { takeAccount } from '@xcord/core/node'
import type { LinkSign } from '../device-types.ts'
import type { OpenableStore } from '../profile-store.ts'
import type { Client, ClientInit } from '../types.ts'
import { createClient, profileInit } from './create-client.ts'
import { deviceName } from './identity.ts'
import { transportOf } from './transport.ts'

/** How to be linked. */
export interface LinkDeviceInit extends Pick<ClientInit, 'bootstrap' | 'network' | 'backupFile'> {
  /** Empty yet. */
  readonly store: NonNullable<ClientInit['store']>
  /** What the owner's devices call this one. Default: the machine's name. */
  readonly deviceName?: string
  /** Whether it may link and revoke others. Default true. */
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
export async function linkDevice(init: LinkDeviceInit): Promise<Client> {
  const place = init.store as OpenableStore
  if (await place.exists())
    throw new XcordError(
      'XCORD_PROFILE_EXISTS',
      'There is an identity here already; it is never overwritten.',
      {
        profile: place.kind
      }
    )
  const opening = await profileInit({})
  const device = createDevice(opening.suite, systemRandom)
  const transport = await transportOf(init.network ?? {}, opening.suite, device)
  const late = AbortSignal.timeout(LINK_CODE_MS)
  const given = init.signal ?? new AbortController().signal
  try {
    await transport.start()
    await takeAccount(
      {
        suite: opening.suite,
        random: systemRandom,
        clock: systemClock,
        transport,
        device,
        deviceName: init.deviceName ?? deviceName(),
        manage: init.manage ?? true
      },
      {
        onCode: code => init.onCode(code.text),
        compare: async ({ signs }) => await init.compare(signs),
        keep: async linked => {
          const profile = await place.open({ ...opening, linked })
          await profile.store.close()
          await profile.release()
        },
        signal: AbortSignal.any([given, late])
      }
    )
  } catch (error) {
    if (late.aborted)
      throw new XcordError('XCORD_LINK_REFUSED', 'Nobody used the code within five minutes.', {
        rule: 'ID10',
        reason: 'the code expired'
      })
    throw error
  } finally {
    await transport.stop()
  }
  const { store, bootstrap, network, backupFile } = init
  return await createClient({
    store,
    ...(bootstrap === undefined ? {} : { bootstrap }),
    ...(network === undefined ? {} : { network }),
    ...(backupFile === undefined ? {} : { backupFile })
  })
}
