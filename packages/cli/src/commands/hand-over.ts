/** One-shot writes: this process ends right after, so others get a moment to take what was written. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isXcordError } from '@xcord/core'
import type { MessageJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import type { Session } from './session.ts'

/** How long a one-shot write looks for others, milliseconds. What they miss, the outbox offers again. */
export const HAND_OVER_MS = 6_000
/** How long it stays once somebody is there: a slow machine needs more than the search may cost where nobody is. */
const TAKING_MS = 20_000

async function alone(api: Api, server: string): Promise<boolean> {
  return (await api.call('getServer', { params: { server } })).members <= 1
}

/** Whether a member of the server is connected. */
async function isReached(api: Api, server: string): Promise<boolean> {
  const { items } = await api.call('listPeers')
  return items.some(peer => peer.kind === 'member' && peer.servers.includes(server))
}

/** Waits until a member of the server is connected; false where none was to be reached. */
async function reachMember(session: Session, api: Api, server: string): Promise<boolean> {
  const end = AbortSignal.any([session.signal, AbortSignal.timeout(HAND_OVER_MS)])
  for (;;) {
    if (await isReached(api, server)) return true
    if (end.aborted) return false
    await sleep(100, undefined, { signal: end }).catch(() => undefined)
  }
}

/** The message once another node took it, or as it is when the time is over. */
async function waitUntilSent(
  session: Session,
  api: Api,
  message: MessageJson,
  timeoutMs: number
): Promise<MessageJson> {
  try {
    const delivery = await api.call(
      'waitForDelivery',
      { params: { message: message.id }, query: { reach: 'sent', timeoutMs } },
      { signal: session.signal }
    )
    return { ...message, delivery }
  } catch (error) {
    if (isXcordError(error, 'XCORD_DEADLINE') || isXcordError(error, 'XCORD_ABORTED')) return message
    throw error
  }
}

/** Waits until a member's node took the message, or nobody is there to take it. */
export async function handOverMessage(
  session: Session,
  api: Api,
  message: MessageJson
): Promise<MessageJson> {
  if (!api.own || message.delivery.state !== 'local' || (await alone(api, message.server))) return message
  const sent = await waitUntilSent(session, api, message, HAND_OVER_MS)
  const isTaking = sent.delivery.state === 'local' && (await isReached(api, message.server))
  return isTaking ? waitUntilSent(session, api, message, TAKING_MS) : sent
}

/** Connected is not yet handed over, and operations have no receipts to wait for. */
export async function settle(session: Session, api: Api): Promise<void> {
  if (api.own) await sleep(500, undefined, { signal: session.signal }).catch(() => undefined)
}

/** Where this process is the peer: looks for a member who may have what is asked for. */
export async function reachAny(session: Session, api: Api, server: string): Promise<void> {
  if (api.own && !(await alone(api, server))) await reachMember(session, api, server)
}

/** Waits until a member of the server is connected, so that closing can flush to it. */
export async function handOver(session: Session, api: Api, server: string): Promise<void> {
  if (!api.own || (await alone(api, server))) return
  if (await reachMember(session, api, server)) return settle(session, api)
  session.output.note('Nobody of the server could be reached; it will be offered when you are next online.')
}
