/** Devices as calls of the SDK. A linking waits between two requests, until a person has compared. */
import { randomUUID } from 'node:crypto'
import { XcordError } from '@xcord/core'
import type { Client, DeviceJson, LinkSign } from '@xcord/sdk'
import type { Context } from './context.ts'
import type { Handlers } from './handlers.ts'
import type { devices } from './routes-devices.ts'

/** Longest a person may take, milliseconds: as long as a code is good for (ID10). */
const COMPARE_MS_MAX = 300_000

interface Linking {
  readonly answer: (same: boolean) => void
  readonly added: Promise<DeviceJson>
}

/** Linkings that wait for their person. */
const waiting = new Map<string, Linking>()

async function beginLink(client: Client, code: string): Promise<{ link: string; signs: LinkSign[] }> {
  const shown = Promise.withResolvers<readonly LinkSign[]>()
  const said = Promise.withResolvers<boolean>()
  const link = randomUUID()
  const added = client.devices.link(code, {
    signal: AbortSignal.timeout(COMPARE_MS_MAX),
    compare: async signs => {
      shown.resolve(signs)
      return await said.promise
    }
  })
  added.catch(shown.reject)
  waiting.set(link, { answer: said.resolve, added })
  void added
    .catch(() => undefined)
    .finally(() => setTimeout(() => waiting.delete(link), COMPARE_MS_MAX).unref())
  return { link, signs: [...(await shown.promise)] }
}

async function endLink(link: string, same: boolean): Promise<DeviceJson> {
  const found = waiting.get(link)
  waiting.delete(link)
  if (found === undefined)
    throw new XcordError('XCORD_LINK_REFUSED', 'This linking is over.', {
      rule: 'ID10',
      reason: 'it was answered before, or took too long'
    })
  found.answer(same)
  return await found.added
}

/** The lock of a process that serves a profile with a password. */
function lockOf({ locking, host }: Context): NonNullable<Context['locking']> {
  if (locking !== undefined) return locking
  throw new XcordError(
    'XCORD_DAEMON_REFUSED',
    host === 'daemon'
      ? 'this profile has no password: anybody who reads its files opens it. Give it one with "xcord passwd"'
      : 'only a daemon is locked; this profile is open in another command, which ends by itself',
    { status: 409 }
  )
}

export const lockHandlers: Handlers<'lock' | 'unlock' | 'changePassword'> = {
  lock: async ({ context }) => {
    await lockOf(context).lock()
    return { locked: true }
  },
  unlock: async ({ context }, { body }) => {
    await lockOf(context).unlock(body.password)
    return { locked: false }
  },
  changePassword: async ({ context: { client } }, { body }) => {
    await client.changePassword(body.old, body.next)
    return { locked: false }
  }
}

export const deviceHandlers: Handlers<keyof typeof devices> = {
  listDevices: ({ context: { client } }) => ({ items: [...client.devices.all] }),
  revokeDevice: async ({ context: { client } }, { params, body }) =>
    await client.devices.revoke(params.device, body),
  beginLink: async ({ context: { client } }, { body }) => await beginLink(client, body.code),
  endLink: async (_call, { params, body }) => await endLink(params.link, body.same)
}
