/** Linking over the network (ID10): the new device waits, and tells strangers from who has its code. */
import type { Clock, Random, Timers } from '../../base/index.ts'
import { refuse } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import {
  type Account,
  type BackupContents,
  createLinkCode,
  type DeviceSecret,
  LINK_CODE_MS,
  LINK_END_MS,
  LINK_FRAME_BYTES_MAX,
  LINK_PROOF_MS,
  LINK_TRIES_MAX,
  type LinkCode,
  linkedAccount,
  LinkTaker
} from '../../identity/index.ts'
import type { FrameStream, Transport } from '../../net/index.ts'
import { asRefusal, type CompareSigns, LINK_PROTOCOL, need, reader, refused } from './link-stream.ts'

/** Of the new device: it has keys and a transport, and nothing else yet. */
export interface LinkTakerHost {
  readonly suite: Suite
  readonly random: Random
  readonly clock: Clock
  readonly timers: Timers
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

export interface TakeAccountOptions {
  readonly onCode: (code: LinkCode) => void
  readonly compare: CompareSigns
  /** Keeps the account; the old device is told that all went well after it resolved. */
  readonly keep: (linked: LinkedAccount) => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Shows a code and waits to be linked. XCORD_LINK_REFUSED: whoever proved the secret was refused or left, strangers
 * used up all tries, or nobody came in time.
 */
export async function takeAccount(host: LinkTakerHost, options: TakeAccountOptions): Promise<void> {
  const { random, clock, timers, transport, device } = host
  const code = createLinkCode(random, device, transport.addresses())
  const until = clock.now() + LINK_CODE_MS
  const ended = Promise.withResolvers<void>()
  const tries = new LinkTries(timers)
  transport.handle(
    LINK_PROTOCOL,
    { frameBytesMax: LINK_FRAME_BYTES_MAX, inboundStreamsMax: 1, onLimited: true },
    async stream => {
      // Whoever comes late, or after the secret was proved, learns nothing at all.
      if (clock.now() > until || !tries.begin(stream)) {
        stream.abort('ID10')
        return
      }
      await answer(host, stream, code, tries, options).then(ended.resolve, (error: unknown) => {
        stream.abort('ID10')
        if (tries.failed(stream)) ended.reject(tries.isProven ? asRefusal(error) : strangersOnly())
      })
      await stream.close().catch(() => undefined)
    }
  )
  const stop = (): void => ended.reject(options.signal.reason)
  options.signal.addEventListener('abort', stop)
  const stopWaiting = timers.after(LINK_CODE_MS, () => {
    // Who proved the secret in time is answered: people may take longer over the signs.
    if (!tries.isProven) ended.reject(refused(refuse('ID10', 'nobody used the code within five minutes')))
  })
  try {
    options.signal.throwIfAborted()
    options.onCode(code)
    await ended.promise
  } finally {
    stopWaiting()
    options.signal.removeEventListener('abort', stop)
    tries.end()
    transport.unhandle(LINK_PROTOCOL)
  }
}

const strangersOnly = (): Error =>
  refused(
    refuse('ID10', `${LINK_TRIES_MAX} came and none of them had the code; show a new one, on another network`)
  )

/**
 * Who has come so far (ID10). Until one proves the secret all are strangers: a few of them may fail, or be silent, and
 * hold up nobody. From then on the code is that one's alone, whatever becomes of it.
 */
class LinkTries {
  readonly #timers: Timers
  #begun = 0
  #proven: FrameStream | undefined
  /** Conversations before the proof, each with what stops its clock. */
  readonly #strangers = new Map<FrameStream, () => void>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  get isProven(): boolean {
    return this.#proven !== undefined
  }

  begin(stream: FrameStream): boolean {
    if (this.#proven !== undefined || this.#begun >= LINK_TRIES_MAX) return false
    this.#begun++
    this.#strangers.set(
      stream,
      this.#timers.after(LINK_PROOF_MS, () => stream.abort('ID10'))
    )
    return true
  }

  /** The other side knows the secret; false where somebody else proved that before. */
  prove(stream: FrameStream): boolean {
    if (this.#proven !== undefined) return false
    this.#proven = stream
    this.end()
    return true
  }

  /** Whether nobody can come any more. */
  failed(stream: FrameStream): boolean {
    if (this.#proven !== undefined) return this.#proven === stream
    this.#strangers.get(stream)?.()
    this.#strangers.delete(stream)
    return this.#begun >= LINK_TRIES_MAX && this.#strangers.size === 0
  }

  /** Ends all conversations but that of who proved the secret. */
  end(): void {
    for (const [stream, stopClock] of this.#strangers) {
      stopClock()
      if (stream !== this.#proven) stream.abort('ID10')
    }
    this.#strangers.clear()
  }
}

async function answer(
  host: LinkTakerHost,
  stream: FrameStream,
  code: LinkCode,
  tries: LinkTries,
  options: TakeAccountOptions
): Promise<void> {
  const { suite, random, device, clock } = host
  const next = reader(stream)
  const taker = new LinkTaker(suite, random, { code, device, old: stream.connection.device })
  await stream.send(need(taker.commit(await next())))
  await stream.send(need(taker.reveal(await next())))
  const agreement = need(taker.prove(await next()))
  if (!tries.prove(stream)) throw refused(refuse('ID10', 'the code was used'))
  if (!(await options.compare(agreement))) throw refused(refuse('ID10', 'the signs were said to differ'))
  await stream.send(taker.consent({ manage: host.manage, name: host.deviceName }))
  const contents = need(taker.take(await next()))
  const account = need(linkedAccount(suite, device, agreement.genesis.user, contents, clock.now()))
  await options.keep({ account, contents })
  await sayEnd(stream, taker.end(), next, host.timers)
}

/**
 * Frame 8, and until the other side has read it: the caller ends its transport next, and bytes under way would go with
 * it, so that the old device took a linking for refused that had gone well. The account is kept; nothing fails any more.
 */
async function sayEnd(
  stream: FrameStream,
  frame: Uint8Array,
  next: () => Promise<Uint8Array>,
  timers: Timers
): Promise<void> {
  const waited = Promise.withResolvers<void>()
  const stopWaiting = timers.after(LINK_END_MS, waited.resolve)
  // It ends its stream once it has read; whatever else it says no longer matters.
  const heard = stream.send(frame).then(next)
  await Promise.race([heard.then(noop, noop), waited.promise])
  stopWaiting()
}

const noop = (): void => undefined
