/** What both ends of linking (ID10) share: frames one by one, and one way of saying that it was broken off. */
import { isXcordError, refuse, type Refusal, type Verdict, XcordError } from '../../base/index.ts'
import type { LinkAgreement } from '../../identity/index.ts'
import type { FrameStream, ProtocolName } from '../../net/index.ts'

export const LINK_PROTOCOL: ProtocolName = '/xcord/link/1'

/** What people compare on both screens. */
export type CompareSigns = (agreement: LinkAgreement) => Promise<boolean>

export function refused({ rule, reason }: Refusal): XcordError<'XCORD_LINK_REFUSED'> {
  return new XcordError('XCORD_LINK_REFUSED', `Linking was broken off by ${rule}: ${reason}.`, {
    rule,
    reason
  })
}

export function need<T>(verdict: Verdict<T>): T {
  if (verdict.ok) return verdict.value
  throw refused(verdict)
}

export const brokenOff = (): XcordError<'XCORD_LINK_REFUSED'> =>
  refused(
    refuse(
      'ID10',
      'the other side ended it: the code was used or is too old, the secret differs, or it said no'
    )
  )

/** Frames one by one. A stream that ends early, or is reset, was the other side's refusal. */
export function reader(stream: FrameStream): () => Promise<Uint8Array> {
  const frames = stream.frames()[Symbol.asyncIterator]()
  return async () => {
    const next = await frames.next().catch(() => undefined)
    if (next === undefined || next.done === true) throw brokenOff()
    return next.value
  }
}

/** Whatever ended the conversation, as its refusal: a connection that is cut in its midst is one too. */
export const asRefusal = (error: unknown): unknown =>
  isXcordError(error, 'XCORD_NO_PEER') ? brokenOff() : error
