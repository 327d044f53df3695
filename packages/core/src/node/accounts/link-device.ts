/** Linking over the network (ID10): the new device waits, the old one dials it. People say when the signs agree. */
import {
  type Clock,
  isXcordError,
  type Random,
  refuse,
  type Refusal,
  type Verdict,
  XcordError
} from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import {
  type Account,
  appendLinkedDevice,
  type BackupContents,
  encodeIdentityLog,
  createLinkCode,
  type DeviceSecret,
  LINK_CODE_MS,
  LINK_FRAME_BYTES_MAX,
  type LinkAgreement,
  type LinkCode,
  linkedAccount,
  LinkGiver,
  LinkTaker,
  parseLinkCode
} from '../../identity/index.ts'
import type { FrameStream, ProtocolName, Transport } from '../../net/index.ts'
import type { AccountKeeper } from './account-keeper.ts'

export const LINK_PROTOCOL: ProtocolName = '/xcord/link/1'

/** What people compare on both screens. */
export type CompareSigns = (agreement: LinkAgreement) => Promise<boolean>

function refused({ rule, reason }: Refusal): XcordError<'XCORD_LINK_REFUSED'> {
  return new XcordError('XCORD_LINK_REFUSED', `Linking was broken off by ${rule}: ${reason}.`, {
    rule,
    reason
  })
}

function need<T>(verdict: Verdict<T>): T {
  if (verdict.ok) return verdict.value
  throw refused(verdict)
}

const brokenOff = (): XcordError<'XCORD_LINK_REFUSED'> =>
  refused(
    refuse(
      'ID10',
      'the other side ended it: the code was used or is too old, the secret differs, or it said no'
    )
  )

/** Frames one by one. A stream that ends early, or is reset, was the other side's refusal. */
function reader(stream: FrameStream): () => Promise<Uint8Array> {
  const frames = stream.frames()[Symbol.asyncIterator]()
  return async () => {
    const next = await frames.next().catch(() => undefined)
    if (next === undefined || next.done === true) throw brokenOff()
    return next.value
  }
}

/** Whatever ended the conversation, as its refusal: a connection that is cut in its midst is one too. */
const asRefusal = (error: unknown): unknown => (isXcordError(error, 'XCORD_NO_PEER') ? brokenOff() : error)

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
  await stream.send(giver.give(random, contents))
  need(giver.end(await next()))
}

/** Of the new device: it has keys and a transport, and nothing else yet. */
export interface LinkTakerHost {
  readonly suite: Suite
  readonly random: Random
  readonly clock: Clock
  readonly transport: Transport
  readonly device: DeviceSecret
  readonly deviceName: string | null
  readonly manage: boolean
}

/** What the new device begins with. */
export interface LinkedAccount {
  readonly account: Account
  readonly contents: BackupContents
}

/**
 * Shows a code and waits to be linked. XCORD_LINK_REFUSED: the one try went wrong, or nobody came in time.
 *
 * @param keep - Keeps the account; the old device is told that all went well after it resolved.
 */
export async function takeAccount(
  host: LinkTakerHost,
  options: {
    readonly onCode: (code: LinkCode) => void
    readonly compare: CompareSigns
    readonly keep: (linked: LinkedAccount) => Promise<void>
    readonly signal: AbortSignal
  }
): Promise<void> {
  const code = createLinkCode(host.random, host.device, host.transport.addresses())
  const until = host.clock.now() + LINK_CODE_MS
  const ended = Promise.withResolvers<void>()
  let used = false
  host.transport.handle(
    LINK_PROTOCOL,
    { frameBytesMax: LINK_FRAME_BYTES_MAX, inboundStreamsMax: 1, onLimited: true },
    async stream => {
      // One try, in time: whoever comes second or late learns nothing at all.
      if (used || host.clock.now() > until) {
        stream.abort('ID10')
        return
      }
      used = true
      await answer(host, stream, code, options).then(ended.resolve, (error: unknown) => {
        stream.abort('ID10')
        ended.reject(asRefusal(error))
      })
      await stream.close().catch(() => undefined)
    }
  )
  const stop = (): void => ended.reject(options.signal.reason)
  options.signal.addEventListener('abort', stop)
  try {
    options.signal.throwIfAborted()
    options.onCode(code)
    await ended.promise
  } finally {
    options.signal.removeEventListener('abort', stop)
    host.transport.unhandle(LINK_PROTOCOL)
  }
}

async function answer(
  host: LinkTakerHost,
  stream: FrameStream,
  code: LinkCode,
  options: Parameters<typeof takeAccount>[1]
): Promise<void> {
  const { suite, random, device, clock } = host
  const next = reader(stream)
  const taker = new LinkTaker(suite, random, { code, device, old: stream.connection.device })
  await stream.send(need(taker.commit(await next())))
  await stream.send(need(taker.reveal(await next())))
  const agreement = need(taker.prove(await next()))
  if (!(await options.compare(agreement))) throw refused(refuse('ID10', 'the signs were said to differ'))
  await stream.send(taker.consent({ manage: host.manage, name: host.deviceName }))
  const contents = need(taker.take(await next()))
  const account = need(linkedAccount(suite, device, agreement.genesis.user, contents, clock.now()))
  await options.keep({ account, contents })
  await stream.send(taker.end())
}
