/** Linking over the network (ID10): the old device dials the one that waits. People say when the signs agree. */
import { type Random, refuse, XcordError } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import {
  appendLinkedDevice,
  type BackupContents,
  encodeIdentityLog,
  LINK_FRAME_BYTES_MAX,
  type LinkCode,
  LinkGiver,
  parseLinkCode
} from '../../identity/index.ts'
import type { FrameStream, Transport } from '../../net/index.ts'
import type { AccountKeeper } from './account-keeper.ts'
import { asRefusal, type CompareSigns, LINK_PROTOCOL, need, reader, refused } from './link-stream.ts'

/** Of the old device. */
export interface LinkGiverHost {
  readonly suite: Suite
  readonly random: Random
  readonly transport: Transport
  readonly keeper: AccountKeeper
  /** Beside the log and the user keys: servers, and what the profile keeps. */
  readonly rest: () => Pick<BackupContents, 'servers' | 'extensions'>
}

/**
 * Adds the device that shows this code. XCORD_LINK_INVALID, XCORD_LINK_REFUSED, XCORD_NO_PEER.
 *
 * @param compare - Resolves with whether both screens show the same signs.
 */
export async function giveAccount(
  host: LinkGiverHost,
  pasted: string,
  compare: CompareSigns,
  signal: AbortSignal
): Promise<LinkCode['device']> {
  const code = parseLinkCode(pasted)
  if (!code.ok)
    throw new XcordError('XCORD_LINK_INVALID', `This is no code of a waiting device: ${code.reason}.`, {
      reason: code.reason
    })
  const connection = await host.transport.dial(code.value.addresses, { signal })
  // NT2: the connection proves the device's key; another one at that address gets nothing.
  if (connection.device !== code.value.device)
    throw refused(refuse('ID10', 'another device answers at the address of the code'))
  const stream = await connection.openStream(LINK_PROTOCOL, { signal, frameBytesMax: LINK_FRAME_BYTES_MAX })
  const stop = (): void => stream.abort('ID10')
  signal.addEventListener('abort', stop)
  try {
    await converse(host, stream, code.value, compare)
    return code.value.device
  } catch (error) {
    stream.abort('ID10')
    signal.throwIfAborted()
    throw asRefusal(error)
  } finally {
    signal.removeEventListener('abort', stop)
    await stream.close().catch(() => undefined)
  }
}

async function converse(
  host: LinkGiverHost,
  stream: FrameStream,
  code: LinkCode,
  compare: CompareSigns
): Promise<void> {
  const { suite, random, keeper } = host
  const { account } = keeper
  const next = reader(stream)
  const giver = new LinkGiver(suite, random, {
    code,
    device: account.device.device,
    genesis: account.log.genesis
  })
  await stream.send(giver.begin())
  await stream.send(need(giver.reveal(await next())))
  const { frame, ...agreement } = need(giver.prove(await next()))
  await stream.send(frame)
  // The other person may say no first: then nobody here need answer any more.
  const consented = next()
  const comparing = compare(agreement)
  const same = await Promise.race([comparing, consented.then(async () => await comparing)])
  consented.catch(() => undefined)
  if (!same) throw refused(refuse('ID10', 'the signs were said to differ'))
  const consent = need(giver.consent(await consented))
  try {
    await keeper.change(log =>
      appendLinkedDevice(suite, random, log, account.device, account.userKeys.at(-1), consent)
    )
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw refused(refuse('ID10', error.message))
  }
  const contents = {
    log: encodeIdentityLog(account.log),
    userKeys: account.userKeys,
    contacts: [],
    ...host.rest()
  }
  // From here on the device is enrolled: whatever is lost now, nothing was refused.
  try {
    await stream.send(giver.give(random, contents))
    need(giver.end(await next()))
  } catch {
    throw refused(
      refuse(
        'ID10',
        'the new device was added and did not say that it has the account; if it does not work, put it out and link it anew'
      )
    )
  }
}
